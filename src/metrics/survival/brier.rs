//! How far survival curves are from what happened.

use super::KaplanMeier;
use crate::error::{Error, Result};
use crate::lifetime::Lifetime;
use ndarray::{ArrayView1, ArrayView2};

/// Brier score at a time: the mean squared distance between the predicted probability of being
/// alive then and the truth, 1 or 0.
///
/// `mean of S(t)² [failed by t] / G(T−) + (1 − S(t))² [alive after t] / G(t)`, where `G` is the
/// Kaplan–Meier estimate of the censoring: those censored by `t` count nothing, and the others the
/// more (Graf et al. 1999, "Assessment and comparison of prognostic classification schemes for
/// survival data", Statistics in Medicine 18). It is right if censoring is independent of lives and
/// features. 0 is perfect; 0.25 is what a constant 1/2 gets. `survival`: one a life, from 0 to 1.
/// Takes `O(n log n)` time.
///
/// # Errors
/// [`Error::Empty`] without lifetimes, [`Error::Lifetime`] for one that is impossible or is censored
/// but on the right, [`Error::Length`] unless there is one probability a life, [`Error::OutOfRange`]
/// for one outside `[0, 1]` or NaN, [`Error::Incompatible`] if by `censoring` nothing is watched any
/// more at a time that counts.
///
/// ```
/// use forewarn::Lifetime::{Alive, Failed};
/// use forewarn::metrics::survival::{KaplanMeier, brier_at};
///
/// let lives = [Failed(1.0), Alive(1.5), Failed(3.0)];
/// let censoring = KaplanMeier::of_censoring(&lives)?;
/// // The second is not known; the third stands for it too, since half were watched after 1.5.
/// let score = brier_at(2.0, &lives, &[0.2, 0.5, 0.6], &censoring)?;
/// assert!((score - (0.04 + 0.0 + 2.0 * 0.16) / 3.0).abs() < 1e-12);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn brier_at(
    time: f64,
    lifetimes: &[Lifetime],
    survival: &[f64],
    censoring: &KaplanMeier,
) -> Result<f64> {
    let lives = Lifetime::right_censored(lifetimes)?;
    brier_of(time, &lives, survival.into(), censoring)
}

/// [`brier_at`] averaged over a span of times: the trapezoids between `times`, by the length of the
/// span. The one number to compare survival curves with.
///
/// `survival`: lives × times. Times ascend; take them within the times that were watched, since the
/// weights grow without bound towards the end of watching. Takes `O(n log n)` time for each of the
/// times.
///
/// # Errors
/// As [`brier_at`], [`Error::Width`] unless there is one column a time, and [`Error::OutOfRange`] for
/// fewer than two times or times that do not ascend,
/// [`Error::NotANumber`] for NaN.
///
/// ```
/// use forewarn::Lifetime::Failed;
/// use forewarn::metrics::survival::{KaplanMeier, integrated_brier};
/// use forewarn::ndarray::array;
///
/// let lives = [Failed(1.0), Failed(3.0)];
/// let censoring = KaplanMeier::of_censoring(&lives)?;
/// let curves = array![[0.5, 0.0], [0.5, 0.5]];
/// // 0.25 at time 1 (one has failed), 0.125 at time 2.
/// let score = integrated_brier(&[1.0, 2.0], &lives, curves.view(), &censoring)?;
/// assert_eq!(score, 0.1875);
/// # Ok::<(), forewarn::Error>(())
/// ```
pub fn integrated_brier(
    times: &[f64],
    lifetimes: &[Lifetime],
    survival: ArrayView2<'_, f64>,
    censoring: &KaplanMeier,
) -> Result<f64> {
    let lives = Lifetime::right_censored(lifetimes)?;
    if survival.ncols() != times.len() {
        return Err(Error::Width { expected: times.len(), found: survival.ncols() });
    }
    if times.len() < 2 {
        let (value, allowed) = (times.len() as f64, "at least 2");
        return Err(Error::OutOfRange { name: "the number of times", value, allowed });
    }
    if let Some(index) = times.iter().position(|time| time.is_nan()) {
        return Err(Error::NotANumber { what: "time", index });
    }
    if let Some(pair) = times.windows(2).find(|pair| pair[0] >= pair[1]) {
        let allowed = "above the time before it";
        return Err(Error::OutOfRange { name: "time", value: pair[1], allowed });
    }
    let scores = times
        .iter()
        .zip(survival.columns())
        .map(|(&time, survival)| brier_of(time, &lives, survival, censoring))
        .collect::<Result<Vec<f64>>>()?;
    let area: f64 = times
        .windows(2)
        .zip(scores.windows(2))
        .map(|(time, score)| (time[1] - time[0]) * f64::midpoint(score[0], score[1]))
        .sum();
    Ok(area / (times[times.len() - 1] - times[0]))
}

fn brier_of(
    time: f64,
    lives: &[(f64, bool)],
    survival: ArrayView1<'_, f64>,
    censoring: &KaplanMeier,
) -> Result<f64> {
    if time.is_nan() {
        return Err(Error::NotANumber { what: "time", index: 0 });
    }
    if survival.len() != lives.len() {
        let (expected, found) = (lives.len(), survival.len());
        return Err(Error::Length { what: "survival", expected, found });
    }
    if let Some(&value) = survival.iter().find(|share| !(0.0..=1.0).contains(*share)) {
        return Err(Error::OutOfRange { name: "survival", value, allowed: "from 0 to 1" });
    }
    let mut sum = 0.0;
    let mut alive = 0.0;
    for (&(end, failed), &survival) in lives.iter().zip(survival) {
        if end > time {
            alive += (1.0 - survival).powi(2);
        } else if failed {
            sum += survival.powi(2) * censoring.inverse_before(end)?;
        }
    }
    if lives.iter().any(|life| life.0 > time) {
        sum += alive * censoring.inverse_after(time)?;
    }
    Ok(sum / lives.len() as f64)
}
