"""The report of a command is read back as it was written, and what is no report is told from one."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.errors import InvalidInput
from reconciler.model.position import SourcePosition
from reconciler.plan.change import AgentName
from reconciler.plan.outcome import AgentOutcome, Outcome, Status
from reconciler.render.report import Report, read_report, report_as_json

POSITIONS = st.builds(SourcePosition, st.text(), st.integers(1, 9), st.integers(1, 9))
DIAGNOSTICS = st.builds(
    Diagnostic, st.text(), st.text(), st.none() | st.text(), st.none() | POSITIONS, st.sampled_from(Severity)
)
AGENTS = st.builds(
    AgentOutcome, st.builds(AgentName, st.text(), st.text(), st.text(), st.text()), st.sampled_from(Status), st.text()
)
OUTCOMES = st.builds(
    Outcome,
    st.text(),
    st.text(),
    st.text(),
    st.lists(AGENTS, max_size=3).map(tuple),
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 99).map(float),
    st.booleans(),
)
REPORTS = st.builds(
    Report,
    st.text(),
    st.integers(0, 130),
    st.lists(DIAGNOSTICS, max_size=3).map(tuple),
    st.none() | OUTCOMES,
)


@given(REPORTS)
def test_a_report_is_read_back_as_it_was_written(report: Report) -> None:
    text = report_as_json(report)
    assert text.isascii()
    assert read_report(text.encode(), "report.json") == report


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"\xff", b'{"format_version": 2}', b'{"format_version": 1}', b"[" * 100_000, b'"x"'],
)
def test_what_is_no_report_is_named(data: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_report(data, "report.json")
    assert [each.code for each in caught.value.diagnostics] == ["report-damaged"]
    assert "report.json" in str(caught.value)


def test_the_document_is_the_golden_one(golden: Callable[[str, str], None]) -> None:
    """Its keys are on the page of JSON documents."""
    agent = AgentName("id-bo", "bo@example.com", "user.bo", "bo@example.com")
    outcome = Outcome(
        "20261122T140000Z-00abcd", "acme", "sha256:0", (AgentOutcome(agent, Status.APPLIED),), 12, 1, 3.2, True
    )
    at = SourcePosition("desired-state/agents.yaml", 3, 5)
    warning = Diagnostic("agent-missing", "`lena` is not on the tenant", "create it", at, Severity.WARN)
    report = Report("apply", 0, (warning,), outcome)
    golden("report.json", report_as_json(report))
    assert list(json.loads(report_as_json(report))) == [
        "format_version", "command", "exit_code", "diagnostics", "outcome",
    ]  # fmt: skip
