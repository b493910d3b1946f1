"""Edits of the files: what one line of an agent is to say."""

from typing import NamedTuple


class LineEdit(NamedTuple):
    """What the line of a skill of an agent is to say; both refs as in the file, that of a new line as it is to be.

    `code` is that of the assignment, ABSENT for the word `absent`, or None to take the line out. `note` becomes a
    comment where the line is new and has one to itself.
    """

    agent: str
    skill: str
    code: int | None
    note: str = ""
