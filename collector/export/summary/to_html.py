"""The page as one HTML file: no script, nothing from elsewhere, every text escaped."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from collector.export.summary.blocks import Page

FILE = "summary.html"


def set_page(page: Page) -> bytes:
    environment = Environment(
        loader=PackageLoader("collector.export.summary"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template(FILE).render(page=page.plain()).encode()
