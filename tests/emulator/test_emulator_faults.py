"""Faults, latency, the request log, and the server's own life."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx
import pytest
from emulated import client_of, world

from emulator import EmulatorError, faults, serve
from emulator.armature import ArmatureEmulator, build

if TYPE_CHECKING:
    from emulated import ArmatureServer


def test_429_carries_its_retry_after(client: httpx.Client, server: ArmatureServer) -> None:
    server.faults.add(faults.too_many_requests(3))
    answer = client.get("/runs")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")


def test_retry_after_can_be_a_date(client: httpx.Client, server: ArmatureServer) -> None:
    server.faults.add(faults.too_many_requests(faults.http_date(60)))
    moment = parsedate_to_datetime(client.get("/runs").headers["Retry-After"])
    assert 50 < moment.timestamp() - time.time() <= 60


def test_retry_after_can_be_missing(client: httpx.Client, server: ArmatureServer) -> None:
    server.faults.add(faults.too_many_requests(None))
    assert "Retry-After" not in client.get("/runs").headers


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_server_errors(client: httpx.Client, server: ArmatureServer, status: int) -> None:
    server.faults.add(faults.server_error(status))
    assert client.get("/runs").status_code == status


@pytest.mark.parametrize("status", [401, 403, 404])
def test_refusals(client: httpx.Client, server: ArmatureServer, status: int) -> None:
    server.faults.add(faults.refusal(status))
    assert client.get("/org").status_code == status


def test_the_connection_is_reset(client: httpx.Client, server: ArmatureServer) -> None:
    server.faults.add(faults.reset())
    with pytest.raises(httpx.ReadError):
        client.get("/runs")


def test_the_body_is_cut_short_of_its_length(client: httpx.Client, server: ArmatureServer) -> None:
    server.faults.add(faults.cut_body())
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/runs")


def test_a_request_with_a_cut_answer_was_carried_out(client: httpx.Client, server: ArmatureServer) -> None:
    workflow = client.get("/workflows").json()["workflows"][0]["id"]
    path, body = f"/workflows/{workflow}/runs", {"idempotencyKey": "once"}
    server.faults.add(faults.cut_body(), times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        client.post(path, json=body)
    assert client.post(path, json=body).json()["deduplicated"] is True


def test_html_with_status_200(client: httpx.Client, server: ArmatureServer) -> None:
    server.faults.add(faults.html_page())
    answer = client.get("/runs")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_json_that_breaks_off(client: httpx.Client, server: ArmatureServer) -> None:
    server.faults.add(faults.garbage())
    with pytest.raises(ValueError, match="Unterminated"):
        client.get("/runs").json()


def test_an_empty_body(client: httpx.Client, server: ArmatureServer) -> None:
    server.faults.add(faults.empty_body())
    answer = client.get("/runs")
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_redirect_to_another_host(client: httpx.Client, server: ArmatureServer) -> None:
    server.faults.add(faults.redirect("http://elsewhere.example/runs"))
    answer = client.get("/runs")
    assert (answer.status_code, answer.headers["Location"]) == (307, "http://elsewhere.example/runs")


def test_a_slow_answer_is_the_true_one(client: httpx.Client, server: ArmatureServer) -> None:
    truth = client.get("/runs").content
    server.faults.add(faults.slow(0.2))
    begin = time.monotonic()
    assert client.get("/runs").content == truth
    assert time.monotonic() - begin >= 0.2


def test_any_answer_byte_for_byte(client: httpx.Client, server: ArmatureServer) -> None:
    server.faults.add(faults.answer(418, b"\xff", "text/plain", X_Tea="yes"))
    answer = client.get("/runs")
    assert (answer.status_code, answer.content, answer.headers["X-Tea"]) == (418, b"\xff", "yes")


def test_a_fault_strikes_the_next_requests_only(client: httpx.Client, server: ArmatureServer) -> None:
    server.faults.add(faults.server_error(), times=2)
    assert [client.get("/org").status_code for _ in range(4)] == [503, 503, 200, 200]


def test_a_fault_strikes_one_endpoint_only(client: httpx.Client, server: ArmatureServer) -> None:
    server.faults.add(faults.server_error(), on="GET /runs/{id}/*")
    run = client.get("/runs?range=30d").json()["runs"][0]["id"]
    paths = (f"/runs/{run}", f"/runs/{run}/trace", f"/runs/{run}/tool-calls", "/org")
    assert [client.get(path).status_code for path in paths] == [200, 503, 503, 200]


def test_a_fault_strikes_one_run_only(client: httpx.Client, server: ArmatureServer) -> None:
    one, other = (row["id"] for row in client.get("/runs?range=30d").json()["runs"][:2])
    server.faults.add(faults.refusal(404), on=f"GET /runs/{one}*")
    assert [client.get(f"/runs/{run}").status_code for run in (one, other)] == [404, 200]


def test_chance_is_seeded() -> None:
    def statuses() -> list[int]:
        with serve(ArmatureEmulator(world())) as server, client_of(server) as client:
            server.faults.add_rates({"503": 0.3, "429": 0.2})
            return [client.get("/org").status_code for _ in range(60)]

    first = statuses()
    assert first == statuses()
    assert {200, 429, 503} == set(first)


def test_faults_can_be_removed(client: httpx.Client, server: ArmatureServer) -> None:
    rule = server.faults.add(faults.server_error())
    server.faults.add(faults.refusal(403))
    seen = [client.get("/org").status_code]
    server.faults.remove(rule)
    seen.append(client.get("/org").status_code)
    server.faults.clear()
    seen.append(client.get("/org").status_code)
    assert seen == [503, 403, 200]


def test_latency_holds_every_answer_back(client: httpx.Client, server: ArmatureServer) -> None:
    server.latency.fixed = 100
    server.latency.jitter = 50
    begin = time.monotonic()
    client.get("/org")
    assert time.monotonic() - begin >= 0.1


def test_requests_are_counted_by_endpoint(client: httpx.Client, server: ArmatureServer) -> None:
    run = client.get("/runs?range=30d&page=1").json()["runs"][0]["id"]
    client.get("/runs?page=2")
    client.get(f"/runs/{run}")
    client.get("/nothing")
    assert server.requests.counts == {"GET /runs": 2, "GET /runs/{id}": 1, "elsewhere": 1}
    assert server.requests.pages() == ["1", "2"]
    assert server.requests.total == 4


def test_the_log_keeps_status_and_fault(client: httpx.Client, server: ArmatureServer) -> None:
    server.faults.add(faults.server_error(502), times=1)
    client.get("/org")
    client.get("/org")
    first, second = server.requests.of("GET /org")
    assert (first.status, first.fault, second.status, second.fault) == (502, "502", 200, None)
    assert server.requests.faults == {"502": 1}
    assert server.requests.statuses == {("GET /org", 502): 1, ("GET /org", 200): 1}


def test_the_most_requests_in_flight_are_known(server: ArmatureServer) -> None:
    server.latency.fixed = 300
    with contextlib.ExitStack() as stack:
        # Opened first: on a busy machine that takes longer than the answers are held back.
        clients = [stack.enter_context(client_of(server)) for _ in range(5)]
        threads = [threading.Thread(target=client.get, args=("/org",)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert server.requests.max_in_flight == 5
    assert server.requests.in_flight == 0


def test_a_port_in_use_is_one_sentence(server: ArmatureServer) -> None:
    port = int(server.origin.rpartition(":")[2])
    with (
        pytest.raises(EmulatorError, match=f"The port {port} on 127.0.0.1 is in use"),
        serve(ArmatureEmulator(world()), port=port),
    ):
        pass


@pytest.mark.parametrize("port", [70_000, -1])
def test_a_port_that_cannot_be_is_one_sentence(port: int) -> None:
    with pytest.raises(EmulatorError, match=f"The port {port} on 127.0.0.1 cannot"):  # noqa: SIM117
        with serve(ArmatureEmulator(world()), port=port):
            pass


def test_an_unknown_fault_is_one_sentence() -> None:
    with pytest.raises(EmulatorError, match="There is no fault '999'"):
        build(fault_rates={"999": 0.1})


def test_a_key_of_ones_own_is_accepted() -> None:
    with serve(build(runs=10, workflows=2, api_key="amt_my_own")) as server:
        assert server.api_key == "amt_my_own"
        with client_of(server) as client:
            assert client.get("/org").status_code == 200


def test_the_foreground_server_stops_when_interrupted() -> None:
    program = (
        "from emulator import run_until_interrupted\n"
        "from emulator.armature import build\n"
        "run_until_interrupted(build(runs=10), started=lambda server: print(server.base_url, flush=True))\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert httpx.get(f"{address}/openapi").status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
