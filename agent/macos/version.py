"""Which macOS this is, by the first source that tells; releases compare as numbers.

Apple went from 15 to 26. A program built with an old SDK is told "10.16" for every release from
11 on, and "16" for 26; `sw_vers` of a current system is not. A Rapid Security Response adds "(a)"
to the version.
"""

import json
import re
from dataclasses import dataclass

from agent.host import CannotTell, Host, NoData, read_text
from agent.macos import plists

FILE = "/System/Library/CoreServices/SystemVersion.plist"
DISGUISE = re.compile(r"10\.16(?:\.\d+)?|(?:1[6-9]|2[0-5])(?:\.\d+)*")
"""Versions that no macOS has."""
BY_DARWIN = {20: "11", 21: "12", 22: "13", 23: "14", 24: "15", 25: "26", 26: "27"}
"""The first number of a build is Darwin's: it tells the release where the version does not."""


@dataclass(frozen=True, slots=True)
class MacVersion:
    """ "14.8.7", its extra "(a)" or "", and its build "23J520" or ""."""

    product: str
    extra: str = ""
    build: str = ""

    @property
    def numbers(self) -> tuple[int, ...]:
        """To be compared.

        >>> MacVersion("26.1").numbers > MacVersion("15.7.2").numbers > MacVersion("9").numbers
        True
        """
        return tuple(int(part) for part in self.product.split("."))

    @property
    def full(self) -> str:
        return f"{self.product} {self.extra}".strip()


def mac_version(host: Host) -> MacVersion:
    """Raises CannotTell, of the best source, when none tells."""
    trouble: CannotTell | None = None
    for source in (_sw_vers, _single, _file, _profiler, _software_text):
        try:
            found = source(host)
        except CannotTell as failed:
            trouble = trouble or failed
            continue
        if found is not None:
            return found
    raise trouble or NoData("no source tells the version of macOS")


def _sw_vers(host: Host) -> MacVersion | None:
    return parse_sw_vers(host.run("sw_vers").text)


def parse_sw_vers(text: str) -> MacVersion | None:
    """Of ``Name:<tabs>value`` lines; None without a version."""
    fields = dict(re.findall(r"^(\w+):[ \t]*(.*?)[ \t]*$", text, re.MULTILINE))
    return version_from(
        fields.get("ProductVersion", ""),
        fields.get("BuildVersion", ""),
        fields.get("ProductVersionExtra", ""),
    )


def _single(host: Host) -> MacVersion | None:
    product = host.run("sw_vers", "-productVersion").text
    answers = []
    for option in ("-buildVersion", "-productVersionExtra"):
        try:
            answers.append(host.run("sw_vers", option).text.strip())
        except CannotTell:
            answers.append("")
    return version_from(product, *answers)


def _file(host: Host) -> MacVersion | None:
    fields = plists.table(read_text(host, FILE), FILE)
    return version_from(
        str(fields.get("ProductVersion", "")), str(fields.get("ProductBuildVersion", ""))
    )


def _profiler(host: Host) -> MacVersion | None:
    try:
        parsed = json.loads(host.run("system_profiler", "-json", "SPSoftwareDataType").text)
        words = str(parsed["SPSoftwareDataType"][0]["os_version"])
    except (ValueError, LookupError, TypeError):
        return None
    return from_words(words)


def _software_text(host: Host) -> MacVersion | None:
    found = re.search(
        r"^\s*System Version: (.+)$",
        host.run("system_profiler", "SPSoftwareDataType").text,
        re.MULTILINE,
    )
    return from_words(found[1]) if found else None


def from_words(words: str) -> MacVersion | None:
    """
    >>> from_words("macOS 13.3.1 (a) (22E772610a)").full
    '13.3.1 (a)'
    """
    found = re.match(r"(?:macOS|Mac OS X|OS X)\s+([0-9.]+)(?: (\([a-z]\)))?(?: \((\w+)\))?", words)
    return version_from(found[1], found[3] or "", found[2] or "") if found else None


def version_from(product: str, build: str = "", extra: str = "") -> MacVersion | None:
    """None when the words are no version, or only the disguise and no build to see through it."""
    found = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,3}){0,2})(?: (\([a-z]\)))?", product.strip())
    if not found:
        return None
    build = build.strip() if re.fullmatch(r"[0-9]{1,3}[A-Z]\w{1,9}", build.strip()) else ""
    suffix = extra.strip() if re.fullmatch(r"\([a-z]\)", extra.strip()) else found[2] or ""
    number = found[1]
    if DISGUISE.fullmatch(number):
        darwin = re.match(r"[0-9]+", build)
        number = BY_DARWIN.get(int(darwin[0]), "") if darwin else ""
    return MacVersion(number, suffix, build) if number else None
