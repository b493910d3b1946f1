"""Keeps one comment a tenant in a pull request: found by its marker and author, edited in place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.errors import ReconcileError
from reconciler.publish.failures import Missing, Unclear
from reconciler.publish.forge import Comment, Forge
from reconciler.publish.ownership import is_same, marker_of, own
from reconciler.publish.published import Happened, Published
from reconciler.render.markdown import outdated_comment
from reconciler.render.marker import Marker

MakeBody = Callable[[Marker | None], str | None]

# After an unclear answer, or where somebody else was at work too, the comments are read again so many times in all.
ROUNDS = 3
_TEXTS = MappingProxyType(
    {
        Happened.CREATED: "commented",
        Happened.EDITED: "brought the comment up to date",
        Happened.UNCHANGED: "the comment says the same already",
        Happened.NOTHING: "nothing to say, and no comment that would have to say so",
    }
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do: `body` is created, or put in the place of `kept`'s; None sends nothing. `older` are duplicates."""

    happened: Happened
    kept: Comment | None = None
    body: str | None = None
    older: tuple[Comment, ...] = ()


def decide(
    comments: Sequence[Comment], tenant: str, author: str, make_body: MakeBody, *, only_if_present: bool = False
) -> Decision:
    """Decide what becomes of the comment, from all of a pull request, oldest first.

    `make_body` is given the marker of the newest of ours and says what should be there, None for nothing to say. The
    newest is kept. With `only_if_present` none is created.
    """
    ours = own(comments, tenant, author)
    kept, older = (ours[-1], tuple(ours[:-1])) if ours else (None, ())
    body = make_body(None if kept is None else marker_of(kept, tenant))
    if body is None or (kept is None and only_if_present):
        return Decision(Happened.NOTHING, kept, None, older)
    if kept is None:
        return Decision(Happened.CREATED, None, body)
    if is_same(kept.body, body):
        return Decision(Happened.UNCHANGED, kept, None, older)
    return Decision(Happened.EDITED, kept, body, older)


async def publish_comment(
    forge: Forge,
    number: int,
    tenant: str,
    make_body: MakeBody,
    *,
    only_if_present: bool = False,
) -> Published:
    """Bring the comment of a tenant up to date; see `decide`.

    An older duplicate that may not be deleted is marked as outdated. Raises what the forge raises: MayNotComment where
    the token may not, TooLong where the body is longer than the host takes.
    """
    author = await forge.author()
    first: Happened | None = None
    for attempt in range(1, ROUNDS + 1):
        decision = decide(await forge.comments(number), tenant, author, make_body, only_if_present=only_if_present)
        # What a later round finds done may be what the first one did.
        first = first or decision.happened
        try:
            told = await _send(forge, number, decision, author)
        except (Unclear, Missing):
            # It may have happened, or what was to be edited is gone: look before anything is sent again.
            if attempt == ROUNDS:
                raise
            continue
        return Published(first, _TEXTS[first], (*told, *await _retire(forge, number, decision.older, tenant)))
    message = "the last round returns or raises"
    raise AssertionError(message)


async def _send(forge: Forge, number: int, decision: Decision, author: str) -> tuple[Diagnostic, ...]:
    if decision.body is None:
        return ()
    if decision.kept is not None:
        await forge.edit_comment(number, decision.kept.id, decision.body)
        return ()
    created = await forge.create_comment(number, decision.body)
    return () if created.author.casefold() == author.casefold() else (another_author(created.author, author),)


def another_author(wrote: str, author: str) -> Diagnostic:
    """What was created is not by whom we look for, so that it would be created again and again."""
    message = f"the token writes as `{wrote}`, not as `{author}`: the next run will not find what this one wrote"
    return Diagnostic("forge-author", message, f"--author '{wrote}'", severity=Severity.WARN)


async def _retire(forge: Forge, number: int, older: Sequence[Comment], tenant: str) -> list[Diagnostic]:
    """Delete duplicates, or mark them as outdated; a failure is told and changes nothing else."""
    outdated = outdated_comment(Marker(tenant))
    failed = [await _failure_to_retire(forge, number, comment, outdated) for comment in older]
    return [each for each in failed if each is not None]


async def _failure_to_retire(forge: Forge, number: int, comment: Comment, outdated_body: str) -> Diagnostic | None:
    try:
        await forge.delete_comment(number, comment.id)
    except Missing:
        return None
    except ReconcileError:
        try:
            await forge.edit_comment(number, comment.id, outdated_body)
        except ReconcileError as error:
            message = f"an older comment of this tenant could be neither deleted nor marked as outdated: {error}"
            return Diagnostic("comment-duplicate", message, "delete it by hand", severity=Severity.WARN)
    return None
