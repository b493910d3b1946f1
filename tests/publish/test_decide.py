"""Which comment, and which issue, is created, edited or left alone: laws of the pure decisions."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.publish import drift, one_comment
from reconciler.publish.drift import Wanted
from reconciler.publish.forge import Comment, Issue
from reconciler.publish.ownership import is_same
from reconciler.publish.published import Happened
from reconciler.render.marker import Marker, read_marker
from tests.publish.hosts import body_of

_AUTHORS = st.sampled_from(["bot", "Bot", "mallory", ""])
_BODIES = st.one_of(
    st.builds(
        body_of,
        tenant=st.sampled_from(["acme", "other"]),
        text=st.sampled_from(["a", "b"]),
        run=st.sampled_from(["1", "2"]),
    ),
    st.sampled_from(["", "a word", f"quoted\n{body_of()}", "<!-- reconcile {} -->"]),
)


@st.composite
def _comments(draw: st.DrawFn) -> list[Comment]:
    pairs = draw(st.lists(st.tuples(_AUTHORS, _BODIES), max_size=8))
    return [Comment(f"{number}", author, body) for number, (author, body) in enumerate(pairs, 1)]


def _is_ours(author: str, body: str) -> bool:
    marker = read_marker(body)
    return author in {"bot", "Bot"} and marker is not None and marker.tenant == "acme"


def _carried_out(comments: list[Comment], decision: one_comment.Decision) -> list[Comment]:
    """What is there after the decision was carried out."""
    gone = {each.id for each in decision.older}
    kept = decision.kept
    left = [
        Comment(each.id, each.author, decision.body) if decision.body and kept and each.id == kept.id else each
        for each in comments
        if each.id not in gone
    ]
    return [*left, Comment("new", "bot", decision.body)] if decision.body and kept is None else left


@given(_comments(), _BODIES.filter(lambda body: _is_ours("bot", body)), st.booleans())
def test_after_a_decision_there_is_one_comment_and_nothing_left_to_decide(
    comments: list[Comment], body: str, only_if_present: bool
) -> None:
    """One comment of ours says what it should, none only where none was and none was to be created; twice is once."""
    decision = one_comment.decide(comments, "acme", "bot", lambda _: body, only_if_present=only_if_present)
    after = _carried_out(comments, decision)
    ours = [each.body for each in after if _is_ours(each.author, each.body)]
    was_there = any(_is_ours(each.author, each.body) for each in comments)
    assert ours == ([body] if was_there or not only_if_present else [])
    again = one_comment.decide(after, "acme", "bot", lambda _: body, only_if_present=only_if_present)
    assert again.happened in {Happened.UNCHANGED, Happened.NOTHING}
    assert (again.body, again.older) == (None, ())


@given(_comments(), st.one_of(st.none(), st.just(body_of(text="new"))))
def test_nobody_elses_comment_is_touched(comments: list[Comment], body: str | None) -> None:
    """What is not of our author with our tenant's marker in the first line stays as it is."""
    decision = one_comment.decide(comments, "acme", "BOT", lambda _: body)
    others = [each for each in comments if not _is_ours(each.author, each.body)]
    assert [each for each in _carried_out(comments, decision) if each in others] == others
    touched = [*decision.older, *([decision.kept] if decision.kept else [])]
    assert all(_is_ours(each.author, each.body) for each in touched)


@given(_comments())
def test_the_newest_of_ours_is_kept_and_only_its_marker_is_believed(comments: list[Comment]) -> None:
    """What the body is made of is the marker of the newest; None where there is none of ours."""
    seen: list[Marker | None] = []

    def make(marker: Marker | None) -> None:
        seen.append(marker)

    decision = one_comment.decide(comments, "acme", "bot", make)
    ours = [each for each in comments if _is_ours(each.author, each.body)]
    assert decision.kept == (ours[-1] if ours else None)
    assert list(decision.older) == ours[:-1]
    assert seen == [read_marker(ours[-1].body) if ours else None]
    assert (decision.happened, decision.body) == (Happened.NOTHING, None)


@given(
    st.lists(st.tuples(_AUTHORS, st.sampled_from(["Drift", "x"]), _BODIES), max_size=6),
    st.one_of(st.none(), st.builds(lambda text: Wanted("Drift", body_of(text=text)), st.sampled_from(["a", "b"]))),
    st.randoms(use_true_random=False),
)
def test_of_our_issues_the_newest_stays_and_all_others_of_ours_are_closed(
    rows: list[tuple[str, str, str]], wanted: Wanted | None, random: object
) -> None:
    """In whatever order they are listed; nothing is sent only where the newest says just what is wanted."""
    issues = [Issue(number, *row) for number, row in enumerate(rows, 1)]
    ours = [each for each in issues if _is_ours(each.author, each.body)]
    listed = sorted(issues, key=lambda _: random.random())  # type: ignore[attr-defined] # hypothesis gives a Random
    decision = drift.decide(listed, "acme", "bot", wanted)
    assert decision.kept == (ours[-1] if ours else None)
    assert list(decision.older) == ours[:-1]
    if not ours:
        assert decision.happened is (Happened.NOTHING if wanted is None else Happened.CREATED)
    elif wanted is None:
        assert decision.happened is Happened.CLOSED
    else:
        is_there = (ours[-1].title, ours[-1].body) == (wanted.title, wanted.body)
        assert decision.happened is (Happened.UNCHANGED if is_there else Happened.EDITED)


def test_what_a_host_changes_of_a_body_is_no_difference() -> None:
    """Line ends and blanks at the end; nothing else."""
    assert is_same("a\r\nb\r\n\n", "a\nb")
    assert not is_same("a\nb", "a\n b")
    assert not is_same("a\nb", "a b")
