"""What overrides and holds forbid when files are written over: they would be lost, cut off, or taken for what lasts."""

from collections.abc import Collection
from datetime import datetime

from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidInput
from reconciler.model.desired import DesiredState
from reconciler.model.overrides import Hold, Override


def refuse_timed(
    desired: DesiredState, replaced: Collection[str], teams: Collection[str | None], now: datetime
) -> None:
    """Raise InvalidInput with all that forbids to replace these files, and to write agents of these teams."""
    tables = [table for table in desired.tables if table.file in replaced]
    names = {ref.casefold() for table in tables for ref in table.refs}
    gone = {table.team for table in tables}
    found = [
        Diagnostic(
            "pull-timed",
            why,
            "move it into a file of its own, or remove it once it has ended; --agent and --team choose others",
            each.position,
            related=(str(each.position), each.position.file),
        )
        for each in desired.timed
        if (why := _file_of(each, replaced) or _named_by(each, names, gone) or _surging(each, teams, now))
    ]
    if found:
        raise InvalidInput(*found)


def _what(each: Override | Hold) -> str:
    return f"the {'override' if isinstance(each, Override) else 'hold'} at {each.position}"


def _file_of(each: Override | Hold, replaced: Collection[str]) -> str:
    file = each.position.file
    return f"{file} would be replaced, and with it {_what(each)}" if file in replaced else ""


def _named_by(each: Override | Hold, refs: Collection[str], teams: Collection[str | None]) -> str:
    named = [agent.name for agent in each.selection.agents if agent.name.casefold() in refs]
    named += [team.name for team in each.selection.teams if team.name in teams]
    if each.selection.is_everyone and refs:
        return f"{_what(each)} is about everyone: what it leaves alone would be written as what lasts"
    return f"{_what(each)} names `{named[0]}`, whose file would be replaced" if named else ""


def _surging(each: Override | Hold, teams: Collection[str | None], now: datetime) -> str:
    """Whether what is pulled would hold the values of an override that is in force: they would never end."""
    named = [team.name for team in each.selection.teams if team.name in teams]
    if not named or not isinstance(each, Override) or not each.window.is_open(now):
        return ""
    return f"{_what(each)} is in force for `{named[0]}`: its values would be written as what lasts"
