"""How far a packet gets: every chain is looked through once, whatever leads to it.

A chain's outcome is a set of ports for each end it may have. What is not understood is followed
both ways by being in two of these sets, so that forks cost nothing. What ends what is in nft(8):
accept ends one base chain, drop is final.
"""

from dataclasses import dataclass, field

from agent.checks.firewall.packet import Packet, Tracking, truth
from agent.checks.firewall.ports import ALL, NONE
from agent.checks.firewall.ruleset import Base, ChainKey, Rule, Ruleset, Table

DEEPEST = 16
"""The kernel's own limit for jumps (NFT_JUMP_STACK_SIZE)."""

CONNTRACK = -200
"""The priority at which the kernel finds a packet's connection."""


@dataclass(slots=True)
class Ends:
    """For which ports a packet may end so, and for which it can surely be made to."""

    may: int = NONE
    can: int = NONE

    def add(self, may: int, can: int) -> None:
        self.may |= may
        self.can |= can


@dataclass(slots=True)
class Outcome:
    """What a whole chain does. `doubts` names the rules that could not be decided."""

    accept: Ends = field(default_factory=Ends)
    drop: Ends = field(default_factory=Ends)
    back: Ends = field(default_factory=Ends)
    doubts: list[tuple[int, str]] = field(default_factory=list)
    doubted: int = NONE

    def doubt(self, ports: int, words: str) -> None:
        """Keep the first rule in doubt for every port; the others explain nothing more."""
        if ports & ~self.doubted:
            self.doubted |= ports
            self.doubts.append((ports, words))

    def settle(self) -> None:
        """Where only one end is possible, that end is sure."""
        ends = (self.accept, self.drop, self.back)
        for end in ends:
            others = NONE
            for other in ends:
                if other is not end:
                    others |= other.may
            end.can |= end.may & ~others


@dataclass(frozen=True, slots=True)
class Reach:
    """The ports a packet may get to, those it surely can, and the rules in doubt."""

    may: int
    can: int
    doubts: tuple[tuple[int, str], ...] = ()
    steps: int = 0


def reach(ruleset: Ruleset, packet: Packet) -> Reach:
    """Send the packet through every base chain it has to pass."""
    may, can, steps = ALL, ALL, 0
    untracks = any(table.untracks for table in ruleset.tables)
    doubts: list[tuple[int, str]] = []
    family = "ip" if packet.version == 4 else "ip6"
    for base, table in ruleset.bases:
        entered = base.family in (family, "inet", "netdev") and not table.dormant
        if not entered or not _guards(base, packet):
            continue
        walk = _Walk(table, packet, tracking(base, untracks=untracks))
        passed = _through(walk, base, table)
        may, can, steps = may & passed.accept.may, can & passed.accept.can, steps + walk.steps
        doubts += passed.doubts
    return Reach(may, can, tuple(doubts), steps)


def tracking(base: Base, *, untracks: bool = False) -> Tracking:
    """What connection tracking knows of a packet when it enters this chain. `untracks`: some rule
    takes packets out of it.
    """
    tracked: Tracking = "perhaps" if untracks else "tracked"
    if base.hook == "input":
        return tracked
    if base.hook == "ingress":
        return "untracked"
    if base.priority is None or base.priority == CONNTRACK:
        return "unsure"
    return tracked if base.priority > CONNTRACK else "untracked"


def _guards(base: Base, packet: Packet) -> bool:
    """An ingress chain sees one device; not knowing which counts as "perhaps this one"."""
    if base.hook != "ingress" or base.devices is None or packet.interface is None:
        return True
    return packet.interface in base.devices


def _through(walk: "_Walk", base: Base, table: Table) -> Outcome:
    outcome = walk.chain(base.key, 0)
    accept, drop = outcome.accept, outcome.drop
    passed = Outcome(Ends(accept.may, accept.can), Ends(drop.may, drop.can))
    passed.doubts, passed.doubted = list(outcome.doubts), outcome.doubted
    rest = passed.accept if base.policy == "accept" else passed.drop
    rest.add(outcome.back.may, outcome.back.can)
    passed.settle()
    unseen = base.hook == "ingress" and (base.devices is None or walk.packet.interface is None)
    if table.dormant is None or unseen:
        passed.accept.may = ALL
        why = "its device is not known" if unseen else "whether it is dormant is not known"
        passed.doubt(ALL, f"chain {base.key[1]} of table {base.key[0]}: {why}")
    return passed


class _Walk:
    """One packet in one table."""

    def __init__(self, table: Table, packet: Packet, known: Tracking) -> None:
        self.steps = 0
        self.packet = packet
        self._table = table
        self._known = known
        self._done: dict[ChainKey, Outcome] = {}
        self._open: set[ChainKey] = set()

    def chain(self, key: ChainKey, depth: int) -> Outcome:
        if key in self._done:
            return self._done[key]
        rules = self._table.chains.get(key)
        if rules is None or key in self._open or depth > DEEPEST:
            return _opaque(f"chain {key[1]} of table {key[0]} cannot be followed")
        self._open.add(key)
        outcome = self._rules(rules, depth)
        self._open.remove(key)
        self._done[key] = outcome
        return outcome

    def _rules(self, rules: tuple[Rule, ...], depth: int) -> Outcome:
        outcome, here = Outcome(), Ends(ALL, ALL)
        for rule in rules:
            if not here.may:
                break
            self.steps += 1
            held = truth(rule.terms, self.packet, self._known)
            taken = Ends(here.may & held.may, here.can & held.can)
            if not taken.may:
                continue
            doubtful = taken.may & held.may_not & ~(held.can | held.can_not)
            if doubtful:
                outcome.doubt(doubtful, rule.words)
            here = Ends(here.may & held.may_not, here.can & held.can_not)
            self._take(rule, taken, here, outcome, depth)
        outcome.back.add(here.may, here.can)
        outcome.settle()
        return outcome

    def _take(self, rule: Rule, taken: Ends, here: Ends, outcome: Outcome, depth: int) -> None:
        """Send what the rule took where it says; `here` is what goes on."""
        match rule.action:
            case "accept":
                outcome.accept.add(taken.may, taken.can)
            case "drop":
                outcome.drop.add(taken.may, taken.can)
            case "return":
                outcome.back.add(taken.may, taken.can)
            case "opaque":
                _add_opaque(rule, taken, here, outcome)
            case _:
                inner = self.chain(self._key(rule), depth + 1)
                outcome.accept.add(taken.may & inner.accept.may, taken.can & inner.accept.can)
                outcome.drop.add(taken.may & inner.drop.may, taken.can & inner.drop.can)
                onward = outcome.back if rule.action == "goto" else here
                onward.add(taken.may & inner.back.may, taken.can & inner.back.can)
                for ports, words in inner.doubts:
                    outcome.doubt(ports & taken.may, words)

    def _key(self, rule: Rule) -> ChainKey:
        return self._table.name, rule.target


def _add_opaque(rule: Rule, taken: Ends, here: Ends, outcome: Outcome) -> None:
    for end in (outcome.accept, outcome.drop, outcome.back, here):
        end.add(taken.may, NONE)
    outcome.doubt(taken.may, rule.words)


def _opaque(words: str) -> Outcome:
    every = (Ends(ALL), Ends(ALL), Ends(ALL))
    return Outcome(*every, doubts=[(ALL, words)], doubted=ALL)
