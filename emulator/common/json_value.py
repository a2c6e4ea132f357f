"""The type of what JSON holds."""

from __future__ import annotations

from typing import Any, TypeAlias

# Any value that JSON can say; spelled out it would need a cast at every index.
Json: TypeAlias = Any
