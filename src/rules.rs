//! Readable rules that imitate a model's decisions (feature `rules`).
//!
//! A small decision tree (of linfa-trees) is learned on what a model decided, not on what was true: its
//! branches say in a few words what the model goes by. This works for whatever decides: forests,
//! classifiers, thresholds, a person.
//!
//! ```
//! use forewarn::boost::FailureClassifierParams;
//! use forewarn::ndarray::Array2;
//! use forewarn::prelude::*;
//! use forewarn::rules::RulesParams;
//!
//! let x = Array2::from_shape_fn((600, 2), |(i, j)| ((i * 37 + j * 71) % 101) as f64);
//! let failed: Vec<bool> = x.rows().into_iter().map(|row| row[0] > 80.0 && row[1] > 30.0).collect();
//! let model = FailureClassifierParams::default().train(Batch::new(x.view()).with_target(&failed[..]))?;
//! let alarms: Vec<bool> = model.score(x.view())?.iter().map(|&risk| risk > 0.5).collect();
//!
//! let rules = RulesParams::default().learn(x.view(), &alarms)?;
//! assert!(rules.fidelity > 0.95);
//! for rule in rules.alarms() {
//!     // disk_util > 80.5 and iowait > 30.5: 135 rows, 100 % of them alarms
//!     println!("{}", rule.named(&["disk_util", "iowait"]));
//! }
//! # Ok::<(), forewarn::Error>(())
//! ```

use crate::error::{Error, Result};
use linfa::prelude::Fit;
use linfa::{Dataset, ParamGuard};
use linfa_trees::DecisionTree;
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// Candidates for cuts of a column: more would make the tree slower, not more readable.
const CUTS: usize = 64;

/// Settings of the tree that becomes rules. Every field has a setter of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RulesParams {
    /// Most comparisons in a rule, from 1 to 16. Default 3.
    pub max_depth: usize,
    /// Fewest rows that a rule must describe, at least 1. Default 10.
    pub min_rows: usize,
}

impl Default for RulesParams {
    fn default() -> Self {
        Self { max_depth: 3, min_rows: 10 }
    }
}

/// What a rule asks of a column: its value is in `(above, at_most]`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Condition {
    /// The column, from 0.
    pub column: usize,
    /// The value is greater than this.
    pub above: Option<f64>,
    /// The value is at most this.
    pub at_most: Option<f64>,
    /// Whether a missing value meets the condition too. With neither bound, only a missing one does
    /// if `true`, and any but a missing one if `false`.
    pub missing: bool,
}

/// Conditions that rows meet all of, and what was decided about those rows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Rule {
    /// By column, ascending; none for a rule about all rows.
    pub conditions: Vec<Condition>,
    /// Rows that meet all conditions.
    pub rows: usize,
    /// Share of them that the model decided to be `true`.
    pub share: f64,
}

/// The rules of a decision: every row meets exactly one.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Rules {
    /// Those with the highest share of `true` first.
    pub rules: Vec<Rule>,
    /// Share of the rows about which the rules decide as the model does.
    pub fidelity: f64,
}

impl Rules {
    /// The rules whose rows are mostly decided to be `true`.
    pub fn alarms(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|rule| rule.share > 0.5)
    }
}

impl RulesParams {
    /// Sets the most comparisons in a rule.
    #[must_use]
    pub fn max_depth(self, max_depth: usize) -> Self {
        Self { max_depth, ..self }
    }

    /// Sets the fewest rows that a rule must describe.
    #[must_use]
    pub fn min_rows(self, min_rows: usize) -> Self {
        Self { min_rows, ..self }
    }

    /// Learns rules from the rows and what was decided about each. NaN is a missing value, and
    /// counts as lower than any other. O(rows · columns · 2^depth).
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting, [`Error::Empty`] without rows or columns,
    /// [`Error::Length`] for other than one decision a row, [`Error::Infinite`] for ±∞.
    pub fn learn(&self, x: ArrayView2<'_, f64>, decisions: &[bool]) -> Result<Rules> {
        self.check(x, decisions)?;
        let columns: Vec<Ranked> =
            x.columns().into_iter().map(|column| Ranked::of(column.iter().copied())).collect();
        // Ranks, not values: linfa-trees knows no missing values, and takes values that differ by
        // less than 1e-5 for the same.
        let ranks =
            Array2::from_shape_fn(x.dim(), |(row, column)| columns[column].rank(x[(row, column)]));
        // One split at a time, each on the rows that come so far: in a deeper tree, linfa-trees skips
        // cuts where the last row of a value belongs to another branch.
        let stump = DecisionTree::params()
            .max_depth(Some(1))
            .min_weight_leaf(self.min_rows as f32)
            .check()?;
        let mut rules = Vec::new();
        let all: Vec<usize> = (0..x.nrows()).collect();
        let mut pending = vec![(0, all, vec![(-1_i64, i64::MAX); x.ncols()])];
        while let Some((depth, rows, spans)) = pending.pop() {
            let targets: Array1<usize> = rows.iter().map(|&row| decisions[row].into()).collect();
            let mixed = targets.iter().any(|&target| target != targets[0]);
            let split = if depth < self.max_depth && mixed {
                let records = ranks.select(Axis(0), &rows);
                let tree = stump.fit(&Dataset::<f64, usize, _>::new(records, targets))?;
                let root = tree.root_node();
                (!root.is_leaf()).then(|| root.split())
            } else {
                None
            };
            let Some((column, cut, _)) = split else {
                rules.push(rule(&rows, decisions, &spans, &columns));
                continue;
            };
            let last = cut.floor() as i64;
            let (left, right) = rows.iter().partition(|&&row| ranks[(row, column)] < cut);
            let (mut below, mut above) = (spans.clone(), spans);
            below[column].1 = below[column].1.min(last);
            above[column].0 = above[column].0.max(last + 1);
            pending.push((depth + 1, right, above));
            pending.push((depth + 1, left, below));
        }
        rules.sort_by(|a, b| b.share.total_cmp(&a.share).then(b.rows.cmp(&a.rows)));
        let alike: f64 =
            rules.iter().map(|rule| rule.rows as f64 * rule.share.max(1.0 - rule.share)).sum();
        Ok(Rules { fidelity: alike / x.nrows() as f64, rules })
    }

    fn check(&self, x: ArrayView2<'_, f64>, decisions: &[bool]) -> Result<()> {
        let refuse = |name, value: usize, allowed| {
            Err(Error::OutOfRange { name, value: value as f64, allowed })
        };
        if !(1..=16).contains(&self.max_depth) {
            return refuse("max_depth", self.max_depth, "from 1 to 16");
        }
        if self.min_rows == 0 {
            return refuse("min_rows", 0, "at least 1");
        }
        for (what, count) in [("rows", x.nrows()), ("columns", x.ncols())] {
            if count == 0 {
                return Err(Error::Empty { what });
            }
        }
        if decisions.len() != x.nrows() {
            let (expected, found) = (x.nrows(), decisions.len());
            return Err(Error::Length { what: "decisions", expected, found });
        }
        match x.indexed_iter().find(|(_, value)| value.is_infinite()) {
            Some(((row, column), &value)) => Err(Error::Infinite { row, column, value }),
            None => Ok(()),
        }
    }
}

/// Cuts of a column, and the ranks that values have among them.
struct Ranked {
    cuts: Vec<f64>,
    missing: bool,
}

impl Ranked {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut known: Vec<f64> = values.collect();
        let all = known.len();
        known.retain(|value| !value.is_nan());
        let missing = known.len() < all;
        known.sort_by(f64::total_cmp);
        known.dedup();
        let steps = known.len().saturating_sub(1);
        let mut cuts: Vec<f64> = (0..steps.min(CUTS))
            .map(|cut| {
                let at = cut * steps / steps.min(CUTS);
                let middle = known[at] / 2.0 + known[at + 1] / 2.0;
                // Rounding must not reach the upper value, which belongs above.
                if middle < known[at + 1] { middle } else { known[at] }
            })
            .collect();
        cuts.dedup();
        Self { cuts, missing }
    }

    /// How many cuts are below a value; −1 for a missing one.
    fn rank(&self, value: f64) -> f64 {
        if value.is_nan() {
            return -1.0;
        }
        self.cuts.partition_point(|&cut| cut < value) as f64
    }
}

fn rule(rows: &[usize], decisions: &[bool], spans: &[(i64, i64)], columns: &[Ranked]) -> Rule {
    let mut conditions = Vec::new();
    for (column, (&(first, last), ranked)) in spans.iter().zip(columns).enumerate() {
        let above = (first > 0).then(|| ranked.cuts[first as usize - 1]);
        let at_most = usize::try_from(last).ok().and_then(|last| ranked.cuts.get(last).copied());
        let missing = first < 0;
        let says_something = above.is_some() || at_most.is_some() || last < 0;
        if says_something || (ranked.missing && !missing) {
            conditions.push(Condition {
                column,
                above,
                at_most,
                missing: missing && ranked.missing,
            });
        }
    }
    let yes = rows.iter().filter(|&&row| decisions[row]).count();
    Rule { conditions, rows: rows.len(), share: yes as f64 / rows.len().max(1) as f64 }
}

impl Rule {
    /// The rule in words, with the columns' names; columns beyond the last name are numbered.
    #[must_use]
    pub fn named<S: AsRef<str>>(&self, names: &[S]) -> String {
        let name = |column: usize| match names.get(column) {
            Some(name) => name.as_ref().to_owned(),
            None => format!("column {column}"),
        };
        let condition = |condition: &Condition| {
            let name = name(condition.column);
            let or_missing = if condition.missing { " or missing" } else { "" };
            match (condition.above, condition.at_most) {
                (None, None) if condition.missing => format!("{name} missing"),
                (None, None) => format!("{name} not missing"),
                (Some(low), None) => format!("{name} > {}", short(low)),
                (None, Some(high)) => format!("{name} <= {}{or_missing}", short(high)),
                (Some(low), Some(high)) => format!("{} < {name} <= {}", short(low), short(high)),
            }
        };
        let conditions: Vec<String> = self.conditions.iter().map(condition).collect();
        let what = if conditions.is_empty() { "all".to_owned() } else { conditions.join(" and ") };
        format!("{what}: {} rows, {:.0} % of them alarms", self.rows, 100.0 * self.share)
    }
}

/// A number with five significant digits.
fn short(value: f64) -> String {
    let digits = 4 - value.abs().max(1e-300).log10().floor() as i32;
    if !(-3..12).contains(&digits) {
        return format!("{value:.4e}");
    }
    let text = format!("{value:.*}", digits.max(0) as usize);
    let short =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    short.to_owned()
}

/// As [`Rule::named`], with numbers for names.
impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.named::<&str>(&[]))
    }
}
