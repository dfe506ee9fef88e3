//! Times that are outlived as often as promised, whatever the model is worth.

use super::super::conformal::check_coverage;
use super::forecast::Forecast;
use crate::error::{Error, Result};
use crate::lifetime::Lifetime;
use crate::metrics::survival::KaplanMeier;
use ndarray::Array1;

/// A lower bound of lifetimes that holds with a stated probability: which quantile of a forecast to
/// take, chosen on lives that the model was not trained on.
///
/// **Method.** For a life that ended at `T`, its place in its own forecast is `u = F(T | x)`. The bound
/// "the `q` quantile" fails where `u < q`; the weighted count of such lives, each by the inverse of
/// the probability that it was still watched at its end (Kaplan–Meier of the censoring), must
/// not exceed `(1 − coverage)(n + 1)`, with the life at `q` itself counted in. The largest such `q` is
/// taken.
///
/// **Guarantee.** Without censored lives it is split conformal prediction of `u` (Vovk et al. 2005;
/// Lei et al. 2018): for a new life exchangeable with these, the bound holds with probability at least
/// `coverage`, for any model and any `n`. With censored lives it holds as `n` grows, if censoring is
/// independent of lives and features; not exactly for a given `n`. (The exact bounds of Candès, Lei and
/// Ren 2023, "Conformalized survival analysis", JRSS B 85, need every life's time of censoring, also
/// of those that failed, which is seldom recorded.) It is an average over all lives, not a promise for
/// each kind of them.
///
/// There is no upper bound of this kind: how long the longest live is not in censored data. For
/// lives that all ended, see [`ConformalInterval`](crate::boost::ConformalInterval).
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "SavedBound"))]
pub struct ConformalBound {
    quantile: f64,
    coverage: f64,
}

impl ConformalBound {
    /// From lives that the model was not trained on, as they were forecast and as they went. Where the
    /// forecast is [given an age](Forecast::given_alive_for), lifetimes count from that age on, and
    /// the bound is one of the time left. O(n log n).
    ///
    /// # Errors
    /// [`Error::Empty`] without lifetimes, [`Error::Lifetime`] for one that is impossible or is censored
    /// but on the right, [`Error::Length`] unless there is one a row, [`Error::OutOfRange`] for a
    /// coverage outside of `(0, 1)`.
    pub fn new(forecast: &Forecast<'_>, lifetimes: &[Lifetime], coverage: f64) -> Result<Self> {
        check_coverage(coverage)?;
        let lives = Lifetime::right_censored(lifetimes)?;
        if lives.len() != forecast.rows() {
            let (expected, found) = (forecast.rows(), lives.len());
            return Err(Error::Length { what: "lifetimes", expected, found });
        }
        let censoring = KaplanMeier::of_censoring(lifetimes)?;
        let mut places = lives
            .iter()
            .enumerate()
            .filter(|(_, life)| life.1)
            .map(|(row, &(time, _))| {
                Ok((forecast.fails_by(row, time), censoring.inverse_before(time)?))
            })
            .collect::<Result<Vec<(f64, f64)>>>()?;
        places.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        // Decimal shares are not exact in binary: 0.1 of 100 must be 10, not 9.999….
        let allowed = (1.0 - coverage) * (lives.len() + 1) as f64 * (1.0 + 1e-12);
        let mut sum = 0.0;
        let mut quantile = 0.0;
        for (place, weight) in places {
            sum += weight;
            if sum > allowed {
                break;
            }
            quantile = place;
        }
        Ok(Self { quantile, coverage })
    }

    /// The quantile of a forecast that is the bound; 0 if there are too few lives to promise anything.
    #[must_use]
    pub fn quantile(&self) -> f64 {
        self.quantile
    }

    /// The probability with which the bound holds.
    #[must_use]
    pub fn coverage(&self) -> f64 {
        self.coverage
    }

    /// The bound of each row; 0 where nothing can be promised.
    #[must_use]
    pub fn of(&self, forecast: &Forecast<'_>) -> Array1<f64> {
        if self.quantile <= 0.0 {
            return Array1::zeros(forecast.rows());
        }
        // 1 would be beyond every curve.
        let quantile = self.quantile.min(1.0_f64.next_down());
        forecast.quantile(quantile).unwrap_or_default()
    }
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedBound {
    quantile: f64,
    coverage: f64,
}

#[cfg(feature = "serde")]
impl TryFrom<SavedBound> for ConformalBound {
    type Error = Error;

    fn try_from(saved: SavedBound) -> Result<Self> {
        let SavedBound { quantile, coverage } = saved;
        check_coverage(coverage)?;
        if !(0.0..=1.0).contains(&quantile) {
            let allowed = "from 0 to 1";
            return Err(Error::OutOfRange { name: "quantile", value: quantile, allowed });
        }
        Ok(Self { quantile, coverage })
    }
}
