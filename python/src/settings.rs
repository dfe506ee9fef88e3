//! From Python's settings to the library's: a preset, and what differs from it.

use crate::errors::{Result, bad_value};
use forewarn::forest::{
    DepthLimit, Gain, IsolationForestParams, Missing, Normalisation, Scoring, Split, Subsample,
};
use pyo3::FromPyObject;

/// Every key of `forewarn._settings.Settings`; `None` takes the preset's value.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings {
    preset: Option<String>,
    n_trees: Option<usize>,
    subsample: Option<Amount>,
    replacement: bool,
    feature_share: f64,
    depth_limit: Option<Depth>,
    ndim: Option<usize>,
    guided: Option<f64>,
    gain: Option<String>,
    candidates: Option<usize>,
    scoring: Option<String>,
    range_penalty: Option<bool>,
    missing: Option<String>,
    normalisation: Option<String>,
    categorical: Vec<usize>,
    contamination: Option<f64>,
    seed: u64,
}

#[derive(FromPyObject)]
enum Amount {
    Count(usize),
    Share(f64),
}

#[derive(FromPyObject)]
enum Depth {
    At(u32),
    Word(String),
}

impl Settings {
    pub(crate) fn params(self) -> Result<IsolationForestParams> {
        let preset = self.preset.as_deref();
        let params = choose("preset", preset, |word| match word {
            "standard" => Some(IsolationForestParams::standard()),
            "fast" => Some(IsolationForestParams::fast()),
            "accurate" => Some(IsolationForestParams::accurate()),
            _ => None,
        })?;
        let mut params = params.unwrap_or_default();
        params.splits = self.splits(&params.splits)?;
        params.replacement = self.replacement;
        params.feature_share = self.feature_share;
        params.contamination = self.contamination;
        params.seed = self.seed;
        params.categorical = self.categorical;
        set(&mut params.n_trees, self.n_trees);
        let subsample = self.subsample.map(|amount| match amount {
            Amount::Count(rows) => Subsample::Rows(rows),
            Amount::Share(share) => Subsample::Share(share),
        });
        set(&mut params.subsample, subsample);
        let depth_limit = match self.depth_limit {
            Some(Depth::At(depth)) => Some(DepthLimit::At(depth)),
            Some(Depth::Word(word)) => choose("max_depth", Some(&word), |word| match word {
                "balanced" => Some(DepthLimit::Balanced),
                "unlimited" => Some(DepthLimit::Unlimited),
                _ => None,
            })?,
            None => None,
        };
        set(&mut params.depth_limit, depth_limit);
        let scoring = choose("scoring", self.scoring.as_deref(), |word| match word {
            "depth" => Some(Scoring::Depth),
            "density" => Some(Scoring::Density),
            _ => None,
        })?;
        set(&mut params.scoring, scoring);
        set(&mut params.range_penalty, self.range_penalty);
        let missing = choose("missing", self.missing.as_deref(), |word| match word {
            "majority" => Some(Missing::Majority),
            "spread" => Some(Missing::Spread),
            _ => None,
        })?;
        set(&mut params.missing, missing);
        let word = self.normalisation.as_deref();
        let normalisation = choose("normalisation", word, |word| match word {
            "exact" => Some(Normalisation::Exact),
            "scikit-learn" => Some(Normalisation::ScikitLearn),
            _ => None,
        })?;
        set(&mut params.normalisation, normalisation);
        Ok(params)
    }

    /// The preset's splits with `ndim`, `guided`, `gain` and `candidates` put in.
    fn splits(&self, preset: &[(f64, Split)]) -> Result<Vec<(f64, Split)>> {
        let gain = choose("gain", self.gain.as_deref(), |word| match word {
            "averaged" => Some(Gain::Averaged),
            "averaged-variance" => Some(Gain::AveragedVariance),
            "pooled" => Some(Gain::Pooled),
            _ => None,
        })?;
        let mut splits = match self.guided {
            Some(share) => mix(preset, share)?,
            None => preset.to_vec(),
        };
        let is_guided = |(_, split): &(f64, Split)| matches!(split, Split::Guided { .. });
        if !splits.iter().any(is_guided) && (gain.is_some() || self.candidates.is_some()) {
            let message = "gain and n_candidates are for guided splits, of which there are none: \
                           set guided to more than 0";
            return Err(bad_value(message.to_owned()));
        }
        for (_, split) in &mut splits {
            match split {
                Split::Guided { gain: criterion, columns, candidates } => {
                    set(criterion, gain);
                    set(columns, self.ndim);
                    set(candidates, self.candidates);
                }
                unguided => set(unguided, self.ndim.map(of_columns)),
            }
        }
        Ok(splits)
    }
}

/// The preset's guided splits in the given share, its others in the rest. Where it has none of a
/// kind, guided ones are the library default's and others are random.
fn mix(preset: &[(f64, Split)], share: f64) -> Result<Vec<(f64, Split)>> {
    if !(0.0..=1.0).contains(&share) {
        return Err(bad_value(format!("guided is {share}: it must be between 0 and 1")));
    }
    let pick = |splits: &[(f64, Split)], guided: bool| -> Vec<(f64, Split)> {
        let of_kind = |&(_, split): &(f64, Split)| matches!(split, Split::Guided { .. }) == guided;
        splits.iter().copied().filter(of_kind).collect()
    };
    let (mut guided, mut others) = (pick(preset, true), pick(preset, false));
    if guided.is_empty() {
        guided = pick(&IsolationForestParams::default().splits, true);
    }
    if others.is_empty() {
        others.push((1.0, Split::Random));
    }
    let scaled = |splits: Vec<(f64, Split)>, share: f64| {
        let sum: f64 = splits.iter().map(|&(weight, _)| weight).sum();
        splits.into_iter().map(move |(weight, split)| (weight / sum * share, split))
    };
    let mixed = scaled(guided, share).chain(scaled(others, 1.0 - share));
    Ok(mixed.filter(|&(weight, _)| weight > 0.0).collect())
}

/// Unguided splits over so many columns.
fn of_columns(ndim: usize) -> Split {
    if ndim <= 1 { Split::Random } else { Split::Extended { level: ndim - 1 } }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// What a word stands for; `None` for none.
fn choose<T>(
    name: &str,
    word: Option<&str>,
    meaning: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>> {
    let Some(word) = word else { return Ok(None) };
    match meaning(word) {
        Some(value) => Ok(Some(value)),
        None => Err(bad_value(format!("{name} is '{word}': it must be {}", allowed(name)))),
    }
}

fn allowed(name: &str) -> &'static str {
    match name {
        "preset" => "None, 'standard', 'fast' or 'accurate'",
        "max_depth" => "None, 'balanced', 'unlimited' or a number of splits",
        "gain" => "None, 'averaged', 'averaged-variance' or 'pooled'",
        "scoring" => "None, 'depth' or 'density'",
        "missing" => "None, 'majority' or 'spread'",
        _ => "None, 'exact' or 'scikit-learn'",
    }
}
