"""What names a Mac or its people does not get into a redacted recording."""

import plistlib

import pytest

from agent.recordings.redaction import Redaction


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        ('"serial_number" : "ZFQYR4XYHG",', "ZFQYR4XYHG"),
        ('"device_serial" : "0ba018e4045c5e3e",', "0ba018e4045c5e3e"),
        ('"provisioning_UDID" : "00006001-001C28E83A9A801E",', "001C28E83A9A801E"),
        ("      Provisioning UDID: 00006001-001C28E83A9A801E", "001C28E83A9A801E"),
        ("      Serial Number (system): E9O1Q6W5FAKE", "E9O1Q6W5FAKE"),
        ('"IOPlatformSerialNumber" = "C02QM3FSFVH8"', "C02QM3FSFVH8"),
        ('"serial-number" = <46564838>', "46564838"),
        (
            "<key>IOPlatformSerialNumber</key>\n\t<string>C02QM3FSFVH8</string>",
            "C02QM3FSFVH8",
        ),
        ('"spcardreader_card_serialnumber" : "0x0a1b2c3d"', "0a1b2c3d"),
        ("<key>VolumeName</key>\n\t<string>Example family</string>", "Example family"),
        ("<key>MountPoint</key><string>/Volumes/Example family</string>", "Example family"),
        ("x:********:501:20::0:0:Alice Example:/Users/x:/bin/zsh", "Alice Example"),
    ],
)
def test_what_identifies_a_mac_is_replaced(said: str, secret: str) -> None:
    assert secret not in Redaction()(said)


def test_where_macos_mounts_its_own_volumes_stays() -> None:
    said = "<string>/System/Volumes/Data</string>"
    assert Redaction()(said) == said


def test_a_binary_property_list_is_kept_as_text_without_names() -> None:
    fields = {"lastUserName": "alice", "GuestEnabled": False}
    content = plistlib.dumps(fields, fmt=plistlib.FMT_BINARY)
    kept = Redaction(["alice"]).file("/Library/Preferences/com.apple.loginwindow.plist", content)
    assert kept is not None
    assert plistlib.loads(kept) == {"lastUserName": "name1", "GuestEnabled": False}


def test_a_damaged_binary_property_list_is_not_kept() -> None:
    assert Redaction().file("/Library/Preferences/x.plist", b"bplist00\0\0broken") is None
