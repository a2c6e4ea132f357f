"""Where Runflow's OpenAPI document describes the rows of each table, for `runmart check` to compare."""

from __future__ import annotations

from sources.common.connector import Described

ITEMS = ("items", "data", "results")

DESCRIBED = {
    "runs": Described("/runs/{}", apart=("node_runs", "logs", "flow", "current_evaluation")),
    "node_runs": Described("/runs/{}/node-runs", (), ITEMS),
    "logs": Described("/runs/{}/logs", (), ITEMS),
    "evaluations": Described("/runs/{}/evaluations", (), ITEMS, apart=("judges",)),
    "evaluation_judges": Described("/runs/{}/evaluations", (), ITEMS, ("judges",), ("detected_issues",)),
    "evaluation_issues": Described("/runs/{}/evaluations", (), ITEMS, ("judges", "detected_issues")),
    "batches": Described("/batches/{}", apart=("items",)),
    "flows": Described("/flows", (), ITEMS),
    "models": Described("/models", (), ITEMS),
    "comfyui_workflows": Described("/comfyui-workflows", (), ITEMS),
}
