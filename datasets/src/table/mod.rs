//! Reading CSV files into typed columns.
//!
//! A [`Table`] is read from `.csv` or `.csv.gz`, with a header. Each column is a quantity, a
//! category or a time; see [`Kind`] for how that is told. An empty field, `NA`, `NaN` or `null`
//! (in any case) is a missing value. Spaces round a field are dropped. Blank lines are skipped:
//! in a file of one column a missing value is written `""` or `NA`. A first line of numbers is
//! taken for a missing header and refused, unless it counts the columns from 0 or 1.
//!
//! ```
//! use forewarn_datasets::Table;
//!
//! let text = b"time,model,pressure,anomaly\n\
//!     2024-01-01 00:00:00,A,2.5,0\n\
//!     2024-01-01 01:00:00,B,,0\n\
//!     2024-01-01 02:00:00,A,9.5,1\n";
//! let table = Table::from_bytes("pump.csv", text)?;
//! assert_eq!(table.timestamps("time")?[1], 1_704_070_800.0);
//! assert_eq!(table.categories("model")?, ["A", "B"]);
//!
//! let (names, features, categorical) = table.features(&["anomaly"])?;
//! assert_eq!(names, ["model", "pressure"]); // A time is no feature.
//! assert_eq!(categorical, [0]);
//! assert_eq!(features.dim(), (3, 2));
//! assert!(features[[1, 1]].is_nan());
//! assert_eq!(table.labels("anomaly")?, [false, false, true]);
//! # Ok::<(), forewarn_datasets::Error>(())
//! ```

mod cell;
mod column;
mod options;
mod parse;

use crate::error::{Error, Result};
use column::{Column, Values};
use ndarray::Array2;
use std::path::Path;

pub use options::{Kind, ReadOptions};

/// Features of a table: their names, rows × features with NaN for missing, and the positions of
/// the categorical ones.
pub type Features = (Vec<String>, Array2<f64>, Vec<usize>);

/// A CSV file in memory, column by column.
#[derive(Debug, Clone)]
pub struct Table {
    file: String,
    columns: Vec<Column>,
    /// The line of each row in the file.
    lines: Vec<u64>,
}

impl Table {
    /// Reads a `.csv` or `.csv.gz` file; gzip is told by its first bytes or the name's ending.
    ///
    /// # Errors
    /// [`Error::File`] for a file that cannot be read or whose gzip is cut off or damaged;
    /// [`Error::NotATable`] for no header, no rows, or two columns of one name;
    /// [`Error::FieldCount`] for a line with another number of fields than the header;
    /// [`Error::Value`] for invalid UTF-8, ±∞, and a value that is not of its column's kind.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::read_with(path, &ReadOptions::default())
    }

    /// As [`read`](Self::read), with the kinds of some columns declared.
    ///
    /// # Errors
    /// As [`read`](Self::read); [`Error::Column`] for a declared column that is not there.
    pub fn read_with(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path)
            .map_err(|error| Error::File { path: path.to_owned(), reason: error.to_string() })?;
        Self::from_bytes_with(&path.display().to_string(), &bytes, options)
    }

    /// Reads a file's content; `file` is its name in errors.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_bytes(file: &str, bytes: &[u8]) -> Result<Self> {
        Self::from_bytes_with(file, bytes, &ReadOptions::default())
    }

    /// As [`from_bytes`](Self::from_bytes), with the kinds of some columns declared.
    ///
    /// # Errors
    /// As [`read_with`](Self::read_with).
    pub fn from_bytes_with(file: &str, bytes: &[u8], options: &ReadOptions) -> Result<Self> {
        let text = parse::unpack(file, bytes)?;
        let grid = parse::Grid::split(file, &text)?;
        for (name, _) in &options.kinds {
            if !grid.header.contains(name) {
                return Err(no_such_column(file, name, grid.header.iter().map(String::as_str)));
            }
        }
        let columns = (0..grid.header.len())
            .map(|at| Column::read(file, &grid, at, options.kind_of(&grid.header[at])))
            .collect::<Result<_>>()?;
        Ok(Self { file: file.to_owned(), columns, lines: grid.lines })
    }

    /// The file, as it was named when it was read.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Rows, without the header.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.lines.len()
    }

    /// The columns' names in the file's order.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).collect()
    }

    /// What a column holds.
    ///
    /// # Errors
    /// [`Error::Column`] if there is no such column.
    pub fn kind(&self, name: &str) -> Result<Kind> {
        Ok(self.column(name)?.kind())
    }

    /// The line of a row in the file, from 1; `None` past the last row.
    #[must_use]
    pub fn line(&self, row: usize) -> Option<u64> {
        self.lines.get(row).copied()
    }

    /// The values of a number column, NaN where missing.
    ///
    /// # Errors
    /// [`Error::Column`] if there is no such column or it holds no numbers.
    pub fn numbers(&self, name: &str) -> Result<&[f64]> {
        let column = self.column(name)?;
        match &column.values {
            Values::Numbers(values) => Ok(values),
            _ => Err(self.wrong_kind(column, "numbers")),
        }
    }

    /// Unix seconds of a time column, or the values of a number column; NaN where missing.
    ///
    /// # Errors
    /// [`Error::Column`] if there is no such column or it holds categories.
    pub fn timestamps(&self, name: &str) -> Result<&[f64]> {
        let column = self.column(name)?;
        match &column.values {
            Values::Numbers(values) | Values::Timestamps(values) => Ok(values),
            Values::Categories { .. } => Err(self.wrong_kind(column, "times")),
        }
    }

    /// The distinct texts of a category column, sorted: the text of code `k` is entry `k`.
    ///
    /// # Errors
    /// [`Error::Column`] if there is no such column or it holds no categories.
    pub fn categories(&self, name: &str) -> Result<&[String]> {
        let column = self.column(name)?;
        match &column.values {
            Values::Categories { dictionary, .. } => Ok(dictionary),
            _ => Err(self.wrong_kind(column, "categories")),
        }
    }

    /// The codes of a category column, NaN where missing.
    ///
    /// # Errors
    /// As [`categories`](Self::categories).
    pub fn codes(&self, name: &str) -> Result<&[f64]> {
        let column = self.column(name)?;
        match &column.values {
            Values::Categories { codes, .. } => Ok(codes),
            _ => Err(self.wrong_kind(column, "categories")),
        }
    }

    /// The texts of a category column row by row, `None` where missing.
    ///
    /// # Errors
    /// As [`categories`](Self::categories).
    pub fn texts(&self, name: &str) -> Result<Vec<Option<&str>>> {
        let dictionary = self.categories(name)?;
        let text = |code: &f64| (!code.is_nan()).then(|| dictionary[*code as usize].as_str());
        Ok(self.codes(name)?.iter().map(text).collect())
    }

    /// All number and category columns but the excluded ones, in the file's order. Times are
    /// left out: ask for [`timestamps`](Self::timestamps).
    ///
    /// # Errors
    /// [`Error::Column`] for an excluded column that is not there; [`Error::NotATable`] if no
    /// column is left.
    pub fn features(&self, exclude: &[&str]) -> Result<Features> {
        for name in exclude {
            self.column(name)?;
        }
        let kept: Vec<&Column> = self
            .columns
            .iter()
            .filter(|column| column.kind() != Kind::Timestamp)
            .filter(|column| !exclude.contains(&column.name.as_str()))
            .collect();
        if kept.is_empty() {
            let reason = format!("no number or category column is left without {exclude:?}");
            return Err(Error::NotATable { file: self.file.clone(), reason });
        }
        let mut values = Array2::zeros((self.n_rows(), kept.len()));
        for (mut to, column) in values.columns_mut().into_iter().zip(&kept) {
            to.iter_mut().zip(column.values.as_floats()).for_each(|(to, from)| *to = *from);
        }
        let names = kept.iter().map(|column| column.name.clone()).collect();
        let categorical = (0..kept.len()).filter(|&at| kept[at].kind() == Kind::Category).collect();
        Ok((names, values, categorical))
    }

    /// A column of `0` and `1`, or of `true` and `false` in any case, as labels.
    ///
    /// # Errors
    /// [`Error::Column`] if there is no such column or it holds times; [`Error::Value`] with the
    /// line of the first value that is anything else, missing ones included.
    pub fn labels(&self, name: &str) -> Result<Vec<bool>> {
        let column = self.column(name)?;
        let read = |value: f64| match &column.values {
            Values::Numbers(_) if value == 0.0 => Some(false),
            Values::Numbers(_) if value == 1.0 => Some(true),
            Values::Categories { dictionary, .. } if !value.is_nan() => {
                cell::truth(&dictionary[value as usize])
            }
            _ => None,
        };
        if column.kind() == Kind::Timestamp {
            return Err(self.wrong_kind(column, "labels"));
        }
        let labels = column.values.as_floats().iter().enumerate().map(|(row, value)| {
            read(*value).ok_or_else(|| Error::Value {
                file: self.file.clone(),
                line: self.lines[row],
                column: name.to_owned(),
                value: column.text(row),
                reason: "is no label: 0, 1, true or false is needed".to_owned(),
            })
        });
        labels.collect()
    }

    fn column(&self, name: &str) -> Result<&Column> {
        self.columns
            .iter()
            .find(|column| column.name == name)
            .ok_or_else(|| no_such_column(&self.file, name, self.names().into_iter()))
    }

    fn wrong_kind(&self, column: &Column, wanted: &str) -> Error {
        let holds = match column.kind() {
            Kind::Number => "numbers",
            Kind::Category => "categories",
            Kind::Timestamp => "times",
        };
        Error::Column {
            file: self.file.clone(),
            column: column.name.clone(),
            reason: format!("holds {holds}, not {wanted}"),
        }
    }
}

fn no_such_column<'a>(file: &str, name: &str, header: impl Iterator<Item = &'a str>) -> Error {
    let known: Vec<&str> = header.collect();
    Error::Column {
        file: file.to_owned(),
        column: name.to_owned(),
        reason: format!("is not in the header, which has {known:?}"),
    }
}
