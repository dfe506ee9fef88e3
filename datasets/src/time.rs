//! ISO 8601 dates and times to Unix seconds and back, in the proleptic Gregorian calendar.

const DAY: i64 = 86_400;

/// Unix seconds of `YYYY-MM-DD`, alone or with `T` or a space and `HH:MM[:SS[.fraction]]`, and
/// then `Z`, `±HH`, `±HHMM` or `±HH:MM`. Without a zone the time is UTC. `None` for any other
/// text and for dates that do not exist; leap seconds (`:60`) are not read.
pub(crate) fn parse(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    if bytes.len() < 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = i64::from(digits(&bytes[..4])?);
    let month = digits(&bytes[5..7])?;
    let day = digits(&bytes[8..10])?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    let midnight = (days_from_civil(year, month, day) * DAY) as f64;
    match bytes[10..].split_first() {
        None => Some(midnight),
        Some((b'T' | b't' | b' ', rest)) => Some(midnight + time_of_day(rest)?),
        Some(_) => None,
    }
}

/// Seconds since midnight UTC of `HH:MM[:SS[.fraction]][zone]`; may be negative by its zone.
fn time_of_day(bytes: &[u8]) -> Option<f64> {
    if bytes.len() < 5 || bytes[2] != b':' {
        return None;
    }
    let (hour, minute) = (digits(&bytes[..2])?, digits(&bytes[3..5])?);
    let mut rest = &bytes[5..];
    let mut seconds = 0.0;
    if let [b':', more @ ..] = rest {
        let length = more.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
        let (field, after) = more.split_at(length);
        let whole = field.len() == 2 || (field.len() > 3 && field[2] == b'.');
        if !whole || digits(&field[..2])? > 59 {
            return None;
        }
        // ASCII by the two checks above; a second point is refused by the parser.
        seconds = std::str::from_utf8(field).ok()?.parse().ok()?;
        rest = after;
    }
    if hour > 23 || minute > 59 {
        return None;
    }
    Some(f64::from(hour * 3600 + minute * 60) + seconds - f64::from(zone(rest)?))
}

/// Seconds east of UTC.
fn zone(bytes: &[u8]) -> Option<i32> {
    let (sign, rest) = match bytes.split_first() {
        None | Some((b'Z' | b'z', [])) => return Some(0),
        Some((b'+', rest)) => (1, rest),
        Some((b'-', rest)) => (-1, rest),
        Some(_) => return None,
    };
    let (hours, minutes) = match rest {
        [_, _] => (digits(rest)?, 0),
        [_, _, b':', _, _] => (digits(&rest[..2])?, digits(&rest[3..])?),
        [_, _, _, _] => (digits(&rest[..2])?, digits(&rest[2..])?),
        _ => return None,
    };
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60) as i32)
}

/// The number that a few decimal digits, and nothing else, spell.
fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'))
    })
}

fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01. The year is taken to begin in March, so that the leap day is its last
/// day and the months' lengths repeat every five months (153 days).
fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * month + 2) / 5 + i64::from(day) - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 719,468 days lie between 1 March of the year 0 and 1970-01-01.
    year * 365 + leap_days + day_of_year - 719_468
}

/// `YYYY-MM-DDTHH:MM:SSZ` of whole Unix seconds, for the years 0 to 9999.
pub(crate) fn format(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    // Never too late, whichever side of 1970; a few years too early at most.
    let mut year = 1970 + days.div_euclid(366).min(days.div_euclid(365));
    while days_from_civil(year + 1, 1, 1) <= days {
        year += 1;
    }
    let mut month = 1;
    let mut day = days - days_from_civil(year, 1, 1);
    while day >= i64::from(days_in_month(year, month)) {
        day -= i64::from(days_in_month(year, month));
        month += 1;
    }
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", day + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Expected values from `date -u -d … +%s`.
    #[test]
    fn known_instants() {
        for (text, expected) in [
            ("1970-01-01", 0.0),
            ("2000-02-29", 951_782_400.0),
            ("2014-04-01 00:00:00", 1_396_310_400.0),
            ("2014-04-01T00:00:00Z", 1_396_310_400.0),
            ("2014-04-01t00:00:00z", 1_396_310_400.0),
            ("2020-03-09 10:14:33", 1_583_748_873.0),
            ("2020-03-09 10:14", 1_583_748_840.0),
            ("2020-03-09T10:14:33.25+02:00", 1_583_741_673.25),
            ("2020-03-09T10:14:33-0530", 1_583_768_673.0),
            ("2020-03-09T10:14:33+01", 1_583_745_273.0),
            ("1969-12-31T23:59:59Z", -1.0),
            ("1600-12-31T00:00:00", -11_644_560_000.0),
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2020",
            "20200309",
            "2020-3-9",
            "2020-13-01",
            "2020-00-10",
            "2021-02-29",
            "1900-02-29",
            "2020-04-31",
            "2020-01-00",
            "2020-01-01X",
            "2020-01-01 ",
            "2020-01-01T24:00:00",
            "2020-01-01T10",
            "2020-01-01T10:60",
            "2020-01-01T10:00:60",
            "2020-01-01T10:00:0",
            "2020-01-01T10:00:00.",
            "2020-01-01T10:00:00.1.2",
            "2020-01-01T10:00:00+",
            "2020-01-01T10:00:00+1",
            "2020-01-01T10:00:00+24:00",
            "2020-01-01T10:00:00Zulu",
            "+020-01-01",
            "2020-01-01T1é:00",
            "２０２０-01-01",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn format_and_parse_are_inverse(seconds in -62_135_596_800_i64..253_402_300_800) {
            prop_assert_eq!(parse(&format(seconds)), Some(seconds as f64));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,30}") {
            let _ = parse(&text);
        }

        /// Against the obvious version: counting the days one year and one month at a time.
        #[test]
        fn days_agree_with_counting(year in 1970_i64..2400, month in 1_u32..=12, day in 1_u32..=28) {
            let years: i64 = (1970..year).map(|y| 337 + i64::from(days_in_month(y, 2))).sum();
            let months: i64 = (1..month).map(|m| i64::from(days_in_month(year, m))).sum();
            prop_assert_eq!(days_from_civil(year, month, day), years + months + i64::from(day) - 1);
        }
    }
}
