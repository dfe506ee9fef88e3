//! Checks of what training is given, once for all objectives.

use crate::error::{Error, Result};
use crate::parallel;
use crate::traits::Batch;
use ndarray::{ArrayView2, Axis};

/// More columns than any table has.
const MOST_COLUMNS: usize = 1 << 24;

/// Largest code of a categorical column.
pub(crate) const LARGEST_CATEGORY: u32 = (1 << 20) - 1;

/// Which columns are categorical, checked against the width of the table.
pub(crate) fn flags(categorical: &[usize], columns: usize) -> Result<Vec<bool>> {
    let mut flags = vec![false; columns];
    for &column in categorical {
        check_column("categorical", column, columns)?;
        flags[column] = true;
    }
    Ok(flags)
}

/// A column that a setting names is one of the table's.
pub(crate) fn check_column(name: &'static str, column: usize, columns: usize) -> Result<()> {
    if column < columns {
        return Ok(());
    }
    Err(Error::OutOfRange { name, value: column as f64, allowed: "below the number of columns" })
}

/// Rows and columns there are, as many labels as rows, values that are finite or NaN, codes where
/// codes belong, weights that can be weighed with.
pub(crate) fn check_batch<L>(batch: &Batch<'_, [L]>, categorical: &[bool]) -> Result<()> {
    let (rows, columns) = batch.x.dim();
    if rows == 0 {
        return Err(Error::Empty { what: "rows" });
    }
    if columns == 0 {
        return Err(Error::Empty { what: "columns" });
    }
    if columns > MOST_COLUMNS {
        let allowed = "at most 16,777,216";
        return Err(Error::OutOfRange { name: "columns", value: columns as f64, allowed });
    }
    if rows > u32::MAX as usize {
        let allowed = "at most 4,294,967,295";
        return Err(Error::OutOfRange { name: "rows", value: rows as f64, allowed });
    }
    if batch.y.len() != rows {
        return Err(Error::Length { what: "labels", expected: rows, found: batch.y.len() });
    }
    if let Some(weight) = batch.weight {
        if weight.len() != rows {
            return Err(Error::Length { what: "weights", expected: rows, found: weight.len() });
        }
        for (index, &value) in weight.iter().enumerate() {
            if value.is_nan() {
                return Err(Error::NotANumber { what: "weight", index });
            }
            if !(0.0..=LARGEST_WEIGHT).contains(&value) {
                let allowed = "from 0 to 1e30";
                return Err(Error::OutOfRange { name: "weight", value, allowed });
            }
        }
        if weight.iter().all(|&value| value == 0.0) {
            let allowed = "greater than 0";
            return Err(Error::OutOfRange { name: "the sum of the weights", value: 0.0, allowed });
        }
    }
    check_values(batch.x, categorical)
}

/// Weights are kept in single precision, and multiplied by derivatives and summed there.
const LARGEST_WEIGHT: f64 = 1e30;

/// Values that are finite or NaN; codes from 0 to [`LARGEST_CATEGORY`] in categorical columns.
pub(crate) fn check_values(x: ArrayView2<'_, f64>, categorical: &[bool]) -> Result<()> {
    const CHUNK: usize = 4096;
    let any = categorical.contains(&true);
    let codes = |value: f64| {
        value.is_nan()
            || (value >= 0.0 && value <= f64::from(LARGEST_CATEGORY) && value.trunc() == value)
    };
    let chunks = parallel::map(x.nrows().div_ceil(CHUNK), |chunk| {
        let first = chunk * CHUNK;
        let rows = x.slice_axis(Axis(0), (first..(first + CHUNK).min(x.nrows())).into());
        let infinite = match rows.as_slice() {
            // Infinite times 0 is NaN, and so is NaN: a sum over all, in vectors, before any search.
            Some(values) => values.iter().any(|value| value.is_infinite()),
            None => rows.iter().any(|value| value.is_infinite()),
        };
        if infinite {
            let mut found = rows.indexed_iter().filter(|(_, value)| value.is_infinite());
            if let Some(((row, column), &value)) = found.next() {
                return Err(Error::Infinite { row: first + row, column, value });
            }
        }
        if any {
            let mut found = rows
                .indexed_iter()
                .filter(|((_, column), value)| categorical[*column] && !codes(**value));
            if let Some(((row, column), &value)) = found.next() {
                let largest = LARGEST_CATEGORY;
                return Err(Error::NotACategory { row: first + row, column, value, largest });
            }
        }
        Ok(())
    });
    chunks.into_iter().collect()
}

/// Names are as many as the columns, and no two alike.
pub(crate) fn check_names(names: &[String], columns: usize) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    if names.len() != columns {
        return Err(Error::Length { what: "names", expected: columns, found: names.len() });
    }
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            Err(Error::Incompatible { reason: format!("two columns have the name {:?}", pair[0]) })
        }
        None => Ok(()),
    }
}
