//! What the text of one field can be.

use crate::time;

/// A field read as a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Missing,
    Finite(f64),
    /// Infinite as written, or too large for an f64.
    Infinite,
    Other,
}

/// Whether the text stands for a missing value.
pub(super) fn is_missing(text: &str) -> bool {
    text.is_empty() || ["na", "nan", "null"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Reads a decimal number, with or without an exponent.
pub(super) fn number(text: &str) -> Number {
    if is_missing(text) {
        return Number::Missing;
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Number::Finite(value),
        // "-nan", as C programs print it.
        Ok(value) if value.is_nan() => Number::Missing,
        Ok(_) => Number::Infinite,
        Err(_) => Number::Other,
    }
}

/// Reads an ISO 8601 time.
pub(super) fn timestamp(text: &str) -> Option<f64> {
    time::parse(text)
}

/// Reads `0`, `1`, `true` or `false`.
pub(super) fn truth(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}
