//! The row of an entity at a time.

use super::moments::Moments;
use super::{EntityState, MetricStatistic, WindowStatistic};
use crate::error::{Error, Result};

/// Most edges of windows: 16 windows and those before them.
const EDGES: usize = 32;

impl EntityState {
    /// The row at a time that is not before anything known: what the windows up to then hold.
    /// O(metrics · windows · log rows).
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a time not within ±1e12; [`Error::TimeWentBack`].
    pub fn row(&self, time: f64) -> Result<Vec<f64>> {
        let mut row = vec![0.0; self.features.n_features()];
        self.write_row(time, &mut row)?;
        Ok(row)
    }

    /// As [`row`](Self::row), into a row that is there: nothing is allocated.
    ///
    /// # Errors
    /// As [`row`](Self::row); [`Error::Width`] for a row of another length than
    /// [`n_features`](super::Features::n_features).
    pub fn write_row(&self, time: f64, row: &mut [f64]) -> Result<()> {
        self.check(time)?;
        let expected = self.features.n_features();
        if row.len() != expected {
            return Err(Error::Width { expected, found: row.len() });
        }
        let plan = &self.features.plan;
        let mut to = Cursor { row, at: 0 };
        // Rows after each edge, from the shortest window to the longest.
        let mut edges = [0; EDGES];
        for (first, length) in edges.iter_mut().zip(&plan.edges) {
            *first = self.history.after(time - length);
        }
        let edges = &edges[..plan.edges.len()];
        for metric in 0..plan.metrics.len() {
            self.write_metric(time, metric, &mut to);
            self.write_windows(metric, edges, &mut to);
        }
        let (_, unit) = plan.params.clock.unit();
        for events in &self.events {
            for length in &plan.params.event_windows {
                to.put(events.after(time - length) as f64);
            }
            to.put((time - events.last) / unit);
        }
        for maintained in &self.maintained {
            to.put((time - maintained) / unit);
        }
        to.put((time - self.begin) / unit);
        to.put((time - self.failed) / unit);
        to.put(self.failures as f64);
        self.attributes.iter().for_each(|&value| to.put(value));
        Ok(())
    }

    /// Whether a window at this time had to leave rows or events out, since there were more than
    /// [`most_rows`](super::FeatureParams::most_rows).
    #[must_use]
    pub fn is_cut(&self, time: f64) -> bool {
        let params = self.features.params();
        let event_span = params.event_windows.last().copied().unwrap_or(0.0);
        self.history.cut() > time - params.span()
            || self.events.iter().any(|events| events.cut > time - event_span)
    }

    fn write_metric(&self, time: f64, metric: usize, to: &mut Cursor<'_>) {
        let params = &self.features.plan.params;
        let level = &self.levels[metric];
        let half_lives = params.half_lives.len();
        let smooth = &self.smooth[metric * half_lives..(metric + 1) * half_lives];
        for statistic in &params.of_metric {
            match statistic {
                MetricStatistic::Last => to.put(level.last()),
                MetricStatistic::Silence if level.count == 0 => to.put(f64::NAN),
                MetricStatistic::Silence => {
                    to.put((time - level.last_time) / params.clock.unit().1);
                }
                MetricStatistic::Smooth => {
                    for &smooth in smooth {
                        to.put(level.smooth(smooth));
                    }
                }
                MetricStatistic::FromLevel => to.put(level.less_level(smooth[0])),
                MetricStatistic::FromStart => to.put(level.less_start(smooth[0])),
            }
        }
    }

    fn write_windows(&self, metric: usize, edges: &[usize], to: &mut Cursor<'_>) {
        let plan = &self.features.plan;
        let end = self.history.end();
        // Each stretch between two edges is summed up once, windows from stretches.
        let mut stretches = [Moments::NONE; EDGES];
        let mut after = end;
        for (stretch, &first) in stretches.iter_mut().zip(edges) {
            *stretch = self.history.moments(first..after, metric);
            after = first;
        }
        let (mut window, mut taken) = (Moments::NONE, 0);
        for &(edge, before) in &plan.windows {
            stretches[taken..=edge].iter().for_each(|stretch| window.merge(stretch));
            taken = edge + 1;
            for statistic in &plan.params.statistics {
                to.put(match statistic {
                    WindowStatistic::Mean => window.mean(),
                    WindowStatistic::Smallest => window.smallest(),
                    WindowStatistic::Largest => window.largest(),
                    WindowStatistic::Deviation => window.deviation(),
                    WindowStatistic::Slope => window.slope() * plan.params.clock.unit().1,
                    WindowStatistic::Change => {
                        let mut earlier = Moments::NONE;
                        let before = before.map_or(taken, |before| before + 1);
                        stretches[taken..before].iter().for_each(|s| earlier.merge(s));
                        window.mean_less(&earlier)
                    }
                    WindowStatistic::Crossings => window.crossings,
                    WindowStatistic::Missing => {
                        let rows = (end - edges[edge]) as f64;
                        if rows > 0.0 { 1.0 - window.count / rows } else { f64::NAN }
                    }
                });
            }
        }
    }
}

/// Where the next feature goes.
struct Cursor<'a> {
    row: &'a mut [f64],
    at: usize,
}

impl Cursor<'_> {
    /// A value; one that is too large to be a number is missing.
    fn put(&mut self, value: f64) {
        self.row[self.at] = if value.is_finite() { value } else { f64::NAN };
        self.at += 1;
    }
}
