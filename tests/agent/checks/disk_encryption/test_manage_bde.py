"""`manage-bde -status`: the numbers speak every language, the words only those we know."""

import pytest

from agent.checks.disk_encryption.bitlocker import answer
from agent.checks.disk_encryption.manage_bde import parse_status
from agent.checks.disk_encryption.windows import observe
from agent.host import Denied, Output, Unparsable
from protos.posture.v1.signals_pb2 import Protection
from tests.agent.checks.disk_encryption.test_windows import protections, roles
from tests.fakes import Answer, FakeHost

ENGLISH = """\
BitLocker Drive Encryption: Configuration Tool version 10.0.22621
Copyright (C) 2013 Microsoft Corporation. All rights reserved.

Volume C: [Windows]
[OS Volume]

    Size:                 69,13 GB
    BitLocker Version:    2.0
    Conversion Status:    {conversion}
    Percentage Encrypted: {percent}
    Encryption Method:    {method}
    Protection Status:    {protection}
    Lock Status:          Unlocked
    Identification Field: Unknown
    Key Protectors:       {protectors}
"""
FULL = {
    "conversion": "Fully Encrypted",
    "percent": "100.0%",
    "method": "XTS-AES 128",
    "protection": "Protection On",
    "protectors": "\n        TPM",
}


def english(**words: str) -> str:
    return ENGLISH.format(**{**FULL, **words})


def said(text: str, only: str = "") -> dict[str, str]:
    found = {told.letter or told.device: answer(told) for told in parse_status(text, only)}
    return {
        name: "-" if one.protection is None else Protection.Name(one.protection)[11:].lower()
        for name, one in found.items()
    }


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({}, "encrypted"),
        ({"conversion": "Used Space Only Encrypted"}, "encrypted"),
        ({"protection": "Protection Off"}, "key_exposed"),
        ({"protection": "Protection Off (1 reboots left)"}, "key_exposed"),
        ({"conversion": "Encryption in Progress", "percent": "3.5%"}, "partial"),
        ({"conversion": "Encryption in Progress"}, "encrypted"),
        ({"conversion": "Decryption in Progress"}, "partial"),
        ({"percent": "99.9%"}, "partial"),
        (
            {
                "conversion": "Fully Decrypted",
                "percent": "0.0%",
                "method": "None",
                "protection": "Protection Off",
            },
            "plain",
        ),
        ({"conversion": "Fully Decrypted"}, "-"),
        ({"conversion": "Fully Decrypted", "percent": "0.0%", "method": "None"}, "-"),
        ({"protection": "Suojaus käytössä"}, "-"),
        ({"percent": "Unknown%"}, "-"),
    ],
)
def test_english_output_is_read(words: dict[str, str], expected: str) -> None:
    assert said(english(**words)) == {"C:": expected}


UNKNOWN_TONGUE = """\
Taltion hallinta

Taltio C: [Windows]
[Käyttöjärjestelmätaltio]

    Koko:                 69,13 GB
    Versio:               {version}
    Tila:                 sanoja
    Prosentti:            {percent}
    Menetelmä:            {method}
    Suojaus:              sanoja
"""


@pytest.mark.parametrize(
    ("percent", "method", "expected"),
    [
        ("0,0 %", "ei mitään", "plain"),
        ("0,0\N{NO-BREAK SPACE}%", "ei mitään", "plain"),
        ("42,0 %", "XTS-AES 256", "partial"),
        ("100,0 %", "XTS-AES 256", "-"),
    ],
)
def test_in_a_language_we_do_not_know_only_the_numbers_count(
    percent: str, method: str, expected: str
) -> None:
    text = UNKNOWN_TONGUE.format(version="2.0", percent=percent, method=method)
    assert said(text) == {"C:": expected}


@pytest.mark.parametrize(
    ("on", "off"),
    [
        ("Der Schutz ist aktiviert.", "Der Schutz ist deaktiviert."),
        ("Protección activada", "Protección desactivada"),
        ("Защита включена", "Защита отключена"),
        ("保护已启用", "保护关闭"),
    ],
)
def test_known_words_of_other_languages_are_believed(on: str, off: str) -> None:
    text = UNKNOWN_TONGUE.format(version="2.0", percent="100,0 %", method="XTS-AES 128")
    assert said(text.replace("Suojaus:              sanoja", f"Suojaus: {on}")) == {
        "C:": "encrypted"
    }
    assert said(text.replace("Suojaus:              sanoja", f"Suojaus: {off}")) == {
        "C:": "key_exposed"
    }


def test_a_locked_data_volume_is_unknown_and_never_plain() -> None:
    text = """\
Volumen E: [Etiqueta desconocida]
[Volumen de datos]

    Porcentaje cifrado:     Desconocido%
    Método de cifrado:      AES 128
    Estado de bloqueo:      Bloqueado
    Campo de identificación:Desconocido
"""
    assert said(text) == {"E:": "-"}
    trouble = answer(parse_status(text)[0]).trouble
    assert trouble is not None
    assert "locked" in str(trouble)


def test_an_excerpt_without_its_head_is_of_the_volume_that_was_asked_for() -> None:
    lines = english(protection="Protection Off", protectors="None Found").splitlines()[6:]
    assert said("\n".join(lines), "C:") == {"C:": "key_exposed"}
    with pytest.raises(Unparsable):
        parse_status("\n".join(lines))


@pytest.mark.parametrize("text", ["", "\n", "ERROR: something went wrong.\n"])
def test_nothing_or_an_error_is_no_listing(text: str) -> None:
    with pytest.raises(Unparsable):
        parse_status(text)


def host(answer: Answer) -> FakeHost:
    return FakeHost(os="windows", commands={"manage-bde -status": answer})


def test_the_text_is_asked_where_cim_has_no_answer_and_then_not_everything_is_known() -> None:
    second = english().replace("C:", "D:").replace("OS Volume", "Data Volume")
    seen = observe(host(english() + "\n" + second))
    assert protections(seen) == {"C:": "encrypted", "D:": "encrypted"}
    assert roles(seen) == {"C:": "system", "D:": "unspecified"}
    assert [gap.field for gap in seen.gaps] == ["volumes", "volumes[D:].role"]


def test_an_account_that_may_not_ask_is_denied() -> None:
    for status in (0x80041003, 0x80041003 - (1 << 32)):
        with pytest.raises(Denied):
            observe(host(Output("ERROR: ...", "", status)))
