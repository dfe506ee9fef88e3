//! What a row of a table says, in words.

use crate::ticks::moment;
use forewarn_datasets::Table;

/// A feature's name and value, a category by its text.
pub(crate) fn cell(table: &Table, name: &str, value: f64) -> String {
    if value.is_nan() {
        return format!("{name} missing");
    }
    match table.categories(name).ok().and_then(|texts| texts.get(value as usize)) {
        Some(text) => format!("{name} = {text}"),
        None => format!("{name} = {}", four_digits(value)),
    }
}

/// Rounded to four digits, or to a whole number where that has more.
fn four_digits(value: f64) -> f64 {
    let units = 10_f64.powf((3.0 - value.abs().log10().floor()).max(0.0));
    if units.is_finite() { (value * units).round() / units } else { value }
}

/// When and what a row was, by the texts of these columns; `None` if they say nothing.
pub(crate) fn identity(
    table: &Table,
    time: Option<f64>,
    columns: &[String],
    row: usize,
) -> Option<String> {
    let time = time.map(|time| moment(time).format("%F %T").to_string());
    let names = columns.iter().filter_map(|column| {
        let text = table.texts(column).ok()?[row]?;
        Some(format!("{column} {text}"))
    });
    let parts: Vec<String> = time.into_iter().chain(names).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
