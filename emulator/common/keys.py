"""Bearer keys with a role: `<prefix>_<id>_<secret>`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from emulator.common.chance import number
from emulator.common.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Role(IntEnum):
    """What a key may do; a higher role may do everything that a lower one may."""

    VIEWER = 1
    EDITOR = 2
    ADMIN = 3
    OWNER = 4

    @property
    def label(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key; `token` is what a client sends after `Bearer`."""

    id: str
    name: str
    role: Role
    token: str
    without: frozenset[str] = frozenset()

    def may(self, scope: str) -> bool:
        """Whether the key has a scope, on platforms that know scopes: every one but those in `without`."""
        return scope not in self.without


def require_scope(key: ApiKey, scope: str) -> None:
    """`ApiError` 403 if the key lacks `scope`."""
    if not key.may(scope):
        raise ApiError(403, "missing_scope", f"The key lacks the scope {scope}.")


class KeyRing:
    """The keys that an emulated account knows. One key per role exists from the start."""

    def __init__(self, prefix: str, seed: int, owner_token: str | None = None) -> None:
        self._prefix = prefix
        self._seed = seed
        self._keys: dict[str, ApiKey] = {}
        self._of_role = {role: self.issue(role) for role in Role}
        if owner_token is not None:
            self._of_role[Role.OWNER] = self.issue(Role.OWNER, token=owner_token)

    def issue(self, role: Role, *, token: str | None = None, without: Iterable[str] = ()) -> ApiKey:
        """Make one more key of `role`, with a token of your own if given, `without` some scopes."""
        serial = len(self._keys)
        key_id = f"{number(self._seed, 'key', serial, size=6):012x}"
        secret = f"{number(self._seed, 'secret', serial, size=20):040x}"
        token = token or f"{self._prefix}_{key_id}_{secret}"
        key = ApiKey(key_id, f"{role.label} {serial}", role, token, frozenset(without))
        self._keys[key.token] = key
        return key

    def of(self, role: Role) -> ApiKey:
        """The standing key of `role`."""
        return self._of_role[role]

    def revoke(self, token: str) -> None:
        """From now on `token` is answered with 401."""
        self._keys.pop(token, None)

    def require(self, authorization: str | None, role: Role, scope: str | None = None) -> ApiKey:
        """The key in an `Authorization` header, or `ApiError` 401 (no such key) or 403 (role or scope)."""
        scheme, _, token = (authorization or "").partition(" ")
        key = self._keys.get(token.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            raise ApiError(
                401,
                "unauthenticated",
                "The API key is missing, malformed or revoked.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if key.role < role:
            raise ApiError(
                403,
                "forbidden_role",
                f"This needs the role {role.label} or above; the key has {key.role.label}.",
            )
        if scope is not None:
            require_scope(key, scope)
        return key
