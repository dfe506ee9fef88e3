//! From Python's settings of an engine to the library's, and back.

use crate::errors::{Result, bad_value};
use crate::words::{meaning, word};
use forewarn::engine::features::Clock;
use forewarn::engine::report::ReportParams;
use forewarn::engine::{EngineParams, HoldOutBy, LifetimeParams};
use pyo3::{FromPyObject, IntoPyObject, pyfunction};

const HOLD_OUTS: [(&str, HoldOutBy); 3] =
    [("time", HoldOutBy::Time), ("entities", HoldOutBy::Entities), ("both", HoldOutBy::Both)];

/// What the clock is called that counts seconds.
const SECONDS: &str = "seconds";

/// Every key of `forewarn.engine.settings.EngineSettings`.
#[derive(FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings {
    preset: String,
    clock: String,
    horizon: f64,
    windows: Vec<f64>,
    half_lives: Vec<f64>,
    event_windows: Vec<f64>,
    new_life: bool,
    hold_out: f64,
    hold_out_by: String,
    /// Failure, action, look, prevented.
    costs: (f64, f64, f64, f64),
    least_confidence: f64,
    lead_time: f64,
    budget: u32,
    budget_window: f64,
    cool_down: f64,
    lifetimes: bool,
    cap: Option<f64>,
    coverage: f64,
    contamination: Option<f64>,
    folds: usize,
    least_failures: usize,
    most_rows: usize,
    most_reasons: usize,
    most_entities: usize,
    seed: u64,
}

/// What times count, in a word.
pub(crate) fn clock_word(clock: &Clock) -> String {
    match clock {
        Clock::Counted(unit) => unit.clone(),
        _ => SECONDS.to_owned(),
    }
}

fn preset(name: &str) -> Result<EngineParams> {
    match name {
        "telemetry" => Ok(EngineParams::default()),
        "cycles" => Ok(EngineParams::cycles()),
        _ => Err(bad_value(format!("preset is '{name}': it must be 'telemetry' or 'cycles'"))),
    }
}

impl Settings {
    pub(crate) fn params(self) -> Result<EngineParams> {
        let mut params = preset(&self.preset)?;
        let features = &mut params.features;
        features.clock = match self.clock.as_str() {
            SECONDS => Clock::Seconds,
            _ => Clock::Counted(self.clock),
        };
        features.horizon = self.horizon;
        features.windows = self.windows;
        features.half_lives = self.half_lives;
        features.event_windows = self.event_windows;
        features.new_life = self.new_life;
        let policy = &mut params.policy;
        let costs = &mut policy.costs;
        (costs.failure, costs.action, costs.look, costs.prevented) = self.costs;
        policy.least_confidence = self.least_confidence;
        policy.lead_time = self.lead_time;
        policy.budget = self.budget;
        policy.budget_window = self.budget_window;
        policy.cool_down = self.cool_down;
        let lifetimes = params.lifetimes.take().filter(|_| self.lifetimes);
        params.lifetimes = lifetimes.map(|it| it.cap(self.cap).coverage(self.coverage));
        params.detector.contamination = self.contamination;
        params.hold_out = self.hold_out;
        params.hold_out_by = meaning("hold_out_by", &self.hold_out_by, &HOLD_OUTS)?;
        params.folds = self.folds;
        params.least_failures = self.least_failures;
        params.most_rows = self.most_rows;
        params.most_reasons = self.most_reasons;
        params.most_entities = self.most_entities;
        params.seed = self.seed;
        params.check()?;
        Ok(params)
    }

    /// The settings of an engine that was trained elsewhere may differ from the preset in more than
    /// is told here: its own parameters stay with it.
    pub(crate) fn of(preset: &str, params: &EngineParams) -> Self {
        let (features, policy) = (params.features.clone(), params.policy);
        let costs = policy.costs;
        let lifetimes = params.lifetimes.clone();
        let usual = LifetimeParams::default();
        let (cap, coverage) =
            lifetimes.as_ref().map_or((usual.cap, usual.coverage), |it| (it.cap, it.coverage));
        Self {
            preset: preset.to_owned(),
            clock: clock_word(&features.clock),
            horizon: features.horizon,
            windows: features.windows,
            half_lives: features.half_lives,
            event_windows: features.event_windows,
            new_life: features.new_life,
            hold_out: params.hold_out,
            hold_out_by: word(&params.hold_out_by, &HOLD_OUTS).to_owned(),
            costs: (costs.failure, costs.action, costs.look, costs.prevented),
            least_confidence: policy.least_confidence,
            lead_time: policy.lead_time,
            budget: policy.budget,
            budget_window: policy.budget_window,
            cool_down: policy.cool_down,
            lifetimes: lifetimes.is_some(),
            cap,
            coverage,
            contamination: params.detector.contamination,
            folds: params.folds,
            least_failures: params.least_failures,
            most_rows: params.most_rows,
            most_reasons: params.most_reasons,
            most_entities: params.most_entities,
            seed: params.seed,
        }
    }
}

/// The settings of a preset.
#[pyfunction]
pub(crate) fn engine_defaults(preset_name: &str) -> Result<Settings> {
    Ok(Settings::of(preset_name, &preset(preset_name)?))
}

/// Whether settings are within their ranges; what is wrong, if they are not.
#[pyfunction]
pub(crate) fn check_engine(settings: Settings) -> Result<()> {
    settings.params().map(drop)
}

/// Every key of `forewarn.engine.settings.ReportSettings`.
#[derive(FromPyObject, IntoPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct ReportSettings {
    title: String,
    noun: String,
    entity: Option<String>,
    at_risk: usize,
    listed: usize,
    over_time: usize,
    columns: usize,
    metrics: usize,
}

impl ReportSettings {
    pub(crate) fn params(self) -> ReportParams {
        ReportParams::new(self.title)
            .noun(self.noun)
            .entity(self.entity)
            .at_risk(self.at_risk)
            .listed(self.listed)
            .over_time(self.over_time)
            .columns(self.columns)
            .metrics(self.metrics)
    }
}

/// The settings of a report.
#[pyfunction]
pub(crate) fn report_defaults() -> ReportSettings {
    let it = ReportParams::default();
    ReportSettings {
        title: it.title,
        noun: it.noun,
        entity: it.entity,
        at_risk: it.at_risk,
        listed: it.listed,
        over_time: it.over_time,
        columns: it.columns,
        metrics: it.metrics,
    }
}
