//! Whether what is far out happens at the same hour of every day or week.

const HOUR: f64 = 3_600.0;
const DAY: usize = 24;
const WEEK: usize = 7 * DAY;
/// Weeks that are remembered, this one with them.
const WEEKS: usize = 3;

/// The hours of this week and of two before in which something was far out.
///
/// A metric that jumps whenever an office opens is far off its level for some observations in a
/// row, as it is in an incident; but incidents do not keep hours.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Recurrence {
    week: f64,
    /// A bit an hour, week by week; this one is the last.
    far: [[u64; 3]; WEEKS],
}

impl Recurrence {
    pub(super) const fn new() -> Self {
        Self { week: 0.0, far: [[0; 3]; WEEKS] }
    }

    /// Notes that something is far out, and tells whether something was in this hour of the three
    /// days before, or of this day of the two weeks before.
    pub(super) fn learn(&mut self, time: f64) -> bool {
        let hours = (time / HOUR).floor();
        let week = (hours / WEEK as f64).floor();
        if week != self.week {
            let passed = (week - self.week).clamp(0.0, WEEKS as f64) as usize;
            self.far.rotate_left(passed % WEEKS);
            self.far[WEEKS - passed..].fill([0; 3]);
            self.week = week;
        }
        let hour = (hours - week * WEEK as f64) as usize;
        let now = (WEEKS - 1) * WEEK + hour;
        let all = |cycle: usize, times: usize| (1..=times).all(|n| self.was_far(now - n * cycle));
        let recurs = all(DAY, 3) || all(WEEK, 2);
        self.far[WEEKS - 1][hour / 64] |= 1 << (hour % 64);
        recurs
    }

    /// By the hour of the weeks, in a row.
    fn was_far(&self, hour: usize) -> bool {
        let (week, hour) = (&self.far[hour / WEEK], hour % WEEK);
        week[hour / 64] >> (hour % 64) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a list of all hours says.
    #[test]
    fn hours_are_those_of_the_days_or_weeks_before() {
        let mut random = crate::rng::Stream::new(5, 0);
        let mut recurrence = Recurrence::new();
        let (mut hour, mut past) = (-1_000_i64, Vec::new());
        let mut found = [0; 2];
        for _ in 0..20_000 {
            let steps = [0, 1, 23, 24, 24, 24, 168, 500];
            hour += steps[random.below(steps.len())];
            let all =
                |cycle: i64, times: i64| (1..=times).all(|n| past.contains(&(hour - n * cycle)));
            let expected = all(24, 3) || all(168, 2);
            assert_eq!(recurrence.learn((hour as f64 + 0.5) * HOUR), expected, "hour {hour}");
            found[usize::from(expected)] += 1;
            past.push(hour);
            past.drain(..past.len().saturating_sub(400));
        }
        assert!(found[0] > 100 && found[1] > 100, "{found:?}");
    }
}
