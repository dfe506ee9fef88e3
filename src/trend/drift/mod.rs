//! Whether a feature or a configuration still is what it was: two-sample tests with a floor on the
//! size of the effect, and what changed.

mod categories;
mod config;
mod feature;
mod kolmogorov;
mod paths;
mod stability;
mod supremum;
mod table;

pub use categories::{CategoryShare, ContingencyTest, chi_squared_test, g_test};
pub use config::{ConfigChange, ConfigDriftParams, ConfigRule};
pub use feature::{DriftParams, DriftSeverity, FeatureDrift, Moved};
pub use kolmogorov::{KolmogorovSmirnov, PValue, kolmogorov_smirnov};
pub use stability::{StabilityBins, StabilityIndex};
pub use table::{DriftTable, FeatureColumn};
