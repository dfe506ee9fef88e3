//! Scoring as the papers write it: [`Oracle`] reads the saved form of a forest and walks it by
//! recursion, without any code of the crate.

use forewarn::forest::IsolationForest;
use serde_json::Value;

/// `c(n)`: 2 H(n−1) − 2 (n−1)/n, the harmonic number summed term by term (Liu et al. 2008,
/// equation 1).
pub(crate) fn average_path_length(n: usize) -> f64 {
    if n < 2 {
        return 0.0;
    }
    let harmonic: f64 = (1..n).map(|k| 1.0 / k as f64).sum();
    2.0 * harmonic - 2.0 * (n - 1) as f64 / n as f64
}

/// How a node decides.
#[derive(Debug)]
pub(crate) enum Rule {
    Axis {
        column: usize,
        threshold: f64,
    },
    /// Column, coefficient, what stands in for a missing value.
    Plane {
        terms: Vec<(usize, f64, f64)>,
        threshold: f64,
    },
    Category {
        column: usize,
        codes: Vec<f64>,
        left: bool,
    },
}

impl Rule {
    /// `None` where nothing is known.
    pub(crate) fn goes_left(&self, x: &[f64]) -> Option<bool> {
        match self {
            Self::Axis { threshold, .. } | Self::Plane { threshold, .. } => {
                self.projection(x).map(|at| at <= *threshold)
            }
            Self::Category { column, codes, left } => {
                (!x[*column].is_nan()).then(|| codes.contains(&x[*column]) == *left)
            }
        }
    }

    /// The value that is compared with the threshold.
    fn projection(&self, x: &[f64]) -> Option<f64> {
        match self {
            Self::Axis { column, .. } => Some(x[*column]).filter(|value| !value.is_nan()),
            Self::Category { .. } => None,
            Self::Plane { terms, .. } => {
                if terms.iter().all(|(column, ..)| x[*column].is_nan()) {
                    return None;
                }
                let mut sum = 0.0;
                for (column, coefficient, center) in terms {
                    sum += coefficient * if x[*column].is_nan() { *center } else { x[*column] };
                }
                Some(sum)
            }
        }
    }

    /// From the threshold.
    pub(crate) fn distance(&self, x: &[f64]) -> Option<f64> {
        match self {
            Self::Axis { threshold, .. } | Self::Plane { threshold, .. } => {
                self.projection(x).map(|at| (at - threshold).abs())
            }
            Self::Category { .. } => None,
        }
    }
}

/// A tree as it was saved.
#[derive(Debug)]
pub(crate) enum Saved {
    Leaf {
        value: f64,
    },
    /// `range`: how far from the threshold the training rows reached at most, where rows beyond that
    /// have their path shortened.
    Inner {
        rule: Rule,
        left_share: f64,
        range: Option<f64>,
        left: Box<Self>,
        right: Box<Self>,
    },
}

impl Saved {
    /// Takes one node, and those below it, off the front of the list: left before right.
    fn read(nodes: &mut std::slice::Iter<'_, Value>) -> Self {
        let node = nodes.next().expect("every inner node has two children");
        if let Some(value) = node.get("Leaf") {
            return Self::Leaf { value: number(value) };
        }
        let (rule, fields) = if let Some(axis) = node.get("Axis") {
            let threshold = number(&axis["threshold"]);
            (Rule::Axis { column: index(&axis["column"]), threshold }, axis)
        } else if let Some(plane) = node.get("Plane") {
            let terms = list(&plane["terms"]).iter().map(|term| {
                (index(&term["column"]), number(&term["coefficient"]), number(&term["center"]))
            });
            let threshold = number(&plane["threshold"]);
            (Rule::Plane { terms: terms.collect(), threshold }, plane)
        } else {
            let category = &node["Category"];
            let codes = list(&category["set"]["codes"]).iter().map(number).collect();
            let left = category["set"]["left"].as_bool().expect("a boolean");
            (Rule::Category { column: index(&category["column"]), codes, left }, category)
        };
        Self::Inner {
            rule,
            left_share: number(&fields["left_share"]),
            range: fields.get("margin").and_then(Value::as_f64),
            left: Box::new(Self::read(nodes)),
            right: Box::new(Self::read(nodes)),
        }
    }

    /// Depth of the deepest leaf.
    pub(crate) fn height(&self) -> usize {
        match self {
            Self::Leaf { .. } => 0,
            Self::Inner { left, right, .. } => 1 + left.height().max(right.height()),
        }
    }

    /// Depth and value of every leaf.
    pub(crate) fn leaves(&self, depth: usize, visit: &mut dyn FnMut(usize, f64)) {
        match self {
            Self::Leaf { value } => visit(depth, *value),
            Self::Inner { left, right, .. } => {
                left.leaves(depth + 1, visit);
                right.leaves(depth + 1, visit);
            }
        }
    }

    /// Algorithm 3 of the paper; a missing value goes down both sides by their shares of the rows,
    /// or where most of them went.
    fn path_length(&self, x: &[f64], depth: usize, spread: bool) -> f64 {
        match self {
            Self::Leaf { value } => depth as f64 + average_path_length(rows_of_leaf(*value, depth)),
            Self::Inner { rule, left_share, range, left, right } => {
                let share = match rule.goes_left(x) {
                    Some(true) => 1.0,
                    Some(false) => 0.0,
                    None if spread => *left_share,
                    None => f64::from(u8::from(*left_share >= 0.5)),
                };
                let beyond = |range: &f64| rule.distance(x).is_some_and(|d| d > *range);
                let mut expected = if range.as_ref().is_some_and(beyond) { -1.0 } else { 0.0 };
                if share > 0.0 {
                    expected += share * left.path_length(x, depth + 1, spread);
                }
                if share < 1.0 {
                    expected += (1.0 - share) * right.path_length(x, depth + 1, spread);
                }
                expected
            }
        }
    }
}

/// How many rows a leaf at this depth holds, for its value is `depth + c(rows)`.
pub(crate) fn rows_of_leaf(value: f64, depth: usize) -> usize {
    let average = value - depth as f64;
    // `c` grows by 2/n: the first within half of that is the one.
    let rows = (1..1_000_000).find(|&n| average < average_path_length(n) + 1.0 / (n + 1) as f64);
    let rows = rows.expect("a leaf of a reasonable size");
    let difference = average - average_path_length(rows);
    assert!(difference.abs() < 1e-12, "{value} at depth {depth} is off c({rows}) by {difference}");
    rows
}

/// A saved forest, scored literally.
#[derive(Debug)]
pub(crate) struct Oracle {
    pub(crate) trees: Vec<Saved>,
    pub(crate) sample_size: usize,
    spread: bool,
}

impl Oracle {
    pub(crate) fn of(forest: &IsolationForest) -> Self {
        let saved = serde_json::to_value(forest).expect("a forest can be written");
        let tree = |nodes: &Value| {
            let mut nodes = list(nodes).iter();
            let tree = Saved::read(&mut nodes);
            assert!(nodes.next().is_none(), "nodes beyond the last leaf");
            tree
        };
        Self {
            trees: list(&saved["trees"]).iter().map(tree).collect(),
            sample_size: index(&saved["sample_size"]),
            spread: saved["params"]["missing"] == "Spread",
        }
    }

    /// Equation 2 of the paper.
    pub(crate) fn score(&self, x: &[f64]) -> f64 {
        let paths = self.trees.iter().map(|tree| tree.path_length(x, 0, self.spread));
        let mean = paths.sum::<f64>() / self.trees.len() as f64;
        let expected = average_path_length(self.sample_size);
        // Of a single row every path is 0, and 0/0 says nothing.
        if expected == 0.0 { 0.5 } else { 2.0_f64.powf(-mean / expected) }
    }
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn index(value: &Value) -> usize {
    value.as_u64().expect("a whole number") as usize
}
