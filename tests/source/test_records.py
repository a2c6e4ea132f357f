"""Whatever JSON an API sends: it is decoded, encoded and read into rows without losing a leaf."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sources.armature.tables import EVALUATIONS, RUNS, TABLES, TOOL_CALLS
from sources.common.errors import UnreadableError
from sources.common.lists import list_inside
from sources.common.payload import _may_lose_digits, decode, encode, object_in, rows_in, spellings
from sources.common.records import _plan, _taken_whole, read_record, spelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sources.common.tables import Table

settings.register_profile(
    "source", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("source")

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(2**80), max_value=2**80),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(allow_nan=False, allow_infinity=False, places=30).map(str),
    st.datetimes().map(str),
    st.sampled_from(["", "1", "true", "1e999", "1700000000000", "2026-01-01T00:00:00.123456789Z", "NaN"]),
    TEXT,
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4))
)

FITTING: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXT,
    "json": VALUES,
    "bool": st.booleans(),
    "bigint": st.integers(-(2**63), 2**63),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "duration": st.integers(-(2**63), 2**63),
    "money": st.floats(-1e6, 1e6),
    "timestamp": st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
}
"""Values that a column of a kind takes, as a rule."""


def known_names(table: Table) -> list[str]:
    """Every key that a table's columns are looked up under, outer and inner."""
    paths = [path for column in table.own_columns for name in column.paths for path in spelled(name)]
    return sorted({part for path in paths for part in path})


def records(table: Table) -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from(known_names(table))
    inner = st.one_of(VALUES, st.dictionaries(st.one_of(names, TEXT), VALUES, max_size=4))
    return st.dictionaries(st.one_of(names, TEXT), inner, max_size=8)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:  # noqa: ANN401
    if isinstance(value, (dict, list)) and value:
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path, value


def is_told(leaf: Any, value: Any) -> bool:  # noqa: ANN401
    """Whether a column's value says what a leaf said."""
    if isinstance(value, bool):
        return str(leaf).strip().lower() in ("true", "1", "yes", "false", "0", "no")
    if isinstance(value, datetime):
        return True  # that a moment is read exactly has tests of its own
    if isinstance(value, (int, float, Decimal)):
        number = Decimal(str(leaf).strip())
        return number == Decimal(str(value)) or number * 1000 == Decimal(str(value))
    return value == leaf or value == encode(leaf)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
@given(data=st.data())
def test_every_leaf_of_a_record_is_in_a_column_or_in_extra(table: Table, data: st.DataObject) -> None:
    record = data.draw(records(table))
    row = read_record(table, record)
    extra = dict(leaves(json.loads(row["extra"]))) if row["extra"] else {}
    columns = [(column, row[column.name]) for column in table.own_columns if row.get(column.name) is not None]
    for path, leaf in leaves(record):
        if not path or leaf is None or (path in extra and extra[path] == leaf):
            continue
        holders = {
            column.name: value
            for column, value in columns
            for name in column.paths
            for spelling in spelled(name)
            if path[: len(spelling)] == spelling
            and (
                dict(leaves(json.loads(value), spelling)).get(path, ...) == leaf
                if column.kind == "json"
                else path == spelling and is_told(leaf, value)
            )
        }
        assert holders, (path, leaf, row)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
@given(data=st.data())
def test_a_record_that_is_taken_whole_gives_the_row_that_looking_for_each_value_gives(
    table: Table, data: st.DataObject
) -> None:
    """Most records hold nothing but what the columns take as it is: they are read in a shorter way."""
    looked_up = [(column.name, column.kind) for column in table.own_columns if not column.derived]
    derived: dict[str, object] = {column.name: 7 for column in table.own_columns if column.derived}
    ways = (path for column in table.own_columns for name in column.paths for path in spelled(name))
    inside = sorted({key for path in ways for key in path[1:]} | {"other"})
    objects = st.dictionaries(st.sampled_from(inside), VALUES, min_size=1, max_size=2)
    fields = {name: st.one_of(FITTING[kind], st.none(), VALUES, objects) for name, kind in looked_up}
    repeated = {name: st.sampled_from([7, 8, True, None]) for name in derived}
    record = data.draw(st.fixed_dictionaries({}, optional=fields | repeated))
    plan = _plan(table, record)
    is_flat, plan.is_flat = plan.is_flat, False
    try:
        longer = read_record(table, record, **derived)
    finally:
        plan.is_flat = is_flat
    assert repr(read_record(table, record, **derived)) == repr(longer)


def test_a_plain_record_is_taken_whole() -> None:
    record = {"id": "c", "toolName": "query", "isError": False, "durationMs": 5, "runId": "r", "callIndex": 3}
    plan = _plan(TOOL_CALLS, record)
    assert plan.is_flat
    assert _taken_whole(plan, record, {"run_id": "r", "call_index": 3}) is not None
    assert _taken_whole(plan, record, {"run_id": "another", "call_index": 3}) is None
    assert _taken_whole(plan, {**record, "durationMs": 5.5}, {"run_id": "r", "call_index": 3}) is None


def test_a_record_is_taken_whole_as_long_as_no_path_leads_into_it() -> None:
    record = {"id": "e", "runId": "r", "verdict": "pass", "score": 0.5, "judgeModel": "j"}
    plan = _plan(EVALUATIONS, record)
    assert plan.is_flat
    assert _taken_whole(plan, record, {"run_id": "r"}) is not None
    inside = {**record, "score": None, "verdict": {"status": "pass", "score": 0.7}}
    assert _taken_whole(plan, inside, {"run_id": "r"}) is None
    assert read_record(EVALUATIONS, inside, run_id="r")["score"] == 0.7


@given(st.sampled_from([table for table in TABLES.values() if table.endpoint]), st.data())
def test_a_row_fits_its_arrow_schema(table: Table, data: st.DataObject) -> None:
    derived = {name: "key" if name.endswith("_id") else 0 for name in table.key}
    table.to_arrow([read_record(table, data.draw(records(table)), **derived)])


@given(VALUES)
def test_json_survives_decoding_and_encoding(value: Any) -> None:  # noqa: ANN401
    assert json.loads(encode(decode(json.dumps(value).encode()))) == value


@given(
    st.recursive(st.text(max_size=8), lambda inner: st.dictionaries(st.text(max_size=8), inner, max_size=4))
)
def test_no_key_is_lost_when_text_is_made_storable(value: Any) -> None:  # noqa: ANN401
    decoded = decode(json.dumps(value).encode())
    assert len(list(leaves(decoded))) == len(list(leaves(value)))
    encode(decoded).encode("utf-8")
    assert "\0" not in str(decoded)


@given(st.binary(max_size=60))
def test_what_is_no_json_is_an_error_of_its_own(body: bytes) -> None:
    with contextlib.suppress(UnreadableError):
        encode(decode(body))


@pytest.mark.parametrize(
    "text",
    [
        "0.12345678901234567890123",
        "12345678901234567.125",
        "1e-400",
        "-7e-320",
        "1E+40",
        "123456789012345678901234567890",
        "18446744073709551616",
        "-9223372036854775809",
        "0.1",
        "-0.0",
    ],
)
@pytest.mark.parametrize("around", ["{}", "[{}]", "[1,{}]", '{{"a":{}}}', '{{"a": {}}}'])
def test_a_number_keeps_all_its_digits(text: str, around: str) -> None:
    expected = json.loads(around.format(text), parse_int=Decimal, parse_float=Decimal)
    found = encode(decode(around.format(text).encode()))
    assert json.loads(found, parse_int=Decimal, parse_float=Decimal) == expected


def test_a_uuid_is_not_taken_for_a_tiny_number() -> None:
    # Whatever may hold one is decoded by Python, which takes ten times as long.
    assert not _may_lose_digits(b'{"id":"7e3a99ec-123e-4665-b99b-7b56d1c339ff"}')


@pytest.mark.parametrize("text", ["1e999", "-1e999", "1e99999999999999999999", "9" * 5000, "0." + "3" * 5000])
def test_a_number_that_no_warehouse_takes_is_kept_as_text(text: str) -> None:
    assert decode(text.encode()) == text


@pytest.mark.parametrize("levels", [200, 254, 255, 500, 900])
def test_deep_nesting_is_kept(levels: int) -> None:
    body = b'{"a":' * levels + b'"\\u0000"' + b"}" * levels
    assert encode(decode(body)).count("{") == levels


@pytest.mark.parametrize("levels", [1_023, 1_500, 100_000])
def test_nesting_beyond_reason_is_an_error_of_its_own_or_kept(levels: int) -> None:
    for leaf in (b"1", b'"\\u0000"', b"123456789012345678901234567890"):
        with contextlib.suppress(UnreadableError):
            assert encode(decode(b"[" * levels + leaf + b"]" * levels)).count("[") == levels


@given(VALUES)
def test_a_list_is_found_or_refused_whatever_comes(payload: Any) -> None:  # noqa: ANN401
    with contextlib.suppress(UnreadableError):
        assert all(isinstance(record, dict) for record in rows_in(payload, "runs"))
    object_in(payload, "run")
    if isinstance(payload, dict):
        list_inside(payload, ("criteria", "rows"))


@given(st.dictionaries(TEXT, VALUES, max_size=4), st.dictionaries(TEXT, VALUES, max_size=4))
def test_unwrapping_an_object_loses_nothing(beside: dict[str, Any], inner: dict[str, Any]) -> None:
    found = object_in({**beside, "run": inner}, "run")
    assert found is not None
    for key, value in inner.items():
        assert found[key] == value
    for key, value in beside.items():
        assert value in (found[key], found.get("envelope", {}).get(key)) or key == "run"


def test_an_envelope_with_a_null_record_has_none() -> None:
    assert object_in({"evaluation": None}, "evaluation") is None
    assert object_in({"success": True, "data": None}, "evaluation") is None


def test_a_bare_record_may_have_a_field_named_like_an_envelope() -> None:
    record = {"id": "r1", "status": "pass", "data": {"id": "inner"}}
    assert object_in(record, "run") == record
    assert object_in({**record, "data": None}, "run") == {**record, "data": None}


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05+02:00", datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("2026-01-02 03:04:05.5", datetime(2026, 1, 2, 3, 4, 5, 500000, tzinfo=UTC)),
        ("2026-01-02 03:04:05 UTC", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (1767323045, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (1767323045.25, datetime(2026, 1, 2, 3, 4, 5, 250000, tzinfo=UTC)),
        ("1767323045250", datetime(2026, 1, 2, 3, 4, 5, 250000, tzinfo=UTC)),
        (1767323045250000, datetime(2026, 1, 2, 3, 4, 5, 250000, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59.999999Z", datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_exactly(said: str | float, moment: datetime) -> None:
    row = read_record(RUNS, {"startedAt": said})
    assert (row["started_at"], row["extra"]) == (moment, None)


@pytest.mark.parametrize(
    "said",
    ["2026-01-02T03:04:05.123456789Z", 1767323045123456789, "0001-01-01T00:00:00+14:00", "+99999-01-01"],
)
def test_a_moment_that_does_not_fit_is_in_extra(said: str | int) -> None:
    assert json.loads(read_record(RUNS, {"startedAt": said})["extra"]) == {"startedAt": said}


@pytest.mark.parametrize(
    ("said", "cost", "is_exact"),
    [
        (0.1, "0.1", True),
        ("12345678901234567890.123456789", "12345678901234567890.123456789", True),
        (0.0123456789123, "0.012345679", False),
        ("1e28", "1e28", True),
    ],
)
def test_money_is_exact_or_also_in_extra(said: str | float, cost: str, is_exact: bool) -> None:
    row = read_record(RUNS, {"cost": said})
    assert (row["cost"], row["extra"] is None) == (Decimal(cost), is_exact)


@pytest.mark.parametrize(
    ("said", "milliseconds"),
    [
        ({"durationMs": 1500}, 1500),
        ({"durationSeconds": 1.5}, 1500),
        ({"duration_s": "1.5"}, 1500),
        ({"duration": 1.5, "startedAt": 1767323045, "endedAt": 1767323046.5}, 1500),
        ({"duration": 1500, "startedAt": 1767323045, "endedAt": 1767323046.5}, 1500),
        ({"duration": 2, "startedAt": 1767323045, "endedAt": 1767323046.5}, 2000),
        ({"duration": 1500}, 1500),
    ],
)
def test_a_duration_is_in_milliseconds(said: dict[str, Any], milliseconds: int) -> None:
    row = read_record(RUNS, said)
    assert (row["duration_ms"], row["extra"]) == (milliseconds, None)


@pytest.mark.parametrize("name", ["tool_name", "run_id", "result_body"])
def test_a_name_is_accepted_in_both_cases(name: str) -> None:
    assert len(spellings(name)) == 2


def test_the_first_accepted_name_wins_and_the_others_are_in_extra() -> None:
    row = read_record(TOOL_CALLS, {"args": {"b": 2}, "arguments": {"a": 1}, "input": None}, run_id="r")
    assert row["arguments"] == '{"a":1}'
    assert json.loads(row["extra"]) == {"args": {"b": 2}}
