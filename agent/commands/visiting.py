"""A visit to the collector, put together from the surroundings; for `run` and `report`."""

from agent import config
from agent.exchange.visit import Visit
from agent.locking import lock
from agent.observing import observe
from agent.surroundings import Surroundings


def visit(named_state: str | None, around: Surroundings, command: str) -> Visit:
    """Raises NotEnrolled and StateError before anything is observed."""
    state = around.open_state(named_state, "state is", command)
    config.load(state)
    return Visit(
        state=state,
        connect=around.connect,
        observe=lambda: observe(around.host(), around.clock),
        clock=around.clock,
        log=around.log,
        lock=lambda: lock(around.host, around.sleep),
    )
