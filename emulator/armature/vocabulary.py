"""Words and numbers that made-up arguments and results are filled with, see `emulator.common.templates`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from emulator.common.json_value import Json

VOCABULARY: Mapping[str, Sequence[Json]] = {
    "amount": range(150, 250_000, 25),
    "boolean": (True, False),
    "channel": ("#deploys", "#incidents", "#general", "#support", "#data-team", "#release-42"),
    "channel_id": ("C024BE91L", "C061EG9SL", "C0H1QTR7P", "C7KX22M0D"),
    "column": ("id", "created_at", "customer_id", "total_cents", "status", "email"),
    "commit": ("9fceb02", "e83c516", "1a410ef", "cac0cab", "fdf4fc3"),
    "count": range(240),
    "currency": ("usd", "eur", "gbp", "jpy"),
    "customer": ("cus_NffrFeUfNV2Hib", "cus_OWqk1zZr8Tn4aA", "cus_P7uVg0mXcQ3sLd"),
    "date": ("2026-01-14", "2026-03-02", "2026-04-30", "2026-06-21", "2026-09-09"),
    "directory": ("/srv/app", "/srv/app/config", "/srv/reports", "/var/data/exports"),
    "extension": ("md", "csv", "json", "yaml", "log"),
    "file": ("README.md", "config/app.yaml", "reports/q3.csv", "src/main.py", "notes/naïve-café.md"),
    "issue": range(1, 9_000),
    "issue_title": (
        "Crash when the config file is empty",
        "Search returns stale results",
        "Docs: explain retry policy",
        "Memory grows during import 🐘",
        'Quoting of "special" names is wrong',
    ),
    "label": ("bug", "documentation", "good first issue", "p1", "regression"),
    "login": ("octo-maria", "jdoe", "li-wei", "anna.k", "build-bot"),
    "message": (
        "Deploy 42 is out :rocket:",
        "Is anybody looking at the failed nightly?",
        "Rolled back, will write it up",
        "Größere Wartung um 18:00 Uhr",
        "on it",
    ),
    "milliseconds": range(2, 9_000),
    "plan": ("free", "team", "enterprise"),
    "price": ("price_1MoBy5LkdIwHu7ix", "price_1NpQz2LkdIwHu7ix"),
    "query": (
        "is:open label:bug",
        "retry policy",
        "billing address",
        "error rate last week",
        "import memory",
    ),
    "repository": ("acme/storefront", "acme/billing-api", "acme/infra", "acme/data-pipeline"),
    "selector": ("#checkout", "button[type=submit]", "nav >> text=Pricing", "input[name='q']"),
    "sentence": (
        "The change is small and has a test.",
        "Nothing unusual was found in the period asked for.",
        "Three of the five entries lack an owner.",
        "All checks are green except the slow one.",
    ),
    "size": range(12, 4_000_000),
    "sql": (
        "select status, count(*) from orders group by status",
        "select * from customers where email like '%@example.com' limit 20",
        "select date_trunc('day', created_at) as day, sum(total_cents) from orders group by 1 order by 1",
    ),
    "state": ("open", "closed"),
    "status": ("active", "pending", "succeeded", "canceled"),
    "table": ("orders", "customers", "invoices", "events"),
    "timestamp": ("1763712000.000200", "1763715601.118300", "1763801233.904100"),
    "url": (
        "https://shop.example.com/",
        "https://shop.example.com/pricing",
        "https://docs.example.com/api?page=2#errors",
    ),
    "user_id": ("U012AB3CD", "U0J9QZ11F", "U7TT2K4MM"),
    "user_name": ("Maria Ortiz", "Li Wei", "Anna Kowalska", "José Álvarez"),
}
