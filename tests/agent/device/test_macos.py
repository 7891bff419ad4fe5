"""The inventory of a Mac, from whatever of its sources answers."""

import json
import plistlib
from collections.abc import Mapping

import pytest

from agent.device import inventory
from agent.device.mac_hardware import Hardware
from protos.posture.v1.device_pb2 import FormFactor, Platform
from tests.fakes import Answer, FakeHost

UUID = "2B05150B-FA33-45BD-90F0-3369BF908E3E"
LAPTOP: dict[str, object] = {
    "machine_name": "MacBook Pro",
    "machine_model": "Mac16,5",
    "chip_type": "Apple M4 Max",
    "number_processors": "proc 16:12:4",
    "physical_memory": "64 GB",
    "serial_number": "ABCDE12345",
    "platform_UUID": UUID,
}


def mac(commands: Mapping[str, Answer]) -> FakeHost:
    return FakeHost(os="macos", commands=commands)


def profiled(**fields: object) -> dict[str, Answer]:
    said = json.dumps({"SPHardwareDataType": [{**LAPTOP, **fields}]})
    return {"system_profiler -json SPHardwareDataType": said}


def test_a_laptop_is_described_whole() -> None:
    nvme = {
        "SPNVMeDataType": [
            {"_items": [{"device_model": "APPLE SSD AP1024Z", "size_in_bytes": 1000555581440}]}
        ]
    }
    ports = "Hardware Port: Wi-Fi\nDevice: en0\nEthernet Address: A4:83:E7:00:00:01\n"
    found = inventory(
        mac(
            {
                **profiled(),
                "sw_vers": "ProductVersion:\t\t26.5\nBuildVersion:\t\t25F71\n",
                "scutil --get LocalHostName": "laptop-7\n",
                "system_profiler -json SPNVMeDataType": json.dumps(nvme),
                "networksetup -listallhardwareports": ports,
            }
        )
    )
    assert (found.platform, found.form_factor) == (
        Platform.PLATFORM_MACOS,
        FormFactor.FORM_FACTOR_LAPTOP,
    )
    assert (found.manufacturer, found.model) == ("Apple Inc.", "MacBook Pro (Mac16,5)")
    assert (found.os_id, found.os_version, found.os_build) == ("macos", "26.5", "25F71")
    assert (found.cpu_cores, found.memory_bytes, found.architecture) == (16, 64 << 30, "aarch64")
    assert (found.hostname, found.serial) == ("laptop-7", "ABCDE12345")
    assert found.disks[0].model == "APPLE SSD AP1024Z"
    assert not found.disks[0].rotational
    assert all(
        len(getattr(found.fingerprint, part)) == 32 for part in ("board", "serial", "network")
    )
    assert not found.HasField("virtualization")


def test_a_virtual_mac_gives_a_number_of_processors_and_is_a_virtual_machine() -> None:
    found = inventory(
        mac(profiled(machine_model="VirtualMac2,1", machine_name="x", number_processors=2))
    )
    assert found.cpu_cores == 2
    assert found.virtualization == "apple"
    assert found.form_factor == FormFactor.FORM_FACTOR_VIRTUAL_MACHINE


@pytest.mark.parametrize(
    ("model", "kind"),
    [("VMware7,1", "vmware"), ("Parallels-ARM", "parallels"), ("iMacPro1,1", "vm-other")],
)
def test_guests_of_other_hypervisors(model: str, kind: str) -> None:
    host = mac({**profiled(machine_model=model), "sysctl -n kern.hv_vmm_present": "1\n"})
    assert inventory(host).virtualization == kind


@pytest.mark.parametrize("serial", ["Not Available", "", "To be filled by O.E.M.", "0"])
def test_a_serial_that_is_none_is_left_out(serial: str) -> None:
    found = inventory(mac(profiled(serial_number=serial)))
    assert not found.HasField("serial")
    assert not found.fingerprint.HasField("serial")


def test_ioreg_as_a_property_list_stands_in() -> None:
    fields = {
        "model": b"MacBookPro12,1\0",
        "IOPlatformSerialNumber": "C02ABCDEFGH1",
        "IOPlatformUUID": UUID,
        "manufacturer": b"Apple Inc.\0",
    }
    printed = plistlib.dumps([fields]).decode()
    found = inventory(mac({"ioreg -rd1 -c IOPlatformExpertDevice -a": printed}))
    assert (found.model, found.serial) == ("MacBookPro12,1", "C02ABCDEFGH1")
    assert found.form_factor == FormFactor.FORM_FACTOR_LAPTOP
    assert found.fingerprint.HasField("board")


def test_ioreg_as_text_stands_in_and_a_missing_serial_stays_missing() -> None:
    printed = (
        "+-o MacBookPro14,2  <class IOPlatformExpertDevice, id 0x100000117>\n    {\n"
        '      "manufacturer" = <"Apple Inc.">\n'
        f'      "IOPlatformUUID" = "{UUID}"\n'
        '      "model" = <"MacBookPro14,2">\n    }\n'
    )
    found = inventory(mac({"ioreg -rd1 -c IOPlatformExpertDevice": printed}))
    assert found.model == "MacBookPro14,2"
    assert not found.HasField("serial")
    assert found.fingerprint.HasField("board")


def test_the_text_of_system_profiler_stands_in() -> None:
    printed = (
        "Hardware:\n\n    Hardware Overview:\n\n      Model Name: MacBook Air\n"
        "      Model Identifier: MacBookAir10,1\n      Chip: Apple M1\n"
        "      Total Number of Cores: 8 (4 performance and 4 efficiency)\n      Memory: 16 GB\n"
        "      Serial Number (system): E9O1Q6W5FAKE\n\nMemory:\n\n      Memory: 8 GB\n"
    )
    found = inventory(mac({"system_profiler SPHardwareDataType": printed}))
    assert found.model == "MacBook Air (MacBookAir10,1)"
    assert (found.cpu_cores, found.memory_bytes, found.serial) == (8, 16 << 30, "E9O1Q6W5FAKE")


def test_a_response_is_part_of_the_name_and_not_of_the_version() -> None:
    said = "ProductVersion: 13.3.1\nProductVersionExtra: (a)\nBuildVersion: 22E772610a\n"
    found = inventory(mac({"sw_vers": said}))
    assert (found.os_name, found.os_version) == ("macOS 13.3.1 (a)", "13.3.1")


def test_under_rosetta_the_chip_still_tells_the_architecture() -> None:
    assert inventory(mac({**profiled(), "uname -m": "x86_64\n"})).architecture == "aarch64"


def test_a_model_number_alone_does_not_tell_the_form() -> None:
    assert not inventory(mac(profiled(machine_name=""))).HasField("form_factor")


def test_a_mac_that_answers_nothing_is_still_a_mac() -> None:
    found = inventory(mac({}))
    assert found.platform == Platform.PLATFORM_MACOS
    assert not found.HasField("model")


def test_memory_in_other_words_is_unknown() -> None:
    assert Hardware({"physical_memory": "sixteen"}).memory_bytes == 0
