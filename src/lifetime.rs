//! What is known of how long something lived.

use crate::error::{Error, Result};

/// What is known of one life: when it ended, or between which times.
///
/// Times count from the start of the life, in any unit (hours, cycles, years) that is the same
/// everywhere; they are finite and above 0. Whatever is given lifetimes checks them.
///
/// ```
/// use forewarn::Lifetime;
///
/// let fleet = [
///     Lifetime::Failed(310.0),          // broke at hour 310
///     Lifetime::Alive(500.0),           // still ran at hour 500
///     Lifetime::Between(200.0, 260.0),  // passed one inspection, not the next
///     Lifetime::FailedBy(50.0),         // was found dead at its first inspection
/// ];
/// assert_eq!(fleet[1], Lifetime::observed(500.0, false));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Lifetime {
    /// Failed at exactly this time.
    Failed(f64),
    /// Had not failed at this time, and was not watched after it: censored on the right.
    Alive(f64),
    /// Failed at this time or before: censored on the left.
    FailedBy(f64),
    /// Failed after the first time, and at the second at the latest: censored in an interval. Two
    /// equal times say the same as [`Failed`](Self::Failed).
    Between(f64, f64),
}

impl Lifetime {
    /// A life that was watched up to `time` and then ended (`failed`) or was left alive.
    #[must_use]
    pub fn observed(time: f64, failed: bool) -> Self {
        if failed { Self::Failed(time) } else { Self::Alive(time) }
    }

    /// Whether the life is known to have ended.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        !matches!(self, Self::Alive(_))
    }

    /// Whether the times can be.
    fn check(self, row: usize) -> Result<()> {
        let possible = |time: f64| time > 0.0 && time < f64::INFINITY;
        let allowed = match self {
            Self::Failed(time) | Self::Alive(time) | Self::FailedBy(time) if possible(time) => {
                return Ok(());
            }
            Self::Between(from, to) if possible(from) && possible(to) => {
                if from <= to {
                    return Ok(());
                }
                "the second time must not be before the first"
            }
            _ => "times must be above 0 and finite",
        };
        Err(Error::Lifetime { row, lifetime: self, allowed })
    }

    /// Whether there are lifetimes, and all of them possible.
    pub(crate) fn check_all(lifetimes: &[Self]) -> Result<()> {
        if lifetimes.is_empty() {
            return Err(Error::Empty { what: "lifetimes" });
        }
        lifetimes.iter().enumerate().try_for_each(|(row, lifetime)| lifetime.check(row))
    }

    /// Time watched, and whether it ended in failure, of checked lifetimes that are exact or
    /// censored on the right, which many methods need them to be.
    pub(crate) fn right_censored(lifetimes: &[Self]) -> Result<Vec<(f64, bool)>> {
        Self::check_all(lifetimes)?;
        let known = |(row, &lifetime)| match lifetime {
            Self::Failed(time) => Ok((time, true)),
            Self::Alive(time) => Ok((time, false)),
            Self::Between(from, to) if from == to => Ok((to, true)),
            _ => Err(Error::Lifetime {
                row,
                lifetime,
                allowed: "only Failed and Alive can be used here",
            }),
        };
        lifetimes.iter().enumerate().map(known).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_times_are_refused_by_name() {
        for lifetime in [
            Lifetime::Failed(0.0),
            Lifetime::Alive(-1.0),
            Lifetime::FailedBy(f64::INFINITY),
            Lifetime::Between(f64::NAN, 1.0),
            Lifetime::Between(1.0, f64::NAN),
            Lifetime::Between(2.0, 1.0),
        ] {
            let error = Lifetime::check_all(&[Lifetime::Failed(1.0), lifetime]);
            assert!(matches!(error, Err(Error::Lifetime { row: 1, .. })), "{lifetime:?}");
        }
        assert_eq!(Lifetime::check_all(&[]), Err(Error::Empty { what: "lifetimes" }));
    }

    #[test]
    fn equal_bounds_are_an_exact_failure() {
        let known = Lifetime::right_censored(&[Lifetime::Between(2.0, 2.0)]);
        assert_eq!(known, Ok(vec![(2.0, true)]));
        assert!(Lifetime::right_censored(&[Lifetime::FailedBy(2.0)]).is_err());
    }
}
