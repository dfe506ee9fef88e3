//! How a training went: figures by round, and what looked odd about the data.

/// What a training reports beside its model.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[non_exhaustive]
pub struct TrainingReport {
    /// Rounds whose trees were kept.
    pub rounds: usize,
    /// The measure of the held-out rows after each round, the ones after the best included; lower is
    /// better. Empty if none were held out.
    pub held_out: Vec<f64>,
    /// What somebody should look at.
    pub warnings: Vec<Warning>,
}

/// Something odd about training data. It is no error: training goes on.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Warning {
    /// A column has the same value in all rows (that were looked at), or none.
    ConstantColumn {
        /// Its number, from 0.
        column: usize,
    },
    /// A column alone nearly separates the classes: perhaps it was recorded after the failure.
    LeakageSuspect {
        /// Its number, from 0.
        column: usize,
        /// ROC AUC of the column alone, turned so that it is at least 0.5.
        roc_auc: f64,
    },
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ConstantColumn { column } => write!(f, "column {column} is constant"),
            Self::LeakageSuspect { column, roc_auc } => write!(
                f,
                "column {column} alone has a ROC AUC of {roc_auc:.4}: was it known before the failure?"
            ),
        }
    }
}
