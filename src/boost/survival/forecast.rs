//! How long rows will live: survival curves, and what is read off them.

use super::law::Law;
use crate::error::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1};

/// The distribution of the lifetime of each of some rows, from
/// [`FailureTime::forecast`](super::FailureTime::forecast).
///
/// Times count from the start of each life, or, after
/// [`given_alive_for`](Self::given_alive_for), from now. Making it costs the prediction; each question
/// then costs O(log n) or O(periods) a row and time.
#[derive(Debug, Clone)]
pub struct Forecast<'a> {
    law: &'a Law,
    /// Rows × scores of the law.
    scores: Array2<f64>,
    /// How long each row has lived already.
    ages: Array1<f64>,
}

impl<'a> Forecast<'a> {
    pub(crate) fn new(law: &'a Law, scores: Array2<f64>) -> Self {
        let ages = Array1::zeros(scores.nrows());
        Self { law, scores, ages }
    }

    /// Rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.scores.nrows()
    }

    /// The same rows, known to have lived this long already, one time a row: what follows counts from
    /// now, and a machine that survived its infancy, or is worn, is judged as such.
    ///
    /// # Errors
    /// [`Error::Length`] unless there is one time a row, [`Error::OutOfRange`] for one below 0 or not
    /// finite.
    pub fn given_alive_for(self, ages: &[f64]) -> Result<Self> {
        if ages.len() != self.rows() {
            let (expected, found) = (self.rows(), ages.len());
            return Err(Error::Length { what: "ages", expected, found });
        }
        ages.iter().try_for_each(|&age| check_time("age", age))?;
        Ok(Self { ages: Array1::from(ages.to_vec()), ..self })
    }

    /// The probability of being alive after each of `times`, rows × times: the survival curves.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a time below 0 or not finite.
    pub fn survival(&self, times: &[f64]) -> Result<Array2<f64>> {
        times.iter().try_for_each(|&time| check_time("time", time))?;
        let mut survival = Array2::zeros((self.rows(), times.len()));
        for (row, mut to) in survival.rows_mut().into_iter().enumerate() {
            for (to, &time) in to.iter_mut().zip(times) {
                *to = (-self.hazard(row, time)).exp();
            }
        }
        Ok(survival)
    }

    /// The probability of a failure within this time, one a row. Small ones keep their digits.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a time below 0 or not finite.
    pub fn failure_within(&self, time: f64) -> Result<Array1<f64>> {
        check_time("time", time)?;
        Ok((0..self.rows()).map(|row| self.fails_by(row, time)).collect())
    }

    /// The time by which a failure has this probability, one a row; infinite where the curve does not
    /// fall so low. The 0.1 quantile is outlived by nine in ten.
    ///
    /// A Cox model's curve ends with the last failure of its training: what lies beyond was not seen.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] unless the probability is above 0 and below 1.
    pub fn quantile(&self, probability: f64) -> Result<Array1<f64>> {
        if !(probability > 0.0 && probability < 1.0) {
            let allowed = "above 0 and below 1";
            return Err(Error::OutOfRange { name: "probability", value: probability, allowed });
        }
        let more = -(-probability).ln_1p();
        let time = |row: usize| {
            let (scores, age) = (self.row(row), self.ages[row]);
            let time = self.law.time(scores, self.law.hazard(scores, age) + more);
            (time - age).max(0.0)
        };
        Ok((0..self.rows()).map(time).collect())
    }

    /// The time that half of such rows outlive, one a row; infinite where the curve stays above a half.
    #[must_use]
    pub fn median(&self) -> Array1<f64> {
        // One half is a probability.
        self.quantile(0.5).unwrap_or_default()
    }

    /// The probability of a failure of one row within a time.
    pub(crate) fn fails_by(&self, row: usize, time: f64) -> f64 {
        -(-self.hazard(row, time)).exp_m1()
    }

    /// The hazard of one row from its age on.
    fn hazard(&self, row: usize, time: f64) -> f64 {
        let (scores, age) = (self.row(row), self.ages[row]);
        let from = if age > 0.0 { self.law.hazard(scores, age) } else { 0.0 };
        // Two hazards that are infinite: those alive so long were not foreseen, and fail at once.
        let more = self.law.hazard(scores, age + time) - from;
        if more.is_nan() { f64::INFINITY } else { more }
    }

    fn row(&self, row: usize) -> ArrayView1<'_, f64> {
        self.scores.row(row)
    }
}

fn check_time(name: &'static str, value: f64) -> Result<()> {
    if (0.0..f64::INFINITY).contains(&value) {
        return Ok(());
    }
    Err(Error::OutOfRange { name, value, allowed: "at least 0 and finite" })
}
