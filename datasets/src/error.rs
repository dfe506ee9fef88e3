//! The one error of the crate: it names the file, the line and the column, or the setting.

use std::path::PathBuf;

/// What can go wrong with a simulator's settings or with a file.
///
/// ```
/// use forewarn_datasets::Table;
///
/// let error = Table::from_bytes("pump.csv", b"time,pressure\n1,2.5\n2,inf\n").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "pump.csv, line 3, column \"pressure\": \"inf\" is not finite: a number must be finite or missing"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A simulator's setting is outside its range.
    #[error("{name} is {value}: it must be {allowed}")]
    OutOfRange {
        /// The setting's name as it is written in code.
        name: &'static str,
        /// The value given.
        value: f64,
        /// The allowed range, in words.
        allowed: String,
    },
    /// The file cannot be opened, read or decompressed.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system or the decompressor says.
        reason: String,
    },
    /// The file as a whole is not a table: no header, no rows, two columns of one name.
    #[error("{file}: {reason}")]
    NotATable {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A line has another number of fields than the header.
    #[error("{file}, line {line}: {found} fields, the header has {expected}")]
    FieldCount {
        /// The file.
        file: String,
        /// The line, from 1; the header is on line 1.
        line: u64,
        /// Fields on this line.
        found: usize,
        /// Fields of the header.
        expected: usize,
    },
    /// A value that cannot be what its column holds.
    #[error("{file}, line {line}, column {column:?}: {value:?} {reason}")]
    Value {
        /// The file.
        file: String,
        /// The line, from 1; the header is on line 1.
        line: u64,
        /// The column's name.
        column: String,
        /// The text found.
        value: String,
        /// Why it does not fit.
        reason: String,
    },
    /// A column was asked for that is not there, or that holds something else.
    #[error("{file}, column {column:?}: {reason}")]
    Column {
        /// The file.
        file: String,
        /// The column's name.
        column: String,
        /// What does not fit.
        reason: String,
    },
}

/// A result with the crate's [`Error`](enum@Error).
pub type Result<T> = std::result::Result<T, Error>;

/// Refuses a value outside `low..=high`, and NaN.
pub(crate) fn check_range(name: &'static str, value: f64, low: f64, high: f64) -> Result<()> {
    if value >= low && value <= high {
        return Ok(());
    }
    Err(Error::OutOfRange { name, value, allowed: format!("from {low} to {high}") })
}

/// Refuses a count outside `low..=high`.
pub(crate) fn check_count(name: &'static str, value: usize, low: usize, high: usize) -> Result<()> {
    check_range(name, value as f64, low as f64, high as f64)
}
