//! What every comparison asks of its samples, and sides.

use crate::error::{Error, Result};

/// Values are at most this far from 0, so that differences and their squares stay finite.
pub(super) const LARGEST: f64 = 1e150;

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Alternative {
    /// The candidate is greater than the baseline.
    Greater,
    /// The candidate is less than the baseline.
    Less,
    /// It differs, to either side.
    #[default]
    TwoSided,
}

impl Alternative {
    /// The level that one tail is tested at.
    pub(super) fn tail(self, level: f64) -> f64 {
        if self == Self::TwoSided { level / 2.0 } else { level }
    }

    /// The p-value, from those of the two sides.
    pub(super) fn p_value(self, greater: f64, less: f64) -> f64 {
        match self {
            Self::Greater => greater.min(1.0),
            Self::Less => less.min(1.0),
            Self::TwoSided => (2.0 * greater.min(less)).min(1.0),
        }
    }
}

/// At least one value, all of them numbers and neither infinite nor too large to be subtracted.
pub(super) fn check(name: &'static str, values: &[f64]) -> Result<()> {
    if values.is_empty() {
        return Err(Error::Empty { what: name });
    }
    match values.iter().position(|value| value.is_nan() || value.abs() > LARGEST) {
        Some(index) if values[index].is_nan() => Err(Error::NotANumber { what: name, index }),
        Some(index) => {
            Err(Error::OutOfRange { name, value: values[index], allowed: "from -1e150 to 1e150" })
        }
        None => Ok(()),
    }
}

/// The checked values in ascending order.
pub(super) fn sorted(name: &'static str, values: &[f64]) -> Result<Vec<f64>> {
    check(name, values)?;
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    Ok(values)
}

/// A level or share strictly between 0 and 1.
pub(super) fn check_share(name: &'static str, value: f64) -> Result<()> {
    if value > 0.0 && value < 1.0 {
        return Ok(());
    }
    Err(Error::OutOfRange { name, value, allowed: "between 0 and 1, both excluded" })
}

/// Middle of ascending values, of which there is at least one.
pub(super) fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    }
}

/// Mean of at least one value; no sum of values within the limits overflows.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
