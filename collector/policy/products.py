"""Whether an antivirus product guards files now: yes, no, or not told."""

from collector.policy.wording import Text, with_detail
from protos.posture.v1.signals_pb2 import AntivirusProduct


def guards(product: AntivirusProduct) -> bool | None:
    """True: it runs and examines files as they are used. None: one of the two was not seen, and
    the other does not already rule it out.
    """
    answers = [
        product.running if product.HasField("running") else None,
        product.real_time if product.HasField("real_time") else None,
    ]
    if False in answers:
        return False
    return None if None in answers else True


def called(product: AntivirusProduct) -> str:
    return product.name or Text("a product without a name")


def with_remarks(words: str, product: AntivirusProduct) -> str:
    """The words with what the device remarked, such as updates that are switched off."""
    return with_detail(words, ", ".join(product.remarks))
