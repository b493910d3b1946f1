"""The page of a plan in a real browser: searched, filtered, light and dark, narrow, printed, never on the network."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model.position import SourcePosition
from reconciler.plan.change import AgentHeld, Event, Kind, Turn, Until
from reconciler.render.html import plan_as_html
from tests.pictures.browser import Page, browsing, find_browser
from tests.render.crowd import crowd
from tests.render.hand_made import HOSTILE, NOW, VIEW, change, entry_of, plan_of

pytestmark = pytest.mark.real
_TROUBLE = {"Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Page.javascriptDialogOpening"}
_FINDINGS = tuple(
    Diagnostic("coverage-floor", f"`Fraud` is {severity}", "give the skill to `somebody`", None, severity)
    for severity in Severity
)
# The lowest contrast of any text with what is behind it, by the formula of WCAG 2; and whose it is.
_CONTRAST = """
(() => {
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parts(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  let worst = [99, ""];
  for (const element of document.body.querySelectorAll("*:not(script)")) {
    const isText = [...element.childNodes].some((each) => each.nodeType === 3 && each.data.trim());
    if (!isText || !element.checkVisibility()) continue;
    const [a, b] = [light(parts(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst[0]) worst = [ratio, element.outerHTML.slice(0, 200)];
  }
  return worst;
})()
"""
_SHOWN = "[...document.querySelectorAll('{}')].filter((each) => each.checkVisibility()).length"


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    """A tab of Chromium. CI has to have one: a test that is skipped there for ever guards nothing."""
    found = find_browser()
    if found is None and os.environ.get("CI"):
        pytest.fail("CI has no Chromium: .ci/browser installs it")
    if found is None:
        pytest.skip("there is no Chromium on this machine")
    with browsing(found) as page:
        yield page


@pytest.fixture(scope="module")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a plan that changes a thousand agents."""
    file = tmp_path_factory.mktemp("page") / "thousand.html"
    plan = replace(crowd(1000), findings=_FINDINGS)
    file.write_text(plan_as_html(plan, replace(VIEW, created_at="2026-11-22T14:00:00Z")), encoding="utf-8")
    return file


@pytest.fixture
def page(browser: Page, thousand: Path) -> Iterator[Page]:
    """That page, newly opened; whatever was done with it, nothing was fetched and nothing complained."""
    browser.look()
    browser.open(thousand)
    yield browser
    _expect_peace(browser, thousand)


def _expect_peace(browser: Page, file: Path) -> None:
    browser.run("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    sent = [
        each["params"]["request"]["url"] for each in browser.events if each["method"] == "Network.requestWillBeSent"
    ]
    assert sent == [file.as_uri()]
    assert [each for each in browser.events if each["method"] in _TROUBLE] == []
    assert [each["params"] for each in browser.events if each["method"] == "Audits.issueAdded"] == []


def _shown(page: Page, selector: str) -> int:
    number: int = page.run(_SHOWN.format(selector))
    return number


def _hits(page: Page) -> str:
    text: str = page.run("document.getElementById('hits').textContent")
    return text


def test_a_search_finds_agents_and_skills_and_says_how_many(page: Page) -> None:
    """Whose name fits is shown with all skills; of the others only the skills whose name fits."""
    assert page.run("document.getElementById('hits').getAttribute('role')") == "status"
    assert _hits(page) == ""
    page.press("/", "Slash", 191, "/")
    assert page.run("document.activeElement.id") == "query"
    page.type("SPAN")
    assert _hits(page) == "273 of 1,000 agents on this page, 273 skills"
    assert _shown(page, ".agent") == _shown(page, ".agent li") == 273
    page.run("document.getElementById('query').select()")
    page.type("agent.00012")
    assert _hits(page) == "10 of 1,000 agents on this page, 30 skills"
    page.run("document.getElementById('query').select()")
    page.type("nobody is called that")
    assert _hits(page) == "0 of 1,000 agents on this page, 0 skills"
    assert _shown(page, "#nothing") == 1
    assert _shown(page, ".team") == 0


def test_a_filter_shows_what_was_asked_for_and_a_reset_everything(page: Page) -> None:
    """By the keyboard alone: from the search on to the boxes, each set with the space bar."""
    page.run("document.getElementById('query').focus()")
    for _ in range(2):
        page.press("Tab", "Tab", 9)
    page.press(" ", "Space", 32, " ")
    page.press("Tab", "Tab", 9)
    page.press(" ", "Space", 32, " ")
    assert page.run("[...document.querySelectorAll('#find [type=checkbox]')].map((box) => box.checked)") == [
        False,
        False,
        True,
    ]
    removed = _shown(page, ".agent li")
    assert removed == page.run("document.querySelectorAll('.agent li.remove').length") > 0
    assert _shown(page, ".agent li.add") == _shown(page, ".agent li.change") == 0
    for _ in range(4):
        page.press("Tab", "Tab", 9)
    page.press(" ", "Space", 32, " ")
    page.run("new Promise((done) => setTimeout(done))")
    assert _hits(page) == ""
    assert page.run("document.querySelectorAll('[hidden]').length") == 1
    assert page.run("document.querySelectorAll('details[open]').length") == 0


def test_one_team_is_picked_by_its_name(page: Page) -> None:
    names = page.run("[...document.querySelectorAll('#team option')].map((each) => each.textContent)")
    assert names[0] == "all teams"
    assert names[-1] == "No team"
    page.run(f"document.getElementById('team').selectedIndex = {names.index('Sales Nordics')}")
    page.run("document.getElementById('team').dispatchEvent(new Event('input', {bubbles: true}))")
    assert _shown(page, ".team") == 1
    agents = _shown(page, ".agent")
    assert _hits(page).startswith(f"{agents} of 1,000 agents on this page, ")
    assert page.run("document.querySelector('.team:not([hidden]) .size').textContent") == f"{agents} of {agents} agents"


def test_all_teams_open_and_close(page: Page) -> None:
    teams = page.run("document.querySelectorAll('.team').length")
    page.run("document.getElementById('unfold').click()")
    assert page.run("document.querySelectorAll('.team[open]').length") == teams == 21
    page.run("document.getElementById('fold').click()")
    assert page.run("document.querySelectorAll('.team[open]').length") == 0


@pytest.mark.parametrize(("scheme", "ground"), [("light", "rgb(245, 246, 248)"), ("dark", "rgb(18, 21, 27)")])
def test_it_follows_what_the_reader_prefers_and_every_text_stands_out(page: Page, scheme: str, ground: str) -> None:
    """4.5 to 1 at least, as WCAG asks of texts of this size."""
    page.look(scheme=scheme)
    page.run("document.querySelectorAll('.team')[3].open = true")
    assert page.run("getComputedStyle(document.body).backgroundColor") == ground
    ratio, where = page.run(_CONTRAST)
    assert ratio >= 4.5, where


@pytest.mark.parametrize("width", [360, 700, 1400])
def test_nothing_stands_out_at_the_side(page: Page, width: int) -> None:
    page.look(width=width)
    page.run("document.getElementById('unfold').click()")
    assert page.run("document.documentElement.scrollWidth") <= width


@pytest.fixture
def surge(browser: Page, tmp_path: Path) -> Page:
    """The page of a plan with what ends by itself, what is held, and a month of what comes."""
    made = crowd(40)
    until = Until(NOW + timedelta(days=3), SourcePosition("surge.yaml", 2, 5), "a long reason " * 9, "OPS-1234")
    first, second, *others = made.changes
    lines = tuple(replace(line, override=until) for line in first.skills)
    held = AgentHeld(
        second.agent, second.team, second.source, tuple(replace(line, hold=until) for line in second.skills)
    )
    event = Event(Kind.OVERRIDE, Turn.BEGINS, "team `Sales`", until.source, until.reason, until.ticket)
    coming = tuple(
        entry_of(NOW + timedelta(days=day), [event] * 2, made.changes, [("Sales", 9, 1, 2), ("Chat", 1, 9, None)])
        for day in range(1, 30)
    )
    plan = replace(
        made,
        changes=(replace(first, skills=lines), *others),
        held=(held,),
        coming=coming,
        coming_later=3,
        now=NOW,
        at=NOW,
    )
    file = tmp_path / "surge.html"
    file.write_text(plan_as_html(plan, VIEW), encoding="utf-8")
    browser.look()
    browser.open(file)
    _expect_peace(browser, file)
    return browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1100])
def test_what_holds_for_a_time_stands_out_and_keeps_inside(surge: Page, scheme: str, width: int) -> None:
    """Folded and open; a row that is not bad is not painted as one, whatever its moment is."""
    surge.look(scheme=scheme, width=width)
    assert _shown(surge, ".moment") == 29
    assert _shown(surge, ".agent li.held") == 2
    surge.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert surge.run("document.documentElement.scrollWidth") <= width
    ratio, where = surge.run(_CONTRAST)
    assert ratio >= 4.5, where
    notes = "[...document.querySelectorAll('.moment:first-child .note')].slice(-2)"
    colours = surge.run(f"{notes}.map((each) => getComputedStyle(each).color)")
    assert colours[0] != colours[1]


def test_a_search_looks_for_what_changes_now(surge: Page) -> None:
    """What is held and what comes stays in its place: it is no part of what is applied."""
    surge.run("document.getElementById('query').focus()")
    surge.type("nobody is called that")
    assert _hits(surge) == "0 of 39 agents on this page, 0 skills"
    assert _shown(surge, ".moment") == 29
    assert _shown(surge, ".agent li.held") == 2


def test_on_paper_everything_is_open_and_no_form_is_there(page: Page) -> None:
    page.call("Emulation.setEmulatedMedia", media="print")
    page.run("dispatchEvent(new Event('beforeprint'))")
    assert _shown(page, ".agent") == 1000
    assert _shown(page, "#find") == 0
    page.run("dispatchEvent(new Event('afterprint'))")
    page.call("Emulation.setEmulatedMedia", media="")
    assert page.run("document.querySelectorAll('details[open]').length") == 0


def test_without_its_script_the_page_is_plain_and_whole(browser: Page, thousand: Path) -> None:
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(thousand)
    browser.call("Emulation.setScriptExecutionDisabled", value=False)
    assert _shown(browser, "#find") == 0
    assert _shown(browser, ".team > summary") == 21
    assert browser.run("document.querySelectorAll('.agent').length") == 1000


def test_hostile_names_are_texts(browser: Page, tmp_path: Path) -> None:
    """Each as it stands in the plan, shown as a terminal would; found by the search like any other."""
    evil = ("</script><script>document.title='run'</script>", "<img src=x onerror=document.title='run'>", *HOSTILE)
    plan = plan_of(
        [change(f"{number} {name}", name or None, (name or "x", None, 1)) for number, name in enumerate(evil)]
    )
    file = tmp_path / "hostile.html"
    file.write_text(plan_as_html(plan, VIEW), encoding="utf-8")
    browser.look()
    browser.open(file)
    assert browser.run("document.title") == f"{len(evil)} agents change \u2013 plan for acme-prod"
    assert browser.run(
        "[...document.querySelectorAll('h4 bdi')].some((each) => each.textContent.startsWith('0 </script><script>'))"
    )
    browser.run("document.getElementById('query').focus()")
    browser.type("<img src")
    assert _hits(browser) == f"2 of {len(evil)} agents on this page, 2 skills"
    _expect_peace(browser, file)


def test_even_what_was_not_escaped_could_run_nothing_and_fetch_nothing(browser: Page, tmp_path: Path) -> None:
    """The policy of the page holds where the escaper failed; this is what a slip would look like."""
    slip = "<img src=https://a.example/x onerror=\"document.title='run'\"><script>document.title='run'</script>"
    more = "<style>body{display:none}</style><link rel=stylesheet href=https://a.example/s><iframe src=https://a.example></iframe>"
    whole = plan_as_html(plan_of([change("ana", "A", ("Chat", 1, 2))]), VIEW)
    file = tmp_path / "slip.html"
    file.write_text(whole.replace("<bdi>ana</bdi>", slip + more), encoding="utf-8")
    browser.open(file)
    browser.run("new Promise((done) => setTimeout(done, 50))")
    assert "run" not in browser.run("document.title").split()
    assert _shown(browser, ".agent") == 1
    assert [each for each in browser.events if each["method"] == "Network.responseReceived"
            and "a.example" in each["params"]["response"]["url"]] == []  # fmt: skip
    issues = [each["params"]["issue"]["code"] for each in browser.events if each["method"] == "Audits.issueAdded"]
    assert issues.count("ContentSecurityPolicyIssue") >= 4
