"""The made-up account: what its workflows do, node by node.

In payloads and results, a text that starts with `$` names a list of `WORDS`; see `emulator.common.templates`.
Amounts on chains are texts in atomic units, as chains have them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from emulator.common.json_value import Json

WORDS: Mapping[str, Sequence[Json]] = {
    "address": (
        "0x00000000000000000000000000000000000000a1",
        "0x00000000000000000000000000000000000000b2",
        "0x00000000000000000000000000000000000000c3",
    ),
    "atomic": ("1250000000000000000", "48000000", "999999999999999999999", "730000000000000000"),
    "chain": (8453, 8333, 1, 42161),
    "channel": ("#treasury", "#alerts", "#growth"),
    "count": range(1, 400),
    "headline": (
        "Proposal 81: raise the grant budget",
        "Fees fell by a third this week",
        "Ein neuer Validator ist beigetreten",
        "Bridge paused for maintenance 🛠",
    ),
    "name": ("alpha-fund", "ops-wallet", "grants-safe", "café-dao"),
    "price": (0.9998, 1.0003, 2481.55, 61230.1, 0.00000413),
    "query": ("open invoices", "mentions of the brand", "holders above 1 %"),
    "sentence": (
        "Nothing unusual since the last report.",
        "Two addresses hold most of the supply.",
        "The proposal changes who may spend, not how much.",
    ),
    "symbol": ("ETH", "USDC", "B3", "WBTC"),
    "tx": (
        "0x1f00000000000000000000000000000000000000000000000000000000000001",
        "0x2e00000000000000000000000000000000000000000000000000000000000002",
        "0x3d00000000000000000000000000000000000000000000000000000000000003",
    ),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A node of a workflow. `units` are the compute units that it takes; `pauses` says what it waits for."""

    type: str
    payload: dict[str, Json]
    result: Json
    mean_ms: int = 900
    units: float = 1.0
    connector: str | None = None
    errors: tuple[str, ...] = ("The service answered 503 three times in a row.",)
    pauses: Literal["human", "timer"] | None = None
    # What follows is skipped when this one decides so.
    may_stop: bool = False


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What a workflow does: its trigger, and its steps one after another."""

    name: str
    description: str
    trigger: Literal["cron", "webhook", "manual", "event"]
    steps: tuple[Step, ...]
    trigger_payload: dict[str, Json] = field(default_factory=dict)

    @property
    def is_on_chain(self) -> bool:
        return any(step.connector == "wallet" for step in self.steps)


BALANCES = Step(
    "get-wallet-balances",
    {"address": "$address", "chainIds": ["$chain"], "limit": 20},
    {"balances": [{"symbol": "$symbol", "amount": "$atomic", "decimals": 18}], "nextOffset": None},
    1_400,
    2.0,
    errors=("The indexer is 412 blocks behind.", "The service answered 503 three times in a row."),
)
PRICE = Step(
    "get-token-price",
    {"symbol": "$symbol", "currency": "usd"},
    {"price": "$price", "source": "median of 5"},
    500,
    0.5,
    errors=("No price for this symbol in the last 10 minutes.",),
)
PROMPT = Step(
    "llm-prompt",
    {"model": "cirrus-flash", "prompt": "Summarise: $headline", "maxTokens": 400},
    {"text": "$sentence", "usage": {"inputTokens": "$count", "outputTokens": "$count"}},
    4_200,
    8.0,
    errors=("The model answered 529 (overloaded).", "The answer was cut off at 400 tokens and is not JSON."),
)
CHECK = Step(
    "if",
    {"left": "{{nodes.n1.result}}", "operator": "greaterThan", "right": "$count"},
    {"branch": "true"},
    15,
    0.0,
    errors=("The left side of the comparison is not a number.",),
    may_stop=True,
)
APPROVAL = Step(
    "wait-for-approval",
    {"approvers": ["$name"], "message": "$sentence"},
    {"approved": True, "comment": "$sentence"},
    0,
    0.1,
    errors=("The approval was declined.",),
    pauses="human",
)
TIMER = Step("wait", {"duration": "6h"}, {"resumed": True}, 0, 0.1, pauses="timer")
SWAP = Step(
    "swap-tokens",
    {"fromSymbol": "USDC", "toSymbol": "$symbol", "amount": "$atomic", "chainId": "$chain"},
    {"txHash": "$tx", "amountOut": "$atomic", "status": "confirmed"},
    6_500,
    12.5,
    "wallet",
    (
        "execution reverted: slippage above 0.5 %",
        "insufficient funds for gas * price + value",
        "nonce too low",
    ),
)
TRANSFER = Step(
    "send-token",
    {"to": "$address", "amount": "$atomic", "symbol": "$symbol", "chainId": "$chain"},
    {"txHash": "$tx", "status": "confirmed"},
    5_000,
    10.0,
    "wallet",
    ("insufficient funds for gas * price + value", "The recipient is on the deny list of this account."),
)
SLACK = Step(
    "slack-send-message",
    {"channel": "$channel", "text": "$headline"},
    {"ok": True, "ts": "1772362800.000200"},
    600,
    1.0,
    "slack",
    ("channel_not_found", "ratelimited"),
)
FETCH = Step(
    "http-request",
    {"method": "GET", "url": "https://feeds.example.com/news?q=$query"},
    {"status": 200, "body": {"items": [{"title": "$headline"}, {"title": "$headline"}]}},
    1_100,
    1.5,
    errors=("The request timed out after 30 seconds.", "The server answered 403 Forbidden."),
)
ROW = Step(
    "sheets-append-row",
    {"sheet": "Ledger", "values": ["$symbol", "$atomic", "$price"]},
    {"updatedRange": "Ledger!A41:C41", "updatedRows": 1},
    800,
    1.0,
    "google",
    ("The caller does not have permission.",),
)

BLUEPRINTS = (
    Blueprint(
        "Watch the treasury",
        "Compares the treasury's balances with their floor, and warns.",
        "cron",
        (BALANCES, CHECK, SLACK),
    ),
    Blueprint(
        "Buy every morning",
        "Buys for a fixed amount, at whatever price there is.",
        "cron",
        (PRICE, SWAP, ROW, SLACK),
    ),
    Blueprint(
        "Pay contributors",
        "Sends what was agreed, once somebody has approved it.",
        "webhook",
        (BALANCES, APPROVAL, TRANSFER, ROW),
        {"invoice": "$count", "to": "$address"},
    ),
    Blueprint(
        "Summarise proposals",
        "Reads new governance proposals and says what they change.",
        "event",
        (FETCH, PROMPT, SLACK),
        {"proposal": "$count", "title": "$headline"},
    ),
    Blueprint(
        "Take profit",
        "Sells a part when the price has risen far enough.",
        "cron",
        (PRICE, CHECK, SWAP, SLACK),
    ),
    Blueprint(
        "Welcome new holders",
        "Greets an address that holds the token for the first time, six hours later.",
        "event",
        (BALANCES, TIMER, SLACK),
        {"holder": "$address", "amount": "$atomic"},
    ),
    Blueprint(
        "Answer a question about the account",
        "Looks up balances and prices, and answers in a sentence.",
        "manual",
        (BALANCES, PRICE, PROMPT),
        {"question": "$query"},
    ),
    Blueprint(
        "Rebalance the pool",
        "Moves funds back to their shares; a human confirms large moves.",
        "manual",
        (BALANCES, PRICE, PROMPT, APPROVAL, SWAP, TRANSFER, ROW),
        {"pool": "$name"},
    ),
)

# The workflow of this name regresses: from some version on, its trade was changed for the worse.
REGRESSION_NAME = "Buy every morning"
