"""XProtect, the antivirus that is part of macOS: its bundle of rules, and whether it can work.

It has no switch and no status: it examines a program when that is opened, as long as its bundle is
there and System Integrity Protection keeps everybody's hands off it. From macOS 15 on the bundle in
use lies below /var/protected; the other copy may be older. MRT, its former companion, is retired.
A bundle keeps the time at which Apple built it: that is the date of its rules.
"""

from dataclasses import dataclass

from agent.checks.antivirus.product import Health
from agent.host import CannotTell, FileMissing, Host, NoData, NotRecorded, Unparsable
from agent.macos import integrity, plists, preferences

NAME = "XProtect"
BUNDLES = (
    "/private/var/protected/xprotect/XProtect.bundle",
    "/Library/Apple/System/Library/CoreServices/XProtect.bundle",
)
INFO = "Contents/Info.plist"
RULES = "Contents/Resources/XProtect.meta.plist"
GATEKEEPER = ("spctl", "--status")
UPDATES = "com.apple.SoftwareUpdate"


@dataclass(frozen=True, slots=True)
class Bundle:
    """One copy. `version` is 0 where the copy is there and its version was not seen."""

    path: str
    version: int


def health(host: Host) -> Health | None:
    """None when no copy is there. Raises CannotTell when that could not be seen."""
    bundles, trouble = _bundles(host)
    if not bundles:
        if trouble is not None:
            raise trouble
        return None
    newest = max(bundles, key=lambda bundle: bundle.version)
    found = Health()
    found.because(f"{newest.path}/{INFO}", f"version {newest.version or 'not seen'}")
    if newest.version:
        found.version = found.definitions_version = str(newest.version)
    else:
        found.missing("definitions_version", NoData("the version of its bundle was not seen"))
    _date(host, newest, found)
    _guards(host, found)
    _updates(host, found)
    return found


def _bundles(host: Host) -> tuple[list[Bundle], CannotTell | None]:
    found, trouble = [], None
    for path in BUNDLES:
        try:
            found.append(Bundle(path, _version(host, path)))
        except FileMissing:
            continue
        except CannotTell as failed:
            trouble = trouble or failed
    return found, trouble


def _version(host: Host, bundle: str) -> int:
    try:
        version = plists.read(host, f"{bundle}/{INFO}").get("CFBundleShortVersionString")
    except NotRecorded:
        host.head(f"{bundle}/{RULES}", 1)
        return 0
    if not isinstance(version, str) or not version.isdecimal() or len(version) > 9:
        raise Unparsable(f"{bundle}/{INFO} names no version that is known")
    return int(version)


def _date(host: Host, bundle: Bundle, found: Health) -> None:
    try:
        found.definitions_at = host.modified_at(f"{bundle.path}/{INFO}")
    except CannotTell as trouble:
        found.missing("definitions_at", trouble)


def _guards(host: Host, found: Health) -> None:
    """Nothing says that it works; what is known is what could keep it from working."""
    try:
        doubt = _doubt(host)
    except CannotTell as trouble:
        doubt = trouble
    if doubt is None:
        found.running = found.real_time = True
        found.because("csrutil status, spctl --status", "nothing keeps it from working")
        return
    found.missing("running", doubt)
    found.missing("real_time", doubt)


def _doubt(host: Host) -> CannotTell | None:
    if not integrity.protected(host):
        return NoData("System Integrity Protection is off: XProtect may have been tampered with")
    words = host.run(*GATEKEEPER, ok=(0, 1)).text.strip()
    if words == "assessments enabled":
        return None
    if words.startswith("assessments disabled"):
        return NoData("Gatekeeper is off: programs may be opened without being examined")
    return Unparsable("spctl --status says neither enabled nor disabled")


def _updates(host: Host, found: Health) -> None:
    try:
        setting = preferences.computer(host, UPDATES, "ConfigDataInstall")
    except CannotTell:
        return
    if setting is not None and plists.flag(setting.value) is False:
        found.remarks.append("its updates are switched off")
