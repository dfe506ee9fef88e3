//! Kalman filters of structural models, some at a time.

/// Variances are relative to the model's scale, which is estimated with everything else.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::trend) struct Model {
    /// Of an observation around its level.
    pub(in crate::trend) noise: f64,
    /// By which the level wanders in a step.
    pub(in crate::trend) level: f64,
    /// By which the slope wanders in a step.
    pub(in crate::trend) slope: f64,
    /// Whether the slope itself has a slope, and by which variance that wanders in a step.
    pub(in crate::trend) bend: Option<f64>,
    /// Noise with a memory: its variance and its correlation from one step to the next.
    pub(in crate::trend) memory: Option<(f64, f64)>,
    /// Harmonics of the season: none or two.
    pub(in crate::trend) harmonics: usize,
}

/// Filters that run side by side: one alone would wait for its own divisions.
pub(in crate::trend) const LANES: usize = 8;
/// The most states: level, slope, bend or memory, two harmonics.
pub(in crate::trend) const STATES: usize = 7;
/// Stands for no knowledge at all, relative to the scale.
const DIFFUSE: f64 = 1e8;

type Lanes = [f64; LANES];

/// What the filter knows at the last observation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::trend) struct Posterior {
    pub(in crate::trend) model: Model,
    pub(in crate::trend) states: usize,
    pub(in crate::trend) mean: [f64; STATES],
    /// Relative to the scale.
    pub(in crate::trend) covariance: [[f64; STATES]; STATES],
    /// The estimated scale: the variance of what has a relative one of 1.
    pub(in crate::trend) scale: f64,
    /// The logarithm of the evidence.
    pub(in crate::trend) evidence: f64,
}

/// An observation: steps since the one before, value, and the season's harmonics at its time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::trend) struct Seen {
    pub(in crate::trend) steps: f64,
    pub(in crate::trend) value: f64,
    pub(in crate::trend) season: [f64; 4],
}

impl Model {
    /// Which states it has: models that agree in it can run side by side.
    pub(in crate::trend) fn shape(&self) -> (bool, bool, usize) {
        (self.bend.is_some(), self.memory.is_some(), self.harmonics)
    }
}

/// Runs models of one shape over observations; `least` is the smallest scale that is believed.
#[inline(always)]
pub(super) fn run(models: &[Model; LANES], seen: &[Seen], least: f64) -> [Posterior; LANES] {
    match models[0].shape() {
        (false, false, 0) => filter::<2, false, false>(models, seen, least),
        (true, false, 0) => filter::<3, true, false>(models, seen, least),
        (false, true, 0) => filter::<3, false, true>(models, seen, least),
        (true, true, 0) => filter::<4, true, true>(models, seen, least),
        (false, false, _) => filter::<6, false, false>(models, seen, least),
        (false, true, _) => filter::<7, false, true>(models, seen, least),
        (true, false, _) => filter::<7, true, false>(models, seen, least),
        // There is no room for all at once, and no model that asks for it.
        (true, true, _) => filter::<STATES, true, false>(models, seen, least),
    }
}

/// The state of the filters, one a lane.
struct State<const M: usize> {
    mean: [Lanes; M],
    /// Symmetric: only `[i][j]` with `j <= i` is kept.
    covariance: [[Lanes; M]; M],
}

#[inline(always)]
fn filter<const M: usize, const BEND: bool, const MEMORY: bool>(
    models: &[Model; LANES],
    seen: &[Seen],
    least: f64,
) -> [Posterior; LANES] {
    let at = 2 + usize::from(BEND);
    let season = at + usize::from(MEMORY);
    let count = seen.len() as f64;
    let mut state = State::<M> { mean: [[0.0; LANES]; M], covariance: [[[0.0; LANES]; M]; M] };
    for k in 0..M {
        state.covariance[k][k] = [DIFFUSE; LANES];
    }
    if BEND {
        // A bend of the size that the data could just tell.
        state.covariance[2][2] = [720.0 / count.powi(4).max(1.0); LANES];
    }
    if MEMORY {
        state.covariance[at][at] = models.map(|model| model.memory.map_or(0.0, |(v, _)| v));
    }
    let noise = models.map(|model| model.noise);
    let mut h = [0.0; M];
    h[0] = 1.0;
    if MEMORY {
        h[at] = 1.0;
    }
    let (mut squares, mut logarithms, mut product) = ([0.0; LANES], [0.0; LANES], [1.0; LANES]);
    for (index, seen) in seen.iter().enumerate() {
        if index > 0 {
            predict::<M, BEND, MEMORY>(models, &mut state, seen.steps);
        }
        h[season..].copy_from_slice(&seen.season[..M - season]);
        update::<M, BEND, MEMORY>(&mut state, &h, seen.value, &noise, &mut squares, &mut product);
        // Products of sixteen stay far from the largest and smallest numbers.
        if index % 16 == 15 {
            for lane in 0..LANES {
                logarithms[lane] += product[lane].ln();
                product[lane] = 1.0;
            }
        }
    }
    let diffuse = (M - usize::from(BEND) - usize::from(MEMORY)) as f64;
    let freedom = (count - diffuse).max(1.0);
    std::array::from_fn(|lane| {
        let total = squares[lane] + least * least;
        let logarithm = logarithms[lane] + product[lane].ln();
        let mut posterior = Posterior {
            model: models[lane],
            states: M,
            mean: [0.0; STATES],
            covariance: [[0.0; STATES]; STATES],
            scale: total / freedom,
            evidence: 0.5 * (diffuse * DIFFUSE.ln() - logarithm - freedom * total.ln()),
        };
        for i in 0..M {
            posterior.mean[i] = state.mean[i][lane];
            for j in 0..M {
                posterior.covariance[i][j] = state.covariance[i.max(j)][i.min(j)][lane];
            }
        }
        posterior
    })
}

/// Learns from a value. Of `h`, which is 1 for the level and for noise with a memory and 0 for slope
/// and bend, only the season is looked at.
#[inline(always)]
fn update<const M: usize, const BEND: bool, const MEMORY: bool>(
    state: &mut State<M>,
    h: &[f64; M],
    value: f64,
    noise: &Lanes,
    squares: &mut Lanes,
    product: &mut Lanes,
) {
    let State { mean, covariance } = state;
    let mut gain = [[0.0; LANES]; M];
    let (mut variance, mut error) = (*noise, [value; LANES]);
    let at = 2 + usize::from(BEND);
    let season = at + usize::from(MEMORY);
    for i in 0..M {
        gain[i] = covariance[i][0];
        if MEMORY {
            let from = &covariance[i.max(at)][i.min(at)];
            for lane in 0..LANES {
                gain[i][lane] += from[lane];
            }
        }
        for j in season..M {
            let from = &covariance[i.max(j)][i.min(j)];
            for lane in 0..LANES {
                gain[i][lane] += from[lane] * h[j];
            }
        }
    }
    for i in (0..M).filter(|&i| i == 0 || i >= at) {
        for lane in 0..LANES {
            variance[lane] += h[i] * gain[i][lane];
            error[lane] -= h[i] * mean[i][lane];
        }
    }
    let inverse = variance.map(|variance| 1.0 / variance);
    for lane in 0..LANES {
        squares[lane] += error[lane] * error[lane] * inverse[lane];
        product[lane] *= variance[lane];
    }
    for i in 0..M {
        let share: Lanes = std::array::from_fn(|lane| gain[i][lane] * inverse[lane]);
        for lane in 0..LANES {
            mean[i][lane] += share[lane] * error[lane];
        }
        for j in 0..=i {
            for lane in 0..LANES {
                covariance[i][j][lane] -= share[lane] * gain[j][lane];
            }
        }
    }
}

/// Moves on by some steps.
#[inline(always)]
fn predict<const M: usize, const BEND: bool, const MEMORY: bool>(
    models: &[Model; LANES],
    state: &mut State<M>,
    steps: f64,
) {
    let State { mean: x, covariance: p } = state;
    let s = steps;
    let half = 0.5 * s * s;
    if BEND {
        // F P F' with F = [[1, s, s²/2], [0, 1, s], [0, 0, 1]].
        for lane in 0..LANES {
            x[0][lane] += s * x[1][lane] + half * x[2][lane];
            x[1][lane] += s * x[2][lane];
            let [a, b, c] = [p[0][0][lane], p[1][0][lane], p[1][1][lane]];
            let [d, e, f] = [p[2][0][lane], p[2][1][lane], p[2][2][lane]];
            p[0][0][lane] =
                a + 2.0 * (s * b + half * d) + s * s * c + 2.0 * s * half * e + half * half * f;
            p[1][0][lane] = b + s * (c + d) + (s * s + half) * e + s * half * f;
            p[1][1][lane] = c + 2.0 * s * e + s * s * f;
            p[2][0][lane] = d + s * e + half * f;
            p[2][1][lane] = e + s * f;
            for row in &mut p[3..] {
                row[0][lane] += s * row[1][lane] + half * row[2][lane];
                row[1][lane] += s * row[2][lane];
            }
        }
    } else {
        for lane in 0..LANES {
            x[0][lane] += s * x[1][lane];
            p[0][0][lane] += 2.0 * s * p[1][0][lane] + s * s * p[1][1][lane];
            p[1][0][lane] += s * p[1][1][lane];
            for row in &mut p[2..] {
                row[0][lane] += s * row[1][lane];
            }
        }
    }
    let memories = if MEMORY { kept(models, s) } else { [0.0; LANES] };
    for lane in 0..LANES {
        let model = &models[lane];
        p[0][0][lane] += s * (model.level + model.slope * s * s / 3.0);
        p[1][0][lane] += model.slope * half;
        p[1][1][lane] += model.slope * s;
        if let (true, Some(bend)) = (BEND, model.bend) {
            // The integrals of white noise, three times.
            p[0][0][lane] += bend * s * half * half / 5.0;
            p[1][0][lane] += bend * half * half / 2.0;
            p[1][1][lane] += bend * s * s * s / 3.0;
            p[2][0][lane] += bend * s * s * s / 6.0;
            p[2][1][lane] += bend * half;
            p[2][2][lane] += bend * s;
        }
        if let (true, Some((variance, _))) = (MEMORY, model.memory) {
            let at = 2 + usize::from(BEND);
            let kept = memories[lane];
            x[at][lane] *= kept;
            for cross in &mut p[at][..at] {
                cross[lane] *= kept;
            }
            for row in &mut p[at + 1..] {
                row[at][lane] *= kept;
            }
            p[at][at][lane] = kept * kept * p[at][at][lane] + variance * (1.0 - kept * kept);
        }
    }
}

/// What is left of each memory after some steps, most often one.
#[inline(always)]
fn kept(models: &[Model; LANES], steps: f64) -> Lanes {
    let correlation = |model: &Model| model.memory.map_or(0.0, |(_, correlation)| correlation);
    if steps == 1.0 {
        std::array::from_fn(|lane| correlation(&models[lane]))
    } else {
        powers(models, steps)
    }
}

/// Apart, for else the powers are taken at every step.
#[cold]
#[inline(never)]
fn powers(models: &[Model; LANES], steps: f64) -> Lanes {
    models.map(|model| model.memory.map_or(0.0, |(_, correlation)| correlation.powf(steps)))
}
