"""What an operator said of rows, in any of the usual forms."""

from __future__ import annotations

from typing import Any

import numpy as np

_CONFIRMED: dict[Any, bool] = {1: True, 0: False, "confirmed": True, "rejected": False}


def confirmed(verdicts: Any) -> list[bool]:
    """True for each row that was confirmed to be an anomaly."""
    values = np.asarray(verdicts)
    if values.ndim != 1:
        raise ValueError(f"verdicts have shape {values.shape}: there must be one for each row")
    try:
        return [_CONFIRMED[value] for value in values.tolist()]
    except KeyError as error:
        raise ValueError(
            f"there is a verdict {error}: verdicts must be True, 1 or 'confirmed' for anomalies, "
            "False, 0 or 'rejected' for what is none"
        ) from None
