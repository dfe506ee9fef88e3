//! Settings of boosting: defaults, setters, and the one check of their ranges.

use super::objective::Objective;
use crate::error::{Error, Result};

/// Which rows a tree is grown on.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum RowSampling {
    /// All of them.
    All,
    /// This share, in `(0, 1]`, drawn anew for every tree without replacement.
    Share(f64),
    /// Gradient-based one-side sampling (Ke et al. 2017): the `top` share of rows with the largest
    /// derivatives, and of the others the share `rest`, weighted up by what was left out.
    Goss {
        /// Share of the rows that are kept for their derivatives, in `(0, 1)`.
        top: f64,
        /// Share of the rows drawn from the others, in `(0, 1 − top]`.
        rest: f64,
    },
}

/// How predictions must move with a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Direction {
    /// Never down when the column goes up.
    Increasing,
    /// Never up when the column goes up.
    Decreasing,
}

/// Which rows are held out of the growing of trees, to say when to stop.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum HoldOut {
    /// This share of the rows, in `(0, 1)`, drawn at random from each class.
    Random(f64),
    /// This share, in `(0, 1)`, at the end: for rows in order of time.
    Last(f64),
}

/// Training ends when held-out rows are not predicted better any more, and keeps the trees up to the
/// best round.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct EarlyStopping {
    /// Rounds without a better one after which training ends, at least 1.
    pub patience: usize,
    /// Which rows to hold out, where none are given to
    /// [`Training::held_out`](super::Training::held_out).
    pub hold_out: HoldOut,
}

impl EarlyStopping {
    /// Ten per cent of the rows, drawn at random.
    #[must_use]
    pub fn after(patience: usize) -> Self {
        Self { patience, hold_out: HoldOut::Random(0.1) }
    }
}

/// Settings of boosted trees, for any objective. Every field has a setter of the same name.
///
/// The defaults are one rule for all tables, chosen by average precision and log loss on tables with
/// few failures. Leaves may be small (`min_rows`), since what announces a failure is rare; what is
/// learned from so few rows is held back by the penalty `l2`, by leaving out a fifth of the rows for
/// every tree, and by small steps of small trees. Large tables with little noise gain from more
/// leaves and more rounds.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[cfg_attr(
    feature = "serde",
    serde(bound(deserialize = "O: Objective + Default + serde::Deserialize<'de>"))
)]
#[non_exhaustive]
pub struct BoostingParams<O> {
    /// What is learned: the loss, and what is done about its targets.
    pub objective: O,
    /// Rounds of boosting, from 1 to 1,048,576: each adds a tree for every output. Default 200.
    pub n_trees: usize,
    /// Share of each tree's answer that is added, in `(0, 1]`. Default 0.05.
    pub learning_rate: f64,
    /// Most leaves of a tree, from 2 to 65,536. Default 20.
    pub max_leaves: usize,
    /// Most splits on a path, from 1; `None` for no limit. Default `None`.
    pub max_depth: Option<usize>,
    /// Fewest training rows in a leaf, from 1 (of as many as weigh something). Default 3.
    pub min_rows: usize,
    /// Smallest sum of second derivatives in a leaf, at least 0. Default 0.001.
    pub min_hessian: f64,
    /// Smallest gain of a split, at least 0. Default 0.
    pub min_gain: f64,
    /// Penalty on the size of leaf values, at least 0: below it, values are 0. Default 0.
    pub l1: f64,
    /// Penalty on the squares of leaf values, at least 0. Default 1.
    pub l2: f64,
    /// Most bins a column is cut into, from 2 to 255; missing values have one of their own.
    /// Default 255.
    pub max_bins: usize,
    /// Which rows a tree is grown on. Default a share of 0.8.
    pub rows: RowSampling,
    /// Share of the columns that each tree is offered, in `(0, 1]`, at least one. Default 1.
    pub column_share: f64,
    /// Share of a tree's columns that each split is offered, in `(0, 1]`, at least one. Default 1.
    pub column_share_split: f64,
    /// Columns that hold category codes (whole numbers from 0), not quantities. Default none.
    pub categorical: Vec<usize>,
    /// Columns with which predictions may move in one direction only. Default none.
    pub monotone: Vec<(usize, Direction)>,
    /// Groups of columns that may meet on a path of a tree; columns in no group only meet
    /// themselves. Default none: all may meet.
    pub interactions: Vec<Vec<usize>>,
    /// When to stop before all rounds are done. Default `None`: never.
    pub early_stopping: Option<EarlyStopping>,
    /// Everything random follows from it. Default 0.
    pub seed: u64,
}

/// What suits most objectives, as changed by [`Objective::settings`].
impl<O: Objective + Default> Default for BoostingParams<O> {
    fn default() -> Self {
        O::settings(Self {
            objective: O::default(),
            n_trees: 200,
            learning_rate: 0.05,
            max_leaves: 20,
            max_depth: None,
            min_rows: 3,
            min_hessian: 1e-3,
            min_gain: 0.0,
            l1: 0.0,
            l2: 1.0,
            max_bins: 255,
            rows: RowSampling::Share(0.8),
            column_share: 1.0,
            column_share_split: 1.0,
            categorical: Vec::new(),
            monotone: Vec::new(),
            interactions: Vec::new(),
            early_stopping: None,
            seed: 0,
        })
    }
}

/// Makes one setter a field, named as the field.
macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $kind:ty,)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, $name: $kind) -> Self {
            self.$name = $name;
            self
        }
    )*};
}

impl<O> BoostingParams<O> {
    setters! {
        /// Sets what is learned.
        objective: O,
        /// Sets the rounds of boosting.
        n_trees: usize,
        /// Sets the share of each tree's answer that is added.
        learning_rate: f64,
        /// Sets the most leaves of a tree.
        max_leaves: usize,
        /// Sets the most splits on a path.
        max_depth: Option<usize>,
        /// Sets the fewest training rows in a leaf.
        min_rows: usize,
        /// Sets the smallest sum of second derivatives in a leaf.
        min_hessian: f64,
        /// Sets the smallest gain of a split.
        min_gain: f64,
        /// Sets the penalty on the size of leaf values.
        l1: f64,
        /// Sets the penalty on the squares of leaf values.
        l2: f64,
        /// Sets the most bins of a column.
        max_bins: usize,
        /// Sets which rows a tree is grown on.
        rows: RowSampling,
        /// Sets the share of the columns that each tree is offered.
        column_share: f64,
        /// Sets the share of a tree's columns that each split is offered.
        column_share_split: f64,
        /// Declares columns that hold category codes.
        categorical: Vec<usize>,
        /// Sets columns with which predictions may move in one direction only.
        monotone: Vec<(usize, Direction)>,
        /// Sets groups of columns that may meet on a path.
        interactions: Vec<Vec<usize>>,
        /// Sets when to stop before all rounds are done.
        early_stopping: Option<EarlyStopping>,
        /// Sets the seed.
        seed: u64,
    }

    /// Whether every setting is in its range.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] names the first that is not.
    pub fn check(&self) -> Result<()> {
        let within = |name, value: f64, ok: bool, allowed| {
            if ok { Ok(()) } else { Err(Error::OutOfRange { name, value, allowed }) }
        };
        let count = |name, value: usize, least, most, allowed| {
            within(name, value as f64, (least..=most).contains(&value), allowed)
        };
        let share = |name, value: f64| {
            within(name, value, value > 0.0 && value <= 1.0, "greater than 0 and at most 1")
        };
        let penalty = |name, value: f64| {
            within(name, value, (0.0..f64::INFINITY).contains(&value), "at least 0 and finite")
        };
        count("n_trees", self.n_trees, 1, 1 << 20, "from 1 to 1,048,576")?;
        share("learning_rate", self.learning_rate)?;
        count("max_leaves", self.max_leaves, 2, 65_536, "from 2 to 65,536")?;
        count("max_depth", self.max_depth.unwrap_or(1), 1, usize::MAX, "at least 1")?;
        count("min_rows", self.min_rows, 1, usize::MAX, "at least 1")?;
        penalty("min_hessian", self.min_hessian)?;
        penalty("min_gain", self.min_gain)?;
        penalty("l1", self.l1)?;
        penalty("l2", self.l2)?;
        count("max_bins", self.max_bins, 2, 255, "from 2 to 255")?;
        match self.rows {
            RowSampling::All => {}
            RowSampling::Share(value) => share("rows", value)?,
            RowSampling::Goss { top, rest } => {
                within("top", top, top > 0.0 && top < 1.0, "greater than 0 and below 1")?;
                let fits = rest > 0.0 && rest <= 1.0 - top;
                within("rest", rest, fits, "greater than 0 and at most 1 - top")?;
            }
        }
        if let Some(early) = self.early_stopping {
            count("patience", early.patience, 1, usize::MAX, "at least 1")?;
            let (HoldOut::Random(held) | HoldOut::Last(held)) = early.hold_out;
            within("hold_out", held, held > 0.0 && held < 1.0, "greater than 0 and below 1")?;
        }
        share("column_share", self.column_share)?;
        share("column_share_split", self.column_share_split)
    }
}
