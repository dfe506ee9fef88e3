//! Which rhythm a metric has, and how far it is off it.

use super::reading::Season;
use crate::threshold::seasonal::profile::Profile;

const DAY: f64 = 86_400.0;
/// How far a slot of a profile moves to what it was this time.
const WEIGHT: f32 = 0.5;
/// Slots left before a profile is believed: three cycles.
const CYCLES: f64 = 3.0;

/// Half-hours of the day, two hours of the week, and how well each explains the metric.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Rhythm {
    day: Profile<48>,
    week: Profile<84>,
    start: f64,
    mean: f64,
    /// The usual distance from the mean, the day's and the week's profile.
    errors: [f64; 3],
    pub(super) season: Season,
}

impl Rhythm {
    pub(super) const fn new(start: f64) -> Self {
        Self {
            day: Profile::new(),
            week: Profile::new(),
            start,
            mean: 0.0,
            errors: [0.0; 3],
            season: Season::None,
        }
    }

    /// How far a smoothed value is off what it was at this time on other days. The value then
    /// counts. `None` before the first day is over.
    pub(super) fn learn(&mut self, time: f64, value: f64) -> Option<f64> {
        let days = time / DAY;
        let day = days - days.floor();
        let weeks = days / 7.0;
        let week = weeks - weeks.floor();
        let (by_day, by_week) = (self.day.at(day), self.week.at(week));
        // A day's worth of values at five minutes: long enough to be no season itself.
        self.mean += (value - self.mean) / 1024.0;
        let error = |expected: f64| (value - expected).abs();
        if let Some(by_day) = by_day {
            self.errors[0] += (error(self.mean) - self.errors[0]) / 1024.0;
            self.errors[1] += (error(by_day) - self.errors[1]) / 1024.0;
            self.errors[2] += (error(by_week.unwrap_or(by_day)) - self.errors[2]) / 1024.0;
        }
        self.day.learn(day, value, WEIGHT);
        self.week.learn(week, value, WEIGHT);
        let age = (time - self.start) / DAY;
        self.season =
            if age > 7.0 * CYCLES && self.errors[2] < 0.8 * self.errors[1].min(self.errors[0]) {
                Season::Weekly
            } else if age > CYCLES && self.errors[1] < 0.7 * self.errors[0] {
                Season::Daily
            } else {
                Season::None
            };
        by_day.map(|expected| value - expected)
    }
}
