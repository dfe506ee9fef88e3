"""Trains models with LightGBM and XGBoost, and writes them beside what they predict.

    python3 tests/golden/make_models.py tests/golden/models --golden   # the files in the repository
    python3 tests/golden/make_models.py FOLDER --rows 10000            # all models, many rows

For each model a file `NAME.txt`, `NAME.json` or `NAME.ubj` and a table `NAME.csv`: a comment with the
library's version, a header, and in each line a row, its raw scores and its predictions, by the
library after it has read the file. A library that is not installed is left out; older versions
write files under their own names (`xgboost1_…`, `lightgbm3_…`).
"""

from __future__ import annotations

import argparse
import pathlib

import numpy as np

COLUMNS = 7
CATEGORICAL = [5, 6]
# Few enough for a file of a repository, and of every kind.
GOLDEN = {
    "lightgbm_binary", "lightgbm_multiclass", "lightgbm_zero_as_missing", "lightgbm_random_forest",
    "xgboost_categorical", "xgboost_parallel", "xgboost_dart", "xgboost_quantiles",
    "xgboost_one_hot", "lightgbm3_binary", "xgboost1_categorical",
}  # fmt: skip


def table(rows: int, seed: int, *, unseen: bool) -> np.ndarray:
    """Quantities of several kinds, two columns of categories, and a tenth of the values missing.

    Columns 1 and 2 have few different values, so many lie exactly on a threshold. `unseen`: with
    categories that training does not have."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, COLUMNS))
    x[:, 1] = np.round(x[:, 1], 1)
    x[:, 2] = random.poisson(1.0, rows) * random.choice([0.0, 1.0, -0.01], rows)
    x[:, 3] = np.exp(3 * x[:, 3])
    x[:, 5] = random.integers(0, 8 if unseen else 6, rows)
    x[:, 6] = random.integers(0, 150 if unseen else 120, rows) ** 2 // 120
    x[random.random(x.shape) < 0.1] = np.nan
    # No missing values in training in columns 0 and 4: they come as a surprise.
    if not unseen:
        x[:, [0, 4]] = random.normal(size=(rows, 2))
    return x


def target(x: np.ndarray, seed: int) -> np.ndarray:
    """Something smooth around 0 that depends on every column, with noise."""
    random = np.random.default_rng(seed)
    known = np.nan_to_num(x)
    by_category = np.random.default_rng(5).normal(size=200)
    y = known[:, 0] * known[:, 1] + np.sin(known[:, 2]) + np.isnan(x[:, 3]) + 0.3 * known[:, 4]
    y += by_category[known[:, 5].astype(int)] + by_category[known[:, 6].astype(int)]
    return 0.5 * (y + random.normal(size=len(x)))


def as_classes(y: np.ndarray, classes: int) -> np.ndarray:
    return np.searchsorted(np.quantile(y, np.arange(1, classes) / classes), y)


def write(folder, name, version, model, x, raw, predictions):
    suffix, content = model
    path = folder / f"{name}.{suffix}"
    path.write_bytes(content)
    raw, predictions = raw.reshape(len(x), -1), predictions.reshape(len(x), -1)
    parts = {"x": x, "raw": raw, "prediction": predictions}
    names = [f"{part}{column}" for part, values in parts.items() for column in range(values.shape[1])]
    np.savetxt(
        folder / f"{name}.csv",
        np.hstack(list(parts.values())),
        fmt=["%.17g"] * x.shape[1] + ["%.12g"] * (raw.shape[1] + predictions.shape[1]),
        delimiter=",",
        header=f"# {version}\n{','.join(names)}",
        comments="",
    )
    print(f"{name}: {path.stat().st_size} bytes by {version}")


def lightgbm_recipes(y):
    """Name, parameters, target, whether with categories, keywords of the data set."""
    positive = np.exp(y)
    share = 1 / (1 + np.exp(-y))
    return [
        ("binary", {"objective": "binary"}, y > 0, True),
        ("binary_sigmoid", {"objective": "binary", "sigmoid": 0.7}, y > 0, False),
        ("multiclass", {"objective": "multiclass", "num_class": 3}, as_classes(y, 3), True),
        ("one_versus_all", {"objective": "multiclassova", "num_class": 4}, as_classes(y, 4), True),
        ("regression", {"objective": "regression"}, y, True),
        ("square_root", {"objective": "regression", "reg_sqrt": True}, y, False),
        ("absolute", {"objective": "regression_l1"}, y, True),
        ("quantile", {"objective": "quantile", "alpha": 0.9}, y, True),
        ("poisson", {"objective": "poisson"}, np.round(positive), True),
        ("gamma", {"objective": "gamma"}, positive, False),
        ("tweedie", {"objective": "tweedie"}, positive, True),
        ("cross_entropy", {"objective": "cross_entropy"}, share, True),
        ("cross_entropy_lambda", {"objective": "cross_entropy_lambda"}, share, True),
        ("lambdarank", {"objective": "lambdarank"}, as_classes(y, 4), True),
        ("dart", {"objective": "binary", "boosting": "dart", "drop_rate": 0.3}, y > 0, True),
        ("random_forest", {"objective": "binary", "boosting": "rf", "bagging_freq": 1,
                           "bagging_fraction": 0.6}, y > 0, True),
        ("goss", {"objective": "binary", "data_sample_strategy": "goss"}, y > 0, True),
        ("missing_unknown", {"objective": "binary", "use_missing": False}, y > 0, True),
        ("zero_as_missing", {"objective": "binary", "zero_as_missing": True}, y > 0, True),
        ("monotone", {"objective": "regression", "max_depth": 4,
                      "monotone_constraints": [1, -1, 0, 1, 0, 0, 0]}, y, False),
        ("extra_trees", {"objective": "regression", "extra_trees": True,
                         "max_cat_to_onehot": 100}, y, True),
        ("stumps_of_nothing", {"objective": "binary", "min_data_in_leaf": 10**6}, y > 0, True),
    ]  # fmt: skip


def make_lightgbm(folder, arguments, data):
    import lightgbm

    x, y, probe = data
    prefix = major("lightgbm", lightgbm.__version__, newest=4)
    # LightGBM reads any number as a category: by its whole part, negative ones as missing.
    odd = probe.copy()
    odd[::7, 5] = np.random.default_rng(3).uniform(-3, 9, len(odd[::7]))
    for name, parameters, labels, categories in lightgbm_recipes(y):
        name = f"{prefix}_{name}"
        if arguments.golden and name not in GOLDEN:
            continue
        settings = {
            "num_leaves": arguments.leaves, "learning_rate": 0.2, "min_data_in_leaf": 5,
            "min_data_per_group": 5, "cat_smooth": 1.0, "verbose": -1, "num_threads": 1, "seed": 1,
        } | parameters  # fmt: skip
        group = [len(y) // 20] * 20 if parameters["objective"] == "lambdarank" else None
        train = lightgbm.Dataset(
            x, labels.astype(float), group=group,
            categorical_feature=CATEGORICAL if categories else [],
            params={"verbose": -1},
        )  # fmt: skip
        text = lightgbm.train(settings, train, arguments.rounds).model_to_string()
        if arguments.golden:
            # Settings of the training, which nobody reads.
            start = text.index("\nparameters:\n") + 13
            text = text[:start] + text[text.index("\nend of parameters") :]
        model = lightgbm.Booster(model_str=text)
        raw = model.predict(odd, raw_score=True)
        if "random_forest" in name:
            # The raw score is a sum there; predictions are made from the mean.
            raw = raw / model.num_trees()
        version = f"lightgbm {lightgbm.__version__}"
        write(folder, name, version, ("txt", text.encode()), odd, raw, model.predict(odd))


def xgboost_recipes(y):
    """Name, parameters, target, whether with categories."""
    positive = np.exp(y)
    return [
        ("binary", {"objective": "binary:logistic"}, y > 0, False),
        ("categorical", {"objective": "binary:logistic", "max_cat_to_onehot": 4}, y > 0, True),
        ("one_hot", {"objective": "reg:squarederror", "max_cat_to_onehot": 1000}, y, True),
        ("multiclass", {"objective": "multi:softprob", "num_class": 3}, as_classes(y, 3), True),
        ("parallel", {"objective": "multi:softmax", "num_class": 3, "num_parallel_tree": 2,
                      "subsample": 0.7, "colsample_bynode": 0.7}, as_classes(y, 3), False),
        ("dart", {"objective": "binary:logistic", "booster": "dart", "rate_drop": 0.3}, y > 0, False),
        ("multi_label", {"objective": "binary:logistic"}, np.stack([y > 0, y > 1], 1), False),
        ("logit_raw", {"objective": "binary:logitraw"}, y > 0, False),
        ("base_score", {"objective": "reg:logistic", "base_score": 0.9}, y > 0, False),
        ("quantiles", {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.9]}, y, False),
        ("absolute", {"objective": "reg:absoluteerror"}, y, True),
        ("poisson", {"objective": "count:poisson"}, np.round(positive), True),
        ("gamma", {"objective": "reg:gamma"}, positive, False),
        ("tweedie", {"objective": "reg:tweedie"}, positive, False),
        ("cox", {"objective": "survival:cox"}, positive * np.where(y < 0, -1, 1), False),
        ("failure_time", {"objective": "survival:aft"}, positive, False),
        ("ranking", {"objective": "rank:ndcg"}, as_classes(y, 4), False),
        ("monotone", {"objective": "reg:squarederror", "tree_method": "exact",
                      "monotone_constraints": "(1,-1,0,1,0,0,0)"}, y, False),
        ("leaf_wise", {"objective": "reg:pseudohubererror", "grow_policy": "lossguide",
                       "max_leaves": 20, "tree_method": "hist"}, y, True),
        ("pruned", {"objective": "reg:squarederror", "gamma": 1.0, "tree_method": "approx"}, y, True),
    ]  # fmt: skip


def make_xgboost(folder, arguments, data):
    import xgboost

    x, y, probe = data
    prefix = major("xgboost", xgboost.__version__, newest=3)
    for index, (name, parameters, labels, categories) in enumerate(xgboost_recipes(y)):
        name = f"{prefix}_{name}"
        if arguments.golden and name not in GOLDEN:
            continue
        settings = {
            "max_depth": arguments.depth, "eta": 0.2, "nthread": 1, "seed": 1,
        } | parameters  # fmt: skip
        kinds = ["c" if categories and c in CATEGORICAL else "q" for c in range(COLUMNS)]

        def matrix(x, kinds=kinds):
            return xgboost.DMatrix(x, feature_types=kinds, enable_categorical=True)

        train = matrix(x)
        if parameters["objective"] == "survival:aft":
            train.set_float_info("label_lower_bound", labels)
            train.set_float_info("label_upper_bound", np.where(y > 0.5, np.inf, labels))
        else:
            train.set_label(labels.astype(float))
        if parameters["objective"] == "rank:ndcg":
            train.set_group([len(y) // 20] * 20)
        form = "json" if index % 2 else "ubj"
        try:
            saved = bytes(xgboost.train(settings, train, arguments.rounds).save_raw(form))
        except xgboost.core.XGBoostError as error:
            print(f"{name}: not with this version: {str(error).splitlines()[0]}")
            continue
        model = xgboost.Booster(model_file=bytearray(saved))
        raw = model.predict(matrix(probe), output_margin=True)
        if parameters["objective"] == "multi:softmax":
            # The class's number would tell nothing of the probabilities.
            model.set_param({"objective": "multi:softprob"})
        predictions = model.predict(matrix(probe))
        version = f"xgboost {xgboost.__version__}"
        write(folder, name, version, (form, saved), probe, raw, predictions)


def major(library: str, version: str, newest: int) -> str:
    number = int(version.split(".")[0])
    return library if number == newest else f"{library}{number}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=40, help="rows that are predicted")
    parser.add_argument("--golden", action="store_true", help="a few small models only")
    arguments = parser.parse_args()
    small = arguments.golden
    arguments.rounds, arguments.leaves, arguments.depth = (3, 6, 3) if small else (20, 31, 6)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    x = table(2_000, 1, unseen=False)
    data = x, target(x, 2), table(arguments.rows, 4, unseen=True)
    for make in (make_lightgbm, make_xgboost):
        try:
            make(arguments.folder, arguments, data)
        except ImportError as error:
            print(f"left out: {error}")


if __name__ == "__main__":
    main()
