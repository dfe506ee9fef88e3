//! What a column may hold, and how to say so.

/// What a column holds.
///
/// Unless [`ReadOptions::kind`] says otherwise it is inferred from the whole column: numbers if
/// every value that is not missing is one, times if every one is an ISO 8601 date or date and
/// time, else categories. A column of which more than nine in ten values, but not all, are
/// numbers (or times) is refused, since a single slip would otherwise turn a sensor into
/// thousands of categories; name its kind to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Finite numbers; Unix seconds written as numbers are numbers too.
    Number,
    /// Texts, kept as codes 0, 1, … into the sorted list of the distinct ones.
    Category,
    /// `YYYY-MM-DD`, alone or with `T` or a space and `HH:MM[:SS[.fraction]]` and a zone (`Z`,
    /// `±HH`, `±HHMM`, `±HH:MM`; UTC without one), kept as Unix seconds. A column declared to
    /// hold times may also hold Unix seconds.
    Timestamp,
}

/// How to read a file.
///
/// ```
/// use forewarn_datasets::{Kind, ReadOptions, Table};
///
/// let options = ReadOptions::default().kind("machine", Kind::Category);
/// let table = Table::from_bytes_with("fleet.csv", b"machine,rpm\n12,900\n7,880\n", &options)?;
/// assert_eq!(table.categories("machine")?, ["12", "7"]);
/// assert_eq!(table.codes("machine")?, [0.0, 1.0]);
/// # Ok::<(), forewarn_datasets::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    pub(super) kinds: Vec<(String, Kind)>,
}

impl ReadOptions {
    /// Declares what a column holds. A value that is something else is then an error with its
    /// line, and so is a column that the file does not have.
    #[must_use]
    pub fn kind(mut self, column: &str, kind: Kind) -> Self {
        self.kinds.push((column.to_owned(), kind));
        self
    }

    pub(super) fn kind_of(&self, column: &str) -> Option<Kind> {
        self.kinds.iter().rev().find(|(name, _)| name == column).map(|(_, kind)| *kind)
    }
}
