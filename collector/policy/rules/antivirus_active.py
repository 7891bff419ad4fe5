"""Something must look at files before they do harm, not after.

One that does is enough. It may be XProtect, which every Mac has: a product beside it that does not,
such as an EDR that was switched off, changes nothing of that and is named.
"""

from collections.abc import Mapping

from collector.model import Circumstances, Rule, Severity, Status, Verdict
from collector.policy.products import called, guards, with_remarks
from collector.policy.wording import Text, listed, sentence
from protos.posture.v1.signals_pb2 import Antivirus, AntivirusProduct


def judge(seen: Antivirus, _: Mapping[str, int], __: Circumstances) -> Verdict:
    if not seen.products:
        return Verdict(Status.FAIL, sentence(Text("no antivirus is installed")))
    active = [called(product) for product in seen.products if guards(product) is True]
    unclear = [called(product) for product in seen.products if guards(product) is None]
    if active:
        idle = [_named(product) for product in seen.products if guards(product) is False]
        said = [Text("%(names)s examines files as they are used", names=listed(active))]
        said += [Text("not so %(names)s", names=listed(idle))] if idle else []
        said += (
            [Text("of %(names)s it could not be told", names=listed(unclear))] if unclear else []
        )
        return Verdict(Status.PASS, sentence(*said))
    if unclear:
        words = Text(
            "it could not be told whether %(names)s examines files as they are used",
            names=listed(unclear),
        )
        return Verdict(Status.UNKNOWN, sentence(words))
    return Verdict(Status.FAIL, sentence(*map(_idle, seen.products[:3])))


def _idle(product: AntivirusProduct) -> str:
    if product.HasField("running") and not product.running:
        said = Text("%(name)s is installed but not running", name=called(product))
    else:
        said = Text("%(name)s is installed but examines files only on demand", name=called(product))
    return with_remarks(said, product)


def _named(product: AntivirusProduct) -> str:
    return with_remarks(called(product), product)


RULE = Rule(
    id="antivirus_active",
    signal="antivirus",
    severity=Severity.HIGH,
    judge=judge,
    needs=("products",),
    whole_to_fail=("products",),
)
