//! The cost of every threshold, from one sorted list.

use super::choice::Choice;
use super::params::Costs;

/// Rows by falling probability.
pub(super) struct Ranked {
    rows: Vec<Row>,
    /// The distinct probabilities, falling.
    levels: Vec<f64>,
}

/// A row of the list.
struct Row {
    /// Index of its probability in the levels.
    level: u32,
    unit: u32,
    label: bool,
}

/// The rows with an alert where the first so many levels have one.
#[derive(Debug, Clone, Copy, Default)]
struct Alerts {
    failures: f64,
    others: f64,
}

/// What each cut between two levels brings: `alerts[k]` is of the first `k` levels.
pub(super) struct CostCurve<'a> {
    levels: &'a [f64],
    costs: Costs,
    alerts: Vec<Alerts>,
}

impl Ranked {
    pub(super) fn new(labels: &[bool], probabilities: &[f64], unit_of: &[usize]) -> Self {
        let mut order: Vec<usize> = (0..labels.len()).collect();
        order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
        let mut levels: Vec<f64> = Vec::new();
        let row = |row: usize| {
            if levels.last() != Some(&probabilities[row]) {
                levels.push(probabilities[row]);
            }
            let (level, unit) = (levels.len() as u32 - 1, unit_of[row] as u32);
            Row { level, unit, label: labels[row] }
        };
        let rows = order.into_iter().map(row).collect();
        Self { rows, levels }
    }

    /// With rows that count as often as their unit does.
    pub(super) fn curve(&self, costs: Costs, count: impl Fn(usize) -> f64) -> CostCurve<'_> {
        let mut alerts = vec![Alerts::default(); self.levels.len() + 1];
        for row in &self.rows {
            let at = &mut alerts[row.level as usize + 1];
            let count = count(row.unit as usize);
            *(if row.label { &mut at.failures } else { &mut at.others }) += count;
        }
        for level in 0..self.levels.len() {
            alerts[level + 1].failures += alerts[level].failures;
            alerts[level + 1].others += alerts[level].others;
        }
        CostCurve { levels: &self.levels, costs, alerts }
    }
}

impl CostCurve<'_> {
    /// The cut that alerts on everything.
    pub(super) fn last(&self) -> usize {
        self.levels.len()
    }

    fn all(&self) -> Alerts {
        self.alerts[self.last()]
    }

    fn rows(&self) -> f64 {
        self.all().failures + self.all().others
    }

    fn alert_share(&self, cut: usize) -> f64 {
        (self.alerts[cut].failures + self.alerts[cut].others) / self.rows()
    }

    /// The mean cost a row.
    pub(super) fn cost(&self, cut: usize) -> f64 {
        let Alerts { failures, others } = self.alerts[cut];
        let missed = self.all().failures - failures;
        (self.costs.miss * missed + self.costs.false_alarm * others) / self.rows()
    }

    /// The last cut with at most this share of the rows above it, but for rounding.
    pub(super) fn at_most(&self, share: f64) -> usize {
        let within = |cut: usize| self.alert_share(cut) <= share * (1.0 + 1e-12);
        (1..=self.last()).take_while(|&cut| within(cut)).last().unwrap_or(0)
    }

    /// The cheapest cut with at most this share of the rows above it; the first of several.
    pub(super) fn best(&self, share: f64) -> usize {
        let cheaper = |best: usize, cut| if self.cost(cut) < self.cost(best) { cut } else { best };
        (1..=self.at_most(share)).fold(0, cheaper)
    }

    /// What is above it is above the cut.
    pub(super) fn threshold(&self, cut: usize) -> f64 {
        if cut == 0 {
            return 1.0;
        }
        let above = self.levels[cut - 1];
        let below = self.levels.get(cut).copied().unwrap_or(0.0);
        let middle = f64::midpoint(above, below);
        // Neighbouring floats have no middle; nor have two zeros, whose alert needs less than 0.
        match middle < above {
            true => middle,
            false if below < above => below,
            false => above.next_down(),
        }
    }

    pub(super) fn choice(&self, cut: usize) -> Choice {
        let Alerts { failures, others } = self.alerts[cut];
        let alerts = failures + others;
        Choice {
            threshold: self.threshold(cut),
            alert_share: self.alert_share(cut),
            recall: failures / self.all().failures,
            precision: (alerts > 0.0).then(|| failures / alerts),
            cost: self.cost(cut),
        }
    }

    /// The choice of a given threshold.
    pub(super) fn choice_at(&self, threshold: f64) -> Choice {
        let cut = self.levels.partition_point(|&level| level > threshold);
        Choice { threshold, ..self.choice(cut) }
    }
}
