"""For every trouble of the agent's own, what a person can do about it, in a sentence.

A test holds the table to all kinds of trouble that the agent's modules define.
"""

from agent import config, identity, own_program, shown, state, waiting
from agent.exchange import contact, enrollment, proxy, troubles
from agent.visits import VisitFailed

ENROLL_AGAIN = "ask IT for an enrollment string, then: muster-agent enroll --again"
NETWORK = "check network, proxy (https_proxy) and firewall"
TELL_IT = "tell IT, with what muster-agent doctor --bundle FILE writes"

REMEDIES: dict[type[Exception], str] = {
    troubles.TransportError: TELL_IT,
    troubles.Unreachable: NETWORK,
    troubles.CollectorFailed: "the collector has a trouble of its own: tell IT",
    troubles.Refused: f"the collector does not admit this device: {ENROLL_AGAIN}",
    troubles.Rejected: f"the report is kept aside, the next one is sent; {TELL_IT}",
    troubles.Busy: "nothing: the agent comes back by itself when the collector said",
    contact.NotTrusted: (
        "do not enroll anew: another machine answers at this address, or something on the way "
        "opens TLS (exempt the collector's name there); tell IT"
    ),
    contact.WrongTime: (
        "set this device's clock right; if it is right, tell IT that the collector's certificate "
        "is not valid now"
    ),
    proxy.BadProxy: (
        "write the proxy as http://host:port in https_proxy, or enroll again with --proxy"
    ),
    proxy.ProxyRefused: (
        "give the proxy what it wants (http://user:password@host:port), and let it allow CONNECT "
        "to the collector's ports; or tell IT"
    ),
    VisitFailed: f"try: muster-agent report; if it fails too, {TELL_IT}",
    state.StateError: "do what it says, or tell IT",
    state.StateBusy: "nothing: another check-in is under way; look again in a minute",
    config.NotEnrolled: "ask IT for an enrollment string, then: muster-agent enroll",
    config.KeptByRoot: "look as root: sudo muster-agent doctor",
    own_program.OpenToOthers: (
        "do what it says, then look who changed the agent's program; or install the package again"
    ),
    shown.NotBelieved: "tell IT: somebody else may have put it there",
    identity.BadIdentity: ENROLL_AGAIN,
    waiting.NotTaken: "tell IT: the string that was left for this device cannot be used",
    config.BadAddress: ENROLL_AGAIN,
    enrollment.BadString: "copy the whole enrollment string again, or ask IT for a new one",
}

BY_WORDS = (
    ("cannot be resolved", "check the network and its DNS; IT knows whether the name is right"),
    ("refused", "the machine answers, the collector does not run there: tell IT"),
    ("TLS 1.3", "something that is not the collector answers, or opens TLS on the way: tell IT"),
    ("own key", ENROLL_AGAIN),
)
"""What tells the ways apart in which a collector is not reached."""


def to_do(trouble: Exception) -> str:
    """By its kind, the nearest first; of what was not reached also by its words."""
    if type(trouble) is troubles.Unreachable:
        return next((do for words, do in BY_WORDS if words in str(trouble)), NETWORK)
    return next(REMEDIES[kind] for kind in type(trouble).__mro__ if kind in REMEDIES)
