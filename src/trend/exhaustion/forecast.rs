//! What a forecast of exhaustion says.

use std::fmt;

/// What is to be expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Outlook {
    /// Too little is known: fewer than eight different times, or nothing but gaps.
    Unknown,
    /// The capacity is reached already.
    Exhausted,
    /// It will be reached, if everything goes on as it does.
    Filling,
    /// It will not be reached at this rate: the metric stands still, shrinks, or always turns back
    /// in time.
    Never,
}

/// The time left until a capacity is reached. Times are seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ExhaustionForecast {
    /// In a word.
    pub outlook: Outlook,
    /// The time the question was asked at.
    pub time: f64,
    /// Time left: as likely to be more as to be less, if things go on as they do. Infinite where
    /// it is more likely never to run out, NaN while nothing is known.
    pub left: f64,
    /// The lower end of the interval: it runs out sooner with half the probability that the
    /// interval leaves out.
    pub earliest: f64,
    /// The upper end; infinite where things may well turn.
    pub latest: f64,
    /// How likely the time left is to be in the interval.
    pub interval: f64,
    /// The probability of exhaustion within the horizon: that of the forecast, and that growth does
    /// not end before. A growth that has been seen for a time `a` is taken to last for `t` more with
    /// probability `a / (a + t)`.
    pub probability: f64,
    /// The horizon.
    pub horizon: f64,
    /// The growth towards the capacity in the metric's unit a second; negative when it shrinks.
    pub rate: f64,
    /// What is left until the capacity, in the metric's unit; negative once it is passed.
    pub room: f64,
}

impl fmt::Display for ExhaustionForecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outlook {
            Outlook::Unknown => return f.write_str("too little is known yet"),
            Outlook::Exhausted => return f.write_str("full already"),
            Outlook::Never if self.earliest.is_infinite() => {
                return f.write_str("never, at this rate");
            }
            Outlook::Never => {
                let (early, unit) = length(self.earliest);
                return write!(f, "never, at this rate; not before {early} {unit} from now");
            }
            Outlook::Filling => {}
        }
        let (left, unit) = length(self.left);
        write!(f, "full in {left} {unit}, ")?;
        let percent = 100.0 * self.interval;
        let (early, early_unit) = length(self.earliest);
        if self.latest.is_infinite() {
            return write!(f, "{percent:.0} % sure of not before {early} {early_unit}; or never");
        }
        let (late, late_unit) = length(self.latest);
        if early_unit == late_unit {
            write!(f, "{percent:.0} % interval {early}–{late} {late_unit}")
        } else {
            write!(f, "{percent:.0} % interval {early} {early_unit} to {late} {late_unit}")
        }
    }
}

/// A length of time to two or three digits, and its unit.
fn length(seconds: f64) -> (String, &'static str) {
    let units =
        [(365.25 * 86_400.0, "years"), (86_400.0, "days"), (3600.0, "hours"), (60.0, "minutes")];
    let (unit, name) =
        units.into_iter().find(|(unit, _)| seconds >= 2.0 * unit).unwrap_or((1.0, "seconds"));
    let count = seconds / unit;
    let decimals = usize::from(count < 99.95);
    (format!("{count:.decimals$}"), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast(outlook: Outlook, [earliest, left, latest]: [f64; 3]) -> String {
        let day = 86_400.0;
        let (earliest, left, latest) = (earliest * day, left * day, latest * day);
        let forecast = ExhaustionForecast {
            outlook,
            time: 0.0,
            left,
            earliest,
            latest,
            interval: 0.9,
            probability: 0.1,
            horizon: day,
            rate: 1.0,
            room: 1.0,
        };
        forecast.to_string()
    }

    #[test]
    fn it_reads_well() {
        let never = f64::INFINITY;
        let filling = |quantiles| forecast(Outlook::Filling, quantiles);
        assert_eq!(filling([5.9, 6.8, 8.1]), "full in 6.8 days, 90 % interval 5.9–8.1 days");
        assert_eq!(
            filling([0.5, 1.0, 3.0]),
            "full in 24.0 hours, 90 % interval 12.0 hours to 3.0 days"
        );
        assert_eq!(
            filling([5.9, 6.8, never]),
            "full in 6.8 days, 90 % sure of not before 5.9 days; or never"
        );
        assert_eq!(
            filling([400.0, 500.0, 1000.0]),
            "full in 500 days, 90 % interval 400 days to 2.7 years"
        );
        assert_eq!(forecast(Outlook::Never, [never; 3]), "never, at this rate");
        assert_eq!(
            forecast(Outlook::Never, [9.0, never, never]),
            "never, at this rate; not before 9.0 days from now"
        );
        assert_eq!(forecast(Outlook::Exhausted, [0.0; 3]), "full already");
        assert_eq!(forecast(Outlook::Unknown, [f64::NAN; 3]), "too little is known yet");
    }
}
