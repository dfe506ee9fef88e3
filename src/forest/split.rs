//! Splitting one node: which columns, where, and which rows go where.

use super::grow::{Plan, Sample};
use super::guided;
use super::options::{Missing, Split};
use super::tree::{CategorySet, Rule, Term, Tree, project};
use super::values::{between, mean, position, range};
use crate::rng::Stream;

/// A split that was made. The node's rows are reordered: the left ones first.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) rule: Rule,
    /// How many rows went left.
    pub(crate) left: usize,
    /// Share of the rows with a known value that went left.
    pub(crate) left_share: f64,
    /// Share of the range (of the categories) that lies left.
    pub(crate) left_volume: f64,
    /// Which list of varying columns the children use.
    pub(crate) varying: usize,
    /// Width of the range that was cut; none for categories.
    pub(crate) range: f64,
}

/// A rule with the share of the range on its left.
pub(crate) struct Proposal {
    pub(crate) rule: Rule,
    pub(crate) left_volume: f64,
    /// Width of the range that is cut; +∞ for categories.
    pub(crate) range: f64,
}

/// Finds splits for one tree; keeps the buffers that all nodes use.
#[derive(Debug)]
pub(crate) struct Splitter<'a> {
    pub(crate) sample: &'a Sample,
    plan: &'a Plan<'a>,
    /// Lists of columns that may still vary. A column once constant is so in all nodes below, so a
    /// node that finds some leaves its children a shorter list: sparse data would otherwise be
    /// searched for a varying column again in every node.
    lists: Vec<Vec<u32>>,
    /// The columns not yet tried in this node.
    untried: Vec<u32>,
    /// The columns found constant in this node.
    constant: Vec<u32>,
    /// Rows whose side is not known yet, or that go right.
    aside: Vec<u32>,
    unknown: Vec<u32>,
    pub(crate) guided: guided::Buffers,
}

impl<'a> Splitter<'a> {
    pub(crate) fn new(sample: &'a Sample, plan: &'a Plan<'a>) -> Self {
        Self {
            sample,
            plan,
            lists: vec![(0..sample.categorical.len() as u32).collect()],
            untried: Vec::new(),
            constant: Vec::new(),
            aside: Vec::new(),
            unknown: Vec::new(),
            guided: guided::Buffers::default(),
        }
    }

    /// Splits `rows`, or `None` where no column varies.
    pub(crate) fn split(
        &mut self,
        rows: &mut [u32],
        varying: usize,
        tree: &mut Tree,
        stream: &mut Stream,
    ) -> Option<Cut> {
        self.constant.clear();
        let kind = self.kind(stream);
        // With no limit to the depth, cuts that separate nothing would go on and on: they are
        // drawn again, and a node that resists a hundred of them stays whole.
        let retries = if self.plan.depth_limit.is_none() { 100 } else { 0 };
        for _ in 0..=retries {
            self.untried.clone_from(&self.lists[varying]);
            let (column, low, high) = self.pick(rows, stream)?;
            let proposal = if self.sample.categorical[column] {
                self.categories(rows, column, tree, stream)
            } else {
                match kind {
                    Split::Random | Split::Extended { level: 0 } => axis(column, low, high, stream),
                    Split::Extended { level } => {
                        self.plane(rows, varying, level.saturating_add(1), tree, stream)
                    }
                    Split::Guided { gain, columns, candidates } => {
                        let how = (gain, columns, candidates);
                        guided::best(self, rows, varying, how, tree, stream)
                            // Projections that overflow separate nothing; a plain cut does.
                            .unwrap_or_else(|| axis(column, low, high, stream))
                    }
                }
            };
            let cut = self.partition(rows, &proposal, tree, stream);
            if (cut.0 > 0 && cut.0 < rows.len()) || retries == 0 {
                let varying = self.shorter_list(varying);
                let Proposal { rule, left_volume, range } = proposal;
                let (left, left_share) = cut;
                return Some(Cut { rule, left, left_share, left_volume, varying, range });
            }
            if let Rule::Plane { first_term, .. } = proposal.rule {
                tree.terms.truncate(first_term as usize);
            }
        }
        None
    }

    /// Draws one of the kinds of split by their probabilities.
    fn kind(&self, stream: &mut Stream) -> Split {
        let splits = self.plan.splits;
        if let [(_, only)] = splits {
            return *only;
        }
        let mut left = stream.unit() * splits.iter().map(|(weight, _)| weight).sum::<f64>();
        for &(weight, kind) in splits {
            if left < weight {
                return kind;
            }
            left -= weight;
        }
        splits[splits.len() - 1].1
    }

    /// Draws a column, among those not yet tried, that varies within `rows`; with its range.
    pub(crate) fn pick(&mut self, rows: &[u32], stream: &mut Stream) -> Option<(usize, f64, f64)> {
        while !self.untried.is_empty() {
            let column = self.untried.swap_remove(stream.below(self.untried.len()));
            let (low, high) = range(self.sample.column(column as usize), rows);
            if low < high {
                return Some((column as usize, low, high));
            }
            if !self.constant.contains(&column) {
                self.constant.push(column);
            }
        }
        None
    }

    /// Makes the columns of a list available to [`pick`](Self::pick) again, but those that hold
    /// categories and those found constant.
    pub(crate) fn restart(&mut self, varying: usize) {
        let (list, constant) = (&self.lists[varying], &self.constant);
        let categorical = &self.sample.categorical;
        let usable = |column: &u32| !categorical[*column as usize] && !constant.contains(column);
        self.untried.clear();
        self.untried.extend(list.iter().copied().filter(usable));
    }

    fn shorter_list(&mut self, varying: usize) -> usize {
        if self.constant.is_empty() {
            return varying;
        }
        let constant = &self.constant;
        let kept = self.lists[varying].iter().copied().filter(|c| !constant.contains(c)).collect();
        self.lists.push(kept);
        self.lists.len() - 1
    }

    /// A normal vector over `columns` columns, through a uniform point of the bounding box.
    fn plane(
        &mut self,
        rows: &[u32],
        varying: usize,
        columns: usize,
        tree: &mut Tree,
        stream: &mut Stream,
    ) -> Proposal {
        self.restart(varying);
        let first_term = tree.terms.len();
        // Only the direction of the normal vector counts. Where values are so huge that their
        // products with it could overflow, it is drawn this much shorter.
        let unit = 1.0 / (16.0 * columns.min(self.untried.len()) as f64);
        let mut huge = false;
        let mut points = Vec::with_capacity(columns.min(16));
        while points.len() < columns {
            let Some((column, low, high)) = self.pick(rows, stream) else { break };
            let coefficient = stream.normal();
            huge |= low.abs().max(high.abs()) > f64::MAX * unit;
            points.push((low, between(low, high, stream.unit()), high));
            let center = mean(self.sample.column(column), rows);
            tree.terms.push(Term { column: column as u32, coefficient, center });
        }
        // The plane goes through a point of the bounding box, so that the box has volume on both
        // sides of it, and no row is further from it than the box is wide, even where all rows lie
        // on one side.
        let (mut low, mut threshold, mut high) = (0.0, 0.0, 0.0);
        for (term, (least, point, most)) in tree.terms[first_term..].iter_mut().zip(points) {
            term.coefficient *= if huge { unit } else { 1.0 };
            threshold += term.coefficient * point;
            low += (term.coefficient * least).min(term.coefficient * most);
            high += (term.coefficient * least).max(term.coefficient * most);
        }
        let (first_term, terms) = (first_term as u32, (tree.terms.len() - first_term) as u32);
        let rule = Rule::Plane { first_term, terms, threshold };
        Proposal { rule, left_volume: position(low, high, threshold), range: high - low }
    }

    /// A coin for every category in the node, until both sides have one.
    fn categories(
        &mut self,
        rows: &[u32],
        column: usize,
        tree: &mut Tree,
        stream: &mut Stream,
    ) -> Proposal {
        let values = self.sample.column(column);
        let mut codes: Vec<u32> = rows
            .iter()
            .map(|&row| values[row as usize])
            .filter(|code| !code.is_nan())
            .map(|code| code as u32)
            .collect();
        codes.sort_unstable();
        let observed = codes.clone();
        codes.dedup();
        let mut left: Vec<bool> = Vec::new();
        while left.iter().all(|&side| side) || !left.contains(&true) {
            left = codes.iter().map(|_| stream.unit() < 0.5).collect();
        }
        let goes_left = |code: u32| codes.binary_search(&code).is_ok_and(|index| left[index]);
        let rows_left = observed.iter().filter(|&&code| goes_left(code)).count();
        let larger = 2 * rows_left >= observed.len();
        let left_volume = left.iter().filter(|&&side| side).count() as f64 / codes.len() as f64;
        let kept = codes.iter().zip(&left).filter(|&(_, &side)| side == larger).map(|(&c, _)| c);
        tree.sets.push(CategorySet { codes: kept.collect(), left: larger });
        let (column, set) = (column as u32, tree.sets.len() as u32 - 1);
        let rule = Rule::Category { column, set };
        Proposal { rule, left_volume, range: f64::INFINITY }
    }

    /// Projection of a sampled row.
    pub(crate) fn project(&self, terms: &[Term], row: u32) -> f64 {
        project(terms, |column| self.sample.column(column as usize)[row as usize])
    }

    /// Reorders `rows`, left ones first; gives their number and the share of known ones left.
    fn partition(
        &mut self,
        rows: &mut [u32],
        proposal: &Proposal,
        tree: &Tree,
        stream: &mut Stream,
    ) -> (usize, f64) {
        if let Rule::Axis { column, threshold } = proposal.rule
            && !self.sample.gaps[column as usize]
        {
            let left = self.partition_known(rows, column as usize, threshold);
            return (left, left as f64 / rows.len() as f64);
        }
        self.aside.clear();
        self.unknown.clear();
        let (mut aside, mut unknown) =
            (std::mem::take(&mut self.aside), std::mem::take(&mut self.unknown));
        let mut left = 0;
        let mut send = |rows: &mut [u32], row: u32, side: Option<bool>| match side {
            Some(true) => {
                rows[left] = row;
                left += 1;
            }
            Some(false) => aside.push(row),
            None => unknown.push(row),
        };
        match proposal.rule {
            Rule::Leaf => {}
            Rule::Axis { column, threshold } => {
                let values = self.sample.column(column as usize);
                for index in 0..rows.len() {
                    let value = values[rows[index] as usize];
                    send(rows, rows[index], (!value.is_nan()).then_some(value <= threshold));
                }
            }
            Rule::Category { column, set } => {
                let values = self.sample.column(column as usize);
                let set = &tree.sets[set as usize];
                for index in 0..rows.len() {
                    let value = values[rows[index] as usize];
                    send(rows, rows[index], (!value.is_nan()).then(|| set.goes_left(value)));
                }
            }
            Rule::Plane { first_term, terms, threshold } => {
                let terms = tree.plane(first_term, terms);
                for index in 0..rows.len() {
                    let row = rows[index];
                    let value = |column: u32| self.sample.column(column as usize)[row as usize];
                    let known = terms.iter().any(|term| !value(term.column).is_nan());
                    send(rows, row, known.then(|| self.project(terms, row) <= threshold));
                }
            }
        }
        let known = left + aside.len();
        let share = if known == 0 { 0.5 } else { left as f64 / known as f64 };
        for &row in &unknown {
            let goes_left = match self.plan.missing {
                Missing::Majority => share >= 0.5,
                // By lot in training, in both at once in scoring: the same expectation, without a
                // sample that grows at every gap.
                Missing::Spread => stream.unit() < share,
            };
            if goes_left {
                rows[left] = row;
                left += 1;
            } else {
                aside.push(row);
            }
        }
        rows[left..].copy_from_slice(&aside);
        (self.aside, self.unknown) = (aside, unknown);
        (left, share)
    }

    /// Reorders `rows` by a column without gaps, left ones first; gives their number. Writes every
    /// row to both sides and counts it on one: which side is anybody's guess, and a branch would be
    /// mispredicted half of the time.
    fn partition_known(&mut self, rows: &mut [u32], column: usize, threshold: f64) -> usize {
        let values = self.sample.column(column);
        self.aside.resize(self.aside.len().max(rows.len()), 0);
        let (mut left, mut right) = (0, 0);
        for index in 0..rows.len() {
            let row = rows[index];
            let goes_left = values[row as usize] <= threshold;
            rows[left] = row;
            self.aside[right] = row;
            left += usize::from(goes_left);
            right += usize::from(!goes_left);
        }
        rows[left..].copy_from_slice(&self.aside[..right]);
        left
    }
}

/// Liu et al. 2008: a uniform point of the range.
fn axis(column: usize, low: f64, high: f64, stream: &mut Stream) -> Proposal {
    let threshold = between(low, high, stream.unit());
    let rule = Rule::Axis { column: column as u32, threshold };
    Proposal { rule, left_volume: position(low, high, threshold), range: high - low }
}
