"""The crawl asks for the page as each role; here: what it says."""

import re

from protos.privacy import document
from tests.collector.web.conftest import Browser


def test_the_page_names_every_field_that_leaves_a_device(helpdesk: Browser) -> None:
    shown = helpdesk.get("/privacy")
    assert re.findall(r"<code>(\w+\.\w+)</code>", shown) == [
        name for section in document.sections("en") for name, _ in section.rows
    ]
    assert "GDPR Art. 6(1)(f)" in shown
    assert 'href="/privacy"' in shown


def test_the_page_is_there_in_french(helpdesk: Browser) -> None:
    helpdesk.client.headers["Accept-Language"] = "fr"
    shown = helpdesk.get("/privacy")
    assert "Base légale" in shown
    assert "le numéro de série" in shown
