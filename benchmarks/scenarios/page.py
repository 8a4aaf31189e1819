"""A recording as a page: what it takes to make one, and what a browser takes to open it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.contenders.base import X25519
from benchmarks.contenders.with_tlsee import configurations
from benchmarks.material import SERVER_NAME, Material
from benchmarks.measure import Effort, in_turn
from benchmarks.results import Case, Outcome
from tlsee import ClientConnection, Recorder, ServerConnection
from tlsee.explain.account import Account
from tlsee.explain.report.html.page import page
from tlsee.recording.recording import Recording

LONG = "tlsee, 200 records"
SHORT = "one handshake"
EMPTY = "an empty page"
SENTENCES = 100  # each way, a record each
OPENINGS = {"full": 15, "quick": 5, "smoke": 1}
_OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
# Milliseconds since the navigation began, as the browser itself keeps them, once it has painted.
_TIMES = """
const done = arguments[arguments.length - 1];
const page = performance.getEntriesByType("navigation")[0];
new PerformanceObserver((list, observer) => {
  const paint = list.getEntriesByName("first-contentful-paint")[0];
  if (paint) { observer.disconnect(); done([page.domContentLoadedEventEnd, paint.startTime]); }
}).observe({type: "paint", buffered: true});
"""


def pages(material: Material, effort: Effort) -> Outcome:
    """Made in this process; opened from a file by headless Chromium, where that is installed."""
    recordings = {LONG: _recording(material, SENTENCES), SHORT: _recording(material, 0)}
    work = {name: lambda r=each: page(Account.of(r)) for name, each in recordings.items()}
    cases = [Case("made from its recording", "s", in_turn(work, effort), subject=LONG)]
    markup = {name: page(Account.of(each)) for name, each in recordings.items()}
    sizes = {name: [float(len(text))] for name, text in markup.items()}
    cases.append(Case("size", "B", sizes, subject=LONG))
    markup[EMPTY] = "<!doctype html><html lang=en><title>empty</title><p>Nothing."
    ready, painted, note = _opened(markup, OPENINGS[effort.name])
    for title, figures in (("until DOMContentLoaded", ready), ("until the first paint", painted)):
        if all(figures.values()):
            cases.append(Case(title, "s", figures, subject=LONG))
    return Outcome("page", "The page of a recording", cases, [note])


def _recording(material: Material, sentences: int) -> Recording:
    """A client's, with all that was said in it."""
    recorder = Recorder(reveal_secrets=True)
    client, server = configurations(material, X25519)
    ours = ClientConnection(recorder.watched(client), SERVER_NAME, observers=[recorder])
    theirs = ServerConnection(server)
    theirs.receive_data(ours.data_to_send())
    ours.receive_data(theirs.data_to_send())
    for number in range(sentences):
        ours.write(b"question %d" % number)
        theirs.receive_data(ours.data_to_send())
        theirs.write(b"answer %d" % number)
        ours.receive_data(theirs.data_to_send())
    return recorder.recording


Figures = dict[str, list[float]]


def _opened(markup: Mapping[str, str], times: int) -> tuple[Figures, Figures, str]:
    """Seconds until each page was ready, until it was painted, and what to say of the browser."""
    ready: Figures = {name: [] for name in markup}
    painted: Figures = {name: [] for name in markup}
    programs = shutil.which("chromium"), shutil.which("chromedriver")
    if None in programs:
        return ready, painted, "not opened: chromium and chromedriver are not both installed"
    with tempfile.TemporaryDirectory() as directory:
        driver = _driver(*programs, directory)
        try:
            for number, text in enumerate(markup.values()):
                Path(directory, f"{number}.html").write_text(text, encoding="ascii")
            for _ in range(times):
                for number, name in enumerate(markup):
                    driver.get(Path(directory, f"{number}.html").as_uri())
                    loaded, paint = driver.execute_async_script(_TIMES)
                    ready[name].append(loaded / 1000)
                    painted[name].append(paint / 1000)
            version = driver.capabilities["browserVersion"]
        finally:
            driver.quit()
    return ready, painted, f"opened from a file by headless Chromium {version}"


def _driver(browser: str | None, driver: str | None, directory: str) -> Any:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = browser or ""
    for option in (*_OPTIONS, f"--user-data-dir={directory}/profile"):
        options.add_argument(option)
    service = webdriver.ChromeService(driver, env={**os.environ, "HOME": directory})
    return webdriver.Chrome(options, service)
