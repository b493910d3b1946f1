"""The shapes of the small documents, as strict models over the scalars that the files hold."""

import re
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from reconciler.desired import forms
from reconciler.desired.naming import check_name
from reconciler.desired.nodes import Scalar
from reconciler.desired.report import Problem, close_to, shown
from reconciler.desired.scalars import is_absent, read_available, read_proficiency

_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}")
_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,6})?")
_PERCENTAGE = re.compile(r"(0|[1-9][0-9]{0,2})%")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?P<offset>[Zz]|[+-]\d\d:?[0-5]\d)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_REALM = re.compile(r"[a-z0-9-]{1,32}")
_ENV_PREFIX = re.compile(r"CXONE(?:_[A-Z0-9]+)*")
_APIS = ("admin-v2", "cxone", "simulator")
_EMPTY_AGENTS = ("block", "warn", "allow")
_SEVERITIES = ("block", "warn")
# Parts of keys by which somebody would say where to send the credential.
_ADDRESS = re.compile(r"url|host|endpoint|address|server|domain|origin", re.IGNORECASE)


def raised(problem: Problem) -> PydanticCustomError:
    """Wrap a problem, so that it comes out of the validation with its place."""
    context = {"text": problem.message, "hint": problem.hint or ""}
    return PydanticCustomError(problem.code, "{text}", context)


def _scalar(value: object, wanted: str) -> Scalar:
    if isinstance(value, Scalar) and not value.is_null:
        return value
    if isinstance(value, Scalar):
        raise raised(Problem("null-value", f"no value stands where {wanted} is due", "write one, or remove the key"))
    what = "mapping" if isinstance(value, dict) else "list"
    raise raised(Problem("wrong-type", f"a {what} stands where {wanted} is due"))


def _text(value: object) -> str:
    return _scalar(value, "a text").text


def _name(value: object) -> str:
    text = _text(value)
    problem = check_name(text, "name")
    if problem:
        raise raised(problem)
    return text


def _skill_key(text: str) -> str:
    problem = check_name(text, "skill name", is_live=True)
    if problem:
        raise raised(problem)
    return text


def _version(value: object) -> int:
    node = _scalar(value, "a version")
    if node.text != "1" or node.style:
        said = "is in quotes" if node.style else "is unknown; there is only 1"
        raise raised(Problem("unknown-word", f"the version {shown(node.text)} {said}", "write `version: 1`"))
    return 1


def _number(value: object, pattern: re.Pattern[str], wanted: str) -> str:
    node = _scalar(value, wanted)
    if node.style:
        raise raised(Problem("wrong-type", f"{shown(node.text)} is a text, not {wanted}", "write it without quotes"))
    if not pattern.fullmatch(node.text):
        raise raised(Problem("wrong-number", f"{shown(node.text)} is not {wanted}", f"write {wanted} in plain digits"))
    return node.text


def _whole(value: object) -> int:
    return int(_number(value, _WHOLE, "a whole number"))


def _seconds(value: object) -> float:
    return float(_number(value, _NUMBER, "a number"))


def _proficiency(value: object) -> int:
    read = read_proficiency(_scalar(value, "a proficiency"))
    if isinstance(read, Problem):
        raise raised(read)
    return read


def _available(value: object) -> bool:
    read = read_available(_scalar(value, "`true` or `false`"))
    if isinstance(read, Problem):
        raise raised(read)
    return read


def _limit(value: object) -> str:
    """A count, or a percentage up to 100."""
    node = _scalar(value, "a count or a percentage")
    share = _PERCENTAGE.fullmatch(node.text)
    if not (share and int(share[1]) <= 100) and (node.style or not _WHOLE.fullmatch(node.text)):  # noqa: PLR2004 - per cent
        raise raised(
            Problem("wrong-number", f"{shown(node.text)} is not a limit", "write a count, or a percentage like `25%`")
        )
    return node.text


def _time(value: object) -> datetime:
    text = _scalar(value, "a time").text
    found = _TIME.fullmatch(text)
    example = "write it like `2026-12-01T00:00:00Z` or `2026-12-01T00:00:00-05:00`"
    if _DATE.fullmatch(text):
        raise raised(Problem("time-form", f"{shown(text)} is a bare date, without time and offset", example))
    if found is None:
        raise raised(Problem("time-form", f"{shown(text)} is not a time", example))
    if not found["offset"]:
        raise raised(Problem("time-form", f"{shown(text)} is a local time, without an offset", example))
    try:
        time = datetime.fromisoformat(text.upper())
        time.astimezone(UTC)  # as comparisons need it: neither end of the calendar has room for an offset
    except (ValueError, OverflowError) as error:
        raise raised(Problem("time-form", f"{shown(text)} is not a time: {error}", example)) from error
    return time


def _one_of(words: tuple[str, ...]) -> BeforeValidator:
    def check(value: object) -> str:
        text = _scalar(value, "a word").text
        if text not in words:
            match = close_to(text, words)
            among = ", ".join(f"`{word}`" for word in words)
            hint = f"did you mean {shown(match)}?" if match else f"write one of {among}"
            raise raised(Problem("unknown-word", f"{shown(text)} is none of {among}", hint))
        return text

    return BeforeValidator(check)


def _matching(pattern: re.Pattern[str], what: str) -> BeforeValidator:
    def check(value: object) -> str:
        text = _text(value)
        if not pattern.fullmatch(text):
            message = f"{shown(text)} is not {what}"
            raise raised(Problem("wrong-form", message, f"it has to match `{pattern.pattern}`"))
        return text

    return BeforeValidator(check)


Text = Annotated[str, BeforeValidator(_text), forms.TEXT]
Name = Annotated[str, BeforeValidator(_name), forms.NAME]
AgentName = Annotated[str, BeforeValidator(_name), forms.AGENT]
TeamName = Annotated[str, BeforeValidator(_name), forms.TEAM]
SkillName = Annotated[str, BeforeValidator(_name), forms.SKILL]
SkillKey = Annotated[str, AfterValidator(_skill_key), forms.SKILL]
Whole = Annotated[int, BeforeValidator(_whole), forms.WHOLE]
Seconds = Annotated[float, BeforeValidator(_seconds), forms.NUMBER]
Proficiency = Annotated[int, BeforeValidator(_proficiency), forms.PROFICIENCY]
Available = Annotated[bool, BeforeValidator(_available), forms.AVAILABLE]
Limit = Annotated[str, BeforeValidator(_limit), forms.LIMIT]
Time = Annotated[datetime, BeforeValidator(_time), forms.TIME]
SeverityWord = Annotated[str, _one_of(_SEVERITIES), forms.one_of(_SEVERITIES)]


class Strict(BaseModel):
    """Refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True)


class RateLimitShape(Strict):
    """`tenant.rate_limit`."""

    requests: Annotated[Whole, Field(ge=1, le=100_000)] = 100
    per_seconds: Annotated[Seconds, Field(ge=1, le=86_400)] = 60.0


class TenantShape(Strict):
    """`tenant`."""

    name: Name | None = None
    api: Annotated[str, _one_of(_APIS), forms.one_of(_APIS)]
    realm: Annotated[str, _matching(_REALM, "a realm"), forms.matching(_REALM.pattern)] | None = None
    rate_limit: RateLimitShape = RateLimitShape()
    max_concurrency: Annotated[Whole, Field(ge=1, le=100)] = 10
    env_prefix: Annotated[str, _matching(_ENV_PREFIX, "a prefix of variables"), forms.matching(_ENV_PREFIX.pattern)] = (
        "CXONE"
    )


class TenantDocument(Strict):
    """The whole of `tenant.yaml`; `policies` are judged apart."""

    version: Annotated[int, BeforeValidator(_version), forms.VERSION]
    tenant: TenantShape
    ignore_skills: list[Name] = []
    policies: object = None


class CoverageFloor(Strict):
    """One entry of `policies.coverage`."""

    model_config = ConfigDict(json_schema_extra=forms.WAIVER)

    skill: SkillName
    min_available: Whole
    min_proficiency: Proficiency | None = None
    severity: SeverityWord = "block"
    waive_until: Time | None = None
    reason: Text | None = None

    @model_validator(mode="after")
    def _waiver_has_reason(self) -> Self:
        if self.waive_until is not None and not (self.reason or "").strip():
            raise raised(Problem("missing-key", "`waive_until` stands without a reason", "write `reason:` beside it"))
        return self


class Policies(Strict):
    """`policies` of `tenant.yaml`."""

    max_agents_changed: Limit | None = None
    max_agents_changed_per_team: Limit | None = None
    max_assignments_removed: Limit | None = None
    max_assignments_removed_per_team: Limit | None = None
    max_assignments_removed_per_skill: Limit | None = None
    empty_agents: Annotated[str, _one_of(_EMPTY_AGENTS), forms.one_of(_EMPTY_AGENTS)] = "warn"
    missing_agents: SeverityWord = "warn"
    coverage: list[CoverageFloor] = []


class AssignmentChange(Strict):
    """What an override does to an assignment: a number, parts of the long form, or `absent`, which sets neither."""

    model_config = ConfigDict(json_schema_extra=forms.SHORT_FORM | {"minProperties": 1})

    proficiency: Proficiency | None = None
    available: Available | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_short_form(cls, value: object) -> object:
        if not isinstance(value, Scalar):
            if not value:
                raise raised(Problem("wrong-type", "nothing is set here", "write a proficiency, or `available: false`"))
            return value
        absent = is_absent(value)
        if isinstance(absent, Problem):
            raise raised(absent)
        # A number alone is short for the whole, as everywhere; the long form leaves alone what it does not name.
        return {} if absent else {"proficiency": value, "available": Scalar("true", "", value.at)}

    @property
    def is_absent(self) -> bool:
        """Whether the skill is dropped."""
        return self.proficiency is None and self.available is None


class Selection(Strict):
    """What overrides and holds have in common: whom they concern, and until when."""

    agents: list[AgentName] = []
    teams: list[TeamName] = []
    until: Time
    reason: Text | None = None


class Override(Selection):
    """One entry of `overrides`: half-open, from `from` (or at once) to `until`."""

    model_config = ConfigDict(json_schema_extra=forms.not_empty("agents", "teams"))

    skills: Annotated[dict[SkillKey, AssignmentChange], Field(min_length=1)]
    start: Time | None = Field(default=None, alias="from")
    ticket: Text | None = None

    @model_validator(mode="after")
    def _is_about_something(self) -> Self:
        if not self.agents and not self.teams:
            raise raised(Problem("missing-key", "the override names nobody", "write `agents:` or `teams:`"))
        if self.start is not None and self.start >= self.until:
            hint = "exchange the two" if self.start > self.until else "write a later `until`, or leave the override out"
            raise raised(Problem("time-order", "`from` is not before `until`", hint))
        return self


class Hold(Selection):
    """One entry of `holds`."""

    model_config = ConfigDict(json_schema_extra=forms.not_empty("agents", "teams", "skills"))

    skills: list[SkillName] = []

    @model_validator(mode="after")
    def _is_about_something(self) -> Self:
        if not self.agents and not self.teams and not self.skills:
            raise raised(Problem("missing-key", "the hold names nothing", "write `agents:`, `teams:` or `skills:`"))
        return self


def is_address(key: str) -> bool:
    """Whether a key would say where the tenant's credential is sent."""
    return _ADDRESS.search(key) is not None


_NESTED: dict[str, type[Strict]] = {
    "tenant": TenantShape,
    "rate_limit": RateLimitShape,
    "coverage": CoverageFloor,
    "skills": AssignmentChange,
}


def keys_at(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand in the mapping found at `path` below a document of `model`."""
    for step in path:
        model = _NESTED.get(str(step), model)
        if step == "skills":
            break  # what follows are names of skills
    return [field.alias or name for name, field in model.model_fields.items()]
