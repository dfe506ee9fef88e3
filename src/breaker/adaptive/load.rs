//! Whether it is the load that brings the dependency down.

/// What is left of the evidence with each relapse.
const KEEP: f64 = 0.8;
/// What is left of the results under load with each new one: some twenty count.
const FADE: f64 = 0.95;
/// Failed probes of one open time that count.
const MOST_PROBES: f64 = 2.0;
/// Log likelihood ratio from which on the load is suspected.
const SUSPECTED: f64 = 0.5;

/// Results, good and bad.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Results {
    pub(super) good: f64,
    pub(super) bad: f64,
}

impl Results {
    pub(super) fn count(&mut self, good: bool) {
        if good {
            self.good += 1.0;
        } else {
            self.bad += 1.0;
        }
    }

    fn keep(self, share: f64, new: Self) -> Self {
        Self { good: share * self.good + new.good, bad: share * self.bad + new.bad }
    }

    /// Log likelihood at its own share of bad results.
    fn likelihood(self) -> f64 {
        let n = self.good + self.bad;
        if n <= 0.0 {
            return 0.0;
        }
        let bad = (self.bad / n).clamp(0.01, 0.99);
        self.good * (1.0 - bad).ln() + self.bad * bad.ln()
    }
}

/// Compares how calls fare under little load, as probes or at a small share, with how they fare when
/// all are let through: where the load is to blame they differ, in a brown-out they do not.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Load {
    /// Over the relapses so far, the latest most.
    pub(super) little: Results,
    pub(super) full: Results,
    /// Since the last trip.
    pub(super) new_little: Results,
    pub(super) new_full: Results,
}

impl Load {
    /// A result under little load.
    pub(super) fn little(&mut self, good: bool) {
        self.new_little.count(good);
    }

    /// A failed probe that came long enough after the trip for the load to have drained.
    pub(super) fn failed_probe(&mut self) {
        if self.new_little.bad < MOST_PROBES {
            self.new_little.count(false);
        }
    }

    /// A result under load.
    pub(super) fn full(&mut self, good: bool) {
        self.new_full = self.new_full.keep(FADE, Results::default());
        self.new_full.count(good);
    }

    /// A call under load that was taken for bad was good.
    pub(super) fn correct(&mut self) {
        self.new_full.bad = (self.new_full.bad - 1.0).max(0.0);
        self.new_full.good += 1.0;
    }

    /// The circuit trips, soon after it was reopened or not; whether the load is to blame.
    pub(super) fn trip(&mut self, soon: bool) -> bool {
        let (little, full) = (self.new_little, self.new_full);
        if soon {
            self.little = self.little.keep(KEEP, little);
            self.full = self.full.keep(KEEP, full);
        } else {
            (self.little, self.full) = Default::default();
        }
        (self.new_little, self.new_full) = Default::default();
        soon && self.evidence() >= SUSPECTED
    }

    /// Whether the last trip was none soon after another.
    pub(super) fn is_new(&self) -> bool {
        let Self { little, full, .. } = self;
        little.good + little.bad + full.good + full.bad <= 0.0
    }

    /// Log likelihood ratio of two shares of bad results against one; 0 unless there are more bad
    /// ones under load.
    pub(super) fn evidence(&self) -> f64 {
        let (little, full) = (self.little, self.full);
        if full.bad * (little.good + little.bad) <= little.bad * (full.good + full.bad) {
            return 0.0;
        }
        little.likelihood() + full.likelihood() - little.keep(1.0, full).likelihood()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relapses(little: (u32, u32), full: (u32, u32)) -> Load {
        let mut load = Load::default();
        for _ in 0..5 {
            (0..little.0).for_each(|_| load.little(true));
            (0..little.1).for_each(|_| load.little(false));
            (0..full.0).for_each(|_| load.full(true));
            (0..full.1).for_each(|_| load.full(false));
            load.trip(true);
        }
        load
    }

    #[test]
    fn load_is_blamed_where_it_makes_the_difference() {
        assert!(relapses((5, 1), (2, 8)).evidence() > 5.0);
        assert!(relapses((1, 1), (5, 5)).evidence() < SUSPECTED);
        assert!(relapses((2, 2), (9, 1)).evidence() <= 0.0);
    }

    #[test]
    fn evidence_ends_with_a_trip_long_after() {
        let mut load = relapses((5, 0), (0, 10));
        assert!(load.clone().trip(true));
        assert!(!load.trip(false));
        assert!(load.evidence() <= 0.0);
    }
}
