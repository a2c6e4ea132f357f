"""What B3OS's documentation leaves open, or says in two ways, as settings of the emulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class B3osSettings:
    """How a B3OS host might answer. The defaults are the most likely reading of the documentation."""

    # As the reference pages have it, `{"code", "message", "requestId", "data"}` with paging inside `data`; or
    # as the older introduction has it, `{"success", "data", "hasMore"}`.
    envelope: Literal["code", "success"] = "code"
    # The `code` of a success, in the first of the two.
    success_code: Literal[200, 0] = 200
    # "always": `hasMore` is true on every page, the last one and empty ones too.
    has_more: Literal["told", "left_out", "always"] = "told"
    # What is not there yet: no such field, or null.
    missing_fields: Literal["left_out", "null"] = "left_out"
    timestamps: Literal["iso_z", "iso_offset", "epoch_ms", "epoch_s"] = "iso_z"

    default_limit: int = 20
    max_limit: int = 100
    # A larger `limit`: cut down silently, or answered with 400.
    beyond_max_limit: Literal["cut", "refused"] = "cut"
    # Every page is the first one.
    ignores_offset: bool = False
    order: Literal["newest_first", "oldest_first", "shuffled"] = "newest_first"
    honours_status: bool = True
    # Runs older than this leave the lists; their own page stays.
    listed_days: float | None = None

    # `GET /runs` and `GET /openapi` are not documented.
    serves_account_runs: bool = True
    serves_openapi: bool = True
    # An archived workflow: its own page and its list of runs answer 200, or 404.
    shows_archived_workflows: bool = True
    # Most endpoints want the header `X-Org-ID`, as an older text says.
    needs_org_header: bool = False
