"""Counts and packs the agents of a listing: those asked for are kept as small as they get, the others only counted.

A listing has no snapshot, so it may be read more than once: each reading begins a new round, and of an agent that
several rounds saw the newest counts. Within a round the first sight counts. Of a skill that an agent holds twice the
last row counts, and the pair is reported.
"""

from array import array
from collections import Counter
from collections.abc import Collection
from collections.abc import Set as AbstractSet
from itertools import chain

from reconciler.live.agent_pages import CheckedPage, OddAgent, SingleAgent
from reconciler.live.records import AgentRow, AssignmentRow, version_in
from reconciler.model.agents import LiveAgent, LiveState
from reconciler.model.assignments import CODE_BITS, CODE_BYTE, ENTRY_BYTES, pack_entries
from reconciler.model.skills import SkillCatalog


def _names_of(agent_id: str, user_name: str, email: str) -> tuple[str, str, str]:
    """Give the names by which somebody may have asked for an agent."""
    return agent_id.casefold(), user_name.casefold(), email.casefold()


# Equal sets are kept once, as far as this many are remembered: a tenant of profiles has few, another would only pay.
_MOST_INTERNED = 4096
# Of each code, whether it is available.
_AVAILABILITY = bytes(code & 1 for code in range(256))


class Census:
    """The agents of one tenant; `wanted` are casefolded e-mails, user names or ids, or None for everyone.

    `graded` also counts who holds which skill at which proficiency.
    """

    def __init__(self, catalog: SkillCatalog, wanted: Collection[str] | None, *, graded: bool = False) -> None:
        self._catalog = catalog
        self._is_graded = graded
        # The view of a dict's keys serves as it is: no copy of a hundred thousand names.
        self._wanted: AbstractSet[str] = wanted if isinstance(wanted, AbstractSet) else frozenset(wanted or ())
        self._is_everyone_wanted = wanted is None
        self._shifted = {skill_id: number << CODE_BITS for skill_id, number in catalog.numbers_by_id.items()}
        self._interned: dict[bytes, bytes] = {}
        # What this round has seen: those who are wanted, and the ids of all others; then the wanted of earlier rounds.
        self._kept: dict[str, LiveAgent] = {}
        self._others: set[str] = set()
        self._earlier: dict[str, LiveAgent] = {}
        self._unreadable: dict[str, str] = {}
        self._duplicates: dict[str, tuple[int, ...]] = {}
        self._unresolved: set[str] = set()
        self._refs: set[str] | None = None
        self._entries: Counter[int] = Counter()
        self._is_inline = True

    def begin_round(self, *, with_refs: bool) -> None:
        """Start over with a new listing; `with_refs` also keeps every name, for suggestions."""
        self._earlier |= self._kept
        self._kept = {}
        self._others = set()
        self._entries = Counter()
        self._is_inline = True
        if with_refs and self._refs is None:
            self._refs = set()

    def absorb(self, page: CheckedPage) -> int:
        """Take in a page; give how many entries it held."""
        active: list[bytes] = []
        for agent in page.agents:
            if self._has_seen(agent.id):
                continue
            is_wanted = self._is_wanted(agent.id, agent.user_name or "", agent.email or "")
            if not is_wanted:
                self._pass_over(agent.id)
            if agent.skills is None:
                self._is_inline = False
                if is_wanted:
                    self._keep(agent, version_in(agent.version), None)
                    self._unresolved.add(agent.id)
            elif is_wanted or agent.active:
                packed, is_twofold = self._packed(agent.skills, page)
                if agent.active:
                    active.append(packed)
                if is_wanted:
                    self._keep(agent, version_in(agent.version), packed, is_twofold=is_twofold)
        self._count(active)
        for odd in page.odd:
            self._absorb_odd(odd)
        return len(page.agents) + len(page.odd)

    def _count(self, sets: list[bytes]) -> None:
        """Count who can take which skill: entries without their proficiency are few, so the counter stays small."""
        entries = bytearray(b"".join(sets))
        if not self._is_graded:
            entries[CODE_BYTE::ENTRY_BYTES] = entries[CODE_BYTE::ENTRY_BYTES].translate(_AVAILABILITY)
        self._entries.update(array("I", entries))

    def _absorb_odd(self, odd: OddAgent) -> None:
        if self._has_seen(odd.id):
            return
        if self._is_wanted(odd.id, odd.user_name, odd.email):
            self._keep_odd(odd)
        else:
            self._pass_over(odd.id)

    def absorb_single(self, ref: str, single: SingleAgent | None) -> None:
        """Take in the answer about one agent, asked for by the id `ref`; None: there is none."""
        self._unresolved.discard(ref)
        if single is None:
            self._kept.pop(ref, None)
            self._earlier.pop(ref, None)
            self._forget(ref)
        elif single.odd is not None:
            self._note_names(single.odd.user_name, single.odd.email)
            self._keep_odd(single.odd)
        elif single.agent is not None and single.agent.skills is not None:
            agent = single.agent
            self._note_names(agent.user_name or "", agent.email or "")
            packed, is_twofold = self._packed(single.agent.skills, single)
            self._keep(agent, single.version, packed, is_twofold=is_twofold)

    def missing(self) -> set[str]:
        """Find who of the wanted is not there so far; not kept up meanwhile, which would cost a set of all of them."""
        missing = set(self._wanted)
        # Nearly always everybody is asked for by an e-mail in lower case.
        missing.difference_update([agent.email for agent in self._kept.values()])
        for agent in chain(self._kept.values(), self._earlier.values()) if missing else ():
            missing.difference_update(_names_of(agent.id, agent.user_name, agent.email))
        return missing

    @property
    def unique(self) -> int:
        """How many agents this round has seen."""
        return len(self._kept) + len(self._others)

    @property
    def is_inline(self) -> bool:
        """Whether this round's listing said of every agent what they hold."""
        return self._is_inline

    @property
    def unresolved(self) -> frozenset[str]:
        """The ids of wanted agents to be asked for one by one: the listing does not say what they hold."""
        return frozenset(self._unresolved)

    @property
    def vanished(self) -> frozenset[str]:
        """The ids of wanted agents that an earlier round showed and this one does not."""
        return frozenset(self._earlier.keys() - self._kept.keys() - self._others)

    def state(self, pages: int, *, moved: bool) -> LiveState:
        """Sum up; `pages` is what one listing takes."""
        counts: Counter[int] = Counter()
        available = {entry: count for entry, count in sorted(self._entries.items()) if entry & 1}
        for entry, count in available.items():
            counts[entry >> CODE_BITS] += count
        agents = self._earlier | self._kept if self._earlier else self._kept
        return LiveState(
            catalog=self._catalog,
            agents=tuple(agents[agent_id] for agent_id in sorted(agents)),
            total=self.unique,
            pages=pages,
            availability=dict(counts) if self._is_inline else None,
            graded=available if self._is_graded and self._is_inline else {},
            unreadable={agent_id: self._unreadable[agent_id] for agent_id in sorted(self._unreadable)},
            duplicates=tuple(
                (agent_id, number) for agent_id in sorted(self._duplicates) for number in self._duplicates[agent_id]
            ),
            known_refs=tuple(sorted(self._refs or ())),
            moved=moved,
        )

    def _pass_over(self, agent_id: str) -> None:
        """Count an agent that nobody asked for; in an earlier round it may have had another name."""
        self._others.add(agent_id)
        self._earlier.pop(agent_id, None)

    def _has_seen(self, agent_id: str) -> bool:
        """Whether this round has shown the agent already: within a round the first sight counts."""
        return agent_id in self._kept or agent_id in self._others

    def _note_names(self, user_name: str, email: str) -> None:
        if self._refs is not None:
            self._refs.update(filter(None, (user_name, email)))

    def _is_wanted(self, agent_id: str, user_name: str, email: str) -> bool:
        self._note_names(user_name, email)
        return self._is_everyone_wanted or not self._wanted.isdisjoint(_names_of(agent_id, user_name, email))

    def _packed(self, rows: list[AssignmentRow], source: CheckedPage | SingleAgent) -> tuple[bytes, bool]:
        """Pack a set (see `model.assignments`), and say whether it names a skill twice: the hot loop of a listing."""
        shifted = self._shifted
        try:
            entries = {(high := shifted[row.skill.id]): high | row.proficiency << 1 | row.available for row in rows}
        except KeyError:
            self._number_unlisted(rows, source.skill_names())
            return self._packed(rows, source)
        return pack_entries(entries.values()), len(entries) != len(rows)

    def _number_unlisted(self, rows: list[AssignmentRow], names: dict[str, str | None]) -> None:
        for skill_id in [*names, *(row.skill.id for row in rows)]:
            self._shifted[skill_id] = self._catalog.number_of(skill_id, names.get(skill_id)) << CODE_BITS

    def _keep(self, agent: AgentRow, version: str | None, packed: bytes | None, *, is_twofold: bool = False) -> None:
        email, user_name = agent.email or "", agent.user_name or ""
        shared_name = email if user_name == email else user_name
        if agent.id in self._kept or agent.id in self._earlier:
            self._forget(agent.id)
        if packed is not None:
            if len(self._interned) >= _MOST_INTERNED:
                self._interned.clear()
            packed = self._interned.setdefault(packed, packed)
        self._kept[agent.id] = LiveAgent(agent.id, email, shared_name, agent.active, version, packed)
        if is_twofold:
            held = Counter(self._shifted[row.skill.id] >> CODE_BITS for row in agent.skills or ())
            self._duplicates[agent.id] = tuple(sorted(number for number, times in held.items() if times > 1))

    def _keep_odd(self, odd: OddAgent) -> None:
        self._forget(odd.id)
        self._kept[odd.id] = LiveAgent(odd.id, odd.email, odd.user_name, active=True, version=None, assignments=None)
        self._unreadable[odd.id] = odd.reason

    def _forget(self, agent_id: str) -> None:
        self._unresolved.discard(agent_id)
        self._unreadable.pop(agent_id, None)
        self._duplicates.pop(agent_id, None)
