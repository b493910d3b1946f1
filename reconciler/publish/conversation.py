"""Tells a pull request what there is to say of its plan and its apply, and the summary of the CI job the same."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.errors import InvalidInput, ReconcileError
from reconciler.publish.bodies import Known, body_of
from reconciler.publish.failures import MayNotComment
from reconciler.publish.forge import Forge
from reconciler.publish.one_comment import publish_comment
from reconciler.publish.ownership import tenants_of
from reconciler.publish.summary import append_summary
from reconciler.render import View
from reconciler.render.marker import Marker
from reconciler.settings import Job

# A summary may hold 1 MiB in bytes, and a character takes four of them at most.
_SUMMARY_LIMIT = 250_000


@dataclass(frozen=True, slots=True)
class Told:
    """What became of it: a sentence, what there is to warn of, and whether somebody can read it now."""

    text: str
    diagnostics: tuple[Diagnostic, ...] = ()
    is_done: bool = True


async def tell_pull_request(
    forge: Forge, job: Job, known: Known, view: View, mask: Callable[[str], str] = lambda text: text
) -> Told:
    """Put the comment of `known.tenant` in place, and the same text into the summary, which comes first.

    `mask` takes out what must never be shown. Raises InvalidInput where token or address cannot be used, and nothing
    else that it can tell.
    """
    unwritten = _summarize(job, mask(_without_marker(body_of(known, None, replace(view, limit=_SUMMARY_LIMIT)))))
    if job.is_fork:
        text = "the pull request comes from a fork, whose jobs may not comment; the summary of this job has it"
        return Told(text, unwritten, is_done=not unwritten)
    if job.is_scheduled and job.number is None:
        # Its commit was merged some time ago, and that comment tells of the apply that followed.
        return Told("no comment: a schedule started this job; its summary has it", unwritten, is_done=not unwritten)
    if job.token is None and job.summary is not None:
        hint = "give the step GITHUB_TOKEN or GITLAB_TOKEN; a job for Dependabot or a fork has none that may comment"
        warning = Diagnostic("forge-token", "no token is set, so there is no comment", hint, severity=Severity.WARN)
        return Told("the summary of this job has what there is to say", (warning, *unwritten), is_done=not unwritten)
    try:
        told = await _comment(forge, job, known, view, mask)
    except MayNotComment as error:
        warnings = tuple(replace(each, severity=Severity.WARN) for each in error.diagnostics)
        text = "no comment: the token may not write one; the summary of this job has it"
        return Told(text, (*warnings, *unwritten), is_done=job.summary is not None and not unwritten)
    except InvalidInput:
        raise
    except ReconcileError as error:
        return Told("no comment", (*error.diagnostics, *unwritten), is_done=False)
    return replace(told, diagnostics=(*told.diagnostics, *unwritten))


async def _comment(forge: Forge, job: Job, known: Known, view: View, mask: Callable[[str], str]) -> Told:
    number = job.number
    if not (known.is_merged or known.is_applying) and (number is None or not await forge.is_open(number)):
        # A plan made after the merge is none that a reviewer saw: it must not stand where their plan stands.
        return Told("no comment: this is the job of no open pull request; the summary of this job has it")
    if known.is_old or (known.is_applying and job.branch and await forge.newest_commit(job.branch) != job.commit):
        # What became of this commit stands there already.
        return Told("no comment: this is the job of an old commit; the summary of this job has it")
    if number is None:
        number = await forge.merged_as(job.commit, job.branch)
    if number is None:
        return Told(f"no comment: {job.commit[:12] or 'this commit'} is no merge of a pull request")

    known = known if known.is_named else await _named(forge, number, known)

    def body(before: Marker | None) -> str:
        return mask(body_of(known, before, view))

    told = await publish_comment(forge, number, known.tenant, body, only_if_present=not known.is_news)
    return Told(f"pull request {number}: {told.text}", told.diagnostics)


async def _named(forge: Forge, number: int, known: Known) -> Known:
    """Where the files do not say which tenant it is, it is the one that was commented upon before."""
    tenants = tenants_of(await forge.comments(number), await forge.author())
    return replace(known, tenant=tenants.pop()) if len(tenants) == 1 else known


def _summarize(job: Job, text: str) -> tuple[Diagnostic, ...]:
    failure = None if job.summary is None else append_summary(job.summary, text)
    return () if failure is None else (failure,)


def _without_marker(body: str) -> str:
    return body.partition("\n")[2].lstrip("\n")
