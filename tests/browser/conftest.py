"""A real server on a free port and a real Chromium in front of it, on the demo world."""

import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any, Literal

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, StorageState, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.conftest import World

AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    # Nothing but the server of the test is reached: any other name is unknown. Taking each request through a route
    # instead would turn the browser's cache off, and fetch every style and script anew with every page.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
DESKTOP, TABLET, PHONE = (1360, 820), (768, 1024), (390, 844)


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The tests say what went wrong; the server's own lines are noise."""


@contextmanager
def serving(app: Flask) -> Generator[str]:
    """The address at which `app` is served by a thread."""
    made = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture(scope="session")
def server(world: World) -> Iterator[str]:
    """The address of the demo world, served."""
    with serving(world.app) as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The installed Chromium; without one the tests are skipped, or fail where REQUIRE_BROWSER=1."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("REQUIRE_BROWSER=1, but there is no chromium on the PATH.")
        pytest.skip("There is no chromium on the PATH.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """Opens pages as a person would see them, and remembers what the browser complained about."""

    server: str
    browser: Browser
    state: StorageState | None = None
    complaints: list[str] = field(default_factory=list[str])
    contexts: list[BrowserContext] = field(default_factory=list[BrowserContext])

    def page(
        self,
        size: tuple[int, int] = DESKTOP,
        *,
        scheme: Literal["light", "dark"] = "light",
        script: bool = True,
        for_axe: bool = False,
    ) -> Page:
        """A new page in a window of its own; `for_axe` lets axe past the security policy and stills animations."""
        context = self.browser.new_context(
            base_url=self.server,
            viewport={"width": size[0], "height": size[1]},
            storage_state=self.state,
            color_scheme=scheme,
            java_script_enabled=script,
            bypass_csp=for_axe,
            reduced_motion="reduce" if for_axe else "no-preference",
        )
        context.set_default_timeout(15_000)
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or (
            message.type == "error" and "Failed to load" not in message.text
        ):
            self.complaints.append(message.text)

    def close(self) -> None:
        """Close what was opened. Raises AssertionError for script errors and violations of the security policy."""
        for context in self.contexts:
            context.close()
        assert self.complaints == []


@pytest.fixture
def visitor(server: str, chromium: Browser) -> Iterator[Visit]:
    """Somebody who has not signed in."""
    visit = Visit(server, chromium)
    yield visit
    visit.close()


@pytest.fixture
def stranger(app: Flask, chromium: Browser) -> Iterator[Visit]:
    """Somebody who has not signed in, in front of an application of the test's own, whose rows may change."""
    with serving(app) as address:
        visit = Visit(address, chromium)
        yield visit
        visit.close()


def sign_in_by_hand(page: Page, world: World, username: str = "admin") -> None:
    """Fill in and send the form of the sign-in page that `page` shows."""
    page.get_by_label("User name or e-mail").fill(username)
    page.get_by_label("Password").fill(world.described["users"][username]["password"])
    page.get_by_label("Business code").fill(world.described["tenant"]["business_code"])
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture(scope="session")
def admin_state(server: str, chromium: Browser, world: World) -> StorageState:
    """The cookies of a signed-in admin."""
    context = chromium.new_context(base_url=server)
    page = context.new_page()
    page.goto("/sign-in")
    sign_in_by_hand(page, world)
    page.wait_for_url("**/")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def admin(server: str, chromium: Browser, admin_state: StorageState) -> Iterator[Visit]:
    """An admin of MYCOMPANY who has signed in."""
    visit = Visit(server, chromium, admin_state)
    yield visit
    visit.close()


def axe_finds(page: Page, *, leave_out: str | None = None, only: str | None = None) -> list[str]:
    """What axe holds against the page, a line each: by all rules or `only` one. The page must be opened `for_axe`."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    options: dict[str, Any] = {"resultTypes": ["violations"]} | ({"runOnly": [only]} if only else {})
    context: dict[str, Any] = {"include": [["html"]]} | ({"exclude": [[leave_out]]} if leave_out else {})
    result: dict[str, Any] = page.evaluate("([context, options]) => axe.run(context, options)", [context, options])
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in result["violations"]]


STICKS_OUT = """() => {
  const scrolls = (box) => box && (getComputedStyle(box).overflowX !== "visible" || scrolls(box.parentElement));
  const wide = (each) => each.checkVisibility() && each.getBoundingClientRect().right > innerWidth + 1;
  const found = [...document.querySelectorAll("main *")].filter((each) => wide(each) && !scrolls(each.parentElement));
  return found.slice(0, 3).map((each) => each.outerHTML.slice(0, 200));
}"""
"""What is wider than the window. The width of the document alone does not tell: contained boxes do not add to it."""


def faults(page: Page) -> list[str]:
    """What is wrong with the page as it stands, a line each: axe in both themes at desktop and phone, and what sticks
    out of the window at all three sizes. Between themes only colours differ, so only contrast is looked at again.
    """
    found: list[str] = []
    for width, height in (DESKTOP, PHONE, TABLET):
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark") if width != TABLET[0] else ():
            page.emulate_media(color_scheme=scheme)
            only = None if scheme == "light" else "color-contrast"
            found += [f"{width} {scheme} {line}" for line in axe_finds(page, only=only)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{width} the page scrolls sideways")
        found += [f"{width} sticks out: {html}" for html in page.evaluate(STICKS_OUT)]
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what looks at pages by axe: it has a run of its own, as it is slow and asks nothing of the database."""
    for item in items:
        if "axe" in item.name:
            item.add_marker(pytest.mark.axe)
