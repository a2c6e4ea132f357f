"""`runmart check`: tells one cause from another, in seconds."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from emulator.common import faults
from emulator.common.keys import Role
from pipelines.openapi import differences
from sources.armature import CONNECTOR

if TYPE_CHECKING:
    from commands import Place, Result

    from emulator import Server
    from emulator.armature import ArmatureEmulator

    Account = Server[ArmatureEmulator]


def check(place: Place, account: Account, **settings: str) -> Result:
    place.settings |= {
        "SOURCES__ARMATURE__BASE_URL": account.origin,
        "SOURCES__ARMATURE__API_KEY": account.api_key,
    }
    started = time.monotonic()
    result = place.call("check", "armature", **settings)
    assert time.monotonic() - started < 30
    return result


def test_an_account_that_works(place: Place) -> None:
    done = place.call("check", "armature", "--json")
    assert done.code == 0, done.err
    assert done.json["organization"] == "Acme"
    assert done.json["role"] == "owner"
    assert {endpoint["endpoint"] for endpoint in done.json["endpoints"]} >= {
        "/org",
        "/workflows",
        "/mcp-servers",
        "/runs",
        "/runs/{id}",
        "/runs/{id}/evaluation",
        "/runs/{id}/tool-calls",
        "/runs/{id}/trace",
    }
    assert {table["table"] for table in done.json["fields"]} >= {"runs", "tool_calls", "evaluation_criteria"}
    assert place.call("check", "armature").out.count("\n") > 10


def test_the_role_of_the_key_is_told(empty: Place, account: Account) -> None:
    done = check(empty, account, SOURCES__ARMATURE__API_KEY=account.key(Role.VIEWER))
    assert "viewer" in done.out


def test_a_forbidden_endpoint_is_told_and_ends_with_3(empty: Place, own_account: Account) -> None:
    own_account.faults.add(faults.refusal(403), on="GET /mcp-servers")
    done = check(empty, own_account)
    assert done.code == 3
    assert "failed  /mcp-servers" in done.out


def test_an_account_that_does_not_say_whose_it_is(empty: Place, own_account: Account) -> None:
    own_account.faults.add(faults.refusal(404), on="GET /org")
    done = check(empty, own_account)
    assert done.code == 0
    assert "Organization  not told" in done.out


def test_a_host_without_the_api(empty: Place, own_account: Account) -> None:
    own_account.faults.add(faults.refusal(404))
    check(empty, own_account).failed_with(1, "no Armature API", "404")


def test_a_web_page_instead_of_json(empty: Place, own_account: Account) -> None:
    own_account.faults.add(faults.html_page())
    check(empty, own_account).failed_with(1, "web page", "SOURCES__ARMATURE__BASE_URL")


def test_a_host_that_is_not_known(empty: Place, account: Account) -> None:
    settings = {"SOURCES__ARMATURE__BASE_URL": "https://no-such-host.invalid"}
    check(empty, account, **settings).failed_with(1, "no-such-host.invalid", "DNS")


def test_a_port_that_nobody_listens_on(empty: Place, account: Account) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        check(empty, account, SOURCES__ARMATURE__BASE_URL=address).failed_with(
            1, "cannot be reached", "refused"
        )


def test_a_host_that_does_not_speak_tls(empty: Place, account: Account) -> None:
    address = account.origin.replace("http:", "https:")
    check(empty, account, SOURCES__ARMATURE__BASE_URL=address).failed_with(1, "TLS")


def test_fields_are_compared_through_references_and_envelopes() -> None:
    run = {"properties": {"runId": {}, "workflow": {"properties": {"id": {}}}, "moonPhase": {}}}
    document = {
        "components": {"schemas": {"Run": run}},
        "paths": {
            "/api/armature/v1/runs/{runId}": {
                "get": {
                    "responses": {
                        "200": {
                            "content": {
                                "application/json": {
                                    "schema": {"properties": {"run": {"$ref": "#/components/schemas/Run"}}}
                                }
                            }
                        }
                    }
                }
            }
        },
    }
    (runs,) = differences(document, CONNECTOR)
    assert runs.table == "runs"
    assert runs.unknown_to_us == ("moon_phase",)
    assert "workflow_id" not in runs.unknown_to_them
    assert "cost" in runs.unknown_to_them


def test_a_document_of_another_shape_gives_no_differences() -> None:
    assert differences([], CONNECTOR) == []
    assert (
        differences(
            {"paths": {"/runs/{id}": {"get": {"responses": {"200": {"$ref": "#/nowhere"}}}}}}, CONNECTOR
        )
        == []
    )
