"""The whole of it for the pages: the provider, the journeys under way, and the settings."""

from dataclasses import dataclass

from collector.accounts.sso.fetching import Ask, Outbound
from collector.accounts.sso.journeys import Journeys
from collector.accounts.sso.provider import Provider
from collector.accounts.sso.settings import Settings
from collector.clock import Clock


@dataclass(frozen=True, slots=True)
class SingleSignOn:
    """Make one with `single_sign_on`."""

    settings: Settings
    provider: Provider
    journeys: Journeys


def single_sign_on(settings: Settings, clock: Clock, ask: Ask | None = None) -> SingleSignOn:
    """Nothing is asked of the provider before somebody logs in."""
    asked = ask or Outbound(settings.hosts, settings.tls(), settings.said.private_network).ask
    return SingleSignOn(settings, Provider(settings, asked, clock), Journeys(clock))
