//! Writes LightGBM's text format, version 4.

use super::lightgbm_read::{CATEGORICAL, DEFAULT_LEFT, missing};
use super::rebuild::{Parent, hang};
use crate::boost::tree::{CategorySet, Child, Leaf, Next, Split, Test, Tree};
use crate::boost::{Ensemble, Link};
use crate::error::{Error, Result};
use std::borrow::Cow;
use std::fmt::Display;

/// Most splits of a tree that is written, after splits have been added for missing categories.
const MOST_SPLITS: usize = 1 << 20;

/// Most columns of categories on a path where such splits have been added.
const MOST_KNOWN: usize = 64;

impl Ensemble {
    /// The model as LightGBM (version 4) saves it: what LightGBM reads from it predicts the same, but
    /// for the last bit of sums, for finite values and NaN. The starting scores become a part of
    /// each output's first tree.
    ///
    /// LightGBM sends missing and negative categories right. Where ours go left, a split on the same
    /// column is put before, with a copy of what is on the left; LightGBM's contributions for
    /// such trees are only roughly ours. Of the ranges of the columns (`feature_infos`), only what
    /// splits mention is known: the span of the thresholds, the categories. In names, white
    /// space and `"`, `,`, `:`, `[`, `]`, `{`, `}`, which LightGBM does not allow there, become `_`.
    ///
    /// # Errors
    /// [`Error::Incompatible`] for what LightGBM has no words for: a link such as
    /// [`Exponential`](Link::Exponential) with several outputs, outputs with different numbers of
    /// trees, category codes from 2³¹, starting scores that overflow with a leaf, and trees that need more than 1,048,576 splits or, where missing categories go left, meet
    /// more than 64 columns of them on a path.
    ///
    /// ```
    /// # let text = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=0\n\
    /// #             feature_names=a\n\nTree=0\nnum_leaves=1\nleaf_value=2.5\nend of trees\n";
    /// use forewarn::boost::Ensemble;
    ///
    /// let model = Ensemble::from_lightgbm(text)?;
    /// let again = Ensemble::from_lightgbm(&model.to_lightgbm()?)?;
    /// assert_eq!(again.n_trees(), model.n_trees());
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn to_lightgbm(&self) -> Result<String> {
        let trees = self.in_rounds()?;
        let blocks = trees
            .iter()
            .enumerate()
            .map(|(index, tree)| Ok(format!("Tree={index}\n{}\n\n", tree_text(tree)?)))
            .collect::<Result<Vec<_>>>()?;
        let outputs = self.n_outputs();
        let header = [
            "tree\nversion=v4".to_owned(),
            format!("num_class={outputs}\nnum_tree_per_iteration={outputs}\nlabel_index=0"),
            format!("max_feature_idx={}", self.columns - 1),
            format!("objective={}", objective(self.link, outputs)?),
            line("feature_names", (0..self.columns).map(|column| self.name(column))),
            line("feature_infos", infos(self.columns, &trees)),
            line("tree_sizes", blocks.iter().map(String::len)),
        ];
        Ok([
            &header.join("\n"),
            "\n\n",
            &blocks.concat(),
            "end of trees\n\nfeature_importances:\n\nparameters:\n\nend of parameters\n\n",
            "pandas_categorical:null\n",
        ]
        .concat())
    }

    /// The trees as LightGBM orders them, one an output in turn, with the starting scores in the
    /// first of each.
    fn in_rounds(&self) -> Result<Vec<Cow<'_, Tree>>> {
        let mut of_output: Vec<Vec<&Tree>> = vec![Vec::new(); self.n_outputs()];
        self.trees.iter().for_each(|tree| of_output[tree.output as usize].push(tree));
        let rounds = of_output[0].len();
        if let Some(other) = of_output.iter().find(|trees| trees.len() != rounds) {
            let other = other.len();
            return Err(refused(format!(
                "LightGBM has as many trees for every output: here are {rounds} and {other}"
            )));
        }
        if rounds == 0 {
            let constant = |(output, &value): (usize, &f64)| {
                Cow::Owned(Tree::constant(output as u32, Leaf { value, cover: 0.0, hessian: 0.0 }))
            };
            return Ok(self.start.iter().enumerate().map(constant).collect());
        }
        let mut trees = Vec::with_capacity(self.trees.len());
        for round in 0..rounds {
            for (of_output, &start) in of_output.iter().zip(&self.start) {
                let mut tree = Cow::Borrowed(of_output[round]);
                if round == 0 && start != 0.0 {
                    let tree = tree.to_mut();
                    tree.splits.iter_mut().for_each(|split| split.value += start);
                    tree.leaves.iter_mut().for_each(|leaf| leaf.value += start);
                    if !tree.leaves.iter().all(|leaf| leaf.value.is_finite()) {
                        return Err(refused(format!("with {start} added, a leaf is not finite")));
                    }
                }
                trees.push(tree);
            }
        }
        Ok(trees)
    }

    fn name(&self, column: usize) -> String {
        let forbidden = |symbol: char| symbol.is_whitespace() || "\",:[]{}".contains(symbol);
        match self.names.get(column).map(String::as_str) {
            None | Some("") => format!("Column_{column}"),
            Some(name) => name.replace(forbidden, "_"),
        }
    }
}

fn refused(reason: String) -> Error {
    Error::Incompatible { reason }
}

fn objective(link: Link, outputs: usize) -> Result<String> {
    Ok(match (link, outputs) {
        (Link::Identity, 1) => "regression".into(),
        (Link::Identity, _) => "custom".into(),
        (Link::Logistic { scale }, 1) => format!("binary sigmoid:{scale:?}"),
        (Link::Exponential, 1) => "poisson".into(),
        (Link::Softplus, 1) => "cross_entropy_lambda".into(),
        (Link::SignedSquare, 1) => "regression sqrt".into(),
        (Link::Softmax, 2..) => format!("multiclass num_class:{outputs}"),
        (Link::Logistic { scale } | Link::EachLogistic { scale, normalised: false }, 2..) => {
            format!("multiclassova num_class:{outputs} sigmoid:{scale:?}")
        }
        _ => {
            let reason = format!("LightGBM has no objective for {link:?} with {outputs} outputs");
            return Err(refused(reason));
        }
    })
}

/// What `feature_infos` says of each column: `[least:greatest]`, categories, or `none`.
fn infos(columns: usize, trees: &[Cow<'_, Tree>]) -> impl Iterator<Item = String> {
    let mut thresholds = vec![None; columns];
    let mut categories = vec![CategorySet::default(); columns];
    for tree in trees {
        for split in &tree.splits {
            let column = split.column as usize;
            match split.test {
                Test::AtMost(threshold) | Test::AtMostZeroMissing(threshold) => {
                    let (least, most) = thresholds[column].unwrap_or((threshold, threshold));
                    thresholds[column] = Some((threshold.min(least), threshold.max(most)));
                }
                Test::Within { set } => {
                    let codes = tree.sets[set as usize].codes();
                    codes.for_each(|code| categories[column].insert(code));
                }
            }
        }
    }
    thresholds.into_iter().zip(categories).map(|(span, categories)| match span {
        _ if !categories.words.is_empty() => join(categories.codes(), ":"),
        Some((least, most)) => format!("[{}:{}]", number(least), number(most)),
        None => "none".into(),
    })
}

fn tree_text(tree: &Tree) -> Result<String> {
    let tree = missing_right(tree)?;
    let Tree { splits, leaves, sets, .. } = tree.as_ref();
    let child = |child: Child| match child.next() {
        Next::Split(index) => index as i64,
        Next::Leaf(index) => !(index as i64),
    };
    let count = |cover: f64| cover.round() as i32;
    let mut lines = vec![
        format!("num_leaves={}", leaves.len()),
        format!("num_cat={}", sets.len()),
        line("split_feature", splits.iter().map(|split| split.column)),
        line("split_gain", splits.iter().map(|split| number(split.gain))),
        line("threshold", splits.iter().map(threshold)),
        line("decision_type", splits.iter().map(decision_type)),
        line("left_child", splits.iter().map(|split| child(split.left))),
        line("right_child", splits.iter().map(|split| child(split.right))),
        line("leaf_value", leaves.iter().map(|leaf| number(leaf.value))),
        line("leaf_weight", leaves.iter().map(|leaf| number(leaf.hessian))),
        line("leaf_count", leaves.iter().map(|leaf| count(leaf.cover))),
        line("internal_value", splits.iter().map(|split| number(split.value))),
        line("internal_weight", splits.iter().map(|split| number(split.hessian))),
        line("internal_count", splits.iter().map(|split| count(split.cover))),
    ];
    if !sets.is_empty() {
        let words: Vec<Vec<u32>> = sets.iter().map(words).collect::<Result<_>>()?;
        let ends = words.iter().scan(0, |end, words| {
            *end += words.len();
            Some(*end)
        });
        lines.push(line("cat_boundaries", std::iter::once(0).chain(ends)));
        lines.push(line("cat_threshold", words.iter().flatten()));
    }
    // The learning rate is in the values.
    lines.push("is_linear=0\nshrinkage=1\n".into());
    Ok(lines.join("\n"))
}

fn threshold(split: &Split) -> String {
    match split.test {
        Test::AtMost(threshold) | Test::AtMostZeroMissing(threshold) => number(threshold),
        Test::Within { set } => set.to_string(),
    }
}

fn decision_type(split: &Split) -> u8 {
    let missing = match split.test {
        Test::AtMost(_) => missing::NAN,
        Test::AtMostZeroMissing(_) => missing::ZERO,
        Test::Within { .. } => return missing::NAN | CATEGORICAL,
    };
    missing | if split.missing_left { DEFAULT_LEFT } else { 0 }
}

/// Words of 32 bits, at least one.
fn words(set: &CategorySet) -> Result<Vec<u32>> {
    if set.words.len() > 1 << (31 - 6) {
        return Err(refused("LightGBM has category codes up to 2147483647 only".into()));
    }
    let halves = |&word: &u64| [word as u32, (word >> 32) as u32];
    let words: Vec<u32> = set.words.iter().flat_map(halves).collect();
    Ok(if words.is_empty() { vec![0] } else { words })
}

/// A part of a tree that is still to be copied.
struct Part {
    of: Child,
    /// Where it hangs in the copy.
    parent: Parent,
    /// Columns of categories of which it is known here whether their value is missing or negative.
    known: Vec<(u32, bool)>,
}

/// The tree with no missing or negative category going left: before such a split, one on whether the
/// value is at most −1 or missing leads to a copy of its left side. A path asks that once a
/// column, and the copy is spared splits on it that are then decided.
fn missing_right(tree: &Tree) -> Result<Cow<'_, Tree>> {
    let within = |split: &Split| matches!(split.test, Test::Within { .. });
    if !tree.splits.iter().any(|split| split.missing_left && within(split)) {
        return Ok(Cow::Borrowed(tree));
    }
    let mut splits: Vec<Split> = Vec::new();
    let mut leaves = Vec::new();
    let mut pending = vec![Part { of: tree.root(), parent: None, known: Vec::new() }];
    while let Some(Part { of, parent, known }) = pending.pop() {
        let index = splits.len();
        let below = |of, left, known| Part { of, parent: Some((index, left)), known };
        let copy = match of.next() {
            Next::Leaf(leaf) => {
                leaves.push(tree.leaves[leaf]);
                Child::leaf(leaves.len() - 1)
            }
            Next::Split(split) => {
                let split = tree.splits[split];
                let missing = known.iter().find(|(column, _)| *column == split.column);
                match missing.map(|&(_, missing)| missing).filter(|_| within(&split)) {
                    Some(true) => {
                        let of = if split.missing_left { split.left } else { split.right };
                        pending.push(Part { of, parent, known });
                        continue;
                    }
                    None if within(&split) && split.missing_left => {
                        if known.len() >= MOST_KNOWN {
                            return Err(refused(format!(
                                "a path of a tree asks for categories of more than {MOST_KNOWN} columns"
                            )));
                        }
                        let with = |missing| [&known[..], &[(split.column, missing)]].concat();
                        splits.push(Split { test: Test::AtMost(-1.0), gain: 0.0, ..split });
                        pending.push(below(of, false, with(false)));
                        pending.push(below(split.left, true, with(true)));
                    }
                    _ => {
                        splits.push(split);
                        pending.push(below(split.right, false, known.clone()));
                        pending.push(below(split.left, true, known));
                    }
                }
                Child::split(index)
            }
        };
        hang(&mut splits, parent, copy);
        if splits.len() > MOST_SPLITS {
            return Err(refused(format!("a tree would need more than {MOST_SPLITS} splits")));
        }
    }
    Ok(Cow::Owned(Tree { output: tree.output, splits, leaves, sets: tree.sets.clone() }))
}

fn line<T: Display>(name: &str, values: impl Iterator<Item = T>) -> String {
    format!("{name}={}", join(values, " "))
}

fn join<T: Display>(values: impl Iterator<Item = T>, separator: &str) -> String {
    values.map(|value| value.to_string()).collect::<Vec<_>>().join(separator)
}

/// The shortest text that is read as this number.
fn number(number: f64) -> String {
    format!("{number:?}")
}
