"""Where an update of the agent stands: on disk before each step, so that a power cut finds it."""

import json
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum

from agent.state import State
from protos.posture.v1.posture_service_pb2 import UpdateOutcome, UpdateReport

FILE = "update.json"
MOST_FAILED = 20
LONGEST_BECAUSE = 200


class Step(StrEnum):
    """NONE: no update is under way."""

    NONE = ""
    READY = "ready"  # both installers are here and verified; the collector is told
    INSTALLING = "installing"  # handed to the runner
    WATCHING = "watching"  # installed; it has to check in
    RETURNING = "returning"  # the version before is being put back


@dataclass(frozen=True, slots=True)
class Update:
    """`previous_sha256`: the installer of the version before, as it was when it was verified.

    `failed`: versions that are not tried again. `refused_at`: when what came was not what was
    signed, which may be the doing of whoever served it. `outcome` is told to the collector until
    it has answered; 0: nothing is to be told.
    """

    step: Step = Step.NONE
    version: str = ""
    previous: str = ""
    previous_sha256: str = ""
    begun_at: float = 0.0
    refused_at: float = 0.0
    attempts: int = 0
    outcome: int = 0
    of_version: str = ""
    because: str = ""
    failed: tuple[str, ...] = field(default=())

    def told(self) -> UpdateReport | None:
        """What the collector is to hear."""
        if not self.outcome:
            return None
        return UpdateReport(
            version=self.of_version,
            outcome=UpdateOutcome.ValueType(self.outcome),
            because=self.because[:LONGEST_BECAUSE] or None,
        )

    def saying(self, outcome: UpdateOutcome.ValueType, version: str, because: str = "") -> "Update":
        return replace(self, outcome=outcome, of_version=version, because=because)

    def settled(
        self, outcome: UpdateOutcome.ValueType, because: str = "", *, again: bool = False
    ) -> "Update":
        """It is over. `again`: the version may be tried once more."""
        is_bad = outcome != UpdateOutcome.UPDATE_OUTCOME_INSTALLED and not again
        failed = [*self.failed, self.version] if is_bad else [*self.failed]
        return Update(
            outcome=outcome,
            of_version=self.version,
            because=because,
            failed=tuple(failed[-MOST_FAILED:]),
        )

    def refused(self, because: str, at: float) -> "Update":
        """It is over for a while, and not for ever."""
        over = self.settled(UpdateOutcome.UPDATE_OUTCOME_REFUSED, because, again=True)
        return replace(over, refused_at=at)


def load(state: State) -> Update:
    """What cannot be read is taken for lost: at worst a version is tried once more."""
    try:
        values = json.loads(state.read(FILE) or b"{}")
        values["step"] = Step(values.get("step", ""))
        values["failed"] = tuple(str(each) for each in values.get("failed", ()))
        update = Update(**values)
        numbers = (update.begun_at, update.refused_at, update.attempts, update.outcome)
        words = (update.version, update.previous, update.previous_sha256, update.because)
        sound = all(isinstance(each, int | float) for each in numbers)
        return update if sound and all(isinstance(each, str) for each in words) else Update()
    except (ValueError, TypeError, AttributeError):
        return Update()


def save(state: State, update: Update) -> None:
    state.write(FILE, json.dumps(asdict(update), indent=1).encode())


def heard(state: State, report: UpdateReport) -> None:
    """The collector has answered to a check-in that told this."""
    update = load(state)
    if update.told() == report:
        save(state, replace(update, outcome=0, of_version="", because=""))
