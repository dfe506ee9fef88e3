//! Where the ticks of an axis go and what they say.

use super::calendar::{Moment, month_start};
use super::words;
use crate::engine::features::Clock;

const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;

/// A position on an axis and its text.
pub(super) type Tick = (f64, String);

/// Up to `most + 1` multiples of 1, 2 or 5 times a power of ten.
pub(super) fn numbers(from: f64, to: f64, most: usize) -> Vec<Tick> {
    let Some(step) = step(from, to, most) else { return Vec::new() };
    let (unit, suffix) = [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")]
        .into_iter()
        .find(|(unit, _)| from.abs().max(to.abs()) >= 10.0 * unit)
        .unwrap_or((1.0, ""));
    let decimals = (-(step / unit).log10().floor()).clamp(0.0, 9.0) as usize;
    multiples(from, to, step)
        .map(|value| match value {
            0.0 => (value, "0".to_owned()),
            _ if decimals > 6 => {
                (value, format!("{value:.0e}").replacen('-', "−", usize::from(value < 0.0)))
            }
            _ => (value, format!("{:.decimals$}{suffix}", value / unit).replace('-', "−")),
        })
        .collect()
}

/// Tenths and so on of a share, in percent.
pub(super) fn percents(from: f64, to: f64, most: usize) -> Vec<Tick> {
    numbers(100.0 * from, 100.0 * to, most)
        .into_iter()
        .map(|(value, text)| (value / 100.0, format!("{text} %")))
        .collect()
}

/// Up to `most + 1` round moments: whole minutes, hours, days, Mondays, months or years where times
/// are dates, round numbers where they count something else.
pub(super) fn moments(from: f64, to: f64, most: usize, clock: &Clock) -> Vec<Tick> {
    if *clock != Clock::Seconds {
        return numbers(from, to, most);
    }
    let steps = [
        1.0,
        5.0,
        15.0,
        30.0,
        60.0,
        300.0,
        900.0,
        1_800.0,
        HOUR,
        3.0 * HOUR,
        6.0 * HOUR,
        12.0 * HOUR,
        DAY,
        2.0 * DAY,
        7.0 * DAY,
        14.0 * DAY,
    ];
    let dates = words::is_date(from) && words::is_date(to);
    // Without a calendar there are no weeks.
    let fits = |step: &f64| (to - from) / step <= most as f64 && (dates || *step <= DAY);
    match steps.into_iter().find(fits) {
        Some(step) if dates => {
            // 1970 began on a Thursday: four days later, weeks begin on Mondays.
            let start = if step >= 7.0 * DAY { 4.0 * DAY } else { 0.0 };
            multiples(from - start, to - start, step)
                .map(|time| (time + start, day_or_clock(time + start)))
                .collect()
        }
        Some(step) => multiples(from, to, step).map(|time| (time, since_start(time))).collect(),
        None if dates => months(from, to, most),
        None => numbers(from / DAY, to / DAY, most)
            .into_iter()
            .map(|(days, text)| (days * DAY, format!("{text} d")))
            .collect(),
    }
}

fn day_or_clock(time: f64) -> String {
    let moment = Moment::of(time);
    if time.rem_euclid(DAY) == 0.0 { moment.short_date() } else { moment.clock() }
}

fn since_start(time: f64) -> String {
    if time.rem_euclid(DAY) == 0.0 {
        format!("{} d", words::number(time / DAY))
    } else {
        Moment::of(time.rem_euclid(DAY)).clock()
    }
}

fn months(from: f64, to: f64, most: usize) -> Vec<Tick> {
    let span = (to - from) / (30.44 * DAY);
    let step = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1_200, 2_400, 6_000, 12_000]
        .into_iter()
        .find(|&step| span / step as f64 <= most as f64)
        .unwrap_or(24_000_i64);
    let first = 12 * Moment::of(from).year.div_euclid((step / 12).max(1)) * (step / 12).max(1);
    (0..)
        .map(|index| month_start(0, first + index * step + 1))
        .skip_while(|&time| time < from)
        .take_while(|&time| time <= to)
        .map(|time| {
            let moment = Moment::of(time);
            let text = if step < 12 { moment.month_and_year() } else { moment.year.to_string() };
            (time, text)
        })
        .collect()
}

/// A round step of which at most so many fit in; `None` for a range that is none.
fn step(from: f64, to: f64, most: usize) -> Option<f64> {
    let range = to - from;
    if !(range > 0.0 && range.is_finite()) {
        return None;
    }
    let power = 10_f64.powf((range / most as f64).log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| range / step <= most as f64 * (1.0 + 1e-9))
        // Values so close that no step tells them apart have no ticks.
        .filter(|step| from + step > from && to - step < to)
}

fn multiples(from: f64, to: f64, step: f64) -> impl Iterator<Item = f64> {
    let slack = 1e-9;
    let (first, last) = ((from / step - slack).ceil(), (to / step + slack).floor());
    let count = if last >= first { (last - first) as u64 + 1 } else { 0 };
    (0..count).map(move |index| (first + index as f64) * step)
}
