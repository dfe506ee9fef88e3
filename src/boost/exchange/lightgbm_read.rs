//! Reads LightGBM's text format, versions 3 and 4 (`src/boosting/gbdt_model_text.cpp` and
//! `src/io/tree.cpp` there).

use super::rebuild::{Node, rebuild};
use super::{in_tree, outputs, start_of};
use crate::boost::predict::Compiled;
use crate::boost::tree::{CategorySet, Child, Leaf, Split, Test, Tree};
use crate::boost::{Ensemble, Link};
use crate::error::{Result, invalid};
use std::str::FromStr;

/// Bits of `decision_type`; two more, [`missing`], say what counts as missing.
pub(super) const CATEGORICAL: u8 = 1;
pub(super) const DEFAULT_LEFT: u8 = 2;

/// What counts as missing, in the third and fourth bit of `decision_type`.
pub(super) mod missing {
    pub(in super::super) const NOTHING: u8 = 0;
    pub(in super::super) const ZERO: u8 = 1 << 2;
    pub(in super::super) const NAN: u8 = 2 << 2;
    pub(in super::super) const BITS: u8 = 3 << 2;
}

impl Ensemble {
    /// Reads a model that LightGBM saved as text (`save_model`, `model_to_string`) in format `v3` or
    /// `v4`. It predicts what LightGBM predicts from all trees, which is LightGBM's default for a
    /// model from a file: after early stopping, LightGBM saves the best iterations only. Leaves
    /// keep their numbers.
    ///
    /// Rows hold category codes where the model was trained on categories: the order of the values
    /// of pandas columns (`pandas_categorical`) is not looked at. Where a column had no missing
    /// values in LightGBM's training, they count as 0, as they do there.
    ///
    /// The raw scores of a random forest (`boosting=rf`) are means over its trees, which its
    /// predictions are made from; LightGBM's `raw_score=True` gives the sums.
    ///
    /// # Errors
    /// [`InvalidModel`](crate::Error::InvalidModel) for text that is no such model, and for what has
    /// no counterpart here: linear trees and objectives without a [`Link`].
    ///
    /// ```
    /// use forewarn::boost::{Ensemble, Link};
    /// use forewarn::ndarray::array;
    ///
    /// // One split: at most 40 degrees is fine.
    /// let text = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=0\n\
    ///             objective=binary sigmoid:1\nfeature_names=temperature\n\n\
    ///             Tree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\nthreshold=40\n\
    ///             decision_type=8\nleft_child=-1\nright_child=-2\nleaf_value=-3.5 1.25\n\n\
    ///             end of trees\n";
    /// let model = Ensemble::from_lightgbm(text)?;
    /// assert_eq!(model.link(), Link::Logistic { scale: 1.0 });
    /// let raw = model.raw(array![[39.0], [41.0]].view())?;
    /// assert_eq!(raw, array![[-3.5], [1.25]]);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn from_lightgbm(text: &str) -> Result<Self> {
        let mut header = None;
        let mut trees = Vec::new();
        let mut fields = Fields(Vec::new());
        for line in text.lines() {
            let end = line == "end of trees";
            if end || line.starts_with("Tree=") {
                match &header {
                    None => header = Some(Header::read(&fields)?),
                    Some(header) => trees.push(
                        read_tree(&fields, trees.len() % header.outputs)
                            .map_err(|error| in_tree(error, trees.len()))?,
                    ),
                }
                fields.0.clear();
            } else if !line.is_empty() {
                fields.0.push(line.split_once('=').unwrap_or((line, "")));
            }
            if end {
                return header.ok_or_else(|| invalid("no header"))?.ensemble(trees);
            }
        }
        Err(invalid("no LightGBM text, or truncated: `end of trees` is missing"))
    }
}

/// What stands before the first tree.
struct Header {
    outputs: usize,
    link: Link,
    names: Vec<String>,
    /// Whether raw scores are means over the rounds.
    average: bool,
    /// Trees announced, where they are.
    trees: Option<usize>,
}

impl Header {
    fn read(fields: &Fields<'_>) -> Result<Self> {
        if fields.0.first() != Some(&("tree", "")) {
            return Err(invalid("the first line of LightGBM text is `tree`"));
        }
        match fields.need("version")? {
            "v3" | "v4" => {}
            other => {
                let other = start_of(other);
                return Err(invalid(format_args!("version `{other}`: v3 and v4 are read")));
            }
        }
        let names: Vec<_> =
            fields.need("feature_names")?.split_whitespace().map(str::to_owned).collect();
        let last: usize = fields.number("max_feature_idx")?;
        if last != names.len().wrapping_sub(1) {
            let names = names.len();
            return Err(invalid(format_args!("{names} names of columns, the last is {last}")));
        }
        let mut objective = fields.get("objective").unwrap_or("custom").split_whitespace();
        Ok(Self {
            outputs: outputs(fields.number("num_tree_per_iteration")?)?,
            link: link(objective.next().unwrap_or("custom"), &objective.collect::<Vec<_>>())?,
            names,
            average: fields.get("average_output").is_some(),
            trees: fields.get("tree_sizes").map(|sizes| sizes.split_whitespace().count()),
        })
    }

    fn ensemble(self, mut trees: Vec<Tree>) -> Result<Ensemble> {
        let found = trees.len();
        if self.trees.is_some_and(|announced| announced != found)
            || !found.is_multiple_of(self.outputs)
        {
            let (announced, outputs) = (self.trees.unwrap_or(found), self.outputs);
            return Err(invalid(format_args!(
                "{found} trees for {outputs} outputs, {announced} announced"
            )));
        }
        if self.average {
            let rounds = (found / self.outputs) as f64;
            for tree in &mut trees {
                tree.splits.iter_mut().for_each(|split| split.value /= rounds);
                tree.leaves.iter_mut().for_each(|leaf| leaf.value /= rounds);
            }
        }
        let ensemble = Ensemble {
            columns: self.names.len(),
            start: vec![0.0; self.outputs],
            link: self.link,
            trees,
            names: self.names,
            compiled: Compiled::default(),
        };
        ensemble.check()?;
        Ok(ensemble)
    }
}

/// The link of an objective, which may have parameters such as `sigmoid:1`.
fn link(objective: &str, parameters: &[&str]) -> Result<Link> {
    let scale = || {
        let given = parameters.iter().find_map(|parameter| parameter.strip_prefix("sigmoid:"));
        given.map_or(Ok(1.0), |scale| number("sigmoid", scale))
    };
    Ok(match objective {
        "regression" | "regression_l1" | "huber" | "fair" | "quantile" | "mape" => {
            let root = parameters.contains(&"sqrt");
            if root { Link::SignedSquare } else { Link::Identity }
        }
        "custom" | "none" | "null" | "na" | "lambdarank" | "rank_xendcg" => Link::Identity,
        "binary" => Link::Logistic { scale: scale()? },
        "multiclassova" => Link::EachLogistic { scale: scale()?, normalised: false },
        "multiclass" => Link::Softmax,
        "poisson" | "gamma" | "tweedie" => Link::Exponential,
        "cross_entropy" => Link::Logistic { scale: 1.0 },
        "cross_entropy_lambda" => Link::Softplus,
        other => {
            let other = start_of(other);
            return Err(invalid(format_args!("the objective `{other}` is not known")));
        }
    })
}

fn read_tree(fields: &Fields<'_>, output: usize) -> Result<Tree> {
    if fields.get("is_linear").is_some_and(|linear| linear != "0") {
        return Err(invalid("linear models in leaves are not supported"));
    }
    let leaves: usize = fields.number("num_leaves")?;
    let values: Vec<f64> = fields.list("leaf_value", leaves)?;
    let count = leaves.checked_sub(1).ok_or_else(|| invalid("a tree without leaves"))?;
    let weights: Vec<f64> = fields.list_or_zero("leaf_weight", values.len())?;
    let rows: Vec<f64> = fields.list_or_zero("leaf_count", values.len())?;
    let leaf =
        |leaf: usize| Leaf { value: values[leaf], cover: rows[leaf], hessian: weights[leaf] };
    if count == 0 {
        return Ok(Tree::constant(output as u32, leaf(0)));
    }
    let columns: Vec<u32> = fields.list("split_feature", count)?;
    let thresholds: Vec<f64> = fields.list("threshold", count)?;
    let kinds: Vec<u8> = fields.list("decision_type", count)?;
    let lefts: Vec<i32> = fields.list("left_child", count)?;
    let rights: Vec<i32> = fields.list("right_child", count)?;
    let gains: Vec<f64> = fields.list_or_zero("split_gain", count)?;
    let inner_values: Vec<f64> = fields.list_or_zero("internal_value", count)?;
    let inner_weights: Vec<f64> = fields.list_or_zero("internal_weight", count)?;
    let inner_rows: Vec<f64> = fields.list_or_zero("internal_count", count)?;
    // Leaves are numbered behind the splits.
    let place = |child: i32| match child {
        0.. if (child as usize) < count => Ok(child as usize),
        ..0 => Ok(count + !child as usize),
        _ => Err(invalid(format_args!("split {child} of {count}"))),
    };
    rebuild(output as u32, count + values.len(), read_sets(fields)?, |number| {
        if number >= count {
            return Ok(Node::Leaf(leaf(number - count)));
        }
        let (test, missing_left) = test(kinds[number], thresholds[number])?;
        let split = Split {
            column: columns[number],
            test,
            missing_left,
            left: Child::leaf(0),
            right: Child::leaf(0),
            gain: gains[number],
            value: inner_values[number],
            cover: inner_rows[number],
            hessian: inner_weights[number],
        };
        Ok(Node::Split { split, left: place(lefts[number])?, right: place(rights[number])? })
    })
}

/// What a split asks, and where missing values go (`Tree::NumericalDecision` and
/// `Tree::CategoricalDecision` in LightGBM).
fn test(kind: u8, threshold: f64) -> Result<(Test, bool)> {
    if threshold.is_nan() {
        return Err(invalid("a threshold that is NaN"));
    }
    let default_left = kind & DEFAULT_LEFT != 0;
    if kind & CATEGORICAL != 0 {
        // The number of the set. Missing and negative values go right, whatever the other bits.
        let set = super::value::whole(threshold).ok_or_else(|| invalid("a set without number"))?;
        return Ok((Test::Within { set }, false));
    }
    match kind & missing::BITS {
        // NaN is read as 0.
        missing::NOTHING => Ok((Test::AtMost(threshold), 0.0 <= threshold)),
        missing::ZERO => Ok((Test::AtMostZeroMissing(threshold), default_left)),
        missing::NAN => Ok((Test::AtMost(threshold), default_left)),
        _ => Err(invalid(format_args!("decision type {kind}"))),
    }
}

/// `cat_threshold` lists the words of 32 bits of all sets, `cat_boundaries` where each begins.
fn read_sets(fields: &Fields<'_>) -> Result<Vec<CategorySet>> {
    let count: usize = fields.get("num_cat").map_or(Ok(0), |count| number("num_cat", count))?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let boundaries: Vec<usize> = fields.list("cat_boundaries", count.saturating_add(1))?;
    let words: Vec<u32> =
        fields.list("cat_threshold", boundaries.last().copied().unwrap_or_default())?;
    boundaries
        .windows(2)
        .map(|ends| {
            let words = words.get(ends[0]..ends[1]);
            let words = words.ok_or_else(|| invalid("category sets that overlap"))?;
            let pair = |pair: &[u32]| {
                u64::from(pair[0]) | u64::from(pair.get(1).copied().unwrap_or_default()) << 32
            };
            Ok(CategorySet { words: words.chunks(2).map(pair).collect() })
        })
        .collect()
}

/// Lines `name=content` up to the next tree.
struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(other, _)| *other == name).map(|&(_, content)| content)
    }

    fn need(&self, name: &str) -> Result<&'a str> {
        self.get(name).ok_or_else(|| invalid(format_args!("`{name}` is missing")))
    }

    fn number<T: FromStr>(&self, name: &str) -> Result<T> {
        number(name, self.need(name)?)
    }

    fn list<T: FromStr>(&self, name: &str, expected: usize) -> Result<Vec<T>> {
        let content = self.need(name)?.split_ascii_whitespace();
        let list = content.map(|word| number(name, word)).collect::<Result<Vec<T>>>()?;
        if list.len() == expected {
            return Ok(list);
        }
        let found = list.len();
        Err(invalid(format_args!("`{name}` has {found} entries, {expected} expected")))
    }

    /// As [`list`](Self::list), of zeros where there is none.
    fn list_or_zero(&self, name: &str, expected: usize) -> Result<Vec<f64>> {
        match self.get(name) {
            None | Some("") => Ok(vec![0.0; expected]),
            Some(_) => self.list(name, expected),
        }
    }
}

fn number<T: FromStr>(name: &str, word: &str) -> Result<T> {
    word.trim().parse().map_err(|_| {
        let word = start_of(word);
        invalid(format_args!("`{word}` in `{name}` is not a number of the right kind"))
    })
}
