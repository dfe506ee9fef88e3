//! Features and labels ready to train and judge a detector on.

use crate::error::Result;
use crate::table::Table;
use ndarray::Array2;
use std::path::Path;

/// Rows × features with one label a row.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The file's name without its folder and endings, or the simulator's name.
    pub name: String,
    /// Rows × features, NaN where missing.
    pub features: Array2<f64>,
    /// One name a feature.
    pub feature_names: Vec<String>,
    /// Positions of the features that hold category codes.
    pub categorical: Vec<usize>,
    /// Whether each row is abnormal.
    pub labels: Vec<bool>,
}

impl Dataset {
    /// Takes the labels from column `label` and all other columns but the excluded ones and the
    /// times as features.
    ///
    /// # Errors
    /// As [`Table::features`] and [`Table::labels`].
    ///
    /// ```
    /// use forewarn_datasets::{Dataset, Table, path};
    ///
    /// let table = Table::read(path("fleet.csv"))?;
    /// let fleet = Dataset::from_table(&table, "anomaly", &["machine", "fault", "hours_to_failure"])?;
    /// assert_eq!(fleet.name, "fleet");
    /// assert_eq!(fleet.features.nrows(), fleet.labels.len());
    /// assert_eq!(fleet.feature_names[fleet.categorical[0]], "model");
    /// # Ok::<(), forewarn_datasets::Error>(())
    /// ```
    pub fn from_table(table: &Table, label: &str, exclude: &[&str]) -> Result<Self> {
        let labels = table.labels(label)?;
        let without: Vec<&str> = exclude.iter().copied().chain([label]).collect();
        let (feature_names, features, categorical) = table.features(&without)?;
        let file =
            Path::new(table.file()).file_name().map_or("", |name| name.to_str().unwrap_or(""));
        let name = file.trim_end_matches(".gz").trim_end_matches(".csv").to_owned();
        Ok(Self { name, features, feature_names, categorical, labels })
    }

    /// The share of abnormal rows.
    #[must_use]
    pub fn anomaly_share(&self) -> f64 {
        self.labels.iter().filter(|label| **label).count() as f64 / self.labels.len() as f64
    }
}
