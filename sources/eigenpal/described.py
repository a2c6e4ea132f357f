"""Where EigenPal's OpenAPI document describes the rows of each table, for `runmart check` to compare."""

from __future__ import annotations

from sources.common.connector import Described

DESCRIBED = {
    "runs": Described("/runs/{}", ("run",)),
    "scores": Described("/runs/{}/scores", (), ("scores",)),
    "steps": Described("/runs/{}/steps", (), ("steps",)),
    "trace_events": Described("/runs/{}/trace", (), ("events",)),
    "reviews": Described("/runs/{}/reviews", ("review",), apart=("corrections",)),
    "review_corrections": Described("/runs/{}/reviews", ("review",), ("corrections",)),
    "automations": Described("/automations/{}"),
    "automation_versions": Described("/automations/{}/versions", (), ("data",)),
    "experiments": Described("/automations/{}/experiments", (), ("data",)),
    "examples": Described("/automations/{}/examples", (), ("data",)),
}
