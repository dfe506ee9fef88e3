"""Tells a service that it is about to fail, and turns its knobs in time."""

from forewarn._core import CancelledError
from forewarn.sklearn import IsolationForest

__all__ = ["CancelledError", "IsolationForest"]
