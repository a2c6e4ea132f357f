"""The platforms whose promises are proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.likeness.armature import ArmatureLikeness

if TYPE_CHECKING:
    from tests.likeness.platform import Likeness

LIKENESSES: dict[str, Likeness] = {likeness.name: likeness for likeness in (ArmatureLikeness(),)}
