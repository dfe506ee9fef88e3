//! Which forecasters are to be believed, and by how much they err.

use super::profile::Profile;
use super::track::{FORECASTERS, Track};
use crate::trend::middle::median;

/// Times of the past at which all are asked.
const ORIGINS: usize = 300;
/// Horizons at which they are asked, at most.
const HORIZONS: usize = 16;
/// A forecaster that errs so many times as much as another is believed by this power less.
const POWER: i32 = 12;
/// Those believed less than this share of the best are left out.
const LEAST: f64 = 0.01;
/// Cells before the first track begins.
const WARM_UP: usize = 8;
/// Times of the past that a forecaster must have been asked at.
const ASKED: usize = 8;
/// Errors from which an interval can be told.
const COMPARED: usize = 4;
/// So many times the range of nine values of ten away from it, a first value is wild.
const WILD: f64 = 3.0;
/// No single error counts more than so many usual ones.
const MISSED: f64 = 20.0;
/// Bins of coarse profiles.
const COARSE: [usize; 2] = [24, 168];
/// By how much intervals are too short, for one independent stretch of the past.
const SHORT: f64 = 3.0;
/// An error so far back, as a share of all, counts half.
const HALF: f64 = 0.4;

/// What is known at one horizon.
#[derive(Debug, Clone)]
struct Horizon {
    steps: f64,
    /// How many answers of the past could be compared with the truth.
    asked: usize,
    /// Shares, one a forecaster of all tracks.
    weights: Vec<f64>,
    /// By how much the value may be below and above what is said.
    below: f64,
    above: f64,
}

/// Tracks at the end of the past, and what they are worth.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    tracks: Vec<Option<Track>>,
    now: f64,
    horizons: Vec<Horizon>,
}

/// A question of the past: all forecasters' answers for each horizon, NaN where there is none.
type Answers = Vec<f64>;

impl Judged {
    /// Periods are in cells.
    pub(super) fn new(
        cells: &[f64],
        periods: [Option<f64>; 2],
        steps: usize,
        interval: f64,
    ) -> Self {
        let profiles = profiles(periods, cells.len());
        let usual = usual(cells);
        let (lowest, highest) = bounds(cells);
        let wild = |value: f64| value < lowest || value > highest;
        let forecasters = profiles.len() * FORECASTERS;
        let first = (WARM_UP + 1).max(cells.len() / 4);
        let farthest = (cells.len() / 2).min((cells.len() - first).saturating_sub(ASKED));
        let horizons = horizons(steps.min(farthest));
        let stride = ((cells.len() - 1 - first) / ORIGINS).max(1);
        let mut tracks: Vec<Option<Track>> = vec![None; profiles.len()];
        let mut asked: Vec<(usize, Answers)> = Vec::with_capacity(ORIGINS + 2);
        for (now, &value) in cells.iter().enumerate() {
            for (track, profile) in tracks.iter_mut().zip(&profiles) {
                let length =
                    profile.as_ref().map_or(WARM_UP, |it| it.period().ceil() as usize).max(WARM_UP);
                match track {
                    Some(track) => track.take(now as f64, value),
                    None if now + 1 == length => {
                        let tame = |&it: &f64| if wild(it) { f64::NAN } else { it };
                        let first: Vec<f64> = cells[..=now].iter().map(tame).collect();
                        *track = Some(Track::new(profile.clone(), &first, usual));
                    }
                    None => {}
                }
            }
            if now >= first && (cells.len() - 1 - now).is_multiple_of(stride) {
                let mut answers = vec![f64::NAN; horizons.len() * forecasters];
                ask(&tracks, now as f64, &horizons, &mut answers);
                asked.push((now, answers));
            }
        }
        let learn = |(index, &steps): (usize, &usize)| {
            let pairs: Vec<(&[f64], f64)> = asked
                .iter()
                .filter_map(|(now, answers)| {
                    let truth = *cells.get(now + steps)?;
                    let said = &answers[index * forecasters..(index + 1) * forecasters];
                    (!truth.is_nan()).then_some((said, truth))
                })
                .collect();
            let independent = (cells.len() - first) as f64 / steps as f64;
            Horizon::new(steps as f64, &pairs, forecasters, interval, independent)
        };
        let mut horizons: Vec<Horizon> = horizons.iter().enumerate().map(learn).collect();
        // Where next to nothing could be asked, errors grow as those of a random walk: from the nearer ones, or
        // from the width of the past if there are none.
        let room =
            if highest < f64::INFINITY { (highest - lowest) / (1.0 + 2.0 * WILD) } else { 0.0 };
        let mut known: Option<Horizon> = None;
        for horizon in &mut horizons {
            if horizon.asked >= COMPARED {
                known = Some(horizon.clone());
            } else if let Some(known) = &known {
                let farther = (horizon.steps / known.steps).sqrt();
                horizon.weights.clone_from(&known.weights);
                (horizon.below, horizon.above) = (known.below * farther, known.above * farther);
            } else {
                (horizon.below, horizon.above) = (room, room);
            }
        }
        Self { tracks, now: (cells.len() - 1) as f64, horizons }
    }

    /// The lower end, the value and the upper end for each step ahead.
    pub(super) fn ahead(&self, steps: usize) -> Vec<[f64; 3]> {
        let forecasters = self.tracks.len() * FORECASTERS;
        let mut said = vec![f64::NAN; forecasters];
        let mut right = 0;
        let mut point = |step: usize| {
            let steps = step as f64;
            ask(&self.tracks, self.now, &[step], &mut said);
            while right + 1 < self.horizons.len() && self.horizons[right].steps < steps {
                right += 1;
            }
            let (from, to) = (&self.horizons[right.max(1) - 1], &self.horizons[right]);
            let share = if to.steps > from.steps {
                ((steps - from.steps) / (to.steps - from.steps)).clamp(0.0, 1.0)
            } else {
                1.0
            };
            let between = |a: f64, b: f64| a + (b - a) * share;
            let value = between(blend(&from.weights, &said), blend(&to.weights, &said));
            let farther = (steps / to.steps).max(1.0).sqrt();
            let below = between(from.below, to.below) * farther;
            let above = between(from.above, to.above) * farther;
            [value - below, value, value + above]
        };
        (1..=steps).map(&mut point).collect()
    }
}

impl Horizon {
    fn new(
        steps: f64,
        pairs: &[(&[f64], f64)],
        forecasters: usize,
        interval: f64,
        independent: f64,
    ) -> Self {
        let weights = weights(pairs, forecasters);
        // Newer errors say more of the next one.
        let newest = pairs.len() as f64;
        let error = |(index, (said, truth)): (usize, &(&[f64], f64))| {
            let age = (newest - 1.0 - index as f64) / newest;
            (truth - blend(&weights, said), (-std::f64::consts::LN_2 * age / HALF).exp())
        };
        let mut errors: Vec<(f64, f64)> = pairs.iter().enumerate().map(error).collect();
        errors.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let outside = 0.5 * (1.0 - interval);
        let wider = 1.0 + SHORT / independent.max(1.0);
        let below = (-quantile(&errors, outside) * wider).max(0.0);
        let above = (quantile(&errors, 1.0 - outside) * wider).max(0.0);
        Self { steps, asked: pairs.len(), weights, below, above }
    }
}

/// Of errors, ascending, each with a weight, that which the share is below; the next one is as likely
/// to be between two as they weigh.
pub(super) fn quantile(errors: &[(f64, f64)], share: f64) -> f64 {
    let total: f64 = errors.iter().map(|error| error.1).sum();
    let average = total / errors.len().max(1) as f64;
    let wanted = share * (total + average);
    let (mut sum, mut before) = (0.0, None);
    for &(error, weight) in errors {
        let middle = sum + 0.5 * (weight + average);
        if middle >= wanted {
            let Some((last, place)) = before else { return error };
            return last + (error - last) * (wanted - place) / (middle - place);
        }
        before = Some((error, middle));
        sum += weight;
    }
    before.map_or(0.0, |(last, _)| last)
}

/// How much each forecaster is believed, by its mean error beside the first one's.
fn weights(pairs: &[(&[f64], f64)], forecasters: usize) -> Vec<f64> {
    let needed = ASKED.max(pairs.len() / 4).min(pairs.len().max(1));
    // One wild truth is missed by all alike, and must not hide all other differences.
    let mut usual: Vec<f64> = pairs.iter().map(|(said, truth)| (said[0] - truth).abs()).collect();
    let most = Some(MISSED * median(&mut usual)).filter(|&it| it > 0.0).unwrap_or(f64::MAX);
    let ratio = |forecaster: usize| {
        let (mut own, mut first, mut count) = (0.0, 0.0, 0);
        for (said, truth) in pairs.iter().filter(|(said, _)| !said[forecaster].is_nan()) {
            own += (said[forecaster] - truth).abs().min(most);
            first += (said[0] - truth).abs().min(most);
            count += 1;
        }
        // What never errs is no better than what nearly never does.
        if count < needed { f64::INFINITY } else { (own + 1e-12) / (first + 1e-12) }
    };
    let ratios: Vec<f64> = (0..forecasters).map(ratio).collect();
    let best = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    if best == f64::INFINITY {
        let first = |forecaster| if forecaster == 0 { 1.0 } else { 0.0 };
        return (0..forecasters).map(first).collect();
    }
    let weight = |ratio: f64| Some((best / ratio).powi(POWER)).filter(|&it| it >= LEAST);
    ratios.into_iter().map(|ratio| weight(ratio).unwrap_or(0.0)).collect()
}

/// The weighted mean of what is said; of the first forecaster if no other says anything.
fn blend(weights: &[f64], said: &[f64]) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for (&weight, &said) in weights.iter().zip(said) {
        if weight > 0.0 && !said.is_nan() {
            sum += weight * said;
            total += weight;
        }
    }
    if total > 0.0 { sum / total } else { said[0] }
}

fn ask(tracks: &[Option<Track>], now: f64, horizons: &[usize], answers: &mut [f64]) {
    let forecasters = tracks.len() * FORECASTERS;
    for (&steps, answers) in horizons.iter().zip(answers.chunks_mut(forecasters)) {
        for (track, answers) in tracks.iter().zip(answers.chunks_mut(FORECASTERS)) {
            if let Some(track) = track {
                track.ahead(now, steps as f64, answers);
            }
        }
    }
}

/// No rhythm, and each coarse and fine that two periods are known of.
fn profiles(periods: [Option<f64>; 2], count: usize) -> Vec<Option<Profile>> {
    let mut all = vec![None];
    for (period, coarse) in periods.into_iter().zip(COARSE) {
        let Some(period) = period.filter(|period| 2.0 * period <= count as f64) else { continue };
        for bins in [None, Some(coarse)] {
            all.extend(Profile::new(period, bins).map(Some));
        }
    }
    all
}

/// Horizons from 1 to the farthest, in equal ratios.
fn horizons(farthest: usize) -> Vec<usize> {
    let farthest = farthest.max(1);
    let at = |k: usize| (farthest as f64).powf(k as f64 / (HORIZONS - 1) as f64).round() as usize;
    let mut all: Vec<usize> = (0..HORIZONS).map(at).collect();
    all.dedup();
    all
}

/// Beyond these, first values are wild: nothing is known yet that could tell.
fn bounds(cells: &[f64]) -> (f64, f64) {
    let mut there: Vec<f64> = cells.iter().copied().filter(|cell| !cell.is_nan()).collect();
    there.sort_unstable_by(f64::total_cmp);
    let (low, high) = (there[there.len() / 20], there[there.len() - 1 - there.len() / 20]);
    let room = if high > low { WILD * (high - low) } else { f64::INFINITY };
    (low - room, high + room)
}

/// The usual difference of neighbours; if that is 0, the mean one.
fn usual(cells: &[f64]) -> f64 {
    let there: Vec<f64> = cells.iter().copied().filter(|cell| !cell.is_nan()).collect();
    let mut steps: Vec<f64> = there.windows(2).map(|two| (two[1] - two[0]).abs()).collect();
    let mean = steps.iter().sum::<f64>() / steps.len().max(1) as f64;
    let middle = median(&mut steps);
    if middle > 0.0 { middle } else { mean }
}
