"""Onto an SFTP server that is who the settings say: under another name first, then renamed."""

import asyncio
from datetime import datetime
from pathlib import PurePosixPath

import asyncssh

from collector.export.delivery.parcel import Parcel
from collector.export_settings import SftpTarget
from collector.notify.letter import one_line
from collector.notify.taking import NotTaken, Unreachable

SECONDS = 20
LONGEST = 3600
LONGEST_REASON = 300


class Sftp:
    """No key or setting of the account that runs the collector is used, and no agent."""

    def __init__(self, settings: SftpTarget) -> None:
        self._settings = settings

    def take(self, parcel: Parcel, now: datetime) -> None:
        where = self._settings.address
        try:
            asyncio.run(asyncio.wait_for(self._sent(parcel), LONGEST))
        except asyncssh.HostKeyNotVerifiable as error:
            raise NotTaken(f"{where} does not hold the host_key of the settings") from error
        except asyncssh.PermissionDenied as error:
            raise NotTaken(f"{where} refuses the user name or the key") from error
        except TimeoutError as error:
            raise Unreachable(f"{where} does not answer in time") from error
        except (asyncssh.Error, OSError, ValueError) as error:
            text = one_line(str(error))[:LONGEST_REASON] or type(error).__name__
            raise Unreachable(f"{where}: {text}") from error

    async def _sent(self, parcel: Parcel) -> None:
        folder = PurePosixPath(self._settings.folder)
        part, whole = folder / f".{parcel.name}.part", folder / parcel.name
        async with await self._connected() as there, there.start_sftp_client() as server:
            await server.put(parcel.path, part)
            try:
                await server.posix_rename(part, whole)
            except asyncssh.SFTPOpUnsupported:
                if await server.exists(whole):
                    await server.remove(whole)
                await server.rename(part, whole)

    async def _connected(self) -> asyncssh.SSHClientConnection:
        settings, address = self._settings, self._settings.address
        known = f"[{address.host}]:{address.port} {settings.host_key}\n"
        if address.port == asyncssh.DEFAULT_PORT:
            known += f"{address.host} {settings.host_key}\n"
        secret = settings.password_file
        return await asyncssh.connect(
            address.host,
            address.port,
            username=settings.username,
            known_hosts=asyncssh.import_known_hosts(known),
            client_keys=[settings.key_file] if settings.key_file else None,
            password=secret.read_text(encoding="utf-8").strip() if secret else None,
            agent_path=None,
            config=None,
            x509_trusted_certs=None,
            connect_timeout=SECONDS,
            login_timeout=SECONDS,
        )
