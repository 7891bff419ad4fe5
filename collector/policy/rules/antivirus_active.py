"""Something must look at files before they do harm, not after."""

from collections.abc import Mapping

from collector.model import Circumstances, Rule, Severity, Status, Verdict
from collector.policy.products import called, guards
from collector.policy.wording import listed, sentence
from protos.posture.v1.signals_pb2 import Antivirus, AntivirusProduct


def judge(seen: Antivirus, _: Mapping[str, int], __: Circumstances) -> Verdict:
    if not seen.products:
        return Verdict(Status.FAIL, "No antivirus is installed.")
    active = [called(product) for product in seen.products if guards(product) is True]
    if active:
        words = f"{listed(active)} examines files as they are used"
        return Verdict(Status.PASS, sentence(words))
    unclear = [called(product) for product in seen.products if guards(product) is None]
    if unclear:
        words = f"it could not be told whether {listed(unclear)} examines files as they are used"
        return Verdict(Status.UNKNOWN, sentence(words))
    return Verdict(Status.FAIL, sentence("; ".join(_idle(each) for each in seen.products[:3])))


def _idle(product: AntivirusProduct) -> str:
    remarks = f" ({', '.join(product.remarks)})" if product.remarks else ""
    if product.HasField("running") and not product.running:
        return f"{called(product)} is installed but not running{remarks}"
    return f"{called(product)} is installed but examines files only on demand{remarks}"


RULE = Rule(
    id="antivirus_active",
    signal="antivirus",
    severity=Severity.HIGH,
    judge=judge,
    needs=("products",),
    whole_to_fail=("products",),
)
