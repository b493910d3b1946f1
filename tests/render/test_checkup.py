"""A checkup as text and as JSON: whole outputs that a person has read, and what a narrow terminal makes of them."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.diagnostics import Diagnostic
from reconciler.errors import AccessDenied
from reconciler.model.answer_heads import Announced, AnswerHead
from reconciler.model.position import SourcePosition
from reconciler.model.skills import Skill
from reconciler.model.tenant import Api, Tenant
from reconciler.plan.checkup import judge
from reconciler.plan.checkup.facts import Address, Asked, Checkout, Facts, Files, Machine, StateFolder
from reconciler.plan.checkup.verdict import Check, Checkup, State
from reconciler.render.checkup import checkup_as_json, checkup_as_text
from reconciler.render.style import Style
from tests.live.server import START

Golden = Callable[[str, str], None]
TENANT = Tenant("acme-prod", Api.ADMIN_V2, SourcePosition("tenant.yaml", 2, 1), realm="na1")
TOKEN = AnswerHead(True, 200, START, START, START, grants=True, lifetime_s=3600)
PAGE = AnswerHead(False, 200, START, START, START, Announced(60, 60.0, 57, 12.0))
HEALTHY = Facts(
    files=Files("desired-state", "acme-prod", TENANT, 42),
    machine=Machine("1.2.3", "3.11.7", "Linux x86_64", "utf-8"),
    state=StateFolder(".reconcile", free_bytes=20 << 30),
    checkout=Checkout("0123456789abcdef", "main", "origin/main", 1, 0, 0, is_state_ignored=True),
    address=Address("https://na1.cxone.com", "tenant.yaml", proxy="HTTPS_PROXY"),
    asked=Asked((TOKEN, replace(PAGE, announced=None)), (Skill("1", "Billing"),), None, 1204, None, True, None, 3),
)
DENIED = AccessDenied(
    Diagnostic(
        "scope-missing",
        "GET /api/v2/agents?page=1: the tenant answered 403: the credential lacks the scope admin:agent:read",
        "grant admin:agent:read to the client that CXONE_CLIENT_ID names",
    )
)
TROUBLED = replace(
    HEALTHY,
    files=replace(HEALTHY.files, errors=(Diagnostic("x", "y", position=SourcePosition("a.yaml", 1, 1)),) * 2),
    asked=Asked((TOKEN, PAGE), (Skill("1", "Mail"), Skill("2", "Mail")), None, None, DENIED, None, None, 3),
    checkout=Checkout("0123456789abcdef", "main", "origin/main", 0, 4, 0, is_state_ignored=True),
    machine=Machine("1.2.3", "3.11.7", "Linux x86_64", "ascii", "NO_COLOR is set"),
    is_write_wanted=True,
)


def test_a_healthy_checkup(golden: Golden) -> None:
    golden("checkup-ready.txt", checkup_as_text(judge(HEALTHY)))


def test_a_checkup_with_troubles(golden: Golden) -> None:
    golden("checkup-troubles.txt", checkup_as_text(judge(TROUBLED)))


def test_a_checkup_as_json(golden: Golden) -> None:
    golden("checkup.json", checkup_as_json(judge(TROUBLED)))


def test_a_checkup_on_a_narrow_terminal(golden: Golden) -> None:
    """Words go on below words, and nothing is cut."""
    golden("checkup-narrow.txt", checkup_as_text(judge(TROUBLED), columns=72))


@pytest.mark.parametrize("columns", [1, 40, 60, 80, 200])
def test_wrapping_changes_nothing_but_line_breaks(columns: int) -> None:
    checkup = judge(TROUBLED)
    wrapped = checkup_as_text(checkup, columns=columns)
    assert wrapped.split() == checkup_as_text(checkup).split()
    longest = max(len(line) for line in wrapped.splitlines())
    assert longest <= max(columns, 76)  # a word that somebody is to type is not cut


def test_colours_change_nothing_but_colours() -> None:
    painted = checkup_as_text(judge(TROUBLED), Style(has_color=True))
    for code in ("\x1b[0m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"):
        assert code in painted
        painted = painted.replace(code, "")
    assert painted == checkup_as_text(judge(TROUBLED))


def test_foreign_text_is_harmless() -> None:
    """An agent's name, a branch, a tenant: whatever came from elsewhere."""
    evil = "\x1b[2J\u202e\nok       files"
    checkup = Checkup(evil, (Check("files", State.FAIL, evil, evil),), 0)
    for text in (checkup_as_text(checkup), checkup_as_text(checkup, columns=60)):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\nok" not in text
    assert json.loads(checkup_as_json(checkup))["checks"][0]["message"] == evil
    assert checkup_as_json(checkup).isascii()
