"""firewall on Windows: what each profile does to a new inbound packet, not what is configured.

The order of belief: the services without which nothing is filtered, the ActiveStore, then the
registry. All three profiles count: Windows puts a new network into private or public by itself,
so a profile without a network guards the next one. Domain alone is out of use where the computer
is in no domain and no network says otherwise.

A local "off" is believed even where a policy above it was not seen; an "on" never is.
"""

from dataclasses import dataclass, field

from agent.checks.firewall.third_party import Product, read_products
from agent.checks.firewall.windows_policy import configured, group_policy
from agent.checks.firewall.windows_profiles import PROFILES, SOURCE, Setting, read_profiles
from agent.checks.firewall.windows_services import Services, read_services
from agent.host import CannotTell, Conflicting, Host, NoData
from agent.observation import Seen
from agent.windows.rows import flag, number
from protos.posture.v1.signals_pb2 import Firewall, FirewallManager, InboundDefault

BLOCKED = InboundDefault.INBOUND_DEFAULT_BLOCKED
ALLOWED = InboundDefault.INBOUND_DEFAULT_ALLOWED
POLICIES = ("group policy", "MDM")
DOMAIN_AUTHENTICATED = 2


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one profile does, or why that cannot be told; `state` is in words for people."""

    inbound: InboundDefault.ValueType | None
    state: str
    trouble: CannotTell | None = None


@dataclass
class _Look:
    """One look at one machine."""

    host: Host
    active: dict[str, Setting] = field(default_factory=dict)
    no_store: CannotTell | None = None
    services: Services = field(default_factory=Services)

    def ask(self, seen: Seen) -> None:
        try:
            self.active = read_profiles(self.host.cim("MSFT_NetFirewallProfile"))
        except CannotTell as trouble:
            self.no_store = trouble
        said = "; ".join(f"{name} {_said(self.active[name])}" for name in sorted(self.active))
        seen.because(SOURCE, said or f"no answer: {self.no_store or 'no profile'}")
        self.services = read_services(self.host)
        if shown := self.services.shown():
            seen.because("Win32_Service", shown)

    def answer(self, seen: Seen, profile: str) -> _Answer:
        if self.services.stopped:
            return _Answer(ALLOWED, f"service {' and '.join(self.services.stopped)} stopped")
        if self.services.on_their_way:
            names = " and ".join(sorted(self.services.on_their_way))
            return _Answer(None, "unclear", NoData(f"service {names} is starting or stopping"))
        setting = self.active.get(profile, Setting())
        if setting.trouble:
            return _Answer(None, "unclear", setting.trouble)
        policy = group_policy(self.host, profile)
        if None not in (setting.enabled, policy) and setting.enabled != policy:
            contradiction = f"{SOURCE} and group policy differ on whether {profile} is on"
            return _Answer(None, "unclear", Conflicting(contradiction))
        if setting.enabled is None:
            return self._configured(seen, profile)
        return _in_force(setting, " by group policy" if policy is False else "")

    def _configured(self, seen: Seen, profile: str) -> _Answer:
        setting, place = configured(self.host, profile)
        if place:
            seen.because(f"{place}, {profile}", _said(setting))
        if setting.enabled is False:
            by = " by" if place in POLICIES else " in"
            return _Answer(ALLOWED, f"off{by} {place}")
        if setting.enabled is None:
            return _Answer(None, "unclear", self._why(setting))
        if setting.trouble or not self.services.run:
            return _Answer(None, f"on in {place}", self._why(setting))
        return _in_force(setting)

    def _why(self, setting: Setting) -> CannotTell:
        not_in_force = NoData(
            "it is only configured; whether the firewall's services run is unseen"
        )
        return self.no_store or setting.trouble or not_in_force


def observe(host: Host) -> Seen:
    """Raises CannotTell when nothing is known of any profile, nor of another firewall."""
    value = Firewall()
    seen = Seen(value)
    look = _Look(host)
    look.ask(seen)
    answers = {profile: look.answer(seen, profile) for profile in PROFILES}
    products = read_products(host, look.services.center_up)
    silent = [a.trouble for a in answers.values() if a.state == "unclear" and a.trouble]
    if len(silent) == len(PROFILES) and not products and not look.active:
        raise silent[0]
    domain = _domain_in_use(host)
    for profile, answer in answers.items():
        scope = value.scopes.add(name=profile)
        if (in_use := _in_use(answer, products, profile != "domain" or domain)) is not None:
            scope.in_use = in_use
        if answer.inbound is not None:
            scope.inbound = answer.inbound
        else:
            trouble = answer.trouble or NoData(f"nothing was said of the {profile} profile")
            seen.missing(f"scopes[{profile}].inbound", trouble)
    _others(seen, value, answers, products)
    _third_parties(seen, value, look, products)
    return seen


def _in_use(answer: _Answer, products: tuple[Product, ...], connected: bool) -> bool | None:
    """One that does not block stands aside for another maker's firewall; None: it may."""
    states = [product.on for product in products]
    if not connected or (answer.inbound != BLOCKED and True in states):
        return False
    return None if answer.inbound != BLOCKED and None in states else True


def _in_force(setting: Setting, by: str = "") -> _Answer:
    if not setting.enabled:
        return _Answer(ALLOWED, f"off{by}")
    if setting.allows is None:
        trouble = setting.trouble or NoData("it is on, and its default for inbound was not seen")
        return _Answer(None, "on", trouble)
    if setting.allows:
        return _Answer(ALLOWED, "on, allows inbound")
    if setting.spared:
        return _Answer(ALLOWED, f"off on {', '.join(setting.spared)}")
    return _Answer(BLOCKED, "on" if setting.local_rules is not False else "on, local rules ignored")


def _others(
    seen: Seen, value: Firewall, answers: dict[str, _Answer], products: tuple[Product, ...]
) -> None:
    """Who manages it, in their own words."""
    states = ", ".join(f"{profile} {answer.state}" for profile, answer in answers.items())
    value.managers.append(FirewallManager(name="Windows Firewall", state=states))
    by_policy = [
        p for p, a in answers.items() if a.state in (f"off by {name}" for name in POLICIES)
    ]
    if by_policy:
        state = f"{', '.join(by_policy)} off"
        value.managers.append(FirewallManager(name="group policy", state=state))
    for product in products:
        value.managers.append(FirewallManager(name=product.name, state=product.state))
        seen.because("Windows Security Center, firewalls", f"{product.name}: {product.state}")


def _third_parties(seen: Seen, value: Firewall, look: _Look, products: tuple[Product, ...]) -> None:
    """Each that may guard is a scope of its own where a profile does not block."""
    if all(scope.inbound == BLOCKED for scope in value.scopes):
        return
    for product in products:
        if product.on is False:
            continue
        scope = value.scopes.add(name=f"third-party: {product.name}")
        doubt = _doubt(product, look)
        if doubt is None:
            scope.in_use, scope.inbound = True, BLOCKED
        else:
            seen.missing(f"scopes[{scope.name}].inbound", doubt)


def _doubt(product: Product, look: _Look) -> CannotTell | None:
    if product.on is None:
        return NoData(f"Security Center does not tell whether {product.name} is on")
    if "BFE" in look.services.stopped:
        return Conflicting(f"{product.name} is called on, and BFE, which filters, is stopped")
    return None


def _domain_in_use(host: Host) -> bool:
    """What cannot be told counts."""
    try:
        networks = host.cim("MSFT_NetConnectionProfile")
        if any(number(row, "NetworkCategory") == DOMAIN_AUTHENTICATED for row in networks):
            return True
        joined = [flag(row, "PartOfDomain") for row in host.cim("Win32_ComputerSystem")]
    except CannotTell:
        return True
    return joined != [False]


def _said(setting: Setting) -> str:
    if setting.trouble and setting.enabled is None:
        return f"no answer: {setting.trouble}"
    enabled = {True: "on", False: "off", None: "not configured"}[setting.enabled]
    inbound = {True: "inbound allowed", False: "inbound blocked", None: "inbound not told"}
    return f"{enabled}, {inbound[setting.allows]}"
