//! What mistakes cost, what can be handled, and how the threshold is looked for.

use super::choice::{Decision, Interval};
use super::search::Ranked;
use crate::error::{Error, Result};
use crate::groups::number;
use crate::metrics::check_probabilities;
use crate::parallel;
use crate::rng::Stream;
use std::hash::Hash;

/// What mistakes cost, in any currency; what goes right costs nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Costs {
    /// Of a failure without an alert, above 0.
    pub miss: f64,
    /// Of an alert without a failure, above 0.
    pub false_alarm: f64,
}

impl Costs {
    /// The threshold for exact probabilities: above it, an alert costs less than none is to be
    /// expected to.
    ///
    /// ```text
    /// (1 − p) · false_alarm < p · miss   ⇔   p > false_alarm / (miss + false_alarm)
    /// ```
    ///
    /// Elkan, "The foundations of cost-sensitive learning", IJCAI 2001.
    ///
    /// ```
    /// use forewarn::decide::Costs;
    ///
    /// assert_eq!(Costs { miss: 99.0, false_alarm: 1.0 }.threshold(), 0.01);
    /// ```
    #[must_use]
    pub fn threshold(&self) -> f64 {
        // By the ratio: the sum of two very large costs would overflow.
        1.0 / (1.0 + self.miss / self.false_alarm)
    }

    fn check(&self) -> Result<()> {
        for (name, value) in [("miss", self.miss), ("false_alarm", self.false_alarm)] {
            if !(1e-100..=1e100).contains(&value) {
                return Err(Error::OutOfRange { name, value, allowed: "from 1e-100 to 1e100" });
            }
        }
        Ok(())
    }
}

/// How many alerts can be handled: `alerts` of every `rows` rows, say in a day.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Capacity {
    /// Alerts that can be handled, at least 0.
    pub alerts: f64,
    /// Rows that are scored in the same time, above 0.
    pub rows: f64,
}

/// How the threshold is looked for. Every field has a setter of the same name.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct DecisionParams {
    /// What mistakes cost.
    pub costs: Costs,
    /// How many alerts can be handled; `None` for any number. Default `None`.
    pub capacity: Option<Capacity>,
    /// Bootstrap resamples behind the intervals, from 100 to 1,000,000. Default 1,000.
    pub resamples: usize,
    /// How often intervals should hold, in `[0.5, 1)`. Default 0.95.
    pub confidence: f64,
    /// The resamples follow from it. Default 0.
    pub seed: u64,
}

impl DecisionParams {
    /// With these costs, any number of alerts, and 95 % intervals from 1,000 resamples.
    #[must_use]
    pub fn new(costs: Costs) -> Self {
        Self { costs, capacity: None, resamples: 1_000, confidence: 0.95, seed: 0 }
    }

    /// Sets what mistakes cost.
    #[must_use]
    pub fn costs(self, costs: Costs) -> Self {
        Self { costs, ..self }
    }

    /// Sets how many alerts can be handled.
    #[must_use]
    pub fn capacity(self, capacity: Option<Capacity>) -> Self {
        Self { capacity, ..self }
    }

    /// Sets the number of bootstrap resamples.
    #[must_use]
    pub fn resamples(self, resamples: usize) -> Self {
        Self { resamples, ..self }
    }

    /// Sets how often intervals should hold.
    #[must_use]
    pub fn confidence(self, confidence: f64) -> Self {
        Self { confidence, ..self }
    }

    /// Sets what the resamples follow from.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Chooses the threshold on rows that neither training nor calibration has seen.
    ///
    /// Rows are sorted once, in O(n log n); each resample then takes O(n), on all cores of the current
    /// pool. The same seed gives the same bits on any number of them.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a cost, capacity, number of resamples, confidence or probability out
    /// of range, [`Error::Empty`] without rows, [`Error::Length`] unless there is one probability a
    /// label, [`Error::NotANumber`] for NaN, [`Error::SingleClass`] when all labels are alike.
    pub fn choose(&self, labels: &[bool], probabilities: &[f64]) -> Result<Decision> {
        let rows: Vec<usize> = (0..labels.len()).collect();
        self.choose_in(labels, probabilities, &rows, rows.len())
    }

    /// As [`choose`](Self::choose), with rows in groups (machines) that are drawn as a whole in the
    /// bootstrap, so that the intervals know how few of them there are.
    ///
    /// # Errors
    /// As [`choose`](Self::choose), and [`Error::Length`] unless there is one group a label.
    pub fn choose_grouped<G: Eq + Hash>(
        &self,
        labels: &[bool],
        probabilities: &[f64],
        groups: &[G],
    ) -> Result<Decision> {
        if groups.len() != labels.len() {
            let (expected, found) = (labels.len(), groups.len());
            return Err(Error::Length { what: "groups", expected, found });
        }
        let (unit_of, units) = number(groups);
        self.choose_in(labels, probabilities, &unit_of, units)
    }

    fn choose_in(
        &self,
        labels: &[bool],
        probabilities: &[f64],
        unit_of: &[usize],
        units: usize,
    ) -> Result<Decision> {
        self.check()?;
        check_probabilities(labels, probabilities)?;
        if labels.iter().all(|&label| label == labels[0]) {
            return Err(Error::SingleClass { class: labels[0], count: labels.len() });
        }
        let share = self.capacity.map_or(1.0, |capacity| capacity.alerts / capacity.rows);
        let ranked = Ranked::new(labels, probabilities, unit_of, units);
        let (best, _) = ranked.least(self.costs, share, &vec![1; units], 0);
        let whole = ranked.curve(self.costs);
        let chosen = whole.choice(best);

        // What each resample would choose, and what the threshold chosen costs it.
        let resampled = parallel::map_with(
            self.resamples,
            || vec![0_u32; units],
            |counts, resample| {
                let mut stream = Stream::new(self.seed, resample as u64);
                counts.fill(0);
                (0..units).for_each(|_| counts[stream.below(units)] += 1);
                let (cut, cost) = ranked.least(self.costs, share, counts, best);
                (ranked.threshold(cut), cost)
            },
        );
        let (thresholds, costs): (Vec<f64>, Vec<f64>) = resampled.into_iter().unzip();
        let threshold = self.interval(thresholds);
        Ok(Decision {
            chosen,
            threshold: Interval {
                low: threshold.low.min(chosen.threshold),
                high: threshold.high.max(chosen.threshold),
            },
            cost: self.interval(costs),
            nothing: whole.choice(0),
            everything: whole.choice(whole.last()),
            theoretical: whole.choice_at(self.costs.threshold()),
            fewer: whole.choice(whole.at_most(chosen.alert_share / 2.0)),
            more: whole
                .choice(whole.at_most(chosen.alert_share * 2.0).max((best + 1).min(whole.last()))),
        })
    }

    /// Between the quantiles that leave as much on either side.
    fn interval(&self, mut values: Vec<f64>) -> Interval {
        values.sort_unstable_by(f64::total_cmp);
        let tail = (1.0 - self.confidence) / 2.0 * (values.len() - 1) as f64;
        let last = values.len() - 1;
        Interval { low: values[tail.floor() as usize], high: values[last - tail.floor() as usize] }
    }

    fn check(&self) -> Result<()> {
        self.costs.check()?;
        let within = |name, value: f64, ok: bool, allowed| {
            if ok { Ok(()) } else { Err(Error::OutOfRange { name, value, allowed }) }
        };
        if let Some(Capacity { alerts, rows }) = self.capacity {
            let finite = "at least 0 and finite";
            within("capacity alerts", alerts, (0.0..f64::INFINITY).contains(&alerts), finite)?;
            let ok = rows > 0.0 && rows < f64::INFINITY;
            within("capacity rows", rows, ok, "above 0 and finite")?;
        }
        let ok = (100..=1_000_000).contains(&self.resamples);
        within("resamples", self.resamples as f64, ok, "from 100 to 1,000,000")?;
        let ok = (0.5..1.0).contains(&self.confidence);
        within("confidence", self.confidence, ok, "at least 0.5 and below 1")
    }
}
