//! Rows in which exactly one sensor is at fault, with the sensor's number: for testing whether
//! an explanation names it.

use crate::error::{Result, check_count, check_range};
use crate::random::Stream;
use ndarray::Array2;

/// Settings of rows with one sensor at fault.
///
/// For sensor `j` of a row with common load `z`, each `N` fresh, `ρ` the correlation:
/// ```text
/// z    = N
/// x_j  = μ_j + σ_j (√ρ z + √(1 − ρ) N)      correlation ρ between any two sensors
/// x_j += ± k σ_j, k uniform in strength     in a faulty row, for one j at random
/// ```
/// `μ_j = 10 (j + 1)` and `σ_j = 1.5^(j mod 7)`: sensors of different scales. Every row is
/// faulty with probability `fault_share`.
///
/// ```
/// use forewarn_datasets::fleet::SingleFaultParams;
///
/// let faults = SingleFaultParams { rows: 500, ..SingleFaultParams::default() }.simulate()?;
/// assert_eq!(faults.features.dim(), (500, 8));
/// let row = faults.faulty.iter().position(Option::is_some).unwrap();
/// assert!(faults.labels()[row]);
/// # Ok::<(), forewarn_datasets::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SingleFaultParams {
    /// Rows, 1 to 10,000,000. Default 4,000.
    pub rows: usize,
    /// Sensors, 2 to 1,000. Default 8.
    pub sensors: usize,
    /// Correlation of any two sensors, 0 to 0.99. Default 0.6.
    pub correlation: f64,
    /// Share of faulty rows, 0 to 1. Default 0.03.
    pub fault_share: f64,
    /// Weakest and strongest fault, in standard deviations of the sensor, from 0 to 1,000 and
    /// in this order. Default 4 to 10.
    pub strength: (f64, f64),
    /// Everything random follows from it. Default 1.
    pub seed: u64,
}

impl Default for SingleFaultParams {
    fn default() -> Self {
        Self {
            rows: 4000,
            sensors: 8,
            correlation: 0.6,
            fault_share: 0.03,
            strength: (4.0, 10.0),
            seed: 1,
        }
    }
}

/// Rows with at most one sensor at fault.
#[derive(Debug, Clone, PartialEq)]
pub struct SingleFaults {
    /// Rows × sensors, without missing values.
    pub features: Array2<f64>,
    /// The sensor at fault in each row; `None` in normal rows.
    pub faulty: Vec<Option<usize>>,
    /// The fault in standard deviations of its sensor, signed; 0 in normal rows.
    pub strengths: Vec<f64>,
}

impl SingleFaults {
    /// Whether each row is faulty.
    #[must_use]
    pub fn labels(&self) -> Vec<bool> {
        self.faulty.iter().map(Option::is_some).collect()
    }
}

impl SingleFaultParams {
    /// Draws the rows. The same settings give the same bits on every platform.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a setting outside its range.
    pub fn simulate(&self) -> Result<SingleFaults> {
        check_count("rows", self.rows, 1, 10_000_000)?;
        check_count("sensors", self.sensors, 2, 1_000)?;
        check_range("correlation", self.correlation, 0.0, 0.99)?;
        check_range("fault_share", self.fault_share, 0.0, 1.0)?;
        check_range("weakest strength", self.strength.0, 0.0, 1_000.0)?;
        check_range("strongest strength", self.strength.1, self.strength.0, 1_000.0)?;
        let mut stream = Stream::new(self.seed, 0);
        let deviation = |j: usize| (0..j % 7).fold(1.0, |product, _| product * 1.5);
        let deviations: Vec<f64> = (0..self.sensors).map(deviation).collect();
        let (shared, own) = (self.correlation.sqrt(), (1.0 - self.correlation).sqrt());
        let mut features = Array2::zeros((self.rows, self.sensors));
        let mut faulty = vec![None; self.rows];
        let mut strengths = vec![0.0; self.rows];
        for (row, mut values) in features.rows_mut().into_iter().enumerate() {
            let load = stream.normal();
            for (j, value) in values.iter_mut().enumerate() {
                let deviate = shared * load + own * stream.normal();
                *value = 10.0 * (j + 1) as f64 + deviations[j] * deviate;
            }
            if stream.chance(self.fault_share) {
                let sensor = stream.below(self.sensors);
                let size = stream.between(self.strength.0, self.strength.1);
                let signed = if stream.chance(0.5) { size } else { -size };
                values[sensor] += signed * deviations[sensor];
                faulty[row] = Some(sensor);
                strengths[row] = signed;
            }
        }
        Ok(SingleFaults { features, faulty, strengths })
    }
}
