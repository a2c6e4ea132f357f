"""What Runflow's documentation leaves open, or says in two ways, as settings of the emulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class RunflowSettings:
    """How a Runflow host might answer. The defaults are the most likely reading of the documentation."""

    # Lists: under this key, with the cursors beside it by their names in the API reference (`first`, `next`,
    # `previous`) or in the concepts page (`first_pq`, `next_pq`, `prev_pq`).
    list_envelope: Literal["items", "data", "results"] = "items"
    cursor_names: Literal["next", "next_pq"] = "next"
    # A cursor as it stands there: bare, as a query string, as path and query, or as a URL.
    cursor_as: Literal["cursor", "query", "path", "url"] = "cursor"
    # The scheme and host of such a URL; None: the one that was asked.
    cursor_origin: str | None = None
    # `next` on the last page.
    no_cursor: Literal["null", "absent", "empty"] = "null"
    # What a cursor holds: the last row's place, or a number of rows to skip, which shifts as runs arrive.
    cursor_holds: Literal["place", "offset"] = "place"
    # Every page is the first one, and says the same `next`.
    ignores_cursor: bool = False
    # Node runs, logs and evaluations of one run: as other lists, or a bare array of all.
    child_lists: Literal["paged", "bare"] = "paged"
    error_envelope: Literal["flat", "nested"] = "flat"

    default_limit: int = 50
    # A larger `limit` is refused with 422; this is documented.
    max_limit: int = 500
    honours_sort: bool = True
    default_order: Literal["newest_first", "oldest_first", "shuffled"] = "newest_first"
    # `q`: as the concepts page tells it, only `name:value` joined by AND, or not looked at.
    filters: Literal["full", "exact", "ignored"] = "exact"
    # The word `any` in place of a run's id lists node runs and logs of all runs.
    serves_any_run: bool = True

    timestamps: Literal["iso_z", "iso_seconds", "iso_utc"] = "iso_z"
    # Decimal text; the documented pattern also lets `+00.5`, `.5` and `5.` through ("loose"). Or a number.
    cost_as: Literal["plain", "loose", "number"] = "plain"
    # Failed runs are not billed.
    unbilled_cost: Literal["null", "zero"] = "null"
    cancelled_word: Literal["canceled", "cancelled"] = "canceled"
    # `status_code`, `target_type` and `source_code` are in older examples and missing in the newest.
    shows_enums: bool = True
    # Relations that were not asked for by `embed`.
    unasked_relations: Literal["absent", "null"] = "absent"
    # `status_code` and `hard_gate_failures` of an evaluation, which no page shows.
    shows_evaluation_status: bool = True
    evaluation_order: Literal["newest_first", "oldest_first"] = "newest_first"
    output_shape: Literal["outputs", "image_urls"] = "outputs"
    # Links to files: signed anew on each read, signed once, or without a signature.
    links: Literal["signed_each_time", "signed_once", "unsigned"] = "signed_each_time"
    # Inputs that name a file: resolved to a link, or as they were sent (`runflow://assets/…`).
    inputs: Literal["resolved", "as_sent"] = "resolved"

    serves_openapi: bool = True
