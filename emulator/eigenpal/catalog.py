"""The made-up tenant: people, models, and the tasks that workflows and agents are automations of.

People, models and companies are invented; every address ends in `example.com`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from emulator.common.json_value import Json


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who starts runs or reviews them."""

    id: str
    name: str | None
    email: str


USERS = (
    User("user_ines", "Inès Moreau", "ines@example.com"),
    User("user_tomasz", "Tomasz Nowak", "tomasz@example.com"),
    User("user_ops", None, "ops@example.com"),
)
REVIEWERS = (
    User("user_priya", "Priya Raman", "priya@example.com"),
    User("user_jonas", "Jonas Lind", "jonas@example.com"),
)
MODELS = ("aurora-3-large", "basalt-70b", "cirrus-pro")


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a workflow: its kind, what it takes on average, and what it puts out (a template)."""

    name: str
    kind: Literal["parse", "llm", "code", "http", "human_review"]
    mean_ms: int
    action: str
    output: Json = None


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Scores a run; its weight counts in the run's score, its threshold decides whether the run passed."""

    name: str
    kind: str
    weight: float
    threshold: float
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What an automation does. `input` and `output` are templates, `steps` are empty for an agent."""

    slug: str
    name: str
    kind: Literal["workflow", "agent"]
    description: str
    folder: str | None
    triggers: tuple[str, ...]
    input: Mapping[str, Json]
    output: Mapping[str, Json]
    steps: tuple[Step, ...] = ()
    # Of an agent: the tools that it calls.
    tools: tuple[str, ...] = ()
    evaluators: tuple[Evaluator, ...] = ()
    # Rows of its dataset; none for automations that are never evaluated.
    examples: int = 0
    pages: int = 0


EXACT = Evaluator("exact-fields", "json_match", 2.0, 0.9, "Share of the fields that are exactly as expected.")
JUDGE = Evaluator("faithfulness", "llm_judge", 1.0, 0.7, "Nothing is stated that the document does not say.")
TOTALS = Evaluator("totals-add-up", "code", 1.0, 1.0)

WORDS: Mapping[str, Sequence[Json]] = {
    "amount": (12.5, 149.5, 980.0, 1_204.99, 18_730.25),
    "category": ("travel", "meals", "software", "office", "other"),
    "company": ("Acme", "Blauwal GmbH", "Café Müller", "Delta Freight", "Initech"),
    "count": range(1, 60),
    "currency": ("EUR", "USD", "GBP", "PLN"),
    "date": ("2026-01-14", "2026-03-02", "2026-04-30", "2026-06-21", "2026-09-09"),
    "document": ("scan_0042.pdf", "invoice 17.pdf", "Vertrag_München.pdf", "delivery-note.png"),
    "finding": (
        "no exceptions",
        "one field was not legible",
        "two totals differ",
        "the signature is missing",
    ),
    "flag": (True, False),
    "iban": ("DE89370400440532013000", "PL61109010140000071219812874", "FR1420041010050500013M02606"),
    "level": ("low", "medium", "high"),
    "number": ("2026-0017", "RE-88120", "PO/4411", "INV#9"),
    "person": ("A. Kowalska", "J. Álvarez", "M. Ortiz", "Wei Li"),
    "sentence": (
        "Please find the documents attached.",
        "The amounts agree with the order, apart from freight.",
        "Termination needs notice of three months.",
        "Bitte um Rückmeldung bis Freitag.",
    ),
    "subject": ("Fwd: invoice", "Question about order PO/4411", "Onboarding 📎", "Re: claim"),
}

PARSE = Step("parse", "parse", 6_000, "ocr", {"pages": "$count", "language": "de"})
APPROVE = Step("approve", "human_review", 0, "review_fields", {"approved": "$flag", "by": "$person"})

TASKS = (
    Task(
        "invoice-extraction",
        "Invoice extraction",
        "workflow",
        "Reads the header and the total of an invoice.",
        "finance/invoices",
        ("api", "email"),
        {"document": "$document", "currency": "$currency"},
        {"vendor": "$company", "number": "$number", "total": "$amount", "due": "$date"},
        (
            PARSE,
            Step("extract", "llm", 9_000, "generate", {"vendor": "$company", "total": "$amount"}),
            Step("validate", "code", 300, "python", {"finding": "$finding"}),
            APPROVE,
            Step("post", "http", 900, "POST", {"status": 201}),
        ),
        evaluators=(EXACT, TOTALS),
        examples=6,
        pages=3,
    ),
    Task(
        "contract-summary",
        "Contract summary",
        "workflow",
        "Sums a contract up and lists its risks.",
        "legal",
        ("manual", "api"),
        {"document": "$document", "party": "$company"},
        {"summary": "$sentence", "notice": "$date", "risks": [{"text": "$finding", "level": "$level"}]},
        (
            PARSE,
            Step("summarise", "llm", 21_000, "generate", {"summary": "$sentence"}),
            Step("risks", "llm", 14_000, "generate", {"risks": ["$finding"]}),
        ),
        evaluators=(JUDGE,),
        examples=4,
        pages=18,
    ),
    Task(
        "order-matching",
        "Purchase order matching",
        "workflow",
        "Matches delivery notes with purchase orders.",
        "finance",
        ("cron", "api"),
        {"order": "$number", "note": "$document"},
        {"matched": "$flag", "difference": "$amount", "lines": "$count"},
        (
            PARSE,
            Step("look-up", "http", 700, "GET", {"order": "$number"}),
            Step("match", "code", 500, "python", {"lines": "$count"}),
        ),
        evaluators=(EXACT,),
        examples=5,
        pages=2,
    ),
    Task(
        "claims-triage",
        "Claims triage",
        "workflow",
        "Sorts claims by urgency; urgent ones wait for somebody.",
        None,
        ("email", "manual"),
        {"claim": "$number", "text": "$sentence"},
        {"urgency": "$level", "department": "$category", "reason": "$sentence"},
        (Step("classify", "llm", 3_000, "classify", {"urgency": "$level"}), APPROVE),
        evaluators=(JUDGE,),
        examples=4,
    ),
    Task(
        "bank-reconciliation",
        "Bank statement reconciliation",
        "workflow",
        "Finds the invoice behind every line of a statement.",
        "finance/month end",
        ("cron",),
        {"iban": "$iban", "month": "$date"},
        {"matched": "$count", "open": "$count", "difference": "$amount"},
        (
            Step("fetch", "http", 2_500, "GET", {"lines": "$count"}),
            Step("reconcile", "code", 4_000, "python", {"matched": "$count"}),
            Step("explain", "llm", 7_000, "generate", {"text": "$sentence"}),
        ),
        pages=0,
    ),
    Task(
        "support-inbox",
        "Support inbox",
        "agent",
        "Answers mails or hands them over.",
        None,
        ("email",),
        {"subject": "$subject", "text": "$sentence"},
        {"reply": "$sentence", "handed_over": "$flag"},
        tools=("search_orders", "read_policy", "draft_reply"),
        evaluators=(JUDGE,),
        examples=5,
    ),
    Task(
        "vendor-onboarding",
        "Vendor onboarding",
        "agent",
        "Collects and checks what a new vendor has to send.",
        None,
        ("manual", "api"),
        {"vendor": "$company", "country": "PL"},
        {"complete": "$flag", "missing": ["$document"], "iban": "$iban"},
        tools=("read_file", "check_register", "write_file"),
    ),
    Task(
        "expense-audit",
        "Expense audit",
        "agent",
        "Goes through expense reports and lists what breaks the policy.",
        None,
        ("cron", "api"),
        {"report": "$number", "employee": "$person"},
        {"violations": [{"category": "$category", "amount": "$amount"}], "total": "$amount"},
        tools=("read_file", "read_policy", "convert_currency"),
        evaluators=(EXACT, JUDGE),
        examples=3,
    ),
)

# The task whose workflow gets worse in the middle of the history, and the version from which on it is.
REGRESSION_TASK = "invoice-extraction"
REGRESSION_VERSION = 3

FAILURES = {
    "provider_overloaded": ("executing", "The model provider answered 529 (overloaded)", True),
    "step_timeout": ("executing", "A step took longer than its limit of 600 seconds", True),
    "invalid_document": ("preparing", "The document could not be read: no pages", False),
}
REJECTION = "A reviewer rejected the run"
