//! Names, numbers and times as a page says them.

use super::calendar;
use crate::engine::action::Action;
use crate::engine::features::Clock;
use std::fmt::Write as _;

/// What stands where there is no number.
pub(super) const UNKNOWN: &str = "–";

/// Seconds before which a time is no date but counts from some start: 1973.
const FIRST_DATE: f64 = 1e8;

/// A text that is nothing but text wherever it stands in a page. Control characters, and those that
/// turn the direction of what follows, become a replacement character.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => safe.push('\u{fffd}'),
            '\n' | '\t' => safe.push(' '),
            _ if character.is_control() => safe.push('\u{fffd}'),
            _ => safe.push(character),
        }
    }
    safe
}

/// At most so many characters, the last one "…" where something was cut off. Not escaped.
pub(super) fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Three digits, or all of a whole number.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return UNKNOWN.to_owned();
    }
    let size = value.abs();
    if size >= 1e15 || (size > 0.0 && size < 1e-4) {
        return format!("{value:.1e}");
    }
    if size >= 1_000.0 {
        let sign = if value < 0.0 { "−" } else { "" };
        return format!("{sign}{}", thousands(size.round() as u64));
    }
    let decimals = (2.0 - size.max(1e-3).log10().floor()).clamp(0.0, 4.0) as usize;
    let text = format!("{value:.decimals$}");
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.replace('-', "−") }
}

/// So many decimals; for figures that are compared with each other.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    if value.is_finite() { format!("{value:.decimals$}") } else { UNKNOWN.to_owned() }
}

/// A share in percent, with as many digits as matter; never 0 % or 100 % for what is not certain.
/// Numbers and their units are not parted at the end of a line.
pub(super) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if !percent.is_finite() {
        UNKNOWN.to_owned()
    } else if percent > 0.0 && percent < 0.1 {
        "<\u{a0}0.1\u{a0}%".to_owned()
    } else if percent > 99.9 && percent < 100.0 {
        ">\u{a0}99.9\u{a0}%".to_owned()
    } else if percent == 0.0 || percent == 100.0 || (9.95..99.0).contains(&percent) {
        format!("{percent:.0}\u{a0}%")
    } else {
        format!("{percent:.1}\u{a0}%")
    }
}

/// 1234567 as 1,234,567.
pub(super) fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many of something: "1 machine", "3 machines".
pub(super) fn count(many: usize, noun: &str) -> String {
    let plural = if many == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", thousands(many as u64))
}

/// A length of time, rounded to what a reader would say.
pub(super) fn length(length: f64, clock: &Clock) -> String {
    if !length.is_finite() {
        return UNKNOWN.to_owned();
    }
    if let Clock::Counted(unit) = clock {
        return format!("{}\u{a0}{unit}", number(length.round()));
    }
    let (unit, name) = match length.abs() {
        size if size < 90.0 => (1.0, "s"),
        size if size < 5_400.0 => (60.0, "min"),
        size if size < 4.0 * 86_400.0 => (3_600.0, "h"),
        _ => (86_400.0, "days"),
    };
    let value = length / unit;
    let rounded = if value.abs() < 10.0 && unit > 1.0 {
        format!("{value:.1}").trim_end_matches(".0").to_owned()
    } else {
        number(value.round())
    };
    format!("{rounded}\u{a0}{name}")
}

/// A moment: a date with its time of day where times are Unix seconds.
pub(super) fn moment(time: f64, clock: &Clock) -> String {
    if !time.is_finite() {
        return UNKNOWN.to_owned();
    }
    match clock {
        Clock::Counted(unit) => format!("{} {unit}", number(time)),
        Clock::Seconds if is_date(time) => calendar::Moment::of(time).words(),
        Clock::Seconds => elapsed(time),
    }
}

/// Whether seconds are so many that they must be Unix seconds.
pub(super) fn is_date(time: f64) -> bool {
    (FIRST_DATE..calendar::LAST).contains(&time)
}

/// Seconds from some start: "3 d 04:30".
fn elapsed(time: f64) -> String {
    let minutes = (time / 60.0).floor();
    let days = (minutes / 1_440.0).floor();
    let rest = (minutes - 1_440.0 * days) as u32;
    format!("{} d {:02}:{:02}", number(days), rest / 60, rest % 60)
}

/// What an action is called, and the class of its colour.
pub(super) fn action(action: Action, clock: &Clock) -> (String, &'static str) {
    match action {
        Action::None => ("nothing to do".to_owned(), "none"),
        Action::Watch => ("watch".to_owned(), "watch"),
        Action::Investigate => ("investigate".to_owned(), "look"),
        Action::ActBefore { time } => (format!("act before {}", moment(time, clock)), "before"),
        Action::ActNow => ("act now".to_owned(), "now"),
    }
}

/// Coordinates have one decimal, and none where that is 0.
pub(super) fn place(to: &mut String, value: f64) {
    let tenths = (10.0 * value).round() as i64;
    // Writing to a string cannot fail.
    let _ = if tenths % 10 == 0 {
        write!(to, "{}", tenths / 10)
    } else {
        let sign = if tenths < 0 { "-" } else { "" };
        write!(to, "{sign}{}.{}", tenths.abs() / 10, tenths.abs() % 10)
    };
}
