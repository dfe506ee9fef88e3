//! The cost of every threshold, from one sorted list.

use super::choice::Choice;
use super::params::Costs;

/// Rows by falling probability.
pub(super) struct Ranked {
    rows: Vec<Row>,
    /// The distinct probabilities, falling.
    levels: Vec<f64>,
    /// Rows of each unit.
    sizes: Vec<u32>,
}

/// A row of the list.
struct Row {
    unit: u32,
    label: bool,
    /// Whether it is the last of its probability.
    last: bool,
}

/// The rows with an alert where the first so many levels have one.
#[derive(Debug, Clone, Copy, Default)]
struct Alerts {
    failures: f64,
    others: f64,
}

/// What each cut between two levels brings: `alerts[k]` is of the first `k` levels.
pub(super) struct CostCurve<'a> {
    ranked: &'a Ranked,
    costs: Costs,
    alerts: Vec<Alerts>,
}

impl Ranked {
    pub(super) fn new(
        labels: &[bool],
        probabilities: &[f64],
        unit_of: &[usize],
        units: usize,
    ) -> Self {
        let mut order: Vec<usize> = (0..labels.len()).collect();
        order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
        let (mut rows, mut levels) = (Vec::with_capacity(order.len()), Vec::new());
        let mut sizes = vec![0; units];
        for tie in order.chunk_by(|&a, &b| probabilities[a] == probabilities[b]) {
            levels.push(probabilities[tie[0]]);
            for (at, &row) in tie.iter().enumerate() {
                let last = at + 1 == tie.len();
                rows.push(Row { unit: unit_of[row] as u32, label: labels[row], last });
                sizes[unit_of[row]] += 1;
            }
        }
        Self { rows, levels, sizes }
    }

    /// The cheapest cut with at most this share of the rows above it, the first of several, and the
    /// mean cost of the cut `at`, if each unit counts as often as `counts` says. One pass, without
    /// memory.
    pub(super) fn least(
        &self,
        costs: Costs,
        share: f64,
        counts: &[u32],
        at: usize,
    ) -> (usize, f64) {
        let total: f64 = self
            .sizes
            .iter()
            .zip(counts)
            .map(|(&size, &count)| f64::from(size) * f64::from(count))
            .sum();
        let most = most_alerts(share, total);
        let (mut alerts, mut cut) = (Alerts::default(), 0);
        // The cost less that of no alert, which all cuts share.
        let (mut best, mut cost_at) = ((0, 0.0), 0.0);
        for row in &self.rows {
            let count = f64::from(counts[row.unit as usize]);
            *(if row.label { &mut alerts.failures } else { &mut alerts.others }) += count;
            if row.last {
                cut += 1;
                let cost = costs.false_alarm * alerts.others - costs.miss * alerts.failures;
                if cost < best.1 && alerts.failures + alerts.others <= most {
                    best = (cut, cost);
                }
                if cut == at {
                    cost_at = cost;
                }
            }
        }
        (best.0, (costs.miss * alerts.failures + cost_at) / total)
    }

    /// Every cut at once.
    pub(super) fn curve(&self, costs: Costs) -> CostCurve<'_> {
        let mut alerts = vec![Alerts::default()];
        let mut now = Alerts::default();
        for row in &self.rows {
            *(if row.label { &mut now.failures } else { &mut now.others }) += 1.0;
            if row.last {
                alerts.push(now);
            }
        }
        CostCurve { ranked: self, costs, alerts }
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
}

/// Alerts that are at most this share of the rows, but for rounding.
fn most_alerts(share: f64, rows: f64) -> f64 {
    share * rows * (1.0 + 1e-12)
}

impl CostCurve<'_> {
    /// The cut that alerts on everything.
    pub(super) fn last(&self) -> usize {
        self.ranked.levels.len()
    }

    fn all(&self) -> Alerts {
        self.alerts[self.last()]
    }

    fn rows(&self) -> f64 {
        self.all().failures + self.all().others
    }

    /// The mean cost a row.
    fn cost(&self, cut: usize) -> f64 {
        let Alerts { failures, others } = self.alerts[cut];
        let missed = self.all().failures - failures;
        (self.costs.miss * missed + self.costs.false_alarm * others) / self.rows()
    }

    /// The last cut with at most this share of the rows above it.
    pub(super) fn at_most(&self, share: f64) -> usize {
        let most = most_alerts(share, self.rows());
        self.alerts.partition_point(|alerts| alerts.failures + alerts.others <= most) - 1
    }

    pub(super) fn choice(&self, cut: usize) -> Choice {
        let Alerts { failures, others } = self.alerts[cut];
        let alerts = failures + others;
        Choice {
            threshold: self.ranked.threshold(cut),
            alert_share: alerts / self.rows(),
            recall: failures / self.all().failures,
            precision: (alerts > 0.0).then(|| failures / alerts),
            cost: self.cost(cut),
        }
    }

    /// The choice of a given threshold.
    pub(super) fn choice_at(&self, threshold: f64) -> Choice {
        let cut = self.ranked.levels.partition_point(|&level| level > threshold);
        Choice { threshold, ..self.choice(cut) }
    }
}
