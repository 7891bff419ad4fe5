"""Something must look at files before they do harm, not after.

One that does is enough. It may be XProtect, which every Mac has: a product beside it that does not,
such as an EDR that was switched off, changes nothing of that and is named.
"""

from collections.abc import Mapping

from collector.model import Circumstances, Rule, Severity, Status, Verdict
from collector.policy.products import called, guards
from collector.policy.wording import listed, sentence
from protos.posture.v1.signals_pb2 import Antivirus, AntivirusProduct


def judge(seen: Antivirus, _: Mapping[str, int], __: Circumstances) -> Verdict:
    if not seen.products:
        return Verdict(Status.FAIL, "No antivirus is installed.")
    active = [called(product) for product in seen.products if guards(product) is True]
    unclear = [called(product) for product in seen.products if guards(product) is None]
    if active:
        idle = [_named(product) for product in seen.products if guards(product) is False]
        words = f"{listed(active)} examines files as they are used"
        words += f"; not so {listed(idle)}" if idle else ""
        words += f"; of {listed(unclear)} it could not be told" if unclear else ""
        return Verdict(Status.PASS, sentence(words))
    if unclear:
        words = f"it could not be told whether {listed(unclear)} examines files as they are used"
        return Verdict(Status.UNKNOWN, sentence(words))
    return Verdict(Status.FAIL, sentence("; ".join(_idle(each) for each in seen.products[:3])))


def _idle(product: AntivirusProduct) -> str:
    if product.HasField("running") and not product.running:
        return f"{called(product)} is installed but not running{_remarks(product)}"
    return f"{called(product)} is installed but examines files only on demand{_remarks(product)}"


def _named(product: AntivirusProduct) -> str:
    return f"{called(product)}{_remarks(product)}"


def _remarks(product: AntivirusProduct) -> str:
    return f" ({', '.join(product.remarks)})" if product.remarks else ""


RULE = Rule(
    id="antivirus_active",
    signal="antivirus",
    severity=Severity.HIGH,
    judge=judge,
    needs=("products",),
    whole_to_fail=("products",),
)
