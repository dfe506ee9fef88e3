//! Unix seconds as dates, in UTC.

const DAY: f64 = 86_400.0;

/// Where the calendar of a page ends: the year 4000.
pub(super) const LAST: f64 = 64_060_588_800.0;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// From the day of 1 January 1970 on.
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// A date and a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) year: i64,
    /// From 1.
    pub(super) month: i64,
    /// From 1.
    pub(super) day: i64,
    weekday: usize,
    /// Since midnight.
    second: i64,
}

impl Moment {
    /// The second that a time lies in.
    pub(super) fn of(time: f64) -> Self {
        let seconds = time.floor() as i64;
        let days = seconds.div_euclid(86_400);
        let (year, month, day) = date(days);
        let weekday = days.rem_euclid(7) as usize;
        Self { year, month, day, weekday, second: seconds.rem_euclid(86_400) }
    }

    /// "Sun 21 Jan 2024, 19:00": its minute.
    pub(super) fn words(self) -> String {
        let minute = Self { second: self.second - self.second % 60, ..self };
        format!("{} {}, {}", WEEKDAYS[self.weekday], self.date(), minute.clock())
    }

    /// "21 Jan 2024".
    pub(super) fn date(self) -> String {
        format!("{} {}", self.short_date(), self.year)
    }

    /// "21 Jan".
    pub(super) fn short_date(self) -> String {
        format!("{} {}", self.day, self.month_name())
    }

    /// "Jan 2024".
    pub(super) fn month_and_year(self) -> String {
        format!("{} {}", self.month_name(), self.year)
    }

    /// "19:00", with seconds if there are any.
    pub(super) fn clock(self) -> String {
        let (hour, minute, second) = (self.second / 3_600, self.second / 60 % 60, self.second % 60);
        if second == 0 {
            format!("{hour:02}:{minute:02}")
        } else {
            format!("{hour:02}:{minute:02}:{second:02}")
        }
    }

    fn month_name(self) -> &'static str {
        MONTHS[(self.month - 1) as usize]
    }
}

/// The Unix time at which a month begins; months beyond 12 are those of later years.
pub(super) fn month_start(year: i64, month: i64) -> f64 {
    let (year, month) = (year + (month - 1).div_euclid(12), (month - 1).rem_euclid(12) + 1);
    // Years that begin in March have their leap day at the end.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5;
    let day_of_era = 365 * of_era + of_era / 4 - of_era / 100 + day_of_year;
    (146_097 * era + day_of_era - 719_468) as f64 * DAY
}

/// Year, month and day of a day since 1 January 1970, in the Gregorian calendar. Counted from
/// 1 March of the year 0 in eras of 400 years, which all have 146,097 days.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    // Five months from March on, and from August on, have 153 days.
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let year = year + 400 * era;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        // By `date -u -d @…`.
        for (time, words) in [
            (0.0, "Thu 1 Jan 1970, 00:00"),
            (951_782_400.0, "Tue 29 Feb 2000, 00:00"),
            (1_704_067_199.0, "Sun 31 Dec 2023, 23:59"),
            (1_709_251_200.0, "Fri 1 Mar 2024, 00:00"),
            (4_107_542_400.0, "Mon 1 Mar 2100, 00:00"),
        ] {
            assert_eq!(Moment::of(time).words(), words);
        }
    }

    #[test]
    fn months_begin_on_their_first_day() {
        for month in 0..12 * 400 {
            let moment = Moment::of(month_start(1900, month + 1));
            assert_eq!(
                (moment.year, moment.month, moment.day),
                (1900 + month / 12, month % 12 + 1, 1)
            );
            assert_eq!(moment.second, 0);
        }
    }
}
