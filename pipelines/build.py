"""Builds the marts: lets dbt run its project on the warehouse that dlt's settings name."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.dbt_apart import Dbt, Invocation
from pipelines.publish import publish
from pipelines.warehouse import WarehouseError
from sources.common.errors import RunmartError, SettingsError

if TYPE_CHECKING:
    from pipelines.dbt_apart import NodeResult
    from pipelines.progress import Report
    from pipelines.publish import Publication
    from pipelines.warehouse import Warehouse

logger = logging.getLogger("runmart.build")

PROJECT = Path(__file__).resolve().parent.parent / "dbt_models"
PARSED = Path("target", "partial_parse.msgpack")
"""What dbt knows of a project that it has parsed, in the folder of a warehouse."""


TESTED_LATER = (
    "staging/armature/stg_armature__evaluation_criteria.yml",
    "staging/armature/stg_armature__evaluations.yml",
    "staging/armature/stg_armature__mcp_servers.yml",
    "staging/armature/stg_armature__runs.yml",
    "staging/armature/stg_armature__tool_calls.yml",
    "staging/armature/stg_armature__workflows.yml",
    "intermediate/*.yml",
)
"""Views, and what facts are made by, whose rows are tested again in the tables that are made of them, before
these are published.

A build of everything leaves their own tests out, which read all that was ever loaded twice more. A view that
is selected by name is tested where it stands.
"""

LEFT_OUT = (
    *(f"path:models/{file},resource_type:test" for file in TESTED_LATER),
    # What a report refers to, and its words, are its facts', which are tested, or stand in its own text. As
    # unit tests do, these tests hold the project to its word, whatever was loaded.
    "path:models/reports,test_name:relationships",
    "path:models/reports,test_name:accepted_values",
)
"""What a build of everything leaves out, in dbt's words."""


class BuildError(RunmartError):
    """dbt could not even begin: the project or its profile is wrong."""


@dataclass(frozen=True)
class Problem:
    """A model, test or seed that did not succeed, and what dbt says about it."""

    name: str
    message: str


@dataclass
class BuildOutcome:
    """What a build did.

    `skipped` nodes depend on what failed. `published` is the copy for readers, `unpublished` why it could not
    be renewed; both are None when there was none to make: on PostgreSQL, after a failure, or when that is
    not wanted.
    """

    models_built: int = 0
    tests_passed: int = 0
    warnings: list[Problem] = field(default_factory=list)
    failed_tests: list[Problem] = field(default_factory=list)
    failed_models: list[Problem] = field(default_factory=list)
    skipped: int = 0
    seconds: float = 0.0
    published: Publication | None = None
    unpublished: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether everything that was selected is built and every test has passed."""
        return not (self.failed_tests or self.failed_models or self.skipped)

    @property
    def exit_code(self) -> int:
        return 0 if self.is_good and self.unpublished is None else 1


def build(
    warehouse: Warehouse,
    select: str | None = None,
    report: Report | None = None,
    *,
    full_refresh: bool = False,
    dbt: Dbt | None = None,
) -> BuildOutcome:
    """Build and test the models of `dbt_models` in a warehouse; when all is well, publish them.

    Args:
        select: dbt's selection syntax (`fct_runs+`); None for everything.
        report: told what is being built, how many nodes are done, and of how many.
        full_refresh: make the facts anew from all rows, not only from those that changed.
        dbt: a process of dbt that was started before; it ends with the build.

    Raises:
        WarehouseError: nothing has been loaded yet, or the warehouse is in use.
        SettingsError: `select` matches nothing.
        BuildError: dbt cannot read its project or its profile.
    """
    started = time.monotonic()
    with dbt or Dbt() as dbt:
        loaded = _loaded_platforms(warehouse)
        warehouse.require_writable()
        options = [
            *(["--select", *select.split()] if select else ["--exclude", *LEFT_OUT]),
            *(["--full-refresh"] if full_refresh else []),
            # What is not loaded need not be built: every model costs its time, empty or not.
            *("--vars", json.dumps({"platforms": loaded})),
        ]
        answer = dbt.invoke(_invocation(warehouse, options), _log, report)
    if answer.results is None:
        raise BuildError(f"dbt could not build the models: {answer.error}")
    if select and not answer.results:
        raise SettingsError(f"--select {select!r} matches no model or test.")
    outcome = _outcome(answer.results)
    outcome.seconds = round(time.monotonic() - started, 1)
    if outcome.is_good:
        try:
            outcome.published = publish(warehouse)
        except RunmartError as error:
            # The marts are built: that they could not be copied is told beside it.
            outcome.unpublished = str(error)
    return outcome


def _log(line: str) -> None:
    logger.debug("dbt: %s", line)


def _loaded_platforms(warehouse: Warehouse) -> list[str]:
    """Platforms that have a table of runs, in the order of the list of platforms."""
    from pipelines.platforms import PLATFORMS

    with_runs = {schema for schema, table in warehouse.columns(*PLATFORMS) if table == "runs"}
    if not with_runs:
        raise WarehouseError(
            f"Nothing has been loaded yet into {warehouse.describe()}. Run `runmart load` first."
        )
    return [platform for platform in PLATFORMS if platform in with_runs]


def _invocation(warehouse: Warehouse, options: list[str]) -> Invocation:
    """What dbt is to do so that it builds."""
    folder = _state_folder(warehouse)
    forget_other_project(folder)
    arguments = [
        "build",
        *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
        *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        *("--log-level", "none", "--log-level-file", "none", "--quiet"),
        # dbt's artifacts cost seconds, and its answer has the results. DBT_WRITE_JSON=true asks for them.
        *([] if "DBT_WRITE_JSON" in os.environ else ["--no-write-json"]),
        *("--no-use-colors", "--no-version-check", "--no-send-anonymous-usage-stats"),
        # Unit tests hold the formulas to known answers, whatever the data: they are the project's, not the
        # user's. Of exposures there is nothing to build.
        *("--exclude-resource-type", "unit_test", "--exclude-resource-type", "exposure"),
        *options,
    ]
    # From dbt-core 1.12 on, hints about dbt's products leave a file in the user's home.
    settings = warehouse.dbt_environment() | {"DBT_ENGINE_HINTS_ENABLED": "false"}
    return Invocation(arguments, str(PROJECT), settings)


def _state_folder(warehouse: Warehouse) -> Path:
    """Where dbt keeps what it parsed, private and per warehouse, beside dlt's own state."""
    import dlt

    name = "dbt-" + hashlib.sha256(warehouse.describe().encode()).hexdigest()[:12]
    folder = Path(dlt.current.run_context().data_dir) / "runmart" / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="runmart-dbt-"))
    return folder


def forget_other_project(folder: Path) -> None:
    """Let dbt parse all of its project anew when it has changed, as by another version of runmart.

    dbt would parse changed files only, and then finds some metrics twice, and stops.
    """
    known, digest = folder / "project", project_digest()
    if not known.exists() or known.read_text() != digest:
        (folder / PARSED).unlink(missing_ok=True)
        known.write_text(digest)


def project_digest() -> str:
    """A hash of all files of the dbt project that dbt parses."""
    digest = hashlib.sha256()
    files = [PROJECT / "dbt_project.yml"]
    for part in ("docs", "macros", "models", "tests"):
        files += sorted(path for path in (PROJECT / part).rglob("*") if path.is_file())
    for file in files:
        digest.update(f"{file.relative_to(PROJECT)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _outcome(results: list[NodeResult]) -> BuildOutcome:
    outcome = BuildOutcome()
    for result in results:
        status = result.status
        is_test = result.kind == "test"
        problem = Problem(result.name, " ".join(str(result.message or status).split()))
        if status in ("success", "pass"):
            outcome.tests_passed += is_test
            outcome.models_built += not is_test
        elif status == "warn":
            outcome.warnings.append(problem)
        elif status == "skipped":
            outcome.skipped += 1
        else:
            (outcome.failed_tests if is_test else outcome.failed_models).append(problem)
    return outcome
