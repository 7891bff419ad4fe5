"""A visit to the collector, put together from the surroundings; for `run` and `report`."""

from agent import config, shown
from agent.commands.update import offer
from agent.exchange.visit import Visit
from agent.locking import lock
from agent.observing import observe
from agent.state import State, StateError
from agent.surroundings import Surroundings
from agent.waiting import enroll_if_told, enrolling


def visit(named_state: str | None, around: Surroundings, command: str) -> Visit:
    """Raises NotEnrolled and StateError before anything is observed."""
    state = around.open_state(named_state, "state is", command)
    enroll = enrolling(state, around.connect, around.clock, around.host)
    enroll_if_told(state, enroll, around.log)
    taking = offer(state, around, config.load(state).proxy)
    return Visit(
        state=state,
        connect=around.connect,
        observe=lambda: observe(around.host(), around.clock),
        clock=around.clock,
        log=around.log,
        lock=lambda: lock(around.host, around.sleep),
        afterwards=lambda: _show(state, around),
        offered=taking.heard if taking else lambda _: False,
    )


def _show(state: State, around: Surroundings) -> None:
    """Only the installed agent has a place to show it; what it cannot show costs no check-in."""
    if not around.root or state.folder != around.system_folder:
        return
    try:
        shown.publish(state, around.shown_folder)
    except StateError as error:
        around.log("the status for whoever uses the device was not written", because=str(error))
