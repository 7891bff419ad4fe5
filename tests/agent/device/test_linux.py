"""The inventory: what is believed, what is refused, and what never leaves in clear."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.device import inventory
from agent.device.firmware import parse_dmidecode
from agent.device.identifiers import believable, believable_uuid
from agent.device.linux import parse_cpuinfo
from agent.host import Denied, Output
from agent.os_release import parse_os_release
from protos.posture.v1.device_pb2 import FormFactor, Inventory, Platform
from tests.fakes import Answer, FakeHost

DMI = "/sys/class/dmi/id"
UUID = "725ba801-507b-11cb-95e6-c66052aac597"
MACHINE_ID = "4f0a1c2d3e4b5a69788796a5b4c3d2e1"
ADDRESS = "3c:52:82:11:22:33"
BARE = Output("none\n", "", 1)


def laptop(**dmi: str) -> FakeHost:
    fields = {
        "sys_vendor": "LENOVO",
        "product_name": "20UD0013GE",
        "product_version": "ThinkPad T14 Gen 1",
        "product_serial": "PF2ABCDE",
        "product_uuid": UUID,
        "chassis_type": "10",
        **dmi,
    }
    files: dict[str, bytes | str] = {
        f"{DMI}/{name}": value + "\n" for name, value in fields.items()
    }
    files |= {
        "/etc/machine-id": MACHINE_ID + "\n",
        "/etc/os-release": 'ID=debian\nVERSION_ID="13"\nPRETTY_NAME="Debian GNU/Linux 13"\n',
        "/proc/sys/kernel/hostname": "laptop\n",
        "/proc/sys/kernel/osrelease": "6.12.1-amd64\n",
        "/proc/cpuinfo": "processor: 0\nmodel name: A  CPU\n\nprocessor: 1\nmodel name: A\n",
        "/proc/meminfo": "MemTotal:       16301004 kB\n",
        "/proc/1/mountinfo": "29 1 259:2 / / rw - ext4 /dev/nvme0n1p2 rw\n",
        "/run/udev/data/b259:2": "E:ID_FS_UUID=4a3f8a06-36f0-4f0b-9d0e-3e7f0a1c1101\n",
        "/sys/class/block/nvme0n1/dev": "259:0\n",
        "/sys/class/block/nvme0n1/size": "2000\n",
        "/sys/class/block/nvme0n1/removable": "0\n",
        "/sys/class/block/nvme0n1/queue/rotational": "0\n",
        "/sys/class/block/nvme0n1/device/model": "A Drive   \n",
        "/sys/class/block/nvme0n1p2/dev": "259:2\n",
        "/sys/class/block/nvme0n1p2/partition": "2\n",
        "/sys/class/block/nvme0n1p2/size": "1000\n",
    }
    links = {}
    for name, where, address, kind in (
        ("eth0", "pci0000:00/net", ADDRESS, "0"),
        ("eth1", "pci0000:00/usb1/1-1/net", "00:00:82:11:22:33", "0"),
        ("wlan0", "pci0000:00/net", "02:00:00:00:00:01", "3"),
    ):
        links[f"/sys/class/net/{name}"] = f"../../devices/{where}/{name}"
        links[f"/sys/class/net/{name}/device"] = "../.."
        files[f"/sys/class/net/{name}/type"] = "1\n"
        files[f"/sys/class/net/{name}/addr_assign_type"] = kind + "\n"
        files[f"/sys/class/net/{name}/address"] = address + "\n"
    commands: dict[str, Answer] = {"systemd-detect-virt": BARE, "uname -m": "x86_64\n"}
    return FakeHost(commands, files, links)


def test_a_laptop_is_described() -> None:
    seen = inventory(laptop())
    assert (seen.manufacturer, seen.model) == ("LENOVO", "ThinkPad T14 Gen 1 (20UD0013GE)")
    assert (seen.serial, seen.hostname) == ("PF2ABCDE", "laptop")
    assert (seen.os_id, seen.os_version, seen.os_build) == ("debian", "13", "6.12.1-amd64")
    assert (seen.cpu, seen.cpu_cores, seen.architecture) == ("A CPU", 2, "x86_64")
    assert seen.memory_bytes == (16301004 // 1024) << 20
    assert seen.form_factor == FormFactor.FORM_FACTOR_LAPTOP
    assert [(disk.model, disk.size_bytes) for disk in seen.disks] == [("A Drive", 1_024_000)]
    assert not seen.HasField("virtualization")


def test_no_identifier_but_the_serial_leaves_in_clear() -> None:
    sent = inventory(laptop()).SerializeToString()
    secrets = (UUID, MACHINE_ID, ADDRESS, "4a3f8a06-36f0-4f0b-9d0e-3e7f0a1c1101")
    for secret in secrets:
        assert secret.encode() not in sent
        assert bytes.fromhex(secret.replace("-", "").replace(":", "")) not in sent


def test_every_part_of_the_fingerprint_changes_with_its_own_identifier_only() -> None:
    first, second = laptop(), laptop(product_uuid=UUID.replace("7", "8"))
    one, two = inventory(first).fingerprint, inventory(second).fingerprint
    assert {len(getattr(one, part)) for part in _parts(one)} == {32}
    assert one.board != two.board
    assert (one.serial, one.network, one.install, one.disk) == (
        two.serial,
        two.network,
        two.install,
        two.disk,
    )


def _parts(fingerprint: object) -> list[str]:
    return ["board", "serial", "network", "install", "disk"]


def test_a_docked_or_borrowed_address_is_not_the_machines() -> None:
    host = laptop()
    links = {path: target for path, target in host.links.items() if "eth0" not in path}
    bare = FakeHost(host.commands, host.files, links)
    assert not inventory(bare).fingerprint.HasField("network")


def test_a_wifi_with_a_random_address_is_known_by_its_permanent_one() -> None:
    host = laptop()
    links = {path: target for path, target in host.links.items() if "eth" not in path}
    told = '[{"ifname":"wlan0","permaddr":"a4:00:00:00:00:09"}]'
    commands = {**host.commands, "ip -j -d link": told}
    assert inventory(FakeHost(commands, host.files, links)).fingerprint.HasField("network")


@pytest.mark.parametrize(
    "words",
    [
        "To be filled by O.E.M.",
        "Default string",
        "System Serial Number",
        "Not Specified",
        "None",
        "0",
        "123456789",
        "INVALID",
        "N/A",
        "00000000",
        "FFFFFFFF",
        "XXXXXXXXXX",
        "<BAD INDEX>",
        "System Product Name",
        "System manufacturer",
        "",
    ],
)
def test_placeholders_are_refused(words: str) -> None:
    assert believable(words) is None
    assert not inventory(laptop(product_serial=words)).HasField("serial")


@pytest.mark.parametrize("words", ["System x3650 M4", "PF2ABCDE", "Product 9", "Latitude D610"])
def test_real_names_are_kept(words: str) -> None:
    assert believable(words) == words


@pytest.mark.parametrize(
    "uuid",
    [
        "03000200-0400-0500-0006-000700080009",
        "00000000-0000-0000-0000-000000000000",
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
        "EEEEEEEE-EEEE-EEEE-EEEE-EEEEEEEEEEEE",
        "12121212-1212-1212-1212-121212121212",
        "uninitialized",
        "",
    ],
)
def test_identifiers_that_many_machines_share_are_refused(uuid: str) -> None:
    assert believable_uuid(uuid) is None
    assert not inventory(laptop(product_uuid=uuid)).fingerprint.HasField("board")


def test_serials_only_root_may_read_are_left_unset() -> None:
    host = laptop()
    secret = {f"{DMI}/product_serial": Denied("root"), f"{DMI}/product_uuid": Denied("root")}
    seen = inventory(FakeHost(host.commands, {**host.files, **secret}, host.links))
    assert not seen.HasField("serial")
    assert not seen.fingerprint.HasField("board")
    assert seen.manufacturer == "LENOVO"


@pytest.mark.parametrize(
    ("chassis", "expected"),
    [
        ("3", FormFactor.FORM_FACTOR_DESKTOP),
        ("9", FormFactor.FORM_FACTOR_LAPTOP),
        ("31", FormFactor.FORM_FACTOR_LAPTOP),
        ("30", FormFactor.FORM_FACTOR_TABLET),
        ("23", FormFactor.FORM_FACTOR_SERVER),
        ("1", FormFactor.FORM_FACTOR_UNSPECIFIED),
        ("garbage", FormFactor.FORM_FACTOR_UNSPECIFIED),
    ],
)
def test_the_chassis_tells_the_form(chassis: str, expected: FormFactor.ValueType) -> None:
    assert inventory(laptop(chassis_type=chassis)).form_factor == expected


def test_a_battery_makes_a_laptop_unless_it_is_a_mouses() -> None:
    host = laptop(chassis_type="1")
    power = "/sys/class/power_supply/BAT0"
    files = {**host.files, f"{power}/type": "Battery\n"}
    own = FakeHost(host.commands, files, host.links)
    mouse = FakeHost(host.commands, {**files, f"{power}/scope": "Device\n"}, host.links)
    assert inventory(own).form_factor == FormFactor.FORM_FACTOR_LAPTOP
    assert not inventory(mouse).HasField("form_factor")


def test_virtual_machines_and_containers_say_so() -> None:
    host = laptop()
    vm = FakeHost({**host.commands, "systemd-detect-virt": "kvm\n"}, host.files, host.links)
    assert inventory(vm).form_factor == FormFactor.FORM_FACTOR_VIRTUAL_MACHINE
    files = {**host.files, "/run/systemd/container": "docker"}
    box = inventory(FakeHost(host.commands, files, host.links))
    assert box.form_factor == FormFactor.FORM_FACTOR_CONTAINER
    assert box.virtualization == "docker"


def test_dmidecode_stands_in_where_sys_has_no_dmi() -> None:
    listing = (
        "Handle 0x0001, DMI type 1, 27 bytes\nSystem Information\n"
        "\tManufacturer: Dell Inc.\n\tProduct Name: Latitude D610   \n\tSerial Number: D8XD62J\n"
        "\nChassis Information\n\tType: Portable\n\nProcessor Information\n\tVersion: x\n"
    )
    assert parse_dmidecode(listing)["product_serial"] == "D8XD62J"
    seen = inventory(FakeHost(commands={"dmidecode": listing}))
    assert (seen.model, seen.form_factor) == ("Latitude D610", FormFactor.FORM_FACTOR_LAPTOP)


def test_a_machine_that_tells_nothing_has_an_empty_inventory() -> None:
    assert inventory(FakeHost()) == Inventory(platform=Platform.PLATFORM_LINUX)
    assert inventory(FakeHost(os="windows")) == Inventory(platform=Platform.PLATFORM_WINDOWS)


@given(content=st.text(max_size=200))
def test_garbage_never_raises(content: str) -> None:
    parse_os_release(content)
    parse_cpuinfo(content)
    parse_dmidecode(content)
    paths = ("/proc/cpuinfo", "/proc/meminfo", "/etc/os-release", f"{DMI}/chassis_type")
    host = laptop()
    files = {**host.files, **dict.fromkeys(paths, content)}
    assert inventory(FakeHost(host.commands, files, host.links)).hostname == "laptop"


def test_a_defect_costs_one_part_of_the_inventory_and_never_the_report(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Defective(FakeHost):
        def link(self, path: str) -> str:
            raise ZeroDivisionError("a defect")

    seen = inventory(Defective(files=laptop().files))
    assert (seen.hostname, seen.os_id, seen.manufacturer) == ("laptop", "debian", "LENOVO")
    assert not seen.fingerprint.HasField("network")
    assert "ZeroDivisionError: a defect" in capsys.readouterr().err


def test_a_defect_right_at_the_start_leaves_an_inventory_of_this_platform(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Broken(FakeHost):
        def read(self, path: str, limit: int = 0) -> bytes:
            raise RecursionError

        run = head = list = link = read  # type: ignore[assignment]

    assert inventory(Broken()).platform == Platform.PLATFORM_LINUX
    assert "RecursionError" in capsys.readouterr().err
