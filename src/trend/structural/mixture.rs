//! The models, and how much each is believed.

use super::filter::{LANES, Model, Posterior, Seen};
use super::simd::run;
use crate::columnar::level::level;

/// Models that are less probable than this share of the best are left out.
const NEGLIGIBLE: f64 = 1e-3;
/// Before anything is seen, a model whose slope is constant is believed `e` times as much as one
/// whose slope wanders, and one that does not wander at all `e²` times as much as that.
const STEADY: f64 = 1.0;
const STILL: f64 = 3.0;

const PLAIN: Model =
    Model { noise: 1.0, level: 0.0, slope: 0.0, bend: None, memory: None, harmonics: 0 };

/// All models, those of one shape together, with the logarithm of what each is believed before
/// anything is seen.
pub(in crate::trend) fn models(seasonal: bool) -> Vec<(Model, f64)> {
    let mut all = Vec::with_capacity(96);
    let prior = |level: f64, slope: f64| match (level == 0.0, slope == 0.0) {
        (true, true) => STILL,
        (false, true) => STEADY,
        _ => 0.0,
    };
    for slope in [0.0, 1e-7, 1e-5, 1e-3, 1e-1] {
        for level in [0.0, 1e-3, 1e-2, 0.1, 1.0] {
            all.push((Model { level, slope, ..PLAIN }, prior(level, slope)));
        }
        all.push((Model { noise: 0.0, level: 1.0, slope, ..PLAIN }, prior(1.0, slope)));
    }
    all.extend([1.0, 10.0].map(|slope| (Model { slope, ..PLAIN }, 0.0)));
    for bend in [0.0, 1e-12, 1e-10, 1e-8, 1e-6] {
        all.push((Model { bend: Some(bend), ..PLAIN }, 0.0));
    }
    for level in [1e-2, 0.1, 1.0] {
        all.push((Model { level, bend: Some(0.0), ..PLAIN }, 0.0));
    }
    let mut remembering = Vec::with_capacity(8);
    for noise in [1e-3, 1.0] {
        for correlation in [0.5, 0.8, 0.93, 0.98] {
            remembering.push(Model { noise, memory: Some((1.0, correlation)), ..PLAIN });
        }
    }
    for slope in [0.0, 1e-6, 1e-4] {
        let model = |model: &Model| (Model { slope, ..*model }, prior(1.0, slope));
        all.extend(remembering.iter().map(model));
    }
    for bend in [1e-10, 1e-8] {
        let model = |model: &Model| (Model { bend: Some(bend), ..*model }, 0.0);
        all.extend(remembering.iter().map(model));
    }
    if seasonal {
        let plain = Model { harmonics: 2, ..PLAIN };
        for level in [0.0, 1e-3, 1e-2, 0.1, 1.0] {
            all.push((Model { level, ..plain }, prior(level, 0.0)));
        }
        for slope in [1e-7, 1e-5, 1e-3] {
            all.push((Model { slope, ..plain }, STEADY));
        }
        for correlation in [0.5, 0.7, 0.85, 0.95] {
            all.push((Model { noise: 0.1, memory: Some((1.0, correlation)), ..plain }, STEADY));
        }
    }
    all
}

/// The models that are believed, each with its share.
pub(in crate::trend) fn mixture(
    models: &[(Model, f64)],
    seen: &[Seen],
    least: f64,
) -> Vec<(Posterior, f64)> {
    let mut all: Vec<(Posterior, f64)> = Vec::with_capacity(models.len());
    for shape in models.chunk_by(|(a, _), (b, _)| a.shape() == b.shape()) {
        for group in shape.chunks(LANES) {
            let lanes = std::array::from_fn(|lane| group[lane.min(group.len() - 1)].0);
            let found = run(level(), &lanes, seen, least);
            let join = |(posterior, &(_, prior)): (Posterior, &(Model, f64))| {
                (posterior, posterior.evidence + prior)
            };
            all.extend(found.into_iter().zip(group).map(join));
        }
    }
    let best = all.iter().map(|(_, evidence)| *evidence).fold(f64::NEG_INFINITY, f64::max);
    all.retain(|(_, evidence)| evidence - best > NEGLIGIBLE.ln());
    for (_, evidence) in &mut all {
        *evidence = (*evidence - best).exp();
    }
    let sum: f64 = all.iter().map(|(_, share)| share).sum();
    for (_, share) in &mut all {
        *share /= sum;
    }
    all
}
