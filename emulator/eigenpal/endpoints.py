"""EigenPal's operations as data: path, parameters, bodies and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.common.contract import Endpoint, Parameter
from emulator.common.keys import Role
from emulator.common.schemas import COUNT, OBJECT, TEXT
from emulator.eigenpal import schemas
from emulator.eigenpal.run_query import CURSOR, MOMENT, RATE
from emulator.eigenpal.schemas import Shapes

if TYPE_CHECKING:
    from emulator.common.schemas import Schema
    from emulator.eigenpal.api import EigenPalEmulator
    from emulator.eigenpal.settings import EigenPalSettings

SECTIONS = ("input", "usage", "execution", "debug")
_SECTION = f"(?:{'|'.join(SECTIONS)})"

DATE: Schema = {"type": "string", "pattern": MOMENT}


def _texts(**described: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, TEXT, description) for name, description in described.items())


def _limit(most: int) -> Parameter:
    return Parameter("limit", {"type": "integer", "minimum": 1, "maximum": most}, "Rows of a page at most.")


OFFSET = Parameter("offset", {**COUNT, "maximum": 2**53 - 1}, "Rows before the page.")

RUN_FILTERS = (
    *_texts(
        type="workflow or agent.",
        source="Automations, by id or alias, separated by commas.",
        status="Statuses, separated by commas.",
        trigger="Trigger types, separated by commas.",
        triggeredBy="Ids of users, or __system__, separated by commas.",
        sourceRef="Versions or commits, separated by commas.",
        batchId="Experiments.",
        exampleId="Examples.",
        exampleIdContains="A part of an example's id.",
        ids="Runs by id, separated by commas.",
        experiments="false leaves out runs of experiments.",
        tag="Tags, separated by commas.",
        hasExample="true or false.",
        sort="Only createdAt.",
        order="Only desc.",
        reviewStatus="Statuses of the review, separated by commas.",
        reviewVerdict="Verdicts, separated by commas.",
        hasReview="true: runs with a review.",
        noReview="true: runs without one.",
        hasCorrections="true: runs whose review corrects something.",
        reviewNoteContains="A part of the review's note.",
        sinceLastClosed="true: runs created after the newest one whose review is closed.",
    ),
    *(
        Parameter(f"{name}{side}", DATE, "A moment, e.g. 2026-03-01T12:00:00Z or 7d.")
        for name in ("created", "completed", "reviewCreated", "reviewUpdated", "reviewClosed")
        for side in ("After", "Before")
    ),
    Parameter("from", DATE, "The same as createdAfter."),
    Parameter("to", DATE, "The same as createdBefore."),
    Parameter(
        "sampleRate", {"type": "string", "pattern": RATE}, "Runs whose sampleRank is below; pages get short."
    ),
    Parameter("cursor", {"type": "string", "pattern": CURSOR}, "The nextCursor of the page before."),
    OFFSET,
    _limit(100),
)


def refusals(*statuses: int) -> dict[int, Schema]:
    return dict.fromkeys(statuses, schemas.ERROR)


def endpoints(api: EigenPalEmulator, settings: EigenPalSettings) -> tuple[Endpoint, ...]:
    """Every operation that is served under `settings`."""
    shapes = Shapes(settings)
    return (
        *_account(api, settings),
        *_runs(api, settings, shapes),
        *_below_runs(api, shapes),
        *_writing(api, shapes),
        *_automations(api, shapes),
        *_experiments(api, shapes),
    )


def _account(api: EigenPalEmulator, settings: EigenPalSettings) -> tuple[Endpoint, ...]:
    check = Endpoint(
        "GET",
        "/auth/check",
        "auth.check",
        "Who is asking",
        api.check,
        {200: schemas.AUTH, **refusals(401)},
    )
    document = Endpoint("GET", "/openapi", "openapi", "This document", api.openapi, {200: OBJECT}, role=None)
    return (check, *([document] if settings.serves_openapi else []))


def _runs(api: EigenPalEmulator, settings: EigenPalSettings, shapes: Shapes) -> tuple[Endpoint, ...]:
    section = "expand" if settings.object_envelope == "bare" else "include"
    sections: Schema = {"type": "string", "pattern": f"^{_SECTION}(?:,{_SECTION})*$"}
    return (
        Endpoint(
            "GET",
            "/runs",
            "runs.list",
            "Runs that match the filters, newest first",
            api.list_runs,
            {200: shapes.runs(), **refusals(400, 401)},
            parameters=RUN_FILTERS,
        ),
        Endpoint(
            "GET",
            "/runs/{id}",
            "runs.get",
            "One run",
            api.get_run,
            {200: shapes.run(), **refusals(400, 401, 404)},
            parameters=(Parameter(section, sections, "Sections, separated by commas."),),
        ),
    )


def _below_runs(api: EigenPalEmulator, shapes: Shapes) -> tuple[Endpoint, ...]:
    parts = (
        ("usage", "runs.usage.get", "Tokens and credits of a run", api.get_usage, schemas.USAGE_ANSWER),
        ("scores", "runs.scores.list", "What evaluators say of a run", api.list_scores, shapes.scores()),
        ("steps", "runs.steps.list", "The steps of a workflow's run", api.list_steps, shapes.steps()),
        ("trace", "runs.trace.get", "What a run went through", api.get_trace, shapes.trace()),
        ("events", "runs.events.list", "The statuses of a run", api.list_events, shapes.events()),
        ("reviews", "runs.reviews.get", "What people say of a run", api.get_review, shapes.review()),
        ("artifacts", "runs.artifacts.list", "The files of a run", api.list_artifacts, schemas.ARTIFACTS),
    )
    return tuple(
        Endpoint(
            "GET", f"/runs/{{id}}/{part}", operation, summary, carry_out, {200: answer, **refusals(401, 404)}
        )
        for part, operation, summary, carry_out, answer in parts
    )


def _writing(api: EigenPalEmulator, shapes: Shapes) -> tuple[Endpoint, ...]:
    return (
        Endpoint(
            "POST",
            "/runs",
            "runs.start",
            "Start a run",
            api.start,
            {202: schemas.ACCEPTED, **refusals(400, 401, 403, 404)},
            role=Role.EDITOR,
            body=schemas.run_request(),
        ),
        Endpoint(
            "POST",
            "/runs/{id}/rerun",
            "runs.rerun",
            "Try a run again, as a new run",
            api.rerun,
            {202: schemas.ACCEPTED, **refusals(401, 403, 404)},
            role=Role.EDITOR,
        ),
        Endpoint(
            "POST",
            "/runs/{id}/cancel",
            "runs.cancel",
            "Ask for the end of a run",
            api.cancel,
            {200: schemas.CANCELLED, **refusals(401, 403, 404)},
            role=Role.EDITOR,
        ),
        Endpoint(
            "PUT",
            "/runs/{id}/reviews",
            "runs.reviews.update",
            "Review a run, or change its review",
            api.put_review,
            {200: shapes.review(), **refusals(400, 401, 403, 404)},
            role=Role.EDITOR,
            body=schemas.REVIEW_REQUEST,
        ),
        Endpoint(
            "DELETE",
            "/runs/{id}/reviews",
            "runs.reviews.clear",
            "Delete the review of a run",
            api.delete_review,
            {200: shapes.review(), **refusals(401, 403, 404)},
            role=Role.EDITOR,
        ),
    )


def _automations(api: EigenPalEmulator, shapes: Shapes) -> tuple[Endpoint, ...]:
    kind = Parameter("type", schemas.KIND, "Workflows or agents only.")
    return (
        Endpoint(
            "GET",
            "/automations",
            "automations.list",
            "Workflows and agents",
            api.list_automations,
            {200: shapes.paged(shapes.automation()), **refusals(400, 401)},
            parameters=(*_texts(search="Text in slug, name or description."), kind, _limit(100), OFFSET),
        ),
        Endpoint(
            "GET",
            "/automations/{id}",
            "automations.get",
            "One automation, by id or alias",
            api.get_automation,
            {200: shapes.automation_page(), **refusals(401, 404)},
        ),
        Endpoint(
            "GET",
            "/automations/{id}/versions",
            "automations.versions.list",
            "The versions of an automation, newest first",
            api.list_versions,
            {200: shapes.paged(shapes.version()), **refusals(401, 404)},
        ),
        Endpoint(
            "GET",
            "/automations/{id}/examples",
            "automations.examples.list",
            "The dataset of an automation",
            api.list_examples,
            {200: shapes.paged(shapes.example()), **refusals(400, 401, 404)},
            parameters=(_limit(100), OFFSET),
        ),
        Endpoint(
            "GET",
            "/automations/{id}/examples/{exampleId}",
            "automations.examples.get",
            "One row of the dataset",
            api.get_example,
            {200: shapes.example(), **refusals(401, 404)},
        ),
    )


def _experiments(api: EigenPalEmulator, shapes: Shapes) -> tuple[Endpoint, ...]:
    window = (
        Parameter("fromDate", DATE, "Created at or after."),
        Parameter("toDate", DATE, "Created at or before."),
    )
    return (
        Endpoint(
            "GET",
            "/automations/{id}/experiments",
            "automations.experiments.list",
            "The experiments of an automation, newest first",
            api.list_experiments,
            {200: shapes.paged(shapes.experiment()), **refusals(400, 401, 404)},
            parameters=(_limit(500), OFFSET, *window),
        ),
        Endpoint(
            "GET",
            "/automations/{id}/experiments/{experimentId}",
            "automations.experiments.get",
            "One experiment with its runs and scores",
            api.get_experiment,
            {200: shapes.experiment_page(), **refusals(401, 404)},
        ),
        Endpoint(
            "GET",
            "/experiments/{experimentId}",
            "experiments.resolve",
            "Whose experiment it is",
            api.resolve_experiment,
            {200: schemas.REFERENCE, **refusals(401, 404)},
        ),
    )
