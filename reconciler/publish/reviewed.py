"""Finds what a reviewer saw: the plan's digest, in the comment of the pull request that a commit is the merge of."""

from dataclasses import dataclass

from reconciler.publish.forge import Forge
from reconciler.publish.ownership import marker_of, own


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The pull request, the digest of the plan its comment shows, and the CI run that keeps that plan whole.

    `digest` and `run` are empty where the comment shows no plan, or there is none.
    """

    number: int
    digest: str = ""
    run: str = ""


async def find_reviewed(forge: Forge, commit: str, branch: str, tenant: str) -> Reviewed | None:
    """Find it for a commit of the branch that is applied; None where no pull request was merged into it as this commit.

    Believed is the newest comment with our marker by our author, and nobody else's.
    """
    number = await forge.merged_as(commit, branch)
    if number is None:
        return None
    listed = own(await forge.comments(number), tenant, await forge.author())
    marker = marker_of(listed[-1], tenant) if listed else None
    return Reviewed(number) if marker is None else Reviewed(number, marker.digest, marker.run)
