//! How much is lost before the circuit opens, in the worth of good calls.
//!
//! It is what remains of the troubles so far. One tolerance for all would either open at bursts of
//! errors that are over before it can do any good, or notice every outage late.

use crate::breaker::CallCosts;

/// The least, where there are outages, and the largest.
pub(super) const LEAST: f64 = 4.0;
pub(super) const LARGEST: f64 = 48.0;
/// What is tolerated at first, as a multiple of one rejection and one failure.
const FIRST: f64 = 6.0;
/// By what a false alarm raises it, and an outage lowers it.
const RAISE: f64 = 1.5;
const LOWER: f64 = 0.35;
/// The share of the first tolerance above which it goes back there. Two false alarms in a row lead there
/// from the least tolerance (one, where failures cost little), and one outage away from it.
const WATERSHED: f64 = 0.7;
/// In what time it goes back, in paces.
const MEMORY: f64 = 100.0;

/// The tolerance of a dependency whose troubles are not known yet, or are over at once.
pub(super) fn first(costs: &CallCosts) -> f64 {
    FIRST * (1.0 + costs.failed.min(1.0))
}

/// After trouble that was over at once.
pub(super) fn raised(tolerance: f64) -> f64 {
    (RAISE * tolerance).min(LARGEST)
}

/// After an outage.
pub(super) fn lowered(tolerance: f64) -> f64 {
    (LOWER * tolerance).max(LEAST)
}

/// After so many seconds in which nothing happened: it goes back to the least or to the first, whichever
/// side it is on. So what troubles are like is not forgotten in the hours between them.
#[inline]
pub(super) fn later(tolerance: f64, costs: &CallCosts, seconds: f64, pace: f64) -> f64 {
    let first = first(costs);
    let change = if tolerance > WATERSHED * first { first } else { LEAST } - tolerance;
    if change.abs() > 0.0 {
        tolerance + (seconds / (MEMORY * pace)).min(1.0) * change
    } else {
        tolerance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(mut tolerance: f64, costs: &CallCosts) -> f64 {
        for _ in 0..100_000 {
            let next = later(tolerance, costs, 0.3, 3.0);
            assert!((LEAST - 1e-9..=LARGEST).contains(&next), "{next}");
            tolerance = next;
        }
        tolerance
    }

    #[test]
    fn what_troubles_are_like_is_remembered() {
        for failed in [0.0, 0.2, 0.5, 1.0, 1e6] {
            let costs = CallCosts::default().failed(failed);
            let first = first(&costs);
            assert!((rest(first, &costs) - first).abs() < 1e-9);
            // One outage tells, after a false alarm as well.
            for tolerance in [first, raised(first)] {
                let low = rest(lowered(tolerance), &costs);
                assert!((low - LEAST).abs() < 1e-6, "{failed}: {low}");
            }
            let high = rest(raised(raised(LEAST)), &costs);
            assert!((high - first).abs() < 1e-6, "{failed}: {high}");
        }
    }

    #[test]
    fn it_stays_within_its_bounds() {
        let many = |change: fn(f64) -> f64| (0..100).fold(10.0, |tolerance, _| change(tolerance));
        assert_eq!((many(raised), many(lowered)), (LARGEST, LEAST));
        // A clock that leaps does not overshoot.
        let costs = CallCosts::default();
        assert!((later(LARGEST, &costs, 1e12, 0.5) - first(&costs)).abs() < 1e-9);
    }
}
