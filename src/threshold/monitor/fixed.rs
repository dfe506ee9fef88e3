//! Fields of saved monitors that serde cannot read by itself, or must not read as they come.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// Writes an array of any length; serde itself knows those of up to 32.
pub(crate) fn serialize<S: Serializer, T: Serialize, const N: usize>(
    array: &[T; N],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    array.as_slice().serialize(serializer)
}

/// Reads an array of any length.
pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>, const N: usize>(
    deserializer: D,
) -> Result<[T; N], D::Error> {
    let values = Vec::deserialize(deserializer)?;
    let found = values.len();
    values.try_into().map_err(|_| D::Error::custom(format_args!("{found} entries, {N} expected")))
}

/// Reads a whole number from `LOWEST` to `HIGHEST`.
pub(crate) fn within<'de, D, T, const LOWEST: i64, const HIGHEST: i64>(
    deserializer: D,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Copy + Into<i64>,
{
    let value = T::deserialize(deserializer)?;
    let found: i64 = value.into();
    if (LOWEST..=HIGHEST).contains(&found) {
        return Ok(value);
    }
    Err(D::Error::custom(format_args!("{found}, from {LOWEST} to {HIGHEST} expected")))
}
