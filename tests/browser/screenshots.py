"""The main pages as the README shows them: `make screenshots` writes docs/screenshots/."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from collector.accounts.roles import Role
from tests.browser.conftest import CHROMIUM, MISSING
from tests.browser.served import Served, served
from tests.browser.visits import WIDTHS, every_path, visit
from tests.collector.web.fleet import device_id

FOLDER = Path(__file__).parents[2] / "docs/screenshots"
DEVICE = f"/devices/{device_id('lap-alice')}"
SHOTS = (
    ("overview", "/", "desk", "light", "en"),
    ("devices", "/devices", "desk", "light", "en"),
    ("device", DEVICE, "desk", "dark", "en"),
    ("device-phone", DEVICE, "phone", "light", "fr"),
)
"""Name, address, width, colours, language. An address without a page of its own is left out."""


def main() -> int:
    """Without arguments the README's; with a folder, every page there in every way."""
    if not CHROMIUM.exists():
        print(MISSING, file=sys.stderr)
        return 1
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder) / "data") as site,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        every = sys.argv[1:]
        shots = _all_of(site, Path(every[0])) if every else _of_the_readme(site)
        for file, path, width, theme, language in shots:
            with visit(browser, site, Role.ADMIN, language=language) as visited:
                page = visited.page
                page.emulate_media(color_scheme=theme)
                page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[width], strict=True)))
                page.goto(site.at + path)
                page.screenshot(path=file, full_page=bool(every))
        browser.close()
    return 0


def _of_the_readme(site: Served) -> list[tuple[Path, str, str, str, str]]:
    FOLDER.mkdir(exist_ok=True)
    there = {*every_path(site, Role.ADMIN), DEVICE}
    return [(FOLDER / f"{name}.png", *shot) for name, *shot in SHOTS if shot[0] in there]


def _all_of(site: Served, folder: Path) -> list[tuple[Path, str, str, str, str]]:
    folder.mkdir(exist_ok=True)
    paths = [*every_path(site, Role.ADMIN), DEVICE]
    ways = (("desk", "light", "en"), ("phone", "dark", "fr"))
    return [
        (folder / f"{path.strip('/').replace('/', '-') or 'home'}-{way[0]}.png", path, *way)
        for path in paths
        for way in ways
    ]


if __name__ == "__main__":
    sys.exit(main())
