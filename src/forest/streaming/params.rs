//! Settings of a streaming forest.

use super::model::StreamingForest;
use crate::error::{Error, Result};

/// Settings of a [`StreamingForest`]. Every field has a setter of the same name.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct StreamingForestParams {
    /// Trees, from 1 to 1,000. Default 50.
    pub n_trees: usize,
    /// Rows that each tree holds, from 2 to 65,536. Default 256.
    pub sample_size: usize,
    /// After how many further rows one is half as likely to be held as a new one, at least 1;
    /// infinite to forget nothing. Default 2,560, ten times `sample_size`.
    pub half_life: f64,
    /// Rows that are looked at together, the newest included, from 1 to 1,000: their values are the
    /// columns of the forest. Default 1.
    pub shingle: usize,
    /// Everything random follows from it. Default 0.
    pub seed: u64,
}

impl Default for StreamingForestParams {
    fn default() -> Self {
        Self { n_trees: 50, sample_size: 256, half_life: 2_560.0, shingle: 1, seed: 0 }
    }
}

/// A setter a field.
macro_rules! setters {
    ($($field:ident: $kind:ty),+ $(,)?) => {
        impl StreamingForestParams {
            $(
                #[doc = concat!("Sets [`", stringify!($field), "`](Self#structfield.", stringify!($field), ").")]
                #[must_use]
                pub fn $field(mut self, $field: $kind) -> Self {
                    self.$field = $field;
                    self
                }
            )+
        }
    };
}

setters! {
    n_trees: usize,
    sample_size: usize,
    half_life: f64,
    shingle: usize,
    seed: u64,
}

impl StreamingForestParams {
    /// A forest for rows of `n_features` metrics that has seen nothing yet.
    ///
    /// It grows to `n_trees · sample_size · (3 · n_features · shingle + 7) · 8` bytes, about.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a setting out of its range; [`Error::Empty`] for no features;
    /// [`Error::Incompatible`] where the forest would take more than 16 GiB.
    pub fn build(&self, n_features: usize) -> Result<StreamingForest> {
        self.check(n_features)?;
        Ok(StreamingForest::new(self.clone(), n_features))
    }

    /// Whether every setting is within its range.
    pub(super) fn check(&self, n_features: usize) -> Result<()> {
        let whole = [
            ("n_trees", self.n_trees, 1..=1_000, "from 1 to 1,000"),
            ("sample_size", self.sample_size, 2..=65_536, "from 2 to 65,536"),
            ("shingle", self.shingle, 1..=1_000, "from 1 to 1,000"),
        ];
        for (name, value, range, allowed) in whole {
            if !range.contains(&value) {
                return Err(Error::OutOfRange { name, value: value as f64, allowed });
            }
        }
        if self.half_life.is_nan() || self.half_life < 1.0 {
            return Err(Error::OutOfRange {
                name: "half_life",
                value: self.half_life,
                allowed: "at least 1",
            });
        }
        if n_features == 0 {
            return Err(Error::Empty { what: "columns" });
        }
        let numbers = 3.0 * n_features as f64 * self.shingle as f64 + 7.0;
        let bytes = self.n_trees as f64 * self.sample_size as f64 * numbers * 8.0;
        if bytes > MOST_BYTES {
            return Err(Error::Incompatible {
                reason: format!(
                    "{} trees of {} rows of {n_features} · {} values would take {bytes:.1e} bytes, \
                     more than {MOST_BYTES:.1e}",
                    self.n_trees, self.sample_size, self.shingle
                ),
            });
        }
        Ok(())
    }
}

/// 16 GiB.
const MOST_BYTES: f64 = 17_179_869_184.0;
