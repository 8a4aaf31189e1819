"""The page of a recording, opened from a file by a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.driving import Browser
from tests.browser.pages import PAGES, markup_of, page_file

pytestmark = pytest.mark.peers

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
ORDINARY = "1.3 without secrets"
FULL = "1.3 with all secrets"
SIZE_LIMIT = 400_000  # bytes of an ordinary handshake's page
NODES_LIMIT = 30_000  # elements: a browser lays out as many in a fraction of a second
MOST_STOPS = 6_000  # stops of the Tab key until a page is called a trap

# The elements that the Tab key has to reach: what can be operated and is not folded away.
_OPERABLE = """
return [...document.querySelectorAll("a[href], button, input, summary, [tabindex]")]
  .filter(item => item.tabIndex >= 0 && !item.disabled && item.checkVisibility()).length;
"""


@pytest.mark.parametrize("name", PAGES)
def test_it_opens_quietly_and_fetches_nothing(name: str, browser: Browser, tmp_path: Path) -> None:
    """No word in the console, no breach of its policy, and no request but for the file itself."""
    url = page_file(name, tmp_path)
    browser.open(url)
    browser.press("/")
    browser.press("hello", Keys.ESCAPE)
    assert browser.one("h1").text
    assert browser.console() == []
    assert [asked for asked in browser.requests() if not asked.startswith("data:")] == [url]


@pytest.mark.parametrize("name", [ORDINARY, "1.2, client certificate", "refused certificate"])
def test_without_scripts_all_of_it_is_there(name: str, browser: Browser, tmp_path: Path) -> None:
    """The same words but for the script's tools; what is folded opens; links lead somewhere."""
    url = page_file(name, tmp_path)
    browser.open(url)
    with_scripts = browser.run("return document.querySelector('main').textContent")
    browser.without_scripts()
    browser.open(url)
    assert browser.run("return document.querySelector('main').textContent") == with_scripts
    assert not [item for item in browser.all(".tools button, .tools input") if item.is_displayed()]
    folds = browser.all("main details")
    fold = next(item for item in folds if item.get_attribute("open") is None)
    fold.find_element(By.CSS_SELECTOR, "summary").send_keys(Keys.ENTER)
    assert fold.get_attribute("open") is not None
    dead = browser.run(
        "return [...document.querySelectorAll('a[href^=\"#\"]')]"
        ".filter(a => !document.getElementById(a.getAttribute('href').slice(1)))"
        ".map(a => a.getAttribute('href'))"
    )
    assert dead == []


@pytest.mark.parametrize("name", [ORDINARY, "refused certificate"])
def test_tab_reaches_everything_and_leaves_again(
    name: str, browser: Browser, tmp_path: Path
) -> None:
    """Each control in turn, the focus to be seen on each, and no place that keeps it."""
    browser.open(page_file(name, tmp_path))
    wanted = browser.run(_OPERABLE)
    browser.run(
        "window.seen = new Set(); window.unseen = [];"
        "document.addEventListener('focusin', event => {"
        "  window.seen.add(event.target);"
        "  const style = getComputedStyle(event.target);"
        "  if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) === 0)"
        "    window.unseen.push(event.target.outerHTML.slice(0, 120));"
        "});"
    )
    for _ in range(min(MOST_STOPS, wanted + 50) // 50 + 1):
        browser.press(*([Keys.TAB] * 50))
        if browser.run("return window.seen.size") >= wanted:
            break
    assert browser.run("return window.seen.size") >= wanted
    assert browser.run("return window.unseen") == []


def test_every_field_is_reachable_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    """Unfolded by keys alone, a tree of fields is one stop, and the arrows come to each field."""
    browser.open(page_file(ORDINARY, tmp_path))
    browser.run("document.getElementById('unfold').focus()")
    browser.press(Keys.ENTER)
    assert browser.run("return document.querySelectorAll('main details:not([open])').length") == 0
    browser.run(
        "window.seen = new Set();"
        "addEventListener('focusin', ({target}) => {"
        "  const field = target.matches('summary') ? target.parentElement : target;"
        "  if (getComputedStyle(target).outlineStyle !== 'none') window.seen.add(field.id);"
        "});"
    )
    rows = "[...{}.querySelectorAll('p[id], details[id]')].filter(row => row.checkVisibility())"
    for tree in browser.all(".tree"):
        number = browser.run(f"return {rows.format('arguments[0]')}.length", tree)
        if not number:
            continue
        browser.run("arguments[0].focus()", tree)
        assert browser.run("return document.activeElement === arguments[0]", tree)
        browser.press(*([Keys.ARROW_DOWN] * number))
    wanted = ".filter(row => row.closest('.tree')).map(row => row.id)"
    lonely = browser.run(
        f"return {rows.format('document')}{wanted}.filter(id => !window.seen.has(id))"
    )
    assert lonely == []
    assert browser.run("return window.seen.size") > 100


def test_a_tree_is_one_stop_of_the_tab_key(browser: Browser, tmp_path: Path) -> None:
    """Nobody has to pass a hundred fields; Enter makes the address that of the field."""
    browser.open(page_file(ORDINARY, tmp_path))
    browser.run("document.querySelector('.message .fold').open = true")
    tree = browser.one(".message .tree")
    browser.run("arguments[0].focus()", tree)
    browser.press(Keys.TAB)
    assert browser.run("return !arguments[0].contains(document.activeElement)", tree)
    browser.run("arguments[0].focus()", tree)
    browser.press(Keys.ARROW_DOWN)
    name = browser.run("return document.activeElement.id")
    assert name
    browser.press(Keys.ENTER)
    assert browser.run("return location.hash") == f"#{name}"


def test_arrows_fold_and_unfold(browser: Browser, tmp_path: Path) -> None:
    """Right unfolds, left folds and then goes to what is around it; bytes light up beside."""
    browser.open(page_file(ORDINARY, tmp_path))
    browser.run("document.querySelector('.message .fold').open = true")
    head = browser.one(".tree details[id]:not([open]) > summary")
    browser.run("arguments[0].focus()", head)
    name = browser.run("return document.activeElement.parentElement.id")
    browser.press(Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    assert browser.run("return document.getElementById(arguments[0]).open", name)
    inside = "return document.getElementById(arguments[0]).contains(document.activeElement)"
    assert browser.run(inside, name)
    assert browser.all(".hex .lit")
    browser.press(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert not browser.run("return document.getElementById(arguments[0]).open", name)
    assert browser.run("return document.activeElement.parentElement.id") == name


def test_keys_search_and_walk(browser: Browser, tmp_path: Path) -> None:
    """``/`` is the search, ``j`` and ``k`` walk from message to message, Escape leaves."""
    browser.open(page_file(ORDINARY, tmp_path))
    browser.press("/")
    assert browser.run("return document.activeElement.id") == "seek"
    browser.press("supported_versions")
    browser.until("return document.getElementById('found').textContent.includes('match')")
    browser.press(Keys.ESCAPE)
    assert browser.run("return document.activeElement.id") != "seek"
    places = []
    for key in ("j", "j", "k"):
        browser.press(key)
        places.append(browser.run("return document.activeElement.id"))
    assert places[0] == places[2] != places[1]
    assert browser.run("return location.hash") == f"#{places[2]}"


def test_a_permalink_opens_its_place(browser: Browser, tmp_path: Path) -> None:
    """The address of a field within folded ones shows that field, with all around it unfolded."""
    url = page_file(ORDINARY, tmp_path)
    browser.open(url)
    deep = browser.run(
        "return [...document.querySelectorAll('.tree details details p[id], .tree details p[id]')]"
        ".filter(field => !field.checkVisibility()).at(-1).id"
    )
    browser.open("about:blank")
    browser.open(f"{url}#{deep}")
    browser.until("return document.getElementById(arguments[0]).checkVisibility()", deep)
    box = browser.run(
        "const box = document.getElementById(arguments[0]).getBoundingClientRect();"
        "return [box.top >= 0, box.bottom <= innerHeight]",
        deep,
    )
    assert box == [True, True]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", [FULL, "refused certificate", "1.2, client certificate"])
def test_contrast_and_access_are_measured(
    name: str, scheme: str, browser: Browser, tmp_path: Path
) -> None:
    """axe-core finds nothing against WCAG 2.2 A and AA: folded, unfolded, and narrow."""
    browser.prefer(scheme)
    browser.open(page_file(name, tmp_path))
    assert browser.complaints(*RULES) == []
    browser.run("document.getElementById('unfold').click()")
    assert browser.complaints(*RULES) == []
    browser.resize(320)
    assert browser.complaints(*RULES) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_narrow_window_scrolls_one_way_only(name: str, browser: Browser, tmp_path: Path) -> None:
    """At 320 pixels nothing makes the page itself wider (WCAG 2.2, 1.4.10), unfolded or not."""
    browser.resize(320)
    browser.open(page_file(name, tmp_path))
    width = "return document.documentElement.scrollWidth"
    assert browser.run(width) <= 320
    browser.run("document.getElementById('unfold').click()")
    assert browser.run(width) <= 320


def test_printing_unfolds(browser: Browser, tmp_path: Path) -> None:
    """What is folded on the screen is on paper: a field within has a place in the printed page."""
    browser.open(page_file(ORDINARY, tmp_path))
    browser.run(
        "window.unfolded = null;"
        "addEventListener('beforeprint', () => { window.unfolded ="
        " document.querySelectorAll('main details:not([open])').length; });"
    )
    folded = browser.run("return document.querySelectorAll('main details:not([open])').length")
    assert browser.pdf().startswith(b"%PDF-")
    assert folded > 0
    assert browser.run("return window.unfolded") == 0
    left = browser.run("return document.querySelectorAll('main details:not([open])').length")
    assert left == folded


def test_what_a_peer_says_is_never_markup(browser: Browser, tmp_path: Path) -> None:
    """Names that are markup, escapes or turned text are shown as text, and start nothing."""
    url = page_file("hostile names", tmp_path)
    browser.open(url)
    assert "<img src=x" in browser.text()
    assert browser.all("img") == []
    assert not re.search("[^\n -~]", markup_of("hostile names"))
    assert browser.console() == []
    assert browser.requests() == [url]


def test_a_page_is_small_enough_to_open_at_once(browser: Browser, tmp_path: Path) -> None:
    """Its size and the number of its elements are bounded; the benchmark ``page`` has the times."""
    assert len(markup_of(ORDINARY)) <= SIZE_LIMIT
    for name in (FULL, "200 records"):
        browser.open(page_file(name, tmp_path))
        assert browser.run("return document.querySelectorAll('*').length") <= NODES_LIMIT
