"""What a person says of a new tenant: who is in which team, and what stands in `tenant.yaml`."""

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.desired.writing import TenantDraft, choose, parse_team, read_draft
from reconciler.errors import InvalidInput
from reconciler.model.agents import LiveAgent
from tests.desired.test_writing import live


def dealt(*teams: str, takes_rest: bool = False, takes_inactive: bool = False) -> dict[str | None, list[str]]:
    off = LiveAgent("id-off", "off@example.com", "off", False, None, b"")
    agents = [live("Ana", {}), live("bo", {}), live("cy", {}), off]
    choice = choose(agents, [parse_team(team) for team in teams], takes_rest=takes_rest, takes_inactive=takes_inactive)
    return {group.team: [each.user_name for each in group.agents] for group in choice.groups}


def test_the_first_team_that_matches_gets_the_agent() -> None:
    """By e-mail, user name or id, without regard to case; the inactive only when they are asked for."""
    assert dealt("A=ANA@*, id-BO", "B=*") == {"A": ["Ana", "bo"], "B": ["cy"]}
    assert dealt("A=ana@*", "B=bo", "A=cy") == {"A": ["Ana", "cy"], "B": ["bo"]}
    assert dealt("A=ana@*", takes_rest=True) == {"A": ["Ana"], None: ["bo", "cy"]}
    assert dealt(takes_rest=True, takes_inactive=True) == {None: ["Ana", "bo", "cy", "off"]}
    assert dealt("A=[a]na@example.com") == {"A": ["Ana"]}


@pytest.mark.parametrize("text", ["", "A", "=x", "A=", "A= ,", " =", "a\u202eb=x", "a\tb=x", "x" * 300 + "=x"])
def test_a_team_without_name_or_glob_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_team(text)


def accepted(change: Callable[[str], TenantDraft], answer: str) -> bool:
    tenant, faults = read_draft(change(answer))
    assert (tenant is None) == bool(faults)
    return tenant is not None


@pytest.mark.parametrize("realm", ["NA1", "", "na 1", "na1\n  env_prefix: CXONE_X", "x" * 33, "null", "na1#", "\udcff"])
def test_an_odd_realm_is_refused_by_the_readers_own_rule(realm: str) -> None:
    """Whatever is typed ends inside its own scalar."""
    assert not accepted(lambda answer: TenantDraft("acme", "admin-v2", answer), realm) or realm == "null"
    assert accepted(lambda answer: TenantDraft("acme", "admin-v2", answer), "na1")


@given(st.text(max_size=20))
@example("acme ")
@example("acme # prod")
def test_a_tenants_name_is_read_as_it_was_typed_or_refused(name: str) -> None:
    tenant, faults = read_draft(TenantDraft(name, "simulator"))
    assert (tenant is None) == bool(faults)
    assert tenant is None or tenant.name == name
