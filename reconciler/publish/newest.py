"""Whether what is about to be applied is the newest commit of its branch: an old job must not undo a later merge."""

from reconciler.diagnostics import Diagnostic
from reconciler.errors import InvalidInput, Refused
from reconciler.publish.forge import Forge
from reconciler.settings import Job


async def require_newest(forge: Forge, job: Job) -> None:
    """Ask the host for the newest commit of the job's branch. Refused where it is another one."""
    if not job.branch or not job.commit:
        message = "--newest: nobody says which commit of which branch this is"
        hint = "leave it out on your own machine; in CI it is known where a branch was pushed"
        raise InvalidInput(Diagnostic("branch-unknown", message, hint))
    newest = await forge.newest_commit(job.branch)
    if newest != job.commit:
        message = f"{job.commit[:12]} is not the newest commit of `{job.branch}`, which is {newest[:12]}"
        hint = f"let the job of {newest[:12]} apply; an old one would undo what was merged since"
        raise Refused(Diagnostic("commit-old", message, hint))
