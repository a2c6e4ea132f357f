"""EigenPal's public Python client reads the emulator: every answer fits the models that it brings along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from eigenpal import EigenpalClient
from eigenpal._generated import models
from eigenpal.errors import (
    EigenpalAuthError,
    EigenpalForbiddenError,
    EigenpalNotFoundError,
    EigenpalRateLimitError,
    EigenpalValidationError,
)
from emulated_eigenpal import world

from emulator import faults, serve
from emulator.common.keys import Role
from emulator.eigenpal import EigenPalEmulator, EigenPalSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator import Server
    from emulator.common.json_value import Json

    EigenPalServer = Server[EigenPalEmulator]

SECTIONS = ["input", "usage", "execution", "debug"]


@pytest.fixture(scope="module")
def server() -> Iterator[EigenPalServer]:
    """The API's own host, over a world that stands still."""
    settings = EigenPalSettings(prefix="/v1")
    with serve(EigenPalEmulator(world(), settings)) as running:
        yield running


@pytest.fixture(scope="module")
def sdk(server: EigenPalServer) -> Iterator[EigenpalClient]:
    with EigenpalClient(base_url=server.origin, api_key=server.api_key) as client:
        yield client


@pytest.fixture(scope="module")
def rows(sdk: EigenpalClient) -> list[Json]:
    """All runs, page by page."""
    found: list[Json] = []
    cursor: dict[str, str] = {}
    while True:
        page = sdk.runs.list(limit=100, **cursor)
        found += page.runs
        if page.nextCursor is None:
            return found
        cursor = {"cursor": page.nextCursor}


def plain(value: Json) -> Json:
    """`value` without the client's own kinds of dict."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def assert_fits(model: Json, body: Json) -> None:
    """The model takes the body, and knows every field of it: what it would drop does not come back."""
    assert plain(model.from_dict(body).to_dict()) == plain(body)


def test_the_key_is_checked(sdk: EigenpalClient) -> None:
    assert_fits(models.AuthCheckResponse, sdk.auth.check())


def test_every_row_of_every_page_fits(rows: list[Json]) -> None:
    assert len(rows) == 400
    for row in rows:
        assert_fits(models.RunListItem, row)


def test_the_rows_show_what_a_client_may_meet(rows: list[Json]) -> None:
    assert {row.execution.status for row in rows} == {"completed", "failed", "cancelled", "rejected"}
    assert {row.type for row in rows} == {"workflow", "agent"}
    assert any(row.execution.review for row in rows)
    assert any(row.execution.retry.previousRunId for row in rows)
    assert any("eval" in row for row in rows)


def test_the_page_of_a_run_fits(sdk: EigenpalClient, rows: list[Json]) -> None:
    for row in rows[::10]:
        assert_fits(models.Run, sdk.runs.get(row.id))


def test_every_section_of_a_run_fits(sdk: EigenpalClient, rows: list[Json]) -> None:
    for row in rows[::10]:
        full = sdk.runs.get(row.id, expand=SECTIONS)
        # The client reads the long form as the short one; so it is held to its own model by itself.
        kind = models.WorkflowRunExecution if row.type == "workflow" else models.AgentRunExecution
        assert_fits(kind, full.execution)
        assert_fits(models.Run, {**full, "execution": row.execution})


def test_what_lies_below_a_run_fits(sdk: EigenpalClient, rows: list[Json]) -> None:
    for row in rows[::10]:
        assert_fits(models.RunUsageResponse, sdk.runs.usage(row.id))
        assert_fits(models.RunScoresResponse, sdk.runs.scores.list(row.id))
        assert_fits(models.RunStepsResponse, sdk.runs.steps(row.id))
        assert_fits(models.RunTraceResponse, sdk.runs.trace.get(row.id))
        assert_fits(models.RunEventsResponse, sdk.runs.events(row.id))
        assert_fits(models.RunArtifactsResponse, sdk.runs.artifacts.list(row.id))


def test_reviews_fit(sdk: EigenpalClient, rows: list[Json]) -> None:
    reviewed = [row for row in rows if row.execution.review]
    answers = [sdk.runs.reviews.get(row.id) for row in reviewed]
    for answer in answers:
        assert_fits(models.RunReviewDetail, answer)
    assert any(answer.review.corrections for answer in answers)


def test_automations_fit(sdk: EigenpalClient) -> None:
    listed = sdk.automations.list(limit=100)
    assert_fits(models.ListAutomationsResponse, listed)
    for automation in listed.data:
        assert_fits(models.AutomationDetail, sdk.automations.get(automation.id))
        assert_fits(models.ListAutomationVersionsResponse, sdk.automations.versions(automation.id))
        assert_fits(models.DatasetExampleList, sdk.automations.examples.list(automation.id))


def test_experiments_fit(sdk: EigenpalClient) -> None:
    found = [
        sdk.automations.experiments.get(automation.id, experiment.id)
        for automation in sdk.automations.list(limit=100).data
        for experiment in sdk.automations.experiments.list(automation.id)["data"]
    ]
    assert found
    for experiment in found:
        assert_fits(models.ExperimentDetail, experiment)


def test_a_run_goes_its_way_from_its_start_to_its_rerun() -> None:
    tenant = world()
    with (
        serve(EigenPalEmulator(tenant, EigenPalSettings(prefix="/v1"))) as server,
        EigenpalClient(base_url=server.origin, api_key=server.api_key) as sdk,
    ):
        started = sdk.run("agents.support-inbox")
        assert_fits(models.RunAccepted, started)
        cancelled = sdk.runs.cancel(started.id)
        assert_fits(models.RunCancelResponse, cancelled)
        assert cancelled.cancellation.state == "cancelled"
        review = sdk.runs.reviews.update(started.id, {"verdict": "incorrect", "note": "Too early."})
        assert_fits(models.RunReviewDetail, review)
        again = sdk.rerun(started.id)
        assert sdk.runs.get(again.id).execution.retry.previousRunId == started.id
        assert sdk.runs.get(started.id).execution.retry.nextRun.id == again.id
        assert sdk.runs.reviews.clear(started.id) == {"review": None}


def test_a_run_that_waits_for_somebody_fits() -> None:
    tenant = world()
    run = tenant.add_run(queue_s=0, duration_s=600, waits_s=(0, 500))
    with (
        serve(EigenPalEmulator(tenant, EigenPalSettings(prefix="/v1"))) as server,
        EigenpalClient(base_url=server.origin, api_key=server.api_key) as sdk,
    ):
        shown = sdk.runs.get(run.id)
    assert_fits(models.Run, shown)
    assert (shown.execution.status, shown.execution.humanReview.status) == ("waiting", "pending")


def test_the_studio_is_read_as_well() -> None:
    with (
        serve(EigenPalEmulator(world())) as server,
        EigenpalClient(base_url=f"{server.origin}/api", api_key=server.api_key) as sdk,
    ):
        assert sdk.auth.check().ok is True


def test_errors_are_the_clients_own(server: EigenPalServer, sdk: EigenpalClient) -> None:
    with pytest.raises(EigenpalNotFoundError, match=r"There is no such run\.") as missing:
        sdk.runs.get("exec_nothing")
    assert missing.value.request_id
    with pytest.raises(EigenpalValidationError, match="expand: is not written as it must be"):
        sdk.runs.get("exec_nothing", expand="secrets")
    with (
        EigenpalClient(base_url=server.origin, api_key="eig_live_wrong") as stranger,
        pytest.raises(EigenpalAuthError),
    ):
        stranger.auth.check()
    with (
        EigenpalClient(base_url=server.origin, api_key=server.key(Role.VIEWER)) as viewer,
        pytest.raises(EigenpalForbiddenError),
    ):
        viewer.run("agents.support-inbox")


def test_the_client_is_told_how_long_to_wait(server: EigenPalServer) -> None:
    with EigenpalClient(base_url=server.origin, api_key=server.api_key, max_retries=0) as sdk:
        server.faults.add(faults.too_many_requests(7), times=1)
        with pytest.raises(EigenpalRateLimitError) as limited:
            sdk.runs.list()
    assert (limited.value.retry_after, limited.value.envelope["issues"][0]["code"]) == (7, "rate_limited")
