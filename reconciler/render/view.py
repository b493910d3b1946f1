"""What a text needs to be told beside what it is about."""

from dataclasses import dataclass

from reconciler.model.tenant import RateLimit
from reconciler.render.style import PLAIN, Style


@dataclass(frozen=True, slots=True)
class View:
    """What a plan's text needs beside the plan: when it was made, what stands before its places, rate, colours.

    The rest is for Markdown, and left out where it is empty. `limit`: the most characters of a whole text, counted as
    UTF-16 does, which is never less than a host counts (GitHub allows 65,536 in a comment). `run_url` and `commit` are
    those of the CI job, `blob_url` is what stands before a file's path in the address of its page at that commit.
    `shows_every_skill`: coverage also of skills that keep their agents.
    `next_step` says what applies the plan, `whole_plan` where all of a plan is that was cut: each a few words.
    `page` is the file of the HTML report among what the run keeps.
    """

    created_at: str
    folder: str = ""
    rate_limit: RateLimit | None = None
    style: Style = PLAIN
    limit: int = 60_000
    run_url: str = ""
    next_step: str = ""
    whole_plan: str = ""
    commit: str = ""
    blob_url: str = ""
    shows_every_skill: bool = False
    page: str = ""
