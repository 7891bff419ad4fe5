"""The inventory of Windows: what is believed, what is refused, and what a name hides."""

from collections.abc import Mapping, Sequence

import pytest

from agent.device import inventory
from agent.device.identifiers import hidden
from agent.host import CannotTell, Denied, RegistryValue, Row
from protos.posture.v1.device_pb2 import FormFactor, Inventory, Platform
from tests.fakes import FakeHost

NT = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
GUID = "HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MachineGuid"
MACHINE_GUID = "4f0a1c2d-3e4b-5a69-7887-96a5b4c3d2e1"
UUID = "725BA801-507B-11CB-95E6-C66052AAC597"
ADAPTERS = (
    {"MACAddress": "3C:52:82:11:22:44", "PhysicalAdapter": True, "PNPDeviceID": "PCI\\VEN_8086"},
    {"MACAddress": "3C:52:82:11:22:33", "PhysicalAdapter": True, "PNPDeviceID": "PCI\\VEN_8086"},
    {"MACAddress": "00:00:82:11:22:33", "PhysicalAdapter": True, "PNPDeviceID": "USB\\VID_17EF"},
    {"MACAddress": "02:00:00:00:00:01", "PhysicalAdapter": True, "PNPDeviceID": "PCI\\VEN_8086"},
    {"MACAddress": "00:15:5D:00:00:01", "PhysicalAdapter": False, "PNPDeviceID": "ROOT\\VMS"},
)


def laptop(
    values: Mapping[str, RegistryValue | CannotTell] | None = None,
    rows: Mapping[str, Sequence[Row] | CannotTell] | None = None,
    **computer: object,
) -> FakeHost:
    system = {
        "DNSHostName": "laptop",
        "Manufacturer": "LENOVO",
        "Model": "20TBS57S00",
        "TotalPhysicalMemory": 16863318016,
        "HypervisorPresent": True,
        "PCSystemType": 2,
        **computer,
    }
    return FakeHost(
        os="windows",
        values={
            f"{NT}\\ProductName": "Windows 10 Pro",
            f"{NT}\\CurrentBuildNumber": "26100",
            f"{NT}\\UBR": 4349,
            f"{NT}\\DisplayVersion": "24H2",
            f"{NT}\\InstallationType": "Client",
            GUID: MACHINE_GUID,
            **(values or {}),
        },
        rows={
            "Win32_ComputerSystem": [system],
            "Win32_ComputerSystemProduct": [
                {"UUID": UUID, "Version": "ThinkPad E14 Gen 2", "Vendor": "LENOVO"}
            ],
            "Win32_BIOS": [{"SerialNumber": "PF2ABCDE", "SMBIOSPresent": True}],
            "Win32_BaseBoard": [{"SerialNumber": "L1HF0000", "Manufacturer": "LENOVO"}],
            "Win32_SystemEnclosure": [{"ChassisTypes": [10]}],
            "Win32_Processor": [{"Name": "A  CPU ", "NumberOfCores": 8, "Architecture": 9}],
            "Win32_OperatingSystem": [
                {
                    "Caption": "Microsoft Windows 11 Professionnel",
                    "Version": "10.0.26100",
                    "BuildNumber": "26100",
                    "ProductType": 1,
                }
            ],
            "Win32_NetworkAdapter": ADAPTERS,
            "MSFT_PhysicalDisk": [
                {"Model": "PC300 NVMe", "BusType": 17, "MediaType": 4, "Size": 512110190592},
                {"Model": "Stick", "BusType": 7, "MediaType": 0, "Size": 64000000000},
            ],
            "MSFT_Disk": [
                {"Number": 0, "IsBoot": True, "SerialNumber": "ACE4_2E61_9000_7804."},
                {"Number": 1, "IsBoot": False, "SerialNumber": "123"},
            ],
            **(rows or {}),
        },
    )


def test_a_laptop_is_described() -> None:
    seen = inventory(laptop())
    assert seen.platform == Platform.PLATFORM_WINDOWS
    assert seen.form_factor == FormFactor.FORM_FACTOR_LAPTOP
    assert (seen.hostname, seen.manufacturer, seen.serial) == ("laptop", "LENOVO", "PF2ABCDE")
    assert seen.model == "ThinkPad E14 Gen 2 (20TBS57S00)"
    assert (seen.architecture, seen.cpu, seen.cpu_cores) == ("x86_64", "A CPU", 8)
    assert seen.memory_bytes == 16863318016 >> 20 << 20
    assert [(disk.model, disk.removable) for disk in seen.disks] == [
        ("PC300 NVMe", False),
        ("Stick", True),
    ]
    assert seen.disks[0].HasField("rotational")
    assert not seen.disks[1].HasField("rotational")


def test_windows_11_is_told_by_its_build_whatever_its_name() -> None:
    seen = inventory(laptop())
    assert (seen.os_id, seen.os_name) == ("windows", "Windows 11 Pro 24H2")
    assert (seen.os_version, seen.os_build) == ("10.0.26100", "26100.4349")


def test_the_edition_is_the_one_that_the_end_of_support_hangs_on() -> None:
    edition = laptop({f"{NT}\\EditionID": "EnterpriseS"})
    assert inventory(edition).os_edition == "EnterpriseS"
    assert not inventory(laptop()).HasField("os_edition")


def test_windows_10_stays_windows_10() -> None:
    values: dict[str, RegistryValue] = {
        f"{NT}\\CurrentBuildNumber": "19045",
        f"{NT}\\DisplayVersion": "22H2",
    }
    assert inventory(laptop(values)).os_name == "Windows 10 Pro 22H2"


def test_a_server_of_the_same_build_is_no_windows_11() -> None:
    server = {"Caption": "Windows Server 2025", "Version": "10.0.26100", "ProductType": 3}
    values: dict[str, RegistryValue] = {f"{NT}\\ProductName": "Windows Server 2025 Standard"}
    seen = inventory(laptop(values, {"Win32_OperatingSystem": [server]}))
    assert (seen.os_id, seen.os_name) == ("windows-server", "Windows Server 2025 Standard 24H2")


def test_a_server_is_known_by_its_name_where_nothing_else_tells() -> None:
    host = laptop()
    host.values = {
        f"{NT}\\ProductName": "Windows Server 2025 Standard",
        f"{NT}\\CurrentBuildNumber": "26100",
        f"{NT}\\CurrentMajorVersionNumber": 10,
    }
    host.rows = {}
    assert inventory(host).os_id == "windows-server"


def test_virtualization_based_security_is_no_virtual_machine() -> None:
    """HypervisorPresent is true in `laptop`."""
    assert not inventory(laptop()).HasField("virtualization")


@pytest.mark.parametrize(
    ("manufacturer", "model", "bios", "expected"),
    [
        ("Microsoft Corporation", "Virtual Machine", "", "microsoft"),
        ("Microsoft Corporation", "Surface Laptop 5", "", ""),
        ("BOCHS_", "BXPC____", "", "bochs"),
        ("QEMU", "Standard PC (Q35 + ICH9, 2009)", "", "qemu"),
        ("Xen", "HVM domU", "", "xen"),
        ("Amazon EC2", "t3.large", "", "amazon"),
        ("Amazon EC2", "m5.metal", "", ""),
        ("VMware, Inc.", "VMware20,1", "", "vmware"),
        ("innotek GmbH", "VirtualBox", "", "oracle"),
        ("Google", "Google Compute Engine", "", "google"),
        ("Parallels International GmbH.", "Parallels ARM Virtual Machine", "", "parallels"),
        ("Red Hat", "KVM", "", "kvm"),
        ("", "", "Xen - 0", "xen"),
        ("", "", "LENOVO - 1540", ""),
    ],
)
def test_a_virtual_machine_is_known_by_its_firmware(
    manufacturer: str, model: str, bios: str, expected: str
) -> None:
    rows: dict[str, Sequence[Row] | CannotTell] = {
        "Win32_BIOS": [{"BIOSVersion": [bios]}],
        "Win32_ComputerSystemProduct": [],
        "Win32_BaseBoard": [],
    }
    seen = inventory(laptop(rows=rows, Manufacturer=manufacturer, Model=model))
    assert seen.virtualization == expected
    virtual = seen.form_factor == FormFactor.FORM_FACTOR_VIRTUAL_MACHINE
    assert virtual == bool(expected)


@pytest.mark.parametrize("serial", ["", "To be filled by O.E.M.", "00000000-0000-0000-0000-000000"])
def test_placeholders_are_no_identity(serial: str) -> None:
    rows: dict[str, Sequence[Row] | CannotTell] = {
        "Win32_BIOS": [{"SerialNumber": serial}],
        "Win32_BaseBoard": [{"SerialNumber": "Default string"}],
        "Win32_ComputerSystemProduct": [{"UUID": "03000200-0400-0500-0006-000700080009"}],
    }
    seen = inventory(laptop(rows=rows))
    assert not seen.HasField("serial")
    assert not seen.fingerprint.HasField("serial")
    assert not seen.fingerprint.HasField("board")


def test_the_fingerprint_is_hidden_and_stands_on_what_stays() -> None:
    seen = inventory(laptop()).fingerprint
    assert seen.board == hidden(f"board:{UUID.lower().replace('-', '')}")
    assert seen.serial == hidden("serial:PF2ABCDE")
    assert seen.install == hidden(f"install:{MACHINE_GUID.replace('-', '')}")
    assert seen.disk == hidden("disk:ACE4_2E61_9000_7804")
    assert seen.network == hidden("network:3c:52:82:11:22:33")


def test_the_size_of_a_disk_is_the_physical_one() -> None:
    drive = {"Model": "A drive", "Size": "512105932800", "MediaType": "Fixed hard disk media"}
    rows: dict[str, Sequence[Row] | CannotTell] = {"Win32_DiskDrive": [drive]}
    assert inventory(laptop(rows=rows)).disks[0].size_bytes == 512110190592
    rows["MSFT_PhysicalDisk"] = Denied("denied")
    (fallback,) = inventory(laptop(rows=rows)).disks
    assert (fallback.size_bytes, fallback.removable) == (512105932800, False)


@pytest.mark.parametrize(
    ("chassis", "kind", "expected"),
    [
        ([10], 1, FormFactor.FORM_FACTOR_LAPTOP),
        ([0x80 | 9], 1, FormFactor.FORM_FACTOR_LAPTOP),
        (31, 2, FormFactor.FORM_FACTOR_LAPTOP),
        ([2], 2, FormFactor.FORM_FACTOR_LAPTOP),
        (None, 8, FormFactor.FORM_FACTOR_TABLET),
        ([3], 2, FormFactor.FORM_FACTOR_DESKTOP),
        (None, None, FormFactor.FORM_FACTOR_UNSPECIFIED),
    ],
)
def test_the_chassis_outranks_the_kind_of_system(
    chassis: object, kind: int | None, expected: FormFactor.ValueType
) -> None:
    rows: dict[str, Sequence[Row] | CannotTell] = {
        "Win32_SystemEnclosure": [{"ChassisTypes": chassis}]
    }
    assert inventory(laptop(rows=rows, PCSystemType=kind)).form_factor == expected


def test_the_registry_stands_in_where_cim_does_not_answer() -> None:
    bios = "HKLM\\HARDWARE\\DESCRIPTION\\System\\BIOS"
    host = laptop(
        {
            f"{bios}\\SystemManufacturer": "Dell Inc.",
            f"{bios}\\SystemProductName": "Latitude 7480",
            f"{NT}\\CurrentMajorVersionNumber": 10,
            f"{NT}\\CurrentMinorVersionNumber": 0,
        }
    )
    host.rows = {}
    seen = inventory(host)
    assert (seen.manufacturer, seen.model) == ("Dell Inc.", "Latitude 7480")
    assert (seen.os_id, seen.os_version) == ("windows", "10.0.26100")


def test_a_machine_that_says_nothing_has_an_empty_inventory() -> None:
    empty = Inventory(platform=Platform.PLATFORM_WINDOWS)
    empty.fingerprint.SetInParent()
    seen = inventory(FakeHost(os="windows"))
    seen.fingerprint.SetInParent()
    assert seen == empty


@pytest.mark.parametrize("noise", ["noise", "", -1, [], None, "99999999999999999999999"])
def test_noise_is_left_out(noise: object) -> None:
    rows: dict[str, Sequence[Row] | CannotTell] = {
        "Win32_Processor": [{"NumberOfCores": noise, "Architecture": noise}],
        "MSFT_PhysicalDisk": [{"Size": noise, "BusType": noise}],
        "Win32_NetworkAdapter": [{"MACAddress": noise, "PhysicalAdapter": noise}],
        "MSFT_Disk": [{"IsBoot": noise}],
    }
    seen = inventory(laptop(rows=rows, TotalPhysicalMemory=noise, PCSystemType=noise))
    assert not seen.HasField("memory_bytes")
    assert not seen.disks
    assert seen.hostname == "laptop"
