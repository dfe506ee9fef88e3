//! From Python's settings to those of boosting.

use crate::errors::{Result, bad_value};
use forewarn::boost::{
    Aft, AftParams, Binary, BoostingParams, ClassWeight, Classes, ClassifierParams, Cox, CoxParams,
    Direction, Distribution, EarlyStopping, FailureClassifierParams, Hazard, HazardParams, HoldOut,
    Objective, Quantity, RegressionLoss, RegressorParams, RowSampling,
};
use forewarn::calibrate::Method;
use pyo3::{FromPyObject, pyfunction};

/// Every key of `forewarn._boost_settings.BoostSettings`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings {
    pub(crate) loss: String,
    /// Of the loss: Huber's delta, the quantile, the exponent of focal loss, the scale of the logarithms
    /// of times, the number of periods.
    shape: Option<f64>,
    calibration: Option<String>,
    /// Of the second of two classes, in training alone: probabilities do not show it.
    failure_weight: Option<f64>,
    /// Of several classes, in training alone.
    balanced: bool,
    n_trees: usize,
    learning_rate: f64,
    max_leaves: usize,
    max_depth: Option<usize>,
    min_rows: usize,
    min_hessian: f64,
    min_gain: f64,
    l1: f64,
    l2: f64,
    max_bins: usize,
    row_share: f64,
    goss: Option<(f64, f64)>,
    column_share: f64,
    column_share_split: f64,
    categorical: Vec<usize>,
    monotone: Vec<(usize, i8)>,
    interactions: Vec<Vec<usize>>,
    patience: Option<usize>,
    hold_out: f64,
    hold_out_last: bool,
    pub(crate) watch_only: bool,
    seed: u64,
}

impl Settings {
    /// For labels that say whether a row failed.
    pub(crate) fn failures(self) -> Result<FailureClassifierParams> {
        let focal = match self.loss.as_str() {
            "log_loss" => None,
            "focal" => Some(self.shape()?),
            _ => return self.unknown("'log_loss' or 'focal'"),
        };
        let calibration = match self.calibration.as_deref() {
            None => None,
            Some("automatic") => Some(Method::Automatic),
            Some("platt") => Some(Method::Platt),
            Some("beta") => Some(Method::Beta),
            Some("isotonic") => Some(Method::Isotonic),
            Some(other) => {
                let allowed = "None, 'automatic', 'platt', 'beta' or 'isotonic' for two classes";
                return Err(bad_value(format!("calibration is '{other}': it must be {allowed}")));
            }
        };
        let weight = self.failure_weight.map_or(ClassWeight::Equal, ClassWeight::Failure);
        Ok(self.params::<Binary>().focal(focal).class_weight(weight).calibration(calibration))
    }

    /// For labels that number classes.
    pub(crate) fn classes(self) -> Result<ClassifierParams> {
        let calibrated = match self.calibration.as_deref() {
            None => false,
            Some("automatic" | "temperature") => true,
            Some(other) => {
                let allowed = "None, 'automatic' or 'temperature' for more than two classes";
                return Err(bad_value(format!("calibration is '{other}': it must be {allowed}")));
            }
        };
        let balanced = self.balanced;
        match self.loss.as_str() {
            "log_loss" => Ok(self.params::<Classes>().balanced(balanced).calibrated(calibrated)),
            "focal" => Err(bad_value("loss is 'focal': it is for two classes only".to_owned())),
            _ => self.unknown("'log_loss' or 'focal'"),
        }
    }

    /// For labels that are numbers.
    pub(crate) fn quantities(self) -> Result<RegressorParams> {
        let loss = match self.loss.as_str() {
            "squared_error" => RegressionLoss::Squared,
            "huber" => RegressionLoss::Huber(self.shape()?),
            "quantile" => RegressionLoss::Quantile(self.shape()?),
            "absolute_error" => RegressionLoss::Quantile(0.5),
            "poisson" => RegressionLoss::Poisson,
            _ => {
                return self.unknown(
                    "'squared_error', 'absolute_error', 'huber', 'quantile' or 'poisson'",
                );
            }
        };
        Ok(self.params::<Quantity>().loss(loss))
    }

    /// For lives whose hazards are proportional.
    pub(crate) fn cox(self) -> CoxParams {
        self.params()
    }

    /// For lives by period.
    pub(crate) fn hazard(self) -> Result<HazardParams> {
        let mut hazard = Hazard::default();
        hazard.periods = self.shape()? as usize;
        Ok(self.params().objective(hazard))
    }

    /// For lives that features stretch.
    pub(crate) fn aft(self) -> Result<AftParams> {
        let mut aft = Aft::default();
        aft.scale = self.shape;
        aft.distribution = match self.loss.as_str() {
            "log_normal" => Distribution::Normal,
            "log_logistic" => Distribution::Logistic,
            "weibull" => Distribution::ExtremeValue,
            _ => {
                return self.unknown("'cox', 'hazard', 'log_normal', 'log_logistic' or 'weibull'");
            }
        };
        Ok(self.params().objective(aft))
    }

    fn shape(&self) -> Result<f64> {
        self.shape.ok_or_else(|| bad_value(format!("loss '{}' lacks its number", self.loss)))
    }

    fn unknown<T>(&self, allowed: &str) -> Result<T> {
        Err(bad_value(format!("loss is '{}': it must be {allowed}", self.loss)))
    }

    fn params<O: Objective + Default>(self) -> BoostingParams<O> {
        let rows = match self.goss {
            Some((top, rest)) => RowSampling::Goss { top, rest },
            None if self.row_share == 1.0 => RowSampling::All,
            None => RowSampling::Share(self.row_share),
        };
        let hold_out = if self.hold_out_last {
            HoldOut::Last(self.hold_out)
        } else {
            HoldOut::Random(self.hold_out)
        };
        let direction = |(column, sign): (usize, i8)| {
            (column, if sign > 0 { Direction::Increasing } else { Direction::Decreasing })
        };
        BoostingParams::default()
            .n_trees(self.n_trees)
            .learning_rate(self.learning_rate)
            .max_leaves(self.max_leaves)
            .max_depth(self.max_depth)
            .min_rows(self.min_rows)
            .min_hessian(self.min_hessian)
            .min_gain(self.min_gain)
            .l1(self.l1)
            .l2(self.l2)
            .max_bins(self.max_bins)
            .rows(rows)
            .column_share(self.column_share)
            .column_share_split(self.column_share_split)
            .categorical(self.categorical)
            .monotone(self.monotone.into_iter().map(direction).collect())
            .interactions(self.interactions)
            .early_stopping(self.patience.map(|patience| EarlyStopping { patience, hold_out }))
            .seed(self.seed)
    }
}

/// The defaults of a kind of model, by the names of Python's parameters.
#[pyfunction]
pub(crate) fn boost_defaults(model: &str) -> Result<Vec<(&'static str, Option<f64>)>> {
    fn of<O: Objective + Default>() -> Vec<(&'static str, Option<f64>)> {
        let params = BoostingParams::<O>::default();
        let subsample = match params.rows {
            RowSampling::Share(share) => share,
            _ => 1.0,
        };
        vec![
            ("n_estimators", Some(params.n_trees as f64)),
            ("learning_rate", Some(params.learning_rate)),
            ("max_leaf_nodes", Some(params.max_leaves as f64)),
            ("max_depth", params.max_depth.map(|depth| depth as f64)),
            ("min_samples_leaf", Some(params.min_rows as f64)),
            ("min_hessian", Some(params.min_hessian)),
            ("min_gain", Some(params.min_gain)),
            ("l1_regularization", Some(params.l1)),
            ("l2_regularization", Some(params.l2)),
            ("max_bins", Some(params.max_bins as f64)),
            ("subsample", Some(subsample)),
            ("max_features", Some(params.column_share_split)),
            ("max_features_tree", Some(params.column_share)),
        ]
    }
    match model {
        "failures" => Ok(of::<Binary>()),
        "classes" => Ok(of::<Classes>()),
        "quantities" => Ok(of::<Quantity>()),
        "times" => Ok(of::<Cox>()),
        _ => Err(bad_value(format!("there is no model '{model}'"))),
    }
}
