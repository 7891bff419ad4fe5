"""Every text of the collector that people read, from its source into the catalogs.

`python -m collector.translation.collecting`, or `make translations`: texts that are new are added
without a translation, those that are gone are taken out. What is translated stays as it is, but for
how French sets apostrophes and spaces.
"""

import re
import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from collector.model import Language
from collector.translation.catalogs import SOURCE, path_of

COLLECTOR = Path(__file__).parents[1]
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
OPTIONS = {"**/templates/**.html": {"trimmed": "true", "silent": "false"}}
KEYWORDS = {**DEFAULT_KEYWORDS, "marked": None, "Text": None, "Counted": (1, 2)}
FRENCH = {r"(?<=\w)'(?=\w)": "\u2019", r" (?=[:;!?»](?:\s|$|<|\)))": "\u00a0", "« ": "«\u00a0"}
HEADER = """\
# What the collector says, in another language. `make translations` keeps it complete.
msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plural_forms}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def collected() -> Catalog:
    """What the source says today."""
    found = Catalog(charset="utf-8")
    texts = extract_from_dir(COLLECTOR, METHODS, OPTIONS, KEYWORDS, strip_comment_tags=True)
    for _file, _line, message, _comments, context in texts:
        found.add(message, context=context)
    return found


def catalog_of(language: Language) -> Catalog:
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language.value)


def brought_up_to_date(language: Language) -> bytes:
    """The file of that language with today's texts: no guesses, no texts that nobody says."""
    catalog = catalog_of(language)
    catalog.update(collected(), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    if language is Language.FR:
        for message in catalog:
            if isinstance(message.string, str):
                message.string = set_in_french(message.string)
            else:
                message.string = tuple(map(set_in_french, message.string or ()))
    written = BytesIO()
    write_po(written, catalog, no_location=True, omit_header=True, sort_output=True, width=96)
    header = HEADER.format(language=language.value, plural_forms=catalog.plural_forms)
    return header.encode() + written.getvalue()


def set_in_french(text: str) -> str:
    """Curled apostrophes, and spaces that break no line where French sets a space.

    >>> set_in_french("l'appareil : ici") == "l\\u2019appareil\\u00a0: ici"
    True
    """
    for typed, is_set in FRENCH.items():
        text = re.sub(typed, is_set, text)
    return text


def main() -> int:
    """Brings the catalogs up to date; the exit code says whether any text lacks a translation."""
    missing = 0
    for language in Language:
        if language is SOURCE:
            continue
        path_of(language).write_bytes(brought_up_to_date(language))
        lacking = [message for message in catalog_of(language) if message.id and not _said(message)]
        for message in lacking:
            print(f"{path_of(language).name}: not translated: {message.id!r}", file=sys.stderr)
        missing += len(lacking)
    return 1 if missing else 0


def _said(message: object) -> bool:
    string = getattr(message, "string", "")
    return all(string) if isinstance(string, tuple) else bool(string)


if __name__ == "__main__":
    sys.exit(main())
