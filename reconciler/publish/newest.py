"""Whether what is about to be applied is what was merged last: neither an old commit, nor one of another branch."""

from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidInput, Refused
from reconciler.publish.forge import Forge
from reconciler.settings import Job


async def require_newest(forge: Forge, job: Job) -> None:
    """Ask the host for the newest commit of the default branch. Refused where the job's is another one.

    What was merged into another branch was reviewed for that one.
    """
    if not job.branch or not job.commit:
        message = "--newest: nobody says which commit of which branch this is"
        hint = "leave it out on your own machine; in CI it is known where a branch was pushed"
        raise InvalidInput(Diagnostic("branch-unknown", message, hint))
    if job.default_branch and job.branch != job.default_branch:
        message = f"`{job.branch}` is not the branch that is applied, which is `{job.default_branch}`"
        hint = f"merge it into `{job.default_branch}` first"
        raise Refused(Diagnostic("branch-other", message, hint))
    newest = await forge.newest_commit(job.branch)
    if newest != job.commit:
        message = f"{job.commit[:12]} is not the newest commit of `{job.branch}`, which is {newest[:12]}"
        hint = f"let the job of {newest[:12]} apply; an old one would undo what was merged since"
        raise Refused(Diagnostic("commit-old", message, hint))
