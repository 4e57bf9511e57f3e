"""What journeys need: real servers, with web processes and a worker, and a real Chromium."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect, sync_playwright

from tests.conftest import made_once, missing
from tests.postgres import Server

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "tests" / "journeys" / "vendor" / "axe.min.js"
SEEN_COURSE = ROOT / "tests" / "catalog" / "courses" / "day-du-cu-phap"

# Only a broken product waits this long: a machine with many other things to do does not.
START_SECONDS = 300
PATIENCE = 60_000  # milliseconds, for anything a page must come to show
expect.set_options(timeout=PATIENCE)

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}


# The longest first, so that no process ends long after the other. The very first needs no site
# that others copy: it installs a clone while the other process makes them.
LONGEST = (
    "test_first_minute",
    "test_every_page",
    "test_whole_road",
    "test_killed_processes",
    "test_in_english",
    "test_first_administrator",
    "test_serving",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, and leave all others in their order."""
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.stem, len(ranks)))


@dataclass
class Site:
    """A running server: its address, its folder, and the process that minds all others."""

    address: str
    instance: Path
    database_url: str
    process: subprocess.Popen[bytes]
    log: Path

    def told(self) -> str:
        """What the server printed so far."""
        return self.log.read_text("utf-8", "replace")

    def children(self) -> list[int]:
        """The ids of its web processes and its worker."""
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        return [int(pid) for pid in listed.stdout.split()]

    def stop(self) -> int:
        """Ask it to stop as an operator would, and give its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)


def environment(instance: Path, database_url: str = "", **settings: str) -> dict[str, str]:
    """The environment of a server of the tests' own; no setting of ours leaks into it."""
    ours = re.compile(r"^(DATABASE|INSTANCE|SECRET|SITE|STORAGE|MAIL|KEYS|TRUSTED|WEB)_")
    kept = {name: value for name, value in os.environ.items() if not ours.match(name)}
    own = {"INSTANCE_PATH": str(instance), "WEB_WORKERS": "2", "PYTHONUNBUFFERED": "1"}
    if database_url:
        own["DATABASE_URL"] = database_url
    return {**kept, **own, **settings}


def start(
    instance: Path, *, database_url: str = "", demo: bool = True, port: int = 0, **settings: str
) -> Site:
    """Start a server the way bin/serve does, and wait until it answers."""
    instance.mkdir(parents=True, exist_ok=True)
    log = instance.parent / f"{instance.name}.log"
    command = [sys.executable, "-m", "app.kernel.supervisor", "--port", str(port)]
    command += [] if demo else ["--no-demo"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(instance, database_url, **settings),
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"^ {2}(http://[^/\s]+)$", log.read_text("utf-8", "replace"), re.M):
            return Site(found[1], instance, database_url, process, log)
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"the server did not start:\n{log.read_text('utf-8', 'replace')}")


def command(site: Site, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of the application's commands beside a running server, as bin/flask does."""
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi.py", *arguments],
        cwd=ROOT,
        env=environment(site.instance, site.database_url),
        capture_output=True,
        text=True,
        check=False,
    )


def publish(site: Site, folder: Path) -> None:
    """Check a course folder and publish it, as a trainer with a terminal does."""
    for verb in ("check", "publish"):
        done = command(site, "courses", verb, str(folder))
        assert done.returncode == 0, done.stdout + done.stderr


def _served_once(folder: Path, *courses: Path, **wanted: Any) -> None:
    site = start(folder, **wanted)
    for course in courses:
        publish(site, course)
    assert site.stop() == 0, site.told()


@pytest.fixture(scope="session")
def courses_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder as `bin/serve --no-demo` leaves it, made once: the shipped courses are
    published, and nobody is there. Copy it, never serve it."""
    return (
        made_once(
            tmp_path_factory,
            "courses",
            lambda draft: _served_once(draft / "instance", demo=False),
        )
        / "instance"
    )


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory, courses_folder: Path) -> Path:
    """An instance folder with the whole demo in it, made once; copy it, never serve it."""

    def make(draft: Path) -> None:
        shutil.copytree(courses_folder, draft / "instance")
        _served_once(draft / "instance")

    return made_once(tmp_path_factory, "demo", make) / "instance"


@pytest.fixture(scope="session")
def seen_folder(tmp_path_factory: pytest.TempPathFactory, demo_folder: Path) -> Path:
    """The demo's folder with one course more, that the product was not shipped with."""

    def make(draft: Path) -> None:
        shutil.copytree(demo_folder, draft / "instance")
        _served_once(draft / "instance", SEEN_COURSE)

    return made_once(tmp_path_factory, "seen", make) / "instance"


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Start servers that end with the test: `serve(demo=False)`, `serve(SITE_URL=...)`."""
    started: list[Site] = []

    def run(instance: Path | None = None, **wanted: Any) -> Site:
        site = start(instance or tmp_path / f"instance-{len(started)}", **wanted)
        started.append(site)
        return site

    yield run
    for site in started:
        site.stop()


@pytest.fixture
def demo_site(demo_folder: Path, tmp_path: Path, serve: Callable[..., Site]) -> Site:
    """The demo on SQLite, with two web processes and a worker, for this test alone."""
    shutil.copytree(demo_folder, tmp_path / "demo")
    return serve(tmp_path / "demo")


@pytest.fixture
def empty_site(courses_folder: Path, tmp_path: Path, serve: Callable[..., Site]) -> Site:
    """A site for real use, as `bin/serve --no-demo` leaves it as long as nobody is there."""
    shutil.copytree(courses_folder, tmp_path / "empty")
    return serve(tmp_path / "empty", demo=False)


@pytest.fixture
def postgres_site(serve: Callable[..., Site], postgres_server: Server) -> Site:
    """The demo on PostgreSQL, with two web processes and a worker."""
    postgres_server.run("DROP DATABASE IF EXISTS journey WITH (FORCE)", "CREATE DATABASE journey")
    return serve(database_url=postgres_server.url("journey"))


@pytest.fixture(scope="session")
def shared_site(seen_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One demo on SQLite for all journeys that leave each other alone: each takes a person of
    its own. A course that the product was not shipped with is published there too."""
    instance = tmp_path_factory.mktemp("shared") / "instance"
    shutil.copytree(seen_folder, instance)
    site = start(instance)
    yield site
    site.stop()


@pytest.fixture(scope="session")
def libreoffice(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[Path]]:
    """LibreOffice opens files and saves them in another format: `libreoffice("pdf", folder,
    *files)`. It starts once for all of them; their names must differ."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        missing("LibreOffice is not on this machine (Debian package: libreoffice-writer-nogui)")
    profile = tmp_path_factory.mktemp("office").as_uri()

    def convert(form: str, folder: Path, *paths: Path) -> list[Path]:
        command = [program, f"-env:UserInstallation={profile}", "--headless", "--convert-to"]
        command += [form, "--outdir", str(folder), *map(str, paths)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=START_SECONDS, check=False
        )
        made = [folder / path.with_suffix(f".{form}").name for path in paths]
        lost = [path.name for path in made if not path.is_file()]
        assert lost == [], done.stdout + done.stderr
        return made

    return convert


@pytest.fixture(scope="session")
def office(libreoffice: Callable[..., list[Path]]) -> Callable[[Path, str], Path]:
    """What an office does with a file: `office(path, "pdf")` opens it in LibreOffice and saves
    it in another format beside it."""
    return lambda path, form: libreoffice(form, path.parent, path)[0]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """A real browser, headless."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        missing("Chromium is not on this machine (Debian package: chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Chromium) -> Iterator[Callable[..., Page]]:
    """Open a window of a new person's browser on a site: `window(site)`, on a phone's screen
    unless told `desktop=True`. What the page's scripts or its policy complain about fails the
    test."""
    contexts = []
    complaints: list[str] = []

    def opened(site: Site, *, desktop: bool = False, **options: Any) -> Page:
        shape: dict[str, Any] = (
            {"viewport": DESKTOP}
            if desktop
            else {
                "viewport": PHONE,
                "device_scale_factor": 2,
                "is_mobile": True,
                "has_touch": True,
            }
        )
        context = chromium.new_context(
            base_url=site.address,
            locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh",
            accept_downloads=True,
            **{**shape, **options},
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda message: (
                complaints.append(f"{page.url}: {message.text}")
                # A refusal (409, 422) is an answer like any other; Chromium logs it as an error.
                if message.type == "error" and "Failed to load resource" not in message.text
                else None
            ),
        )
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(window: Callable[..., Page], demo_site: Site) -> Page:
    """A phone's screen on the demo."""
    return window(demo_site)


def act(page: Page, action: str) -> None:
    """Press the only button with this `data-action` and wait for the page that follows."""
    with page.expect_navigation():
        page.locator(f"[data-action='{action}']").click()


def enter_as(page: Page, role: str) -> None:
    """Sign in with the demo's button for a role: hoc-vien, giang-vien, quan-ly, quan-tri …"""
    page.goto("/dang-nhap")
    with page.expect_navigation():
        page.locator(f"button[name='vai'][value='{role}']").click()


def assert_sound(page: Page) -> None:
    """The open page has nothing that axe finds, and fits a phone and a desk: all rules in light
    as it is, those of colour in dark on the other screen, where the same page lies otherwise."""
    assert_accessible(page)
    assert_fits(page)
    own = page.viewport_size
    page.set_viewport_size(PHONE if own == DESKTOP else DESKTOP)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    _assert_nothing_found(
        page,
        '{type: "rule", values: ["color-contrast", "link-in-text-block", "target-size", "region"]}',
    )
    assert_fits(page)
    page.emulate_media(color_scheme="light")
    if own:
        page.set_viewport_size(own)


def assert_accessible(page: Page) -> None:
    """axe-core finds nothing on the open page (WCAG 2.2 A and AA, and its best practices)."""
    # Colours that are still changing are not the colours people read.
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(AXE.read_text("utf-8"))
    _assert_nothing_found(
        page, '["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]'
    )


def _assert_nothing_found(page: Page, wanted: str) -> None:
    found = page.evaluate(
        """async () => (await axe.run(document, {runOnly: WANTED}))
            .violations.map(v => `${v.id}: ${v.help}\\n` +
            v.nodes.slice(0, 3).map(n => "    " + n.html.slice(0, 200)).join("\\n"))""".replace(
            "WANTED", wanted
        )
    )
    assert found == [], f"{page.url}:\n" + "\n".join(found)


def assert_fits(page: Page) -> None:
    """Nothing on the page makes the whole of it scroll sideways."""
    assert page.viewport_size is not None
    # Not innerWidth: a phone zooms out until all is in sight, and then it seems to fit.
    wide = page.evaluate(
        """width => document.documentElement.scrollWidth <= width ? [] :
            [...document.querySelectorAll("body *")]
            .filter(e => e.getBoundingClientRect().right > width + 1)
            .slice(0, 5).map(e => e.outerHTML.slice(0, 160)).concat("?")""",
        page.viewport_size["width"],
    )
    assert wide == [], f"{page.url} is wider than {page.viewport_size['width']} px"
