//! Many comparisons at once: control of the share of false discoveries.

use crate::error::{Error, Result};

/// What is known of the comparisons' dependence on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Discovery {
    /// Independent, or rising and falling together as metrics of one service do: Benjamini and
    /// Hochberg (1995); Benjamini and Yekutieli (2001) for the positive dependence.
    #[default]
    BenjaminiHochberg,
    /// Dependent in any way: Benjamini and Yekutieli (2001). For 50 comparisons it asks for p-values
    /// 4.5 times smaller.
    BenjaminiYekutieli,
}

/// p-values adjusted so that, if those of at most `level` are taken for differences, the share of
/// false ones among them is `level` at most on average.
///
/// In the order given. Where nothing differs anywhere, the probability of any discovery is `level` at
/// most. O(n log n). The same as `scipy.stats.false_discovery_control`.
///
/// # Errors
/// [`Error::Empty`] without p-values, [`Error::NotANumber`] for NaN, [`Error::OutOfRange`] for values
/// outside [0, 1].
///
/// ```
/// use forewarn::compare::{Discovery, adjusted_p_values};
///
/// let adjusted = adjusted_p_values(&[0.01, 0.04, 0.03, 0.5], Discovery::BenjaminiHochberg)?;
/// let expected = [0.04, 0.16 / 3.0, 0.16 / 3.0, 0.5];
/// assert!(adjusted.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12));
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn adjusted_p_values(p_values: &[f64], discovery: Discovery) -> Result<Vec<f64>> {
    if p_values.is_empty() {
        return Err(Error::Empty { what: "p_values" });
    }
    for (index, &value) in p_values.iter().enumerate() {
        if value.is_nan() {
            return Err(Error::NotANumber { what: "p_value", index });
        }
        if !(0.0..=1.0).contains(&value) {
            return Err(Error::OutOfRange { name: "p_value", value, allowed: "from 0 to 1" });
        }
    }
    let count = p_values.len() as f64;
    let factor = match discovery {
        Discovery::BenjaminiHochberg => count,
        Discovery::BenjaminiYekutieli => {
            count * (1..=p_values.len()).map(|rank| 1.0 / rank as f64).sum::<f64>()
        }
    };
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&i, &j| p_values[i].total_cmp(&p_values[j]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut least = 1.0_f64;
    for (rank, &at) in order.iter().enumerate().rev() {
        least = least.min(p_values[at] * (factor / (rank + 1) as f64));
        adjusted[at] = least;
    }
    Ok(adjusted)
}
