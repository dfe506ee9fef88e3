//! Reads XGBoost's models in JSON and UBJ (`doc/model.schema` and `src/learner.cc` there).

use super::value::Value;
use super::xgboost_tree::{self, SetBudget};
use super::{in_tree, json, outputs, start_of, ubj};
use crate::boost::predict::Compiled;
use crate::boost::tree::Tree;
use crate::boost::{Ensemble, Link};
use crate::error::{Result, invalid};

impl Ensemble {
    /// Reads a model that XGBoost saved as JSON or UBJ (`save_model`, `save_raw`), by versions 1.0 to
    /// 3.2; which of the two is told from the bytes. It predicts what a `Booster` from the same
    /// file predicts for the same rows: from all trees, also after early stopping
    /// (`best_iteration` is for `predict`'s `iteration_range`, and for XGBoost's scikit-learn
    /// classes, which use it by themselves).
    ///
    /// XGBoost compares in 32 bits; thresholds become the 64-bit ones that send every value the same
    /// way. It also adds up in 32 bits, so its sums of a few dozen trees are off by up to
    /// 1e-6 of their size.
    /// Missing values are NaN. Columns of categories hold codes; where the model knows
    /// its training table's categories (`cats`, since 3.1), they are not looked at. Negative codes
    /// are treated as missing; XGBoost treats them as a category it has not seen.
    ///
    /// `multi:softmax` gets [`Link::Softmax`], so that it answers with probabilities, not with the
    /// class. The second derivatives that XGBoost counts stand for the rows of a node too.
    ///
    /// # Errors
    /// [`InvalidModel`](crate::Error::InvalidModel) for bytes that are no such model, and for what has
    /// no counterpart here: linear boosters, trees with a vector in each leaf, objectives without
    /// a [`Link`].
    ///
    /// ```
    /// use forewarn::boost::{Ensemble, Link};
    /// use forewarn::ndarray::array;
    ///
    /// let text = r#"{"version": [3, 2, 0], "learner": {
    ///     "feature_names": ["temperature"],
    ///     "learner_model_param": {"base_score": "[5E-1]", "num_class": "0", "num_feature": "1"},
    ///     "objective": {"name": "binary:logistic"},
    ///     "gradient_booster": {"name": "gbtree", "model": {"tree_info": [0], "trees": [{
    ///         "left_children": [1, -1, -1], "right_children": [2, -1, -1], "split_indices": [0, 0, 0],
    ///         "split_conditions": [40.0, -3.5, 1.25], "default_left": [0, 0, 0],
    ///         "sum_hessian": [9.0, 6.0, 3.0], "loss_changes": [4.0, 0.0, 0.0]}]}}}}"#;
    /// let model = Ensemble::from_xgboost(text.as_bytes())?;
    /// assert_eq!(model.link(), Link::Logistic { scale: 1.0 });
    /// let raw = model.raw(array![[39.0], [41.0]].view())?;
    /// assert_eq!(raw, array![[-3.5], [1.25]]);
    /// # Ok::<(), forewarn::Error>(())
    /// ```
    pub fn from_xgboost(bytes: &[u8]) -> Result<Self> {
        // Both begin with a brace; what follows it in UBJ is the marker of a length or type.
        let binary = bytes.get(1).is_some_and(|second| b"LlIUi$#N".contains(second));
        let model = if bytes.first() == Some(&b'{') && binary {
            ubj::read(bytes)
        } else if bytes.trim_ascii_start().first() == Some(&b'{') {
            json::read(bytes)
        } else {
            return Err(invalid(
                "neither JSON nor UBJ: XGBoost's older binary form can be saved as one of them",
            ));
        };
        learner(model?.need("learner")?)
    }
}

fn learner(learner: &Value) -> Result<Ensemble> {
    let parameters = learner.need("learner_model_param")?;
    let counts = parameters.whole("num_class")?.max(parameters.whole("num_target")?);
    let outputs = outputs(counts)?;
    let (link, to_raw) = objective(learner.need("objective")?.text("name")?, outputs)?;
    let booster = learner.need("gradient_booster")?;
    let (model, weights) = match booster.text("name")? {
        "gbtree" => (booster.need("model")?, None),
        "dart" => (booster.need("gbtree")?.need("model")?, Some(booster.numbers("weight_drop")?)),
        other => {
            let other = start_of(other);
            return Err(invalid(format_args!("the booster `{other}` is not one of trees")));
        }
    };
    let names = match learner.get("feature_names") {
        Some(_) => learner.list("feature_names")?,
        None => &[],
    };
    let name = |name: &Value| match name {
        Value::Text(name) => Ok(name.clone()),
        _ => Err(invalid("a name of a column that is not text")),
    };
    let ensemble = Ensemble {
        columns: parameters.whole("num_feature")? as usize,
        start: start(parameters.text("base_score")?, outputs, to_raw)?,
        link,
        trees: trees(model, weights)?,
        names: names.iter().map(name).collect::<Result<_>>()?,
        compiled: Compiled::default(),
    };
    ensemble.check()?;
    Ok(ensemble)
}

fn trees(model: &Value, weights: Option<&[f64]>) -> Result<Vec<Tree>> {
    let (trees, outputs) = (model.list("trees")?, model.numbers("tree_info")?);
    let weighted = weights.map_or(trees.len(), <[f64]>::len);
    if trees.len() != outputs.len() || trees.len() != weighted {
        let (trees, outputs) = (trees.len(), outputs.len());
        return Err(invalid(format_args!("{trees} trees, {outputs} outputs, {weighted} weights")));
    }
    let mut budget = SetBudget::START;
    let read = |(index, tree): (usize, &Value)| {
        let weight = weights.map_or(1.0, |weights| xgboost_tree::single(weights[index]));
        let output = super::value::whole(outputs[index]);
        let output = output.ok_or_else(|| invalid("an output that is not a whole number"));
        output
            .and_then(|output| xgboost_tree::read(tree, output, weight, &mut budget))
            .map_err(|error| in_tree(error, index))
    };
    trees.iter().enumerate().map(read).collect()
}

/// How a mean of the target becomes a raw score.
type ToRaw = fn(f32) -> f32;

/// The link of an objective, and its inverse as XGBoost applies it to `base_score`.
fn objective(name: &str, outputs: usize) -> Result<(Link, ToRaw)> {
    let same: ToRaw = |mean| mean;
    let logit: ToRaw = |mean| -(1.0 / mean - 1.0).ln();
    let logistic = if outputs == 1 {
        Link::Logistic { scale: 1.0 }
    } else {
        Link::EachLogistic { scale: 1.0, normalised: false }
    };
    Ok(match name {
        "reg:squarederror"
        | "reg:linear"
        | "reg:squaredlogerror"
        | "reg:pseudohubererror"
        | "reg:absoluteerror"
        | "reg:quantileerror"
        | "binary:logitraw"
        | "rank:pairwise"
        | "rank:ndcg"
        | "rank:map" => (Link::Identity, same),
        "binary:logistic" | "reg:logistic" => (logistic, logit),
        "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => {
            (Link::Exponential, f32::ln)
        }
        "multi:softprob" | "multi:softmax" => (Link::Softmax, same),
        other => {
            let other = start_of(other);
            return Err(invalid(format_args!("the objective `{other}` has no counterpart here")));
        }
    })
}

/// `base_score`: one number, or since version 3.1 a list in brackets with one for each output.
fn start(text: &str, outputs: usize, to_raw: ToRaw) -> Result<Vec<f64>> {
    let means = text.trim_matches(['[', ']']).split(',');
    let read = |mean: &str| mean.trim().parse().map(to_raw).map(f64::from);
    let starts: Vec<f64> = means
        .map(read)
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| invalid("`base_score` is not a number or a list of them"))?;
    match starts.as_slice() {
        &[start] => Ok(vec![start; outputs]),
        all if all.len() == outputs => Ok(starts),
        all => {
            let found = all.len();
            Err(invalid(format_args!("`base_score` has {found} entries for {outputs} outputs")))
        }
    }
}
