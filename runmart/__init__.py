"""For analysts: the marts as pandas DataFrames, `runmart.frame("rpt_model_scorecard")`."""

from pipelines.frames import frame
from sources.common.errors import RunmartError

__all__ = ["RunmartError", "frame"]
