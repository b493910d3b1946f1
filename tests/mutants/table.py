"""The broken variants: one replacement in one file each, the promise that it breaks, and who must notice."""

from dataclasses import dataclass

SWARM, STORM, STORM_UNVERSIONED = "swarm", "lost-updates", "lost-updates-without-versions"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One variant. `old` stands once in `file`, below `reconciler/`.

    `judge` is a kind of simulation, whose first schedules (those with the trouble `family`, if one is named) must break
    `promise`; or the test, by its place below `tests/`, that must go red.
    """

    name: str
    file: str
    old: str
    new: str
    promise: str
    judge: str = SWARM
    family: str = ""


MUTANTS = (
    Mutant(
        "writes without the version",
        "live/admin_v2.py",
        'headers["If-Match"] = f\'"{version}"\'',
        "pass",
        "P1",
        STORM,
    ),
    Mutant(
        "a second try without a version",
        "apply/write.py",
        "return _Next(decision.body, state.version, reason)",
        "return _Next(decision.body, None, reason)",
        "P1",
        STORM,
    ),
    Mutant(
        "without versions, no heed to the look before the write",
        "apply/write.py",
        "seen = await self._look(step.reason)",
        "seen = await self._look(step.reason) and step",
        "P1",
        STORM_UNVERSIONED,
    ),
    Mutant(
        "no conflict is one",
        "apply/decide.py",
        "Verdict.CONFLICT if moved else Verdict.RETRY",
        "Verdict.RETRY",
        "P1",
        STORM,
    ),
    Mutant(
        "repeats a doubtful write blindly",
        "apply/write.py",
        "self._in_doubt = True\n                return await self._look(reason)",
        "return step",
        "P3",
        STORM,
    ),
    Mutant(
        "forgets that it was in doubt",
        "apply/write.py",
        "self._in_doubt = True\n                return await self._look(reason)",
        "return await self._look(reason)",
        "P3",
        STORM,
    ),
    Mutant(
        "believes a 200",
        "apply/carry_out.py",
        "if not suspects or (",
        "if suspects or (",
        "P3",
        family="write-lies",
    ),
    Mutant(
        "writes only what changes",
        "apply/write.py",
        "step = _Next(self._change.after, self._change.version)",
        "before, after = self._change.before, self._change.after\n        step = _Next("
        "{key: value for key, value in after.items() if before.get(key) != value}, self._change.version)",
        "P2",
    ),
    Mutant(
        "writes proficiency as a float",
        "live/admin_v2.py",
        '"proficiency": assignment.proficiency,',
        '"proficiency": float(assignment.proficiency),',
        "P7",
    ),
    Mutant(
        "compares proficiency only",
        "plan/diff.py",
        "return None if live == after else (live, after)",
        "return None if live.keys() == after.keys() and not any(live[k] >> 1 != after[k] >> 1 for k in live)"
        " else (live, after)",
        "P7",
    ),
    Mutant(
        "lets deepdiff decide, by its defaults",
        "plan/diff.py",
        "return None if live == after else (live, after)",
        "import deepdiff\n"
        "    lists = ([[skill, bool(code & 1)] for skill, code in side.items()] for side in (live, after))\n"
        "    return (live, after) if deepdiff.DeepDiff(*lists, ignore_order=True) else None",
        "P7",
    ),
    Mutant(
        "forgets the last page",
        "live/listing.py",
        "while number <= pages and self._is_steady:",
        "while number < pages and self._is_steady:",
        "P7",
    ),
    Mutant(
        "believes one listing",
        "live/admin_v2.py",
        "is_settled = reading.is_steady and census.unique == reading.total",
        "is_settled, listings = True, MAX_LISTINGS",
        "P10",
        family="pages-move",
    ),
    Mutant(
        "strips what others own",
        "plan/diff.py",
        "if number in ignored or (chosen is not None and number not in chosen)}",
        "if chosen is not None and number not in chosen}",
        "P14",
    ),
    Mutant(
        "a second try undoes what others own",
        "apply/decide.py",
        "body = planned | {skill: value for skill, value in live.items() if skill in ignored}",
        "body = dict(change.after)",
        "P14",
        STORM,
    ),
    Mutant(
        "does not wait for the disk",
        "apply/journal.py",
        "            if is_durable:\n                self._fsync(self._file)",
        "            if is_durable and kind != 'intent':\n                self._fsync(self._file)",
        "P3, P19",
    ),
    Mutant(
        "records after it has sent",
        "apply/write.py",
        "            self._depart(step.body, step.version, attempt, is_repeated=recorded)\n",
        "",
        "P3, P19",
    ),
    Mutant(
        "goes on although the journal has failed",
        "apply/run.py",
        'self._stop(Halt("the journal could not be written", error.diagnostics))\n                raise',
        "pass",
        "P3, P19",
        family="disk-breaks",
    ),
    Mutant(
        "leaves doubts of a killed run alone",
        "pipeline.py",
        "context.notice(await doubts)",
        "doubts.close()",
        "P3, P17",
        family="killed",
    ),
    Mutant(
        "takes a doubtful write for done",
        "apply/resolve.py",
        "    if live == asked[-1]:\n",
        "    if live:\n",
        "P3, P17",
        family="killed",
    ),
    Mutant(
        "frees a slot one window after it was charged",
        "live/rate/memory.py",
        "heapq.heappush(self._ended, ends_at)",
        "heapq.heappush(self._ended, slot.charged_at)",
        "P4",
    ),
    Mutant(
        "a token bucket with a full burst",
        "live/rate/budget.py",
        "    if load.taken + count <= allowed or not count:\n",
        "    if load.taken + count <= 2 * allowed or not count:\n",
        "P4",
    ),
    Mutant(
        "the ledger's file forgets what a former run has sent",
        "live/rate/sqlite.py",
        '"UPDATE slot SET ends_at = ?, in_flight = 0 WHERE id = ?", (ends_at, slot.id)',
        '"UPDATE slot SET ends_at = ? - 60, in_flight = 0 WHERE id = ?", (ends_at, slot.id)',
        "P4",
        family="ledger-file",
    ),
    Mutant(
        "ignores Retry-After",
        "live/rate/budget.py",
        "    if now < budget.opens_at:\n",
        "    if False:\n",
        "P4",
    ),
    Mutant(
        "losses first",
        "plan/cover.py",
        "for skill in self.losses_of(step) if self._room[skill] < 1)",
        "for skill in self.losses_of(step) if self._room[skill] < -99)",
        "P12",
    ),
    Mutant(
        "counts on gains before they are proved",
        "plan/cover.py",
        "        if is_committed is None:\n            return\n",
        "        is_committed = True if is_committed is None else is_committed\n",
        "P12",
        "apply/test_cover.py",
    ),
    Mutant(
        "a union that takes away",
        "plan/order.py",
        "return {**change.after, **kept}",
        "return {**kept, **change.after}",
        "P12",
    ),
    Mutant(
        "applies although nobody confirmed",
        "pipeline.py",
        "if not how.confirm(fresh):",
        "if how.confirm(fresh) is None:",
        "P5",
        family="unconfirmed",
    ),
    Mutant(
        "goes on after a signal",
        "apply/run.py",
        "        return self._halt is not None\n\n    def _stop",
        "        return False\n\n    def _stop",
        "P17",
        family="signal",
    ),
    Mutant(
        "never gives an agent up",
        "apply/write.py",
        "MAX_TRIES = 5",
        "MAX_TRIES = 50",
        "P8",
        family="conflict-storm",
    ),
    Mutant(
        "quotes a tenant as it speaks",
        "live/words.py",
        "looked_at = self._redactor.mask_words(text[:_LONGEST_LOOKED_AT])",
        "looked_at = text[:_LONGEST_LOOKED_AT]",
        "P6",
    ),
    Mutant(
        "puts ids into paths as they are",
        "live/addresses.py",
        'path = "/".join(quote(segment, safe="") for segment in segments)',
        'path = "/".join(segments)',
        "P13",
    ),
    Mutant(
        "plans by chance",
        "plan/build.py",
        "        changes=changes,\n",
        "        changes=changes[:: 1 - 2 * (id(changes) >> 6 & 1)],\n",
        "P15",
        family="plans-twice",
    ),
    Mutant(
        "asks for more by POST",
        "live/admin_v2.py",
        'request = self._session.request("PATCH", url',
        'request = self._session.request("POST", url',
        "P7",
    ),
    Mutant(
        "follows whoever redirects",
        "live/transports/guard.py",
        "if 300 <= response.status_code < 400:",
        "if response.status_code == 0:",
        "P13",
        "live/test_network.py::test_a_redirect_is_an_error_that_does_not_say_where_to",
    ),
    Mutant(
        "a client for reading that may write",
        "live/transports/guard.py",
        'if request.method != "GET":',
        'if request.method == "TRACE":',
        "P18",
        "live/test_writing.py::test_a_session_for_reading_cannot_write",
    ),
    Mutant(
        "two writers at once",
        "apply/lock.py",
        "fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)",
        "P9",
        "apply/test_lock.py::test_the_second_is_refused_and_told_who_holds_it",
    ),
)
