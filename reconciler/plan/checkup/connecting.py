"""Checks of the way to the tenant: its address, the credential, the network between, the clocks, the rate limit."""

from collections.abc import Sequence

from reconciler.diagnostics import Diagnostic
from reconciler.model.answer_heads import Announced, AnswerHead
from reconciler.model.tenant import RateLimit
from reconciler.plan.checkup.facts import Facts
from reconciler.plan.checkup.verdict import Check, Fault, fail, failed_by, ok, skipped, warn

# A journal's times and the windows of the files are read by people and by other machines: a minute apart is wrong.
_MOST_APART_S = 60.0
# Shorter than that and most of a run goes into tokens; it is also what counts where the answer names no number.
_SHORTEST_LIFETIME_S = 60.0
_NO_ADDRESS = "what is said of address and credential has to be right first"
_NO_FILES = "`tenant.yaml` has to be read first: it says which tenant it is"
# The codes of what is wrong with the credential; every other fault of the settings is the address's.
_OF_THE_CREDENTIAL = frozenset({"credential-missing", "credential-odd"})


def why_not_asked(facts: Facts) -> str:
    """Say why the tenant was never asked anything; empty where it was."""
    if facts.files.tenant is None:
        return _NO_FILES
    return _NO_ADDRESS if facts.settings else ""


def check_address(facts: Facts) -> Check:
    """Which address is used, and who says so."""
    if facts.files.tenant is None:
        return skipped("address", _NO_FILES)
    wrong = [each for each in facts.settings if each.code not in _OF_THE_CREDENTIAL]
    if wrong:
        return fail("address", wrong[0].message, wrong[0].hint, Fault.INPUT)
    address = facts.address
    if address is None:
        return skipped("address", _NO_ADDRESS)
    if address.is_embedded:
        return ok("address", "the simulated tenant inside the tool: no network")
    proxy = f", through the proxy that {address.proxy} names" if address.proxy else ""
    return ok("address", f"{address.url}, from {address.source}{proxy}")


def check_credential(facts: Facts) -> Check:
    """Whether there is a credential, and whether the tenant gives a token for it."""
    if facts.files.tenant is None:
        return skipped("credential", _NO_FILES)
    wrong = [each for each in facts.settings if each.code in _OF_THE_CREDENTIAL]
    if wrong:
        message = "; ".join(each.message for each in wrong)
        return fail("credential", message, _hint(wrong, facts.secret_names), Fault.INPUT)
    if facts.settings:
        return skipped("credential", _NO_ADDRESS)
    asked = facts.asked
    if asked.granted is not None:
        is_embedded = facts.address is not None and facts.address.is_embedded
        return _token(asked.granted, "none is needed" if is_embedded else " and ".join(facts.secret_names))
    if asked.skills_error is None or not asked.heads:
        return skipped("credential", "it could not be tried: the tenant did not answer")
    return failed_by("credential", asked.skills_error)


def _hint(wrong: Sequence[Diagnostic], names: tuple[str, str]) -> str | None:
    """Say in one line what to do about both halves of a credential."""
    if len(wrong) == len(names) and all(each.code == "credential-missing" for each in wrong):
        exports = " ".join(f"{name}=…" for name in names)
        return f"export {exports}, with the values from the API client that the tenant's administrator made for you"
    return "; ".join(each.hint for each in wrong if each.hint) or None


def _token(head: AnswerHead, names: str) -> Check:
    lifetime_s = head.lifetime_s
    if lifetime_s is None:
        message = "a token was given, and its `expires_in` is no number: it is asked for anew each minute"
        return warn("credential", message, "tell whoever runs the tenant; nothing else suffers")
    if lifetime_s < _SHORTEST_LIFETIME_S:
        message = f"a token was given that lasts only {lifetime_s:g} s: much of a run goes into new ones"
        return warn("credential", message, "have the token's lifetime raised where the tenant keeps its API clients")
    return ok("credential", f"{names}: a token was given that lasts {lifetime_s:g} s")


def check_connection(facts: Facts) -> Check:
    """Whether the tenant answers at all, whatever it says."""
    if why := why_not_asked(facts):
        return skipped("connection", why)
    heads = facts.asked.heads
    if not heads:
        error = facts.asked.skills_error
        return skipped("connection", "nothing was asked") if error is None else failed_by("connection", error)
    quickest_s = min((head.answered_at - head.asked_at).total_seconds() for head in heads)
    return ok("connection", f"the tenant answers, in {max(1, round(quickest_s * 1000))} ms at its quickest")


def check_clock(facts: Facts) -> Check:
    """Whether the tenant's clock and ours agree."""
    if why := why_not_asked(facts):
        return skipped("clock", why)
    apart = [_apart_s(head) for head in facts.asked.heads]
    known = [seconds for seconds in apart if seconds is not None]
    if not facts.asked.heads:
        return skipped("clock", "the tenant did not answer")
    if not known:
        return skipped("clock", "the tenant does not say what time it is (no `Date`)")
    # An answer may have been kept somewhere on its way, which makes it look old: the best one counts.
    best = min(known, key=abs)
    if abs(best) <= _MOST_APART_S:
        return ok("clock", "this machine and the tenant agree on the time")
    words = f"this machine's clock is {_duration(abs(best))} {'behind' if best > 0 else 'ahead of'} the tenant's"
    hint = "set it by a time server: timedatectl set-ntp true; journals and times in the files rely on it"
    return warn("clock", words, hint)


def _apart_s(head: AnswerHead) -> float | None:
    """How far the tenant's clock is ahead of ours at the least: it tells whole seconds, of some moment in between."""
    if head.told_at is None:
        return None
    earliest = (head.told_at - head.answered_at).total_seconds()
    latest = (head.told_at - head.asked_at).total_seconds() + 1
    return 0.0 if earliest <= 0 <= latest else min(earliest, latest, key=abs)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 2 * _MOST_APART_S else f"{seconds / 60:.0f} min"


def check_rate_limit(facts: Facts) -> Check:
    """Whether `rate_limit` is what the tenant announces, where it announces anything."""
    tenant = facts.files.tenant
    if tenant is None or (why := why_not_asked(facts)):
        return skipped("rate limit", _NO_FILES if tenant is None else why)
    configured = tenant.rate_limit
    ours = f"{configured.requests} requests per {configured.per_seconds:g} s"
    if any(head.status == 429 for head in facts.asked.heads):  # noqa: PLR2004 - Too Many Requests
        message = f"the tenant refused requests of this checkup by its rate limit; `tenant.yaml` says {ours}"
        return warn("rate limit", message, "find out what else asks this tenant, and lower `rate_limit` in tenant.yaml")
    announced = next((head.announced for head in reversed(facts.asked.heads) if head.announced), None)
    if announced is None:
        if not any(not head.is_token for head in facts.asked.heads):
            return skipped("rate limit", "the tenant was asked nothing that counts")
        return ok("rate limit", f"the tenant announces none; `tenant.yaml` says {ours}")
    return _compared(announced, configured, ours)


def _compared(announced: Announced, configured: RateLimit, ours: str) -> Check:
    window_s = announced.window_s
    theirs = f"{announced.limit} requests" + (f" per {window_s:g} s" if window_s else "")
    left = "" if announced.remaining is None else f", {announced.remaining} left"
    # Where no window is named, ours is taken for it.
    allowed = announced.limit * configured.per_seconds / (window_s or configured.per_seconds)
    if configured.requests > allowed:
        message = f"the tenant announces {theirs}{left}; `tenant.yaml` says {ours}, which is more"
        seconds = window_s or configured.per_seconds
        hint = f"write under `tenant:` in tenant.yaml: rate_limit: {{requests: {announced.limit}, "
        return warn("rate limit", message, f"{hint}per_seconds: {seconds:g}}}")
    return ok("rate limit", f"the tenant announces {theirs}{left}; `tenant.yaml` says {ours}")
