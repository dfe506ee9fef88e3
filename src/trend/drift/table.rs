//! All features of a table at once.

use super::{DriftParams, DriftSeverity, FeatureDrift};
use crate::error::{Error, Result};

/// The values of a feature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FeatureColumn<'a> {
    /// Numbers; NaN is missing.
    Numeric(&'a [f64]),
    /// Categories; an empty text is missing.
    Categorical(&'a [&'a str]),
}

/// How a table differs from its baseline, the worst features first.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DriftTable {
    /// The features in order of severity, then effect.
    pub features: Vec<FeatureDrift>,
}

impl DriftTable {
    /// Those that drifted, the worst first.
    pub fn drifted(&self) -> impl Iterator<Item = &FeatureDrift> {
        self.features.iter().filter(|feature| feature.severity > DriftSeverity::None)
    }

    /// The worst severity of all.
    #[must_use]
    pub fn severity(&self) -> DriftSeverity {
        self.features.first().map_or(DriftSeverity::None, |feature| feature.severity)
    }
}

impl DriftParams {
    /// All features of a table, each with its name and its values before and after.
    ///
    /// Of the drifts found, a share of at most [`alpha`](Self::alpha) is false on average, however
    /// many features there are (Benjamini & Hochberg 1995).
    ///
    /// ```
    /// use forewarn::trend::{DriftParams, FeatureColumn::{Categorical, Numeric}};
    ///
    /// let wave = |i: u32| f64::from(i * 7_919 % 1_009);
    /// let before: Vec<f64> = (0..400).map(wave).collect();
    /// let after: Vec<f64> = (400..800).map(wave).collect();
    /// let (web, app) = (["web"; 300], [["web"; 100], ["app"; 100]].concat());
    /// let table = DriftParams::default().table(&[
    ///     ("latency", Numeric(&before), Numeric(&after)),
    ///     ("client", Categorical(&web), Categorical(&app)),
    /// ])?;
    /// let drifted: Vec<&str> = table.drifted().map(|feature| feature.name.as_str()).collect();
    /// assert_eq!(drifted, ["client"]);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`numeric`](Self::numeric) and [`categorical`](Self::categorical); [`Error::Empty`]
    /// without a feature; [`Error::Incompatible`] for a feature that is numeric on one side only.
    pub fn table(
        &self,
        features: &[(&str, FeatureColumn<'_>, FeatureColumn<'_>)],
    ) -> Result<DriftTable> {
        self.check()?;
        if features.is_empty() {
            return Err(Error::Empty { what: "features" });
        }
        let drift = |(name, before, after): &(&str, FeatureColumn<'_>, FeatureColumn<'_>)| match (
            before, after,
        ) {
            (FeatureColumn::Numeric(before), FeatureColumn::Numeric(after)) => {
                self.numeric(name, before, after)
            }
            (FeatureColumn::Categorical(before), FeatureColumn::Categorical(after)) => {
                self.categorical(name, before, after)
            }
            _ => Err(Error::Incompatible {
                reason: format!(
                    "feature {name:?} is numeric on one side and categorical on the other"
                ),
            }),
        };
        let mut features: Vec<FeatureDrift> = features.iter().map(drift).collect::<Result<_>>()?;
        adjust(&mut features);
        for feature in &mut features {
            feature.judge(self);
        }
        features.sort_by(|a, b| {
            b.severity.cmp(&a.severity).then_with(|| b.effect.total_cmp(&a.effect))
        });
        Ok(DriftTable { features })
    }
}

/// Benjamini & Hochberg's probabilities: the least, over all greater ones, of `p·count / rank`.
fn adjust(features: &mut [FeatureDrift]) {
    let count = features.len() as f64;
    let mut order: Vec<usize> = (0..features.len()).collect();
    order.sort_by(|&a, &b| features[b].p_value.total_cmp(&features[a].p_value));
    let mut least = 1.0_f64;
    for (place, &feature) in order.iter().enumerate() {
        let rank = count - place as f64;
        least = least.min(features[feature].p_value * count / rank);
        features[feature].adjusted = least;
    }
}
