"""The platforms whose promises are proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.likeness.armature import ArmatureLikeness
from tests.likeness.b3os import B3osLikeness
from tests.likeness.eigenpal import EigenPalLikeness
from tests.likeness.runflow import RunflowLikeness

if TYPE_CHECKING:
    from tests.likeness.platform import Likeness

LIKENESSES: dict[str, Likeness] = {
    likeness.name: likeness
    for likeness in (ArmatureLikeness(), B3osLikeness(), RunflowLikeness(), EigenPalLikeness())
}
