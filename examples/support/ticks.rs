//! Where the ticks of an axis go and what they say.

use chrono::{DateTime, Datelike, Months, Utc};

/// A position on an axis and its text.
pub(crate) type Tick = (f64, String);

/// Up to `most + 1` multiples of 1, 2 or 5 times a power of ten, with no more digits than needed
/// and large numbers in thousands (k), millions (M), and so on.
pub(crate) fn numbers(from: f64, to: f64, most: usize) -> Vec<Tick> {
    let power = 10_f64.powf(((to - from) / most as f64).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| (to - from) / step <= most as f64)
        .unwrap_or(to - from);
    let (unit, suffix) = [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")]
        .into_iter()
        .find(|(unit, _)| from.abs().max(to.abs()) >= 20.0 * unit)
        .unwrap_or((1.0, ""));
    let decimals = (-(step / unit).log10().floor()).clamp(0.0, 12.0) as usize;
    let (first, last) = ((from / step).ceil() as i64, (to / step).floor() as i64);
    (first..=last)
        .map(|multiple| multiple as f64 * step)
        .map(|value| match value {
            0.0 if unit > 1.0 => (value, "0".to_owned()),
            _ => (value, format!("{:.decimals$}{suffix}", value / unit)),
        })
        .collect()
}

/// Powers of ten.
pub(crate) fn powers(from: f64, to: f64) -> Vec<Tick> {
    (from.log10().ceil() as i32..=to.log10().floor() as i32)
        .map(|exponent| 10_f64.powi(exponent))
        .map(|value| (value, thousands(value as usize)))
        .collect()
}

/// 1234567 as 1,234,567.
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let head = digits.len() % 3;
    let mut groups: Vec<&str> = if head > 0 { vec![&digits[..head]] } else { Vec::new() };
    groups.extend((head..digits.len()).step_by(3).map(|at| &digits[at..at + 3]));
    groups.join(",")
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;

/// Up to `most + 1` round moments between two Unix times: whole minutes, hours, days, Mondays,
/// months or years.
pub(crate) fn times(from: f64, to: f64, most: usize) -> Vec<Tick> {
    let steps = [
        1.0,
        5.0,
        15.0,
        30.0,
        MINUTE,
        5.0 * MINUTE,
        15.0 * MINUTE,
        30.0 * MINUTE,
        HOUR,
        3.0 * HOUR,
        6.0 * HOUR,
        12.0 * HOUR,
        DAY,
        2.0 * DAY,
        7.0 * DAY,
        14.0 * DAY,
    ];
    match steps.into_iter().find(|step| (to - from) / step <= most as f64) {
        Some(step) => even_times(from, to, step),
        None => months(from, to, most),
    }
}

fn even_times(from: f64, to: f64, step: f64) -> Vec<Tick> {
    // 1970 began on a Thursday: four days later, weeks begin on Mondays.
    let start = if step >= 7.0 * DAY { 4.0 * DAY } else { 0.0 };
    let (first, last) = (((from - start) / step).ceil() as i64, ((to - start) / step).floor());
    (first..=last as i64)
        .map(|multiple| {
            let at = start + multiple as f64 * step;
            let format = if at.rem_euclid(DAY) == 0.0 {
                "%-d %b"
            } else if step < MINUTE {
                "%H:%M:%S"
            } else {
                "%H:%M"
            };
            (at, moment(at).format(format).to_string())
        })
        .collect()
}

fn months(from: f64, to: f64, most: usize) -> Vec<Tick> {
    let span = (to - from) / (30.44 * DAY);
    let step = [1, 2, 3, 6, 12, 24, 60, 120, 240]
        .into_iter()
        .find(|step| span / f64::from(*step) <= most as f64)
        .unwrap_or(1200);
    let format = if step < 12 { "%b %Y" } else { "%Y" };
    let year = moment(from).year().div_euclid(100) * 100;
    let century = moment(0.0).with_year(year).unwrap_or_default();
    (0..)
        .map_while(|index| century.checked_add_months(Months::new(index * step)))
        .map(|month| (month.timestamp() as f64, month.format(format).to_string()))
        .skip_while(|(at, _)| *at < from)
        .take_while(|(at, _)| *at <= to)
        .collect()
}

/// The moment of a Unix time; 1970 where it is beyond any calendar.
pub(crate) fn moment(seconds: f64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds as i64, 0).unwrap_or_default()
}
