//! Is B worse than A?
//!
//! | question | answer |
//! |---|---|
//! | may this canary be promoted? | [`CanaryParams`]: metric by metric, false discoveries controlled |
//! | did the benchmark become slower, and when? | [`PerformanceHistory`] |
//! | which benchmarks of two runs differ? | [`RunComparisonParams`] |
//! | is B worse, asked after every request? | [`SequentialTest`] |
//! | does one sample tend to be larger? | [`mann_whitney`], [`effect_size`] |
//! | by how much? | [`shift`] |
//! | is a share or a rate larger? | [`compare_shares`], [`compare_rates`], [`compare_zero_inflated`] |
//! | which of many p-values count? | [`adjusted_p_values`] |
//! | how many values does it take? | [`rank_test_size`], [`share_test_size`], [`rank_test_power`] |
//!
//! The baseline is always given first. "Greater" means that the candidate is. Nothing here looks at a
//! clock, and nothing is random.
//!
//! # How often they are wrong
//!
//! On simulated runs whose truth is known, at a level of 5 %; `tests/quality/compare.rs` prints these
//! figures and holds their floors.
//!
//! | of 2,000 pairs in which nothing differs | called worse | plain rank test |
//! |---|---|---|
//! | canary, independent values | 4.4 to 5.3 % | 4.4 to 5.2 % |
//! | canary, values correlated 0.3, 0.6, 0.9 with the one before | 5.9, 5.0, 4.6 % | 11, 21, 34 % |
//! | sequential test, looked at after each of 600 pairs | 0.7 to 3.1 % | |
//! | the same of ranks and means, told that it ends by then | 4.4 to 5.9 % | |
//!
//! Where there is a difference, a canary of independent values finds it as often as the plain rank test
//! does, to 0.1 %. Of 50 metrics 10 of which were worse, 3.9 % of those called worse were not; 97 % of
//! the ten were found.
//!
//! A benchmark of 1, 2, 3 or 3.7 % noise with an outlier in one of fifty runs and one slow day in fifty
//! was called slower 0.03, 0.14, 0.46 and 0.87 times in 200 runs without cause; changes by 10 % were
//! found within 5 runs in 98, 99, 95 and 92 %, within 8 in 96 % or more. 3.7 % is the most that was
//! measured of whole applications in a public cloud (arXiv 2504.11826). At 5 and 10 % noise false
//! reports are 1.3 and 0.8 in 200 runs, and 60 and 11 % of such changes are found within 5 runs, 96 and
//! 61 % within 20: average more runs into one there.
//!
//! # What to know
//!
//! - Values of a run may depend on each other only where it says so: in [`CanaryParams`]. Rank tests,
//!   counts and sequential tests take them for independent; of a metric that is read every second,
//!   give them one value in so many that they are.
//! - Baseline and candidate should run at the same time, on like machines with like traffic. No test
//!   can tell a new version from a Monday.
//! - A difference beyond doubt may be too small to matter: set a tolerance, margin or effect.

mod canary;
mod counts;
mod dependence;
mod discovery;
mod distributions;
mod effect;
mod exact;
mod history;
mod power;
mod ranks;
mod runs;
mod sample;
mod sequential;
mod shift;
mod zeros;

pub use canary::{
    CanaryJudgement, CanaryMetric, CanaryParams, Direction, MetricJudgement, MetricOutcome,
    MissingValues, Verdict,
};
pub use counts::{Rate, RateTest, Share, ShareTest, compare_rates, compare_shares};
pub use discovery::{Discovery, adjusted_p_values};
pub use effect::{EffectSize, effect_size};
pub use history::{
    PerformanceChange, PerformanceHistory, PerformanceHistoryParams, RunJudgement, RunOutcome,
};
pub use power::{rank_test_power, rank_test_size, share_test_size};
pub use ranks::{RankMethod, RankTest, mann_whitney, mann_whitney_by};
pub use runs::{Benchmark, BenchmarkJudgement, RunComparison, RunComparisonParams};
pub use sample::Alternative;
pub use sequential::{
    Arm, Measure, SequentialDecision, SequentialState, SequentialTest, SequentialTestParams,
};
pub use shift::{Shift, shift};
pub use zeros::{ZeroInflatedTest, compare_zero_inflated};
