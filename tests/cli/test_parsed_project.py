"""What dbt has parsed is kept for the next build, and forgotten when the project is another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines import build

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small dbt project, in the place of ours."""
    project = tmp_path / "dbt_models"
    (project / "models" / "marts").mkdir(parents=True)
    (project / "dbt_project.yml").write_text("name: runmart")
    (project / "models" / "marts" / "fct_runs.sql").write_text("select 1 as run")
    monkeypatch.setattr(build, "PROJECT", project)
    return project


@pytest.fixture
def parsed(tmp_path: Path, project: Path) -> Path:
    """What dbt has left of parsing it, in the folder of a warehouse."""
    parsed = tmp_path / build.PARSED
    parsed.parent.mkdir()
    build.forget_other_project(tmp_path)
    parsed.touch()
    return parsed


def test_the_same_project_is_not_parsed_again(tmp_path: Path, parsed: Path) -> None:
    build.forget_other_project(tmp_path)
    assert parsed.exists()


@pytest.mark.parametrize(
    "name", ["dbt_project.yml", "models/marts/fct_runs.sql", "models/marts/fct_runs.yml"]
)
def test_a_changed_project_is_parsed_anew(tmp_path: Path, project: Path, parsed: Path, name: str) -> None:
    """From its record of a former project, dbt takes metrics twice, and stops."""
    (project / name).write_text("changed")
    build.forget_other_project(tmp_path)
    assert not parsed.exists()


def test_a_record_of_unknown_origin_is_not_trusted(tmp_path: Path, parsed: Path) -> None:
    (tmp_path / "project").unlink()
    build.forget_other_project(tmp_path)
    assert not parsed.exists()
