"""The base of every emulated platform: from a request to a reply, without any network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from emulator.common.contract import Call, Endpoint, Reply, Routes
from emulator.common.errors import INVALID, ApiError
from emulator.common.faults import FaultBook
from emulator.common.validation import checked_query, problems, refuse

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from emulator.common.clock import Clock
    from emulator.common.contract import Asked
    from emulator.common.json_value import Json
    from emulator.common.keys import ApiKey, KeyRing


@dataclass(slots=True)
class Latency:
    """How long an answer takes at least: `fixed` plus up to `jitter` milliseconds."""

    fixed: float = 0.0
    jitter: float = 0.0


class Emulator(ABC):
    """One platform: its endpoints, keys, clock, faults and latency.

    A platform gives `name`, `prefix` (the path that all of its operations lie below), `endpoints` and
    `error_body`; `lock` is held while a request is carried out, and by whoever changes the world meanwhile.
    """

    name: str
    prefix: str
    # The status of a request whose query or body is not as the schemas say.
    invalid_status = 400

    def __init__(self, *, clock: Clock, keys: KeyRing, lock: threading.RLock, seed: int) -> None:
        self.clock = clock
        self.keys = keys
        self.lock = lock
        self.seed = seed
        self.faults = FaultBook(seed)
        self.latency = Latency()
        self.routes = Routes(self.endpoints())

    @abstractmethod
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every operation of the platform."""

    @abstractmethod
    def error_body(self, error: ApiError) -> bytes:
        """The body that the platform answers an error with."""

    def asked(self, method: str, raw_target: str) -> Asked:
        """What a request is for, by its method and its target as it was sent."""
        return self.routes.asked(method, raw_target, self.prefix)

    def reply(self, asked: Asked, headers: Mapping[str, str], raw_body: bytes) -> Reply:
        """Carry a request out; key, query and body are checked first, in this order."""
        try:
            if asked.endpoint is None:
                raise asked.problem or ApiError(404, "not_found", "There is nothing at this path.")
            return self._carry_out(asked.endpoint, asked, headers, raw_body)
        except ApiError as error:
            status = self.invalid_status if error.code == INVALID else error.status
            return Reply(self.error_body(error), status, error.headers)

    def _carry_out(
        self, endpoint: Endpoint, asked: Asked, headers: Mapping[str, str], raw_body: bytes
    ) -> Reply:
        key: ApiKey | None = None
        if endpoint.role is not None:
            key = self.keys.require(headers.get("Authorization"), endpoint.role, endpoint.scope)
        query = checked_query(asked.query, endpoint.parameters)
        body = self._checked_body(endpoint, headers, raw_body) if endpoint.body is not None else None
        with self.lock:
            return self.carry_out(endpoint, Call(asked.parts, query, body, key, headers))

    def carry_out(self, endpoint: Endpoint, call: Call) -> Reply:
        """Carry out a request that was checked; a platform may look at its headers first."""
        return endpoint.carry_out(call)

    def _checked_body(self, endpoint: Endpoint, headers: Mapping[str, str], raw_body: bytes) -> Json:
        if not raw_body and "required" not in (endpoint.body or {}):
            return {}
        if headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
            refuse([("body", "must be sent as application/json")])
        try:
            body = orjson.loads(raw_body)
        except orjson.JSONDecodeError:
            refuse([("body", "is not JSON")])
        refuse(list(problems(body, endpoint.body or {})))
        return body
