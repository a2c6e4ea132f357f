"""Signed links of Runflow are stored without their query: an unchanged run reads the same twice."""

from __future__ import annotations

import pytest
from runflow_account import runflow_account

from sources.runflow.links import unsign, without_signatures

SIGNED = "https://store.example.com/a%20b/0.png?X-Amz-Date=20260301T120000Z&X-Amz-Signature=0123abcd"
PLAIN = "https://store.example.com/a%20b/0.png"


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        (SIGNED, PLAIN),
        (SIGNED.upper(), PLAIN.upper()),
        ("https://cdn.example.com/x?Expires=1&Signature=ab~c_&Key-Pair-Id=K", "https://cdn.example.com/x"),
        ("https://blob.example.com/x?sv=2024&se=2026&sig=a%2Fb%3D", "https://blob.example.com/x"),
        ("https://gcs.example.com/x?X-Goog-Signature=abc", "https://gcs.example.com/x"),
        ("https://files.example.com/x?token=abc", "https://files.example.com/x"),
        ("https://files.example.com/x#access_token=abc", "https://files.example.com/x"),
        ("https://files.example.com/x?size=2&api_key=abc", "https://files.example.com/x"),
        (
            "https://proxy.example.com/?url=https%3A%2F%2Fs.example.com%2F%3Fsig%3Dabc",
            "https://proxy.example.com/",
        ),
        (f"saved as {SIGNED}, done", f"saved as {PLAIN} done"),
        (f"![a]({PLAIN}) and ![b]({SIGNED})!", f"![a]({PLAIN}) and ![b]({PLAIN})!"),
        (f"{SIGNED},{SIGNED}", f"{PLAIN},{PLAIN}"),
        ("https://s.example.com/a(1).png?name=b(2).png&sig=abc", "https://s.example.com/a(1).png"),
        ("<img src='https://s.example.com/a?x=1&amp;sig=abc'>", "<img src='https://s.example.com/a'>"),
        ("https://s.example.com/a?x=1\\u0026sig=abc", "https://s.example.com/a"),
        ('{"url":"https:\\/\\/s.example.com\\/a?sig=abc"}', '{"url":"https:\\/\\/s.example.com\\/a"}'),
    ],
)
def test_a_signed_link_loses_its_query(text: str, stored: str) -> None:
    assert without_signatures(text) == stored


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        "https://example.com/search?q=signature+of+a+painter&sort_key=date&page=2",
        "https://example.com/a#signature",
        "Is this a signature? token=1",
        "runflow://assets/0123?sig=1",
        "",
    ],
)
def test_what_is_no_signed_link_stays_as_it_is(text: str) -> None:
    assert without_signatures(text) == text


def test_links_are_found_at_any_depth_and_in_names() -> None:
    nested: object = SIGNED
    for _ in range(5_000):
        nested = [nested]
    payload = {"outputs": [{"url": SIGNED}], SIGNED: 1, PLAIN: 2, "deep": nested}
    stored = unsign(payload)
    assert stored["outputs"] == [{"url": PLAIN}]
    assert {name: stored[name] for name in (PLAIN, PLAIN + "'")} == {PLAIN: 2, PLAIN + "'": 1}
    deep = stored["deep"]
    while isinstance(deep, list):
        (deep,) = deep
    assert deep == PLAIN


def test_a_long_text_that_is_full_of_links_takes_no_long_time() -> None:
    assert without_signatures("http://" * 200_000 + "?") == "http://" * 200_000 + "?"
    assert without_signatures("https://s.example.com/a?sig=1 " * 50_000).count("sig") == 0


def test_no_table_holds_a_signature() -> None:
    with runflow_account() as account:
        image = {"url": SIGNED}
        account.add_runs(3, minutes_apart=60)
        account.world.put_raw_run(
            {"id": "raw", "status_code": "succeeded", "created_at": "2026-03-01T12:00:00Z", "preview": image},
            node_runs=[{"id": "n", "preview_value": SIGNED, "output": {"a": [image]}, "unknown": image}],
            logs=[{"id": "l", "message": f"made {SIGNED}"}],
            evaluations=[{"id": "e", "overall_passed": True, "generated_image_url": SIGNED}],
        )
        account.sync("runs", "node_runs", "logs", "evaluations", "flows")
        text = str(account.tables.rows)
        assert PLAIN in text
        assert "X-Amz" not in text


def test_a_run_whose_links_are_signed_anew_is_read_the_same() -> None:
    with runflow_account(links="signed_each_time") as account:
        account.add_runs(3, minutes_apart=60)
        account.sync("runs", "node_runs")
        before = account.rows("runs"), account.rows("node_runs")
        account.tables.state = {}
        account.sync("runs", "node_runs")
        after = account.rows("runs"), account.rows("node_runs")
        for row in (*before[0], *before[1], *after[0], *after[1]):
            del row["_extracted_at"]
        assert after == before
