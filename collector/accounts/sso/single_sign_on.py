"""The whole of it for the pages: the provider, the journeys under way, and the settings."""

from dataclasses import dataclass

from collector.accounts.sso.fetching import Ask, Outbound
from collector.accounts.sso.journeys import Journeys
from collector.accounts.sso.provider import Provider
from collector.accounts.sso.settings import FILE, Settings, SettingsError, read_settings
from collector.clock import Clock
from collector.config import Config
from collector.identity.key_files import server_names


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


def in_folder(config: Config, clock: Clock) -> SingleSignOn | None:
    """As the data folder says; None: it says nothing. Raises SettingsError."""
    settings = read_settings(config.folder)
    if settings is None:
        return None
    host, ours = settings.web_host, server_names((*config.host_names, config.web.host))
    if host not in map(str.lower, ours):
        raise SettingsError(
            f"{config.folder / FILE}: address: {host} is no name of this collector: start it with "
            f"--host-name {host}"
        )
    return single_sign_on(settings, clock)
