"""`muster-collector serve`: check-ins, enrollment and the web pages, until it is told to stop."""

import errno
import logging
from pathlib import Path

import click

from collector.config import Config, ConfigError, parse_address, parse_network
from collector.surroundings import BadInput, Surroundings, Trouble
from collector.terminal import say

DEFAULT = Config(Path())


@click.command(epilog="Example: muster-collector serve --check-in 0.0.0.0:7843")
@click.option(
    "--check-in",
    metavar="HOST:PORT",
    default=str(DEFAULT.check_in),
    show_default=True,
    help="Where agents check in.",
)
@click.option(
    "--enroll",
    metavar="HOST:PORT",
    default=str(DEFAULT.enroll),
    show_default=True,
    help="Where agents enroll.",
)
@click.option(
    "--web",
    metavar="HOST:PORT",
    default=str(DEFAULT.web),
    show_default=True,
    help="Where browsers find the pages.",
)
@click.option(
    "--host-name",
    metavar="NAME",
    multiple=True,
    help="What others call this machine (may be repeated; the first is handed out to agents).",
)
@click.option(
    "--web-certificate",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Your own certificate chain for the pages, in PEM (the collector's).",
)
@click.option(
    "--web-key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Its key, without a passphrase. Both are read anew when they change.",
)
@click.option(
    "--proxy",
    metavar="ADDRESS",
    multiple=True,
    help="A proxy before the pages, whose X-Forwarded-For is believed (may be repeated).",
)
@click.option(
    "--name",
    metavar="TEXT",
    default=DEFAULT.name,
    show_default=True,
    help="What employees are shown.",
)
@click.option(
    "--environment",
    metavar="NAME",
    default="",
    help="Such as test; kept from the first start on (production).",
)
@click.pass_obj
def serve(around: Surroundings, /, **settings: object) -> None:
    """Run the collector in the foreground.

    The first start makes the data folder. Until somebody has a password, every start shows a
    link, which works once, to choose one.
    """
    config = _config(around, settings)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of every plugin
    from collector import app

    try:
        app.serve(config, say, around.clock)
    except ConfigError as error:
        raise BadInput(str(error)) from error
    except _foreseeable() as error:
        raise Trouble(str(error)) from error
    except OSError as error:
        raise Trouble(_of_the_system(error, config.folder)) from error


def _of_the_system(error: OSError, folder: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk that holds {folder} is full: free space there"
    return (
        f"{error.filename or folder} cannot be used ({error.strerror}): give this "
        "account a data folder it may write to with --data DIR"
    )


def _config(around: Surroundings, settings: dict[str, object]) -> Config:
    try:
        return Config(
            around.folder.absolute(),
            str(settings["name"]),
            parse_address(str(settings["check_in"]), "--check-in"),
            parse_address(str(settings["enroll"]), "--enroll"),
            parse_address(str(settings["web"]), "--web"),
            tuple(settings["host_name"]),  # type: ignore[arg-type]  # click's multiple=True
            _path(settings["web_certificate"]),
            _path(settings["web_key"]),
            tuple(parse_network(each, "--proxy") for each in settings["proxy"]),  # type: ignore[attr-defined]
            str(settings["environment"]),
        )
    except ConfigError as error:
        raise BadInput(str(error)) from error


def _path(given: object) -> Path | None:
    return given.absolute() if isinstance(given, Path) else None


def _foreseeable() -> tuple[type[Exception], ...]:
    """What `app.serve` says in one line; imported only when something was raised."""
    from collector.identity.key_files import KeyFileError
    from collector.lock import AlreadyRunning
    from collector.service.listening import PortUnavailable
    from collector.store import StoreError

    return (StoreError, KeyFileError, AlreadyRunning, PortUnavailable)


COMMAND = serve
