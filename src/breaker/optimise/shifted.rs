//! Outages as they might as well have been: each begins a little sooner or later, and is shorter or
//! longer.
//!
//! Whether a probe comes just before an outage ends or just after is luck, and a log holds a dozen
//! outages or fewer. On courses whose outages differ that luck differs, so that candidates
//! are told apart by what they are worth: a bootstrap smoothed by a kernel (Silverman and Young, "The
//! bootstrap: to smooth or not to smooth?", Biometrika 74, 1987). The kernel of the lengths is as wide
//! as it takes for those of all courses to vary as the next outage will: a lot after one outage, by which
//! nobody can tell how regular they are, and little after many.

use super::latent::Sighting;
use crate::rng::Stream;
use statrs::distribution::{ContinuousCDF, Normal};

/// By how much of its length an outage begins sooner or later, at most.
const SHIFT: f64 = 0.25;

/// Standard deviation of the logarithm of lengths: what is expected before any was seen, worth so many
/// of them, and the least of the kernel.
const USUAL: f64 = 0.8;
const WORTH: f64 = 2.0;
const LEAST: f64 = 0.2;

/// The fractional part of its multiples fills the unit interval evenly.
const GOLDEN: f64 = 0.618_033_988_749_895;

/// Standard deviation of the kernel of the logarithms of lengths:
/// ```text
/// s² = (WORTH · USUAL² + Σ (x − mean)²) / (WORTH + n − 1)
/// h² = s² · (1 + 1 / n) − Σ (x − mean)² / n
/// ```
/// the predictive variance of the next, less that of those seen.
fn width(lengths: &[f64]) -> f64 {
    let count = lengths.len() as f64;
    if lengths.is_empty() {
        return USUAL;
    }
    let mean = lengths.iter().map(|length| length.ln()).sum::<f64>() / count;
    let squares: f64 = lengths.iter().map(|length| (length.ln() - mean).powi(2)).sum();
    let variance = (WORTH * USUAL * USUAL + squares) / (WORTH + count - 1.0);
    (variance * (1.0 + 1.0 / count) - squares / count).max(LEAST * LEAST).sqrt()
}

/// Moves the beginning and the end of each outage of a path, not past the middle of the time of service
/// on either side; which calls are in the other state then. What was down when the log began or ended
/// still is. The lengths of one outage by `draw`, from 1 on, are spread evenly over what is possible;
/// `stream` must be the same for all draws.
pub(super) fn shift(
    path: &mut [bool],
    calls: &[Sighting],
    draw: u64,
    stream: &mut Stream,
) -> Vec<bool> {
    let was = path.to_vec();
    let total = was.len();
    let from = |at: usize, state: bool| (at..total).find(|&at| was[at] == state).unwrap_or(total);
    let time = |at: usize| calls[at.min(total - 1)].time;
    let mut outages = Vec::new();
    let mut begin = from(0, true);
    while begin < total {
        let end = from(begin, false);
        outages.push((begin, end));
        begin = from(end, true);
    }
    let whole: Vec<f64> = outages
        .iter()
        .filter(|&&(begin, end)| begin > 0 && end < total)
        .map(|&(begin, end)| time(end) - time(begin))
        .filter(|length| *length > 0.0)
        .collect();
    let width = width(&whole);
    let turn = draw as f64 * GOLDEN;
    let mut even = || (stream.unit() + turn).fract();
    // Places between the middles of two times of service, with one outage each.
    let mut first = 0;
    for (number, &(begin, end)) in outages.iter().enumerate() {
        let next = outages.get(number + 1).map_or(total, |next| next.0);
        let last = if next == total { total } else { end + (next - end) / 2 };
        let length = time(end) - time(begin);
        let moved = (time(begin) + SHIFT * length * (2.0 * even() - 1.0)).max(time(first));
        // Of mean 1.
        let factor = (width * normal(even()) - 0.5 * width * width).exp();
        let begins = if begin == 0 { f64::NEG_INFINITY } else { moved };
        let ends = if end == total { f64::INFINITY } else { moved + factor * length };
        for (state, call) in path[first..last].iter_mut().zip(&calls[first..last]) {
            *state = begins <= call.time && call.time < ends;
        }
        first = last;
    }
    path.iter().zip(&was).map(|(now, was)| now != was).collect()
}

/// The standard normal quantile.
fn normal(share: f64) -> f64 {
    Normal::new(0.0, 1.0).map_or(0.0, |normal| normal.inverse_cdf(share.clamp(1e-6, 1.0 - 1e-6)))
}

#[cfg(test)]
mod tests {
    use super::super::latent::Sign;
    use super::*;

    /// A call a second.
    fn calls(count: u32) -> Vec<Sighting> {
        (0..count).map(|at| Sighting { time: f64::from(at), sign: Sign::Unknown }).collect()
    }

    fn runs(path: &[bool]) -> Vec<(usize, usize)> {
        let mut runs = Vec::new();
        for at in 0..path.len() {
            if path[at] && (at == 0 || !path[at - 1]) {
                runs.push((at, at));
            }
            if path[at]
                && let Some(run) = runs.last_mut()
            {
                run.1 = at + 1;
            }
        }
        runs
    }

    #[test]
    fn outages_keep_their_number_and_their_mean_and_begin_a_quarter_off_at_most() {
        let was: Vec<bool> = (0..1_000).map(|at| (60..100).contains(&(at % 200))).collect();
        let (mut lengths, mut squares) = (0.0, 0.0);
        for draw in 1..=50 {
            let mut path = was.clone();
            let moved = shift(&mut path, &calls(1_000), draw, &mut Stream::new(4, 0));
            assert!((0..1_000).all(|at| moved[at] == (was[at] != path[at])));
            let (before, after) = (runs(&was), runs(&path));
            assert_eq!(after.len(), 5, "{after:?}");
            for (before, after) in before.iter().zip(&after) {
                assert!(before.0.abs_diff(after.0) <= 10, "{before:?} {after:?}");
                lengths += (after.1 - after.0) as f64 / 250.0;
                squares += ((after.1 - after.0) as f64).powi(2) / 250.0;
            }
        }
        // A lognormal length of mean 40 and the width of five alike, 0.51: its standard error over 250
        // is 1.4 s, and its standard deviation 22 s.
        assert!((lengths - 40.0).abs() < 3.0, "{lengths}");
        assert!(((squares - lengths * lengths).sqrt() - 22.0).abs() < 4.0, "{squares}");
    }

    #[test]
    fn the_fewer_outages_the_wider() {
        assert!((width(&[]) - 0.8).abs() < 1e-12);
        // 0.8 · √2: as much again for the mean, which is as unknown.
        assert!((width(&[30.0]) - 1.131_370_849_898_476).abs() < 1e-12);
        assert!((width(&[30.0; 5]) - 0.506_0).abs() < 1e-4);
        assert!((width(&[30.0; 100]) - LEAST).abs() < 1e-12);
    }

    #[test]
    fn outages_that_are_close_stay_apart_and_those_cut_off_stay_cut_off() {
        let was: Vec<bool> = (0..300).map(|at| at % 60 < 50 || at >= 240).collect();
        for seed in 0..50 {
            let mut path = was.clone();
            shift(&mut path, &calls(300), seed, &mut Stream::new(3, 0));
            assert!(path[0] && path[299]);
            // Outages of 50 s that are 10 s apart: each stays between the middles.
            for middles in [0, 55, 115, 175, 235, 300].windows(2) {
                assert_eq!(runs(&path[middles[0]..middles[1]]).len(), 1, "{seed}");
            }
        }
        let mut none = vec![false; 10];
        assert_eq!(shift(&mut none, &calls(10), 1, &mut Stream::new(1, 1)), vec![false; 10]);
        assert_eq!(none, vec![false; 10]);
    }
}
