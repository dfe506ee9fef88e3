//! The choices that an isolation forest offers, one enum each.

/// How many rows each tree is grown on (`psi` in the paper).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Subsample {
    /// `min(256, rows)`, the paper's choice: small samples keep clusters of anomalies from
    /// hiding each other (swamping and masking, Liu et al. 2008, section 3).
    #[default]
    Auto,
    /// So many rows, at least 1; all rows where there are fewer.
    Rows(usize),
    /// This share of the rows, in `(0, 1]`, rounded down, at least one row.
    Share(f64),
    /// All rows.
    All,
}

/// How deep a tree may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum DepthLimit {
    /// `ceil(log2(psi))`, the average height of a balanced tree over the subsample.
    #[default]
    Balanced,
    /// Until every row is alone or only equal rows are left.
    Unlimited,
    /// At most so many splits from the root to a leaf, at least 1.
    At(u32),
}

/// Which criterion picks the best of the candidate splits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Gain {
    /// `1 − (sd_left + sd_right) / (2 sd)`: both sides count alike, so that a small, tight group is
    /// cut off first (SCiForest, Liu, Ting & Zhou 2010).
    Averaged,
    /// `1 − (var_left + var_right) / (2 var)`, the same with variances. Standard deviations take
    /// outliers off one by one, which makes long paths; variances weigh the wider side more and cut
    /// nearer to the middle.
    AveragedVariance,
    /// `1 − (n_left·sd_left + n_right·sd_right) / (n·sd)`: sides count by their rows ("fair-cut
    /// forest", Cortes 2021).
    Pooled,
}

/// How one node is split.
///
/// ```
/// use forewarn::forest::{DepthLimit, Gain, IsolationForestParams, Split};
///
/// // The fully extended forest, however many columns there are:
/// let extended = IsolationForestParams::standard().split(Split::Extended { level: usize::MAX });
/// // A forest that cuts off small clusters first, until every row is alone:
/// let guided = Split::Guided { gain: Gain::Averaged, columns: 2, candidates: 10 };
/// let clustered =
///     IsolationForestParams::standard().split(guided).depth_limit(DepthLimit::Unlimited);
/// assert_ne!(extended.splits, clustered.splits);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Split {
    /// A uniformly drawn column that is not constant in the node, cut at a uniformly drawn point
    /// of its range (Liu et al. 2008).
    Random,
    /// A random hyperplane through a random point of the node's bounding box (Hariri et al.
    /// 2019). `level + 1` columns take part; level 0 is parallel to an axis, and a level of
    /// `columns − 1` or more is the fully extended forest. The draw is kept even where it leaves
    /// one side empty, as in the paper.
    Extended {
        /// Columns that take part, less one.
        level: usize,
    },
    /// The best cut of the best of some random projections, each the sum of `columns` columns with
    /// normal coefficients, over the columns' standard deviations in the node.
    Guided {
        /// What is best.
        gain: Gain,
        /// Columns in a projection, at least 1; all where there are fewer.
        columns: usize,
        /// Projections tried, at least 1.
        candidates: usize,
    },
}

/// What a leaf says of the rows in it.
///
/// ```
/// use forewarn::forest::{IsolationForestParams, Scoring};
/// use forewarn::ndarray::Array2;
/// use forewarn::prelude::*;
///
/// let far = |i| if i == 0 { 1_000.0 } else { (i * 31 % 97) as f64 };
/// let rows = Array2::from_shape_fn((300, 1), |(i, _)| far(i));
/// let params = IsolationForestParams::default().scoring(Scoring::Density);
/// let forest = params.train(Batch::new(rows.view()))?;
/// assert!(forest.score_one(&[1_000.0])? > forest.score_one(&[50.0])?);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Scoring {
    /// Path length: `score = 2^(−E[h(x)] / c(psi))` (Liu et al. 2008, equation 2).
    #[default]
    Depth,
    /// Density: `score = 1 / (1 + 2^E[d(x)])`, with `d` the sum along the path of
    /// `log2(share of rows / share of volume)` of the side taken (Cortes 2021, "Isolation
    /// forests: looking beyond tree depth"). 0.5 is the density of a uniform distribution.
    Density,
}

/// The average path length `c(n)` that scores are measured against.
///
/// ```
/// use forewarn::forest::{IsolationForestParams, Normalisation};
///
/// let params = IsolationForestParams::standard().normalisation(Normalisation::ScikitLearn);
/// assert_ne!(params, IsolationForestParams::standard());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Normalisation {
    /// `c(n) = 2(H_n − 1)`, exactly.
    #[default]
    Exact,
    /// `2(ln(n − 1) + γ) − 2(n − 1)/n`, as scikit-learn computes it: lower by 0.46 at n = 3, by
    /// 0.004 at n = 256. For scores that must be comparable with scikit-learn's.
    ScikitLearn,
}

/// What becomes of a row that lacks the value a node asks for.
///
/// ```
/// use forewarn::forest::{IsolationForestParams, Missing};
/// use forewarn::ndarray::Array2;
/// use forewarn::prelude::*;
///
/// let rows = Array2::from_shape_fn((300, 2), |(i, j)| ((i * 31 + j * 17) % 97) as f64);
/// let forest =
///     IsolationForestParams::default().missing(Missing::Spread).train(Batch::new(rows.view()))?;
/// let unknown = forest.score_one(&[f64::NAN, f64::NAN])?;
/// assert!((unknown - forest.expectation()).abs() < 1e-12);
/// # Ok::<(), forewarn::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Missing {
    /// It goes to the side that most of the node's training rows took. About as fast as a row
    /// without gaps.
    #[default]
    Majority,
    /// It goes down both sides, weighted by the training rows on each: the expectation over the
    /// missing value. More even scores; costs more the more values are missing.
    Spread,
}
