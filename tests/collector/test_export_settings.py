"""What cannot be used is one line that names the setting, at the start; nothing leaves unsaid."""

from pathlib import Path

import pyrage
import pytest

from collector.config import ConfigError
from collector.export_settings import DirectoryTarget, MailTarget, SftpTarget, Target
from collector.settings import read_settings
from tests.collector.export_settings_text import HOST_KEY, MAIL

KEY = str(pyrage.x25519.Identity.generate().to_public())
TO = '[[export_to]]\nname = "it"\n'


def read(folder: Path, text: str):  # type: ignore[no-untyped-def]
    (folder / "collector.toml").write_text(text)
    (folder / "secret").write_text("secret\n")
    (folder / "secret").chmod(0o600)
    return read_settings(folder).exports


def test_without_settings_the_whole_fleet_is_sealed_on_sundays(tmp_path: Path) -> None:
    found = read_settings(tmp_path).exports
    assert (found.variants, found.keep_days, found.targets) == (("all",), 274, ())


def test_groups_and_pseudonyms_make_variants(tmp_path: Path) -> None:
    found = read(tmp_path, '[export]\ngroups = ["lab"]\npseudonyms = true\n')
    assert found.variants == ("all", "group:lab", "all+pseudonyms", "group:lab+pseudonyms")


def test_every_way_is_read(tmp_path: Path) -> None:
    server = f'kind = "sftp"\nserver = "h:22"\nusername = "u"\nhost_key = "{HOST_KEY}"\n'
    text = (
        f'{MAIL}[export]\nrecipients = ["{KEY}"]\n'
        f'{TO}kind = "mail"\nto = ["it@example.org"]\nlargest_mb = 3\n'
        '[[export_to]]\nname = "two"\nkind = "directory"\npath = "/srv/packs"\n'
        f'[[export_to]]\nname = "three"\n{server}key_file = "secret"\n'
        '[[export_to]]\nname = "four"\nkind = "webhook"\nwebhook = "https://h.example/x"\n'
        'secret_file = "secret"\n'
        '[[export_to]]\nname = "five"\nkind = "s3"\nbucket = "packs"\n'
        'url = "https://s3.example"\nkeys_file = "secret"\n'
    )
    found = read(tmp_path, text)
    assert found.target("it") == Target("it", MailTarget(("it@example.org",), 3))
    assert found.target("two") == Target("two", DirectoryTarget(Path("/srv/packs")))
    way = found.target("three").way
    assert isinstance(way, SftpTarget)
    assert (way.username, way.key_file, way.folder) == ("u", tmp_path / "secret", ".")
    assert [each.where for each in found.targets] == [
        "it@example.org",
        "/srv/packs",
        "h:22:.",
        "h.example",
        "https://s3.example/packs/",
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('[export]\nrecipients = ["age1nonsense"]\n', "is no public key of age"),
        ("[export]\nkeep_plain = false\n", "name recipients first"),
        ("[export]\nkeep_days = 3\n", "whole number from 7 to 3660"),
        ('[export]\nkeep_plain = "no"\n', "must be true or false"),
        (f'{TO}kind = "pigeon"\n', "'pigeon' is not one of mail, webhook"),
        (f'{TO}kind = "mail"\nto = ["a@example.org"]\n', "write the mail server under"),
        (f'{MAIL}{TO}kind = "mail"\nto = ["a@example.org"]\n', "only encrypted packs go by mail"),
        (f'{TO}kind = "directory"\npath = "here"\n', "give the whole path, from /"),
        (f'{TO}kind = "directory"\npath = "/x"\npacks = ["group:x"]\n', "'group:x' is not made"),
        (f'{TO}kind = "sftp"\nserver = "h"\n', "write HOST:PORT"),
        (f'{TO}kind = "sftp"\nserver = "h:22"\nhost_key = "x"\n', "as ssh-keyscan prints it"),
        (
            f'{TO}kind = "sftp"\nserver = "h:22"\nusername = "u"\nhost_key = "{HOST_KEY}"\n',
            "give key_file or password_file",
        ),
        (f'{TO}kind = "directory"\npath = "/x"\n{TO}kind = "directory"\npath = "/y"\n', "is taken"),
        (f'{TO}kind = "directory"\npath = "/x"\nodd = 1\n', "no such setting here"),
    ],
)
def test_what_cannot_be_used_is_one_line(text: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text)
    assert what in str(refused.value)
    assert "\n" not in str(refused.value)
