"""A saved plan is a claim: whether it is for this tenant, young enough, and still what a fresh plan says."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.plan.beyond import is_part_of, short_of_cover
from reconciler.plan.change import Plan
from reconciler.plan.moments import moment
from reconciler.plan.moved import moved

LONGEST_AGE = timedelta(hours=24)
# Clocks of two machines differ; by more than this one of them is wrong.
_LARGEST_SKEW = timedelta(minutes=5)
# What `--allow` says to override `plan-old`.
ALLOW_OLD = "old-plan"
_ANEW = "plan anew: reconcile plan --out FILE"


def check_claim(
    saved: Plan, created_at: str, tenant: str, now: datetime, allowed: frozenset[str]
) -> tuple[Diagnostic, ...]:
    """Say why a saved plan is not for `tenant` at `now`; nothing when it is.

    `created_at` is as the file has it (RFC 3339); `now` knows its offset; `allowed` are the words of `--allow`.
    """
    reasons: list[Diagnostic] = []
    if saved.tenant != tenant:
        message = f"the saved plan is for the tenant `{saved.tenant}`, and this is `{tenant}`"
        reasons.append(Diagnostic("plan-foreign", message, "give the plan of this tenant, or choose its tenant"))
    if saved.at is not None:
        message = f"the saved plan is for {moment(saved.at)}, not for now: it shows what will be desired then"
        reasons.append(Diagnostic("plan-other-time", message, "plan without --at, and apply that"))
    made = _moment(created_at)
    if made is None:
        reasons.append(Diagnostic("plan-damaged", "the saved plan does not say when it was made", _ANEW))
    elif made > now + _LARGEST_SKEW:
        message = f"the saved plan was made at {made:%Y-%m-%dT%H:%M:%SZ}, which is still to come"
        hint = "check the clocks of both machines; if they are right, the file was edited: plan anew"
        reasons.append(Diagnostic("plan-future", message, hint))
    elif now - made > LONGEST_AGE and ALLOW_OLD not in allowed:
        hours = (now - made) // timedelta(hours=1)
        message = f"the saved plan was made {hours} h ago; after 24 h a review is no longer trusted"
        reasons.append(Diagnostic("plan-old", message, f"{_ANEW}, or give --allow {ALLOW_OLD}"))
    return tuple(reasons)


def check_blocked(fresh: Plan, allowed: frozenset[str]) -> Iterator[Diagnostic]:
    """Say which policies forbid the plan; each word of `--allow` overrides the findings of that code, and no other."""
    codes = [each.code for each in fresh.findings if each.severity is Severity.BLOCK and each.code not in allowed]
    if not codes:
        return
    listed = ", ".join(f"{code} ({times})" if times > 1 else code for code, times in sorted(Counter(codes).items()))
    options = " ".join(f"--allow {code}" for code in sorted(set(codes)))
    text = f"the policies of {fresh.tenant} forbid this plan: {listed}; nothing was written"
    yield Diagnostic("plan-blocked", text, f"do what the findings of the plan say, or override them: {options}")


def check_moment(fresh: Plan, now: datetime) -> Iterator[Diagnostic]:
    """Say so where something began or ended since the plan was made: what it asks for is not desired any more."""
    if fresh.changes and fresh.valid_until is not None and fresh.valid_until <= now:
        message = f"an override, a hold or a waiver began or ended {moment(fresh.valid_until)}, while it was asked"
        yield Diagnostic("plan-outlasted", f"{message}; nothing was written", "apply again: it plans for now")


def _moment(text: str) -> datetime | None:
    try:
        made = datetime.fromisoformat(text)
        return None if made.tzinfo is None else made.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def check_reviewed(
    fresh: Plan, saved: Plan | None, expect: str | None, reviewed: Plan | None = None
) -> tuple[Diagnostic, ...]:
    """Say why a fresh plan is not the one that was reviewed: the `saved` one, or that of the digest `expect`.

    With `reviewed`, the whole plan of the digest `expect`, a part of it will do as well. A plan that does nothing is a
    part of every plan, and the digest "" that of none.
    """
    reasons: list[Diagnostic] = []
    if expect is not None and fresh.changes and expect != fresh.digest:
        reasons.extend(_unexpected(fresh, expect, reviewed))
    if saved is not None and saved.digest != fresh.digest:
        message = "the saved plan no longer fits: live or the files moved since; nothing was written"
        reasons.append(Diagnostic("plan-stale", message, f"{_ANEW}, and review it"))
        reasons.extend(moved(saved, fresh))
    return tuple(reasons)


def _unexpected(fresh: Plan, expect: str, reviewed: Plan | None) -> Iterator[Diagnostic]:
    if not expect:
        message = "nobody reviewed a plan for this, and there is something to write"
        yield Diagnostic("plan-unreviewed", message, f"review it, then go on with --expect {fresh.digest}")
        return
    again = f"look at it again: reconcile plan; once it was reviewed: --expect {fresh.digest}"
    if reviewed is None:
        yield Diagnostic("plan-unexpected", f"the digest of the plan is {fresh.digest}, not {expect}", again)
    elif reviewed.digest != expect:
        message = f"--reviewed: the digest of that plan is {reviewed.digest}, not {expect}"
        yield Diagnostic("plan-foreign", message, "give the plan that has the digest")
    elif not is_part_of(fresh, reviewed):
        yield Diagnostic("plan-unexpected", "there is more to write than was reviewed; nothing was written", again)
        yield from moved(reviewed, fresh)
    elif short := tuple(short_of_cover(fresh, reviewed)):
        message = "what is left of the reviewed plan leaves fewer agents to a skill than it showed; nothing was written"
        yield Diagnostic("plan-unexpected", message, again)
        yield from short
