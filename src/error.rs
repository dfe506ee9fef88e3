//! The one error of the crate: every variant carries the value that was wrong and what is allowed.

/// What can go wrong, with the values that say why.
///
/// New variants may be added in any release: match with a wildcard arm.
///
/// ```
/// # #[cfg(feature = "forest")] {
/// use forewarn::prelude::*;
/// use forewarn::ndarray::array;
///
/// let rows = array![[1.0, 2.0], [1.5, f64::INFINITY]];
/// let error = IsolationForestParams::default().train(Batch::new(rows.view())).unwrap_err();
/// assert_eq!(error.to_string(), "row 1, column 1 is inf: every value must be finite or NaN (missing)");
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No rows, no columns, or an empty list where something is needed.
    #[error("{what} is empty: at least one is needed")]
    Empty {
        /// What was empty, in the plural: "rows", "columns", "labels".
        what: &'static str,
    },
    /// A row or table has another number of columns than the model was trained on.
    #[error("{found} columns given, {expected} expected")]
    Width {
        /// Columns of the training data.
        expected: usize,
        /// Columns given.
        found: usize,
    },
    /// Two arguments that must be of one length are not.
    #[error("{what} has {found} entries, {expected} expected")]
    Length {
        /// The argument of the wrong length.
        what: &'static str,
        /// The length it must have.
        expected: usize,
        /// The length it has.
        found: usize,
    },
    /// ±∞ in the data. NaN is a missing value; infinity is a fault upstream.
    #[error("row {row}, column {column} is {value}: every value must be finite or NaN (missing)")]
    Infinite {
        /// Row of the offending value, from 0.
        row: usize,
        /// Column of the offending value, from 0.
        column: usize,
        /// The value, `inf` or `-inf`.
        value: f64,
    },
    /// NaN where a value is needed.
    #[error("{what} {index} is NaN: a number is needed here")]
    NotANumber {
        /// What is NaN: "score", "weight", "row".
        what: &'static str,
        /// Its position, from 0.
        index: usize,
    },
    /// A setting or argument outside its range.
    #[error("{name} is {value}: it must be {allowed}")]
    OutOfRange {
        /// The setting's name as it is written in code.
        name: &'static str,
        /// The value given.
        value: f64,
        /// The allowed range, in words.
        allowed: &'static str,
    },
    /// A time that is before one already seen. The state is as it was.
    #[error("time {time} s is before {last} s, the last one seen: times must not go back")]
    TimeWentBack {
        /// The time given, in seconds.
        time: f64,
        /// The last time seen, in seconds.
        last: f64,
    },
    /// A lifetime that cannot be, or that this method cannot use.
    #[error("lifetime {row} is {lifetime:?}: {allowed}")]
    Lifetime {
        /// Its row, from 0.
        row: usize,
        /// The lifetime given.
        lifetime: crate::Lifetime,
        /// What is allowed, in words.
        allowed: &'static str,
    },
    /// A column declared categorical holds something other than a category code.
    #[error(
        "row {row}, column {column} is {value}: a categorical column holds whole numbers from 0 to {largest}"
    )]
    NotACategory {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// The value found.
        value: f64,
        /// The largest code that is allowed.
        largest: u32,
    },
    /// Labels of one class only, where a measure needs both.
    #[error("all {count} labels are {class}: both classes are needed")]
    SingleClass {
        /// The only class seen.
        class: bool,
        /// How many labels there are.
        count: usize,
    },
    /// Two models that cannot be combined, or an operation that this model does not support.
    #[error("{reason}")]
    Incompatible {
        /// What does not fit, with both values.
        reason: String,
    },
    /// A saved model that is truncated, edited, or not a model at all.
    #[error("not a valid model: {reason}")]
    InvalidModel {
        /// The first thing found wrong.
        reason: String,
    },
    /// A saved model of a newer format than this version of the crate reads.
    #[error("the model has format version {found}; versions up to {newest} can be read")]
    NewerFormat {
        /// The version in the file.
        found: u32,
        /// The newest version that can be read.
        newest: u32,
    },
    /// A line of a call log that cannot be read.
    #[error("line {line} of the log: {reason}")]
    LogLine {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// Training was stopped by its progress observer. Nothing was changed.
    #[error("cancelled after {done} of {total} steps")]
    Cancelled {
        /// Steps (trees) finished.
        done: usize,
        /// Steps asked for.
        total: usize,
    },
}

/// A result with the crate's [`Error`](enum@Error).
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(any(feature = "linfa", feature = "rules"))]
impl From<linfa::Error> for Error {
    fn from(error: linfa::Error) -> Self {
        Self::Incompatible { reason: error.to_string() }
    }
}

/// [`Error::InvalidModel`] for this reason.
pub(crate) fn invalid(reason: impl std::fmt::Display) -> Error {
    Error::InvalidModel { reason: reason.to_string() }
}
