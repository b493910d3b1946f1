"""The embedded tenant's state in one JSON file, so that the next process finds what the last one wrote."""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from reconciler.simulator.agents import Agent, Assignment, Seed, Skill
from reconciler.simulator.behaviour import Behaviour
from reconciler.simulator.documents import AgentEncoder, skill_document
from reconciler.simulator.tenant import Tenant
from reconciler.simulator.wire import encode_json

FORMAT = 1
_PLAIN_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# The file shows everything, whatever the tenant shows over HTTP.
_EVERYTHING = Behaviour()


class StoredTenant(Tenant):
    """A tenant that lives in a file, which other processes may change too, and people with an editor.

    The file is made from `seed` when it is absent. A damaged one is moved aside (`moved_aside`) and made anew. Each
    commit reads the file again if somebody changed it, and writes it whole, under a lock beside it. Nothing is
    flushed to the disk itself: what is lost with the machine's power is a demonstration.
    """

    def __init__(
        self, path: Path, seed: Seed, behaviour: Behaviour | None = None, *, clock: Callable[[], float] | None = None
    ) -> None:
        super().__init__(seed, behaviour, clock=clock)
        self.moved_aside: Path | None = None
        self._path = path
        self._seed = seed
        self._encoder = AgentEncoder(_EVERYTHING)
        self._signature: tuple[int, int, int] | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        self.catch_up()

    def catch_up(self) -> None:
        """Take over what other processes wrote, then let happen whose time has come."""
        if self._signature is None or _signature(self._path) != self._signature:
            with self._locked():
                self._refresh()
        super().catch_up()

    def _exclusive(self) -> AbstractContextManager[object]:
        return self._read_modify_write()

    @contextmanager
    def _read_modify_write(self) -> Iterator[None]:
        with self._locked():
            self._refresh()
            skills, commits = self.skills, len(self.commits)
            yield
            if len(self.commits) != commits or self.skills is not skills:
                # Until the file holds it, memory is ahead of it; if writing fails, the file is read again.
                self._signature = None
                self._save()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # A file of its own, since the state's file is replaced at each commit and a lock would go with the old one.
        with self._path.with_name(f"{self._path.name}.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _refresh(self) -> None:
        signature = _signature(self._path)
        if signature is not None and signature == self._signature:
            return
        seed = self._seed if signature is None else self._load()
        self.skills = {skill.id: skill for skill in seed.skills}
        self.agents = {agent.id: agent for agent in seed.agents}
        if seed is self._seed:
            self._save()
        else:
            self._signature = signature

    def _load(self) -> Seed:
        """Read the file, or give the seed when it is damaged, which moves it aside."""
        try:
            return _decode(self._path.read_bytes())
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self.moved_aside = self._path.with_name(f"{self._path.name}.damaged")
            self._path.replace(self.moved_aside)
            return self._seed

    def _save(self) -> None:
        temporary = self._path.with_name(f"{self._path.name}.{os.getpid()}.tmp")
        temporary.write_bytes(self._encode())
        _make_newer(temporary, self._path)
        temporary.replace(self._path)
        self._signature = _signature(self._path)

    def _encode(self) -> bytes:
        """Write one skill and one agent per line: a person may read it, edit it, and see the difference."""
        skills = [encode_json(skill_document(skill, _EVERYTHING)) for skill in self.skills.values()]
        agents = [self._encoder.encode(agent, self.skills) for agent in self.agents.values()]
        parts = (b'{"format":%d,"skills":[\n' % FORMAT, b",\n".join(skills), b'\n],"agents":[\n')
        return b"".join((*parts, b",\n".join(agents), b"\n]}\n"))


def file_name(tenant: str) -> str:
    """Name the file of a tenant: by its name where that is a plain one, else by a digest, which leaves no folder."""
    digest = hashlib.sha256(tenant.encode()).hexdigest()[:16]
    return f"{tenant if _PLAIN_NAME.fullmatch(tenant) else digest}.json"


def _signature(path: Path) -> tuple[int, int, int] | None:
    """Tell one state of the file from another; None when there is no file."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _make_newer(file: Path, than: Path) -> None:
    """See that a file's time lies after another's: file systems tell time in steps that several commits fit into."""
    older, status = _signature(than), file.stat()
    if older and status.st_mtime_ns <= older[1]:
        os.utime(file, ns=(status.st_atime_ns, older[1] + 1))


def _decode(text: bytes) -> Seed:
    document = json.loads(text)
    if document["format"] != FORMAT:
        message = "another format"
        raise ValueError(message)
    skills = tuple(Skill(_text(raw["id"]), _text(raw["name"]), _flag(raw["active"])) for raw in document["skills"])
    return Seed(skills, tuple(_decode_agent(raw) for raw in document["agents"]))


def _decode_agent(raw: dict[str, object]) -> Agent:
    assignments = raw["skills"]
    if not isinstance(assignments, list):
        message = "`skills` is not a list"
        raise TypeError(message)
    return Agent(
        id=_text(raw["id"]),
        user_name=_text(raw["userName"]),
        email=_text(raw["email"]),
        first_name=_text(raw["firstName"]),
        last_name=_text(raw["lastName"]),
        skills={
            _text(item["skill"]["id"]): Assignment(_number(item["proficiency"]), _flag(item["available"]))
            for item in assignments
        },
        active=_flag(raw["active"]),
        version=_number(raw["version"]),
    )


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    message = "not a text"
    raise TypeError(message)


def _number(value: object) -> int:
    if type(value) is int:
        return value
    message = "not an integer"
    raise TypeError(message)


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    message = "not a boolean"
    raise TypeError(message)
