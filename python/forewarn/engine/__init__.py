"""Is this machine about to fail, when, how sure is that, why, and what is to be done?"""

from forewarn.engine.assessment import (
    Assessment,
    Assessments,
    EntityRisk,
    Reason,
    TimeToFailure,
    TrendNote,
)
from forewarn.engine.evaluation import (
    AlertFigures,
    EnsembleFigures,
    Evaluation,
    LifetimeFigures,
    ModelCard,
    PartFigures,
)
from forewarn.engine.example import example_fleet
from forewarn.engine.fleet import ActionRecord, DriftNote, Fleet
from forewarn.engine.model import Engine
from forewarn.engine.report import Report

__all__ = [
    "ActionRecord",
    "AlertFigures",
    "Assessment",
    "Assessments",
    "DriftNote",
    "Engine",
    "EnsembleFigures",
    "EntityRisk",
    "Evaluation",
    "Fleet",
    "LifetimeFigures",
    "ModelCard",
    "PartFigures",
    "Reason",
    "Report",
    "TimeToFailure",
    "TrendNote",
    "example_fleet",
]
