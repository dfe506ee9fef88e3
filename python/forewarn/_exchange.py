"""Boosted models from elsewhere, and to elsewhere."""

from __future__ import annotations

from typing import TypeVar

from forewarn._boost_settings import BoostSettings
from forewarn._categories import Categories
from forewarn._core import Boosted
from forewarn._estimator import TableEstimator

Self = TypeVar("Self", bound="Exchange")


class Exchange(TableEstimator):
    """An estimator around a model of boosted trees."""

    _links: tuple[str, ...] = ()
    """Of models that were not trained here, those with these links can be taken."""

    _of_times = False
    """And those that can be asked for times, or those that cannot."""

    _model: Boosted
    _settings: BoostSettings | None
    n_iter_: int
    evals_result_: dict[str, dict[str, list[float]]]
    warnings_: list[str]

    def to_bytes(self) -> bytes:
        """The model in the compact binary form that Rust programs read, too.

        Parameters, labels of classes and the values behind the codes of categories are not in it:
        pickle the estimator to keep those.
        """
        self._check_fitted()
        return self._model.to_bytes()

    @classmethod
    def from_bytes(cls: type[Self], data: bytes) -> Self:
        """A fitted estimator around a model that ``to_bytes``, here or in Rust, has written.

        Columns go by position, categories must be codes, classes are numbered from 0. Bytes that
        are truncated, edited or of a newer format are refused with a ValueError.
        """
        return cls()._take_foreign(Boosted(data))

    @classmethod
    def from_lightgbm(cls: type[Self], text: str) -> Self:
        """A fitted estimator around a model that LightGBM has written as text, as ``from_bytes``.

        The text of a LightGBM ``Booster`` is its ``model_to_string()``, or the file that
        ``save_model`` writes.
        """
        return cls()._take_foreign(Boosted.from_lightgbm(text))

    @classmethod
    def from_xgboost(cls: type[Self], data: bytes) -> Self:
        """A fitted estimator around a model that XGBoost has written, as ``from_bytes``.

        ``data`` are the bytes of a file in JSON or UBJSON, or ``bytes(booster.save_raw())``.
        """
        return cls()._take_foreign(Boosted.from_xgboost(data))

    def to_lightgbm(self) -> str:
        """The trees as the text of a model that LightGBM reads: ``Booster(model_str=...)``."""
        self._check_fitted()
        return self._model.to_lightgbm()

    def _take_foreign(self: Self, model: Boosted) -> Self:
        """Takes a model that was not trained here, if it is one of the estimator's kind."""
        if model.link not in self._links or model.knows_times != self._of_times:
            times = " and of times" if model.knows_times else ""
            raise ValueError(
                f"the model's predictions are {model.link}{times}, which those of a "
                f"{type(self).__name__} are not"
            )
        self._model = model
        self._settings = None
        self._categories = Categories([])
        self.n_features_in_ = model.n_features
        self.n_iter_ = model.n_trees // model.n_outputs
        self.evals_result_ = {}
        self.warnings_ = []
        return self
