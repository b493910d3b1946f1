"""What an `if` and a hole mean, as GitHub documents it; and that nothing is guessed."""

import pytest

from tests.workflows.expressions import (
    Contexts,
    Functions,
    UnknownExpressionError,
    evaluate,
    format_text,
    holds,
    interpolate,
)

CONTEXTS: Contexts = {
    "github": {"event": {"pull_request": {"user": {"login": "Dev"}}}, "ref": "refs/heads/main"},
    "inputs": {"tenant": "", "digest": "sha256:0"},
}
FUNCTIONS: Functions = {"always": lambda: True, "success": lambda: False, "format": format_text}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("github.ref", "refs/heads/main"),
        ("inputs.tenant || 'default'", "default"),
        ("inputs.digest || 'default'", "sha256:0"),
        ("inputs.digest && inputs.tenant", ""),
        ("!inputs.digest", False),
        ("!inputs.tenant && (inputs.digest || false)", "sha256:0"),
        ("github.event.pull_request.user.login == 'dev'", True),
        ("github.event.pull_request.user.login != 'dependabot[bot]'", True),
        ("github.event.schedule.at", None),
        ("github.event.schedule == ''", True),
        ("github.event.schedule == github.ref", False),
        ("'it''s'", "it's"),
        ("format('{0}-{1}', github.ref, null)", "refs/heads/main-"),
    ],
)
def test_an_expression_has_the_value_that_github_gives_it(expression: str, value: object) -> None:
    assert evaluate(expression, CONTEXTS, FUNCTIONS) == value


@pytest.mark.parametrize(
    "expression",
    [
        "github.actor",
        "matrix.os",
        "hashFiles('a')",
        "github['ref']",
        "inputs.*",
        "1 < 2",
        "github.ref github.ref",
        "(github.ref",
        "github",
        "",
    ],
)
def test_what_is_not_known_raises(expression: str) -> None:
    """A context, a function or a sign that nobody taught the runner fails the test that meets it."""
    with pytest.raises(UnknownExpressionError):
        evaluate(expression, CONTEXTS, FUNCTIONS)


@pytest.mark.parametrize(
    ("condition", "is_met"),
    [
        ("github.ref", False),
        ("always()", True),
        ("${{ always() && inputs.digest }}", True),
        ("${{ !inputs.digest }}", False),
    ],
)
def test_a_condition_asks_for_success_unless_it_says_otherwise(condition: str, is_met: bool) -> None:
    assert holds(condition, CONTEXTS, FUNCTIONS) is is_met


def test_a_condition_with_a_hole_in_it_raises() -> None:
    """GitHub takes such a one for a string, which is true."""
    with pytest.raises(UnknownExpressionError):
        holds("${{ inputs.tenant }} == 'x'", CONTEXTS, FUNCTIONS)


def test_holes_are_filled() -> None:
    assert interpolate("plan-${{ inputs.tenant || 'default' }}!", CONTEXTS, FUNCTIONS) == "plan-default!"
