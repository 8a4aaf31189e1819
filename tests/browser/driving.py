"""A real browser, headless: the distribution's Chromium, driven through its own chromedriver.

Nothing is downloaded: the driver's path is given. The browser may reach the loopback and no name.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.support.missing import missing

__all__ = ["Browser", "axe_source", "browser", "browser_process"]

LONGEST = 60  # seconds until a wait is given up; nothing is measured by it
_OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # Chromium's own does not run as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
_AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
_NPM = "npm install --prefix tests/browser --no-package-lock --ignore-scripts"


class Browser:
    """One window, and what happened in it since it was opened."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    # --- How it looks -----------------------------------------------------------------------

    def command(self, name: str, **parameters: Any) -> Any:
        """A command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(name, parameters)

    def without_scripts(self) -> None:
        """As for somebody who has switched JavaScript off."""
        self.command("Emulation.setScriptExecutionDisabled", value=True)

    def prefer(self, scheme: str) -> None:
        """``dark`` or ``light``."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.command("Emulation.setEmulatedMedia", features=[feature])

    def resize(self, width: int, height: int = 900) -> None:
        """The window's size in CSS pixels."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def screenshot(self, path: Path) -> None:
        """The whole page as an image."""
        found = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(found["data"]))

    # --- What is in it ----------------------------------------------------------------------

    def open(self, url: str) -> None:
        """Load a page; back when its ``load`` event was."""
        self.driver.get(url)

    def run(self, script: str, *arguments: Any) -> Any:
        """What a function's body returns in the page."""
        return self.driver.execute_script(script, *arguments)

    def all(self, selector: str) -> list[WebElement]:
        """The elements that a selector of CSS finds."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        """The first of them."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self) -> str:
        """All text there is, folded or not."""
        found: str = self.run("return document.body.textContent")
        return found

    def press(self, *keys: str) -> None:
        """Keys, one after the other."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def until(self, script: str, *arguments: Any) -> Any:
        """Wait until a function's body returns something."""
        wait = WebDriverWait(self.driver, LONGEST, poll_frequency=0.05)
        return wait.until(lambda _: self.run(script, *arguments), f"never: {script}")

    def pdf(self) -> bytes:
        """The page as printed."""
        return base64.b64decode(self.driver.print_page())

    # --- What happened ----------------------------------------------------------------------

    def console(self) -> list[str]:
        """What the console says since it was asked last; breaches of a policy are among it."""
        return [f"{e['level']}: {e['message']}" for e in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def requests(self) -> list[str]:
        """The addresses that were asked for since this was asked last, those in ``data:`` too."""
        found = []
        for entry in self.driver.get_log("performance"):  # type: ignore[no-untyped-call]
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(message["params"]["request"]["url"])
        return found

    def complaints(self, *tags: str) -> list[str]:
        """What axe-core finds against the rules with these tags, an element a line."""
        self.run(axe_source())
        found = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run(document, {runOnly: {type: 'tag', values: arguments[0]},"
            " resultTypes: ['violations']}).then(found => done(found.violations),"
            " problem => done([{id: String(problem), nodes: [{html: '', failureSummary: ''}]}]));",
            list(tags),
        )
        return [
            f"{rule['id']}: {node['html'][:160]} {node['failureSummary']}"
            for rule in found
            for node in rule["nodes"]
        ]


def axe_source() -> str:
    """axe-core, which measures contrast and looks for what keeps people out."""
    if not _AXE.exists():
        missing("axe-core", f"it: {_NPM}")
    return _AXE.read_text(encoding="utf-8")


def _paths() -> tuple[str, str]:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        missing("chromium", "chromium")
    driver = shutil.which("chromedriver")
    if driver is None:
        missing("chromedriver", "chromium-driver")
    return browser, driver


@pytest.fixture(scope="session")
def browser_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """The browser, started once for each worker."""
    program, driver_path = _paths()
    options = webdriver.ChromeOptions()
    options.binary_location = program
    profile = tmp_path_factory.mktemp("profile")
    for option in (*_OPTIONS, f"--user-data-dir={profile}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(driver_path, env={**os.environ, "HOME": str(profile)})
    driver = webdriver.Chrome(options, service)
    driver.set_script_timeout(LONGEST)
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def browser(browser_process: webdriver.Chrome) -> Iterator[Browser]:
    """A window of its own: what one test sets does not reach the next."""
    driver = browser_process
    first = driver.current_window_handle
    driver.switch_to.new_window("tab")
    found = Browser(driver)
    found.resize(1280)
    found.console()
    found.requests()
    try:
        yield found
    finally:
        with contextlib.suppress(Exception):
            driver.close()
        driver.switch_to.window(first)
