"""What EigenPal's documentation leaves open, and what its servers did otherwise before, as settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class EigenPalSettings:
    """How an EigenPal host might answer. The defaults are those of the newest public client."""

    # The path of the studio's and of self-hosted servers, or that of the API's own host.
    prefix: Literal["/api/v1", "/v1"] = "/api/v1"
    # "2026-11" adds to the published document of 2026-07: tags, parent and child runs, pending human reviews,
    # the number of steps, folders of automations, scores of an experiment's runs.
    contract: Literal["2026-07", "2026-11"] = "2026-11"
    # Older servers: one run as `{"run": {...}}`, asked for with `include`; rows that are flat objects.
    object_envelope: Literal["bare", "wrapped"] = "bare"
    rows: Literal["grouped", "flat"] = "grouped"
    timestamps: Literal["iso_z", "iso_offset"] = "iso_z"

    default_limit: int = 50
    # A larger `limit` of runs is cut down to this, silently.
    max_limit: int = 100
    # Which filters thin a page out after it was cut, so that it is short or even empty and yet not the last:
    # only `sampleRate`, which is documented; every one but those of time and of reviews; or none.
    thinned_by: Literal["sample_rate", "filters", "nothing"] = "sample_rate"
    # A cursor stands for the last row that was shown, or for a number of rows, so that pages shift.
    cursor_as: Literal["row", "offset"] = "row"
    # Whether `createdAfter` and its like let the very moment through.
    bounds: Literal["inclusive", "exclusive"] = "inclusive"
    serves_openapi: bool = True
