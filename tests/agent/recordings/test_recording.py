"""A recording replays what was taken down, and says "not recorded" to everything else."""

from pathlib import Path

import pytest

from agent.host import (
    Denied,
    FileMissing,
    NotRecorded,
    Output,
    Process,
    TimedOut,
    TooLarge,
    ToolFailed,
    ToolMissing,
)
from agent.recordings.recorder import Recorder
from agent.recordings.redaction import Redaction
from agent.recordings.replay import Recording, UnusableRecording
from tests.fakes import FakeHost

SERIAL = "PF2ABCDE"
MACHINE = FakeHost(
    commands={
        "nft -j list ruleset": '{"nftables": []}',
        "ufw status verbose": Output("", "ERROR: You need to be root", 1),
        "mdatp health --output json": TimedOut("no answer"),
    },
    files={
        "/proc/swaps": "Filename\n/dev/dm-1\n",
        "/sys/class/dmi/id/product_serial": SERIAL + "\n",
        "/etc/shadow": Denied("no"),
        "/home/alice/.config/kscreenlockerrc": "[Daemon]\n",
    },
    links={"/sys/class/block/vda": "../../devices/virtio3/block/vda"},
    running=(
        Process(7, "swayidle", "alice", "/usr/bin/swayidle", ("swayidle", "timeout", "300")),
        Process(9, "backup", "root", "/usr/bin/backup", ("backup", "--password=hunter2")),
    ),
    environments={7: {"XDG_SESSION_ID": "1", "API_TOKEN": "s3cret"}},
)


SHADOW = "root:$y$j9T$secret:1::::::\n"


@pytest.mark.parametrize(
    "links",
    [
        {"/home/alice/.config/kscreenlockerrc": "/etc/shadow"},
        {"/home/alice/.config": "/etc", "/etc/kscreenlockerrc": "shadow"},
        {"/home/alice/.config": "../../root"},
        {"/home/alice/.config/kscreenlockerrc": "/home/bob/.config/kscreenlockerrc"},
        {"/home/alice/.config": "/home/alice/.config"},
    ],
)
def test_what_a_persons_link_leads_to_is_not_written_down(
    tmp_path: Path, links: dict[str, str]
) -> None:
    path = "/home/alice/.config/kscreenlockerrc"
    recorder = Recorder(FakeHost(files={path: SHADOW}, links=links), tmp_path / "new")
    assert recorder.read(path) == SHADOW.encode()
    assert recorder.head(path, 5) == SHADOW[:5].encode()
    assert recorder.list("/home/alice/.config") == ("kscreenlockerrc",)
    recorder.finish()
    everything = [file.read_text() for file in (tmp_path / "new").rglob("*") if file.is_file()]
    assert not any("root:" in content for content in everything)
    with pytest.raises(NotRecorded):
        Recording(tmp_path / "new").read(path)


def test_links_within_a_home_and_to_what_everybody_may_read_are_followed(tmp_path: Path) -> None:
    links = {
        "/home": "var/home",
        "/var/home/alice/.config": "settings",
        "/home/alice/.xscreensaver": "/nix/store/abc-home-manager-files/.xscreensaver",
    }
    files = {"/home/alice/.config/kscreenlockerrc": "[Daemon]\n", "/home/alice/.xscreensaver": "x"}
    recorder = Recorder(FakeHost(files=files, links=links), tmp_path / "new")
    for path in files:
        recorder.read(path)
    recorder.finish()
    assert [Recording(tmp_path / "new").read(p).decode() for p in files] == list(files.values())


def ask_everything(host: FakeHost | Recorder) -> None:
    host.run("nft", "-j", "list", "ruleset")
    for question in (
        lambda: host.run("ufw", "status", "verbose"),
        lambda: host.run("mdatp", "health", "--output", "json"),
        lambda: host.run("zypper", "lp"),
        lambda: host.read("/etc/shadow"),
        lambda: host.read("/etc/crypttab"),
        lambda: host.read("/proc/swaps", 3),
    ):
        with pytest.raises((ToolFailed, TimedOut, ToolMissing, Denied, FileMissing, TooLarge)):
            question()
    host.read("/proc/swaps")
    host.read("/sys/class/dmi/id/product_serial")
    host.read("/home/alice/.config/kscreenlockerrc")
    host.list("/sys/class/dmi/id")
    host.link("/sys/class/block/vda")
    host.processes()
    host.environment(7)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    recorder = Recorder(MACHINE, tmp_path / "host")
    ask_everything(recorder)
    recorder.finish()
    return tmp_path / "host"


def test_a_recording_answers_as_the_machine_did(recorded: Path) -> None:
    replay = Recording(recorded)
    assert replay.os == "linux"
    assert replay.run("nft", "-j", "list", "ruleset").text == '{"nftables": []}'
    assert replay.run("ufw", "status", "verbose", ok=(1,)).errors == "ERROR: You need to be root"
    assert replay.read("/proc/swaps") == b"Filename\n/dev/dm-1\n"
    assert replay.list("/sys/class/dmi/id") == ("product_serial",)
    assert replay.link("/sys/class/block/vda") == "../../devices/virtio3/block/vda"


def test_a_recording_fails_as_the_machine_did(recorded: Path) -> None:
    replay = Recording(recorded)
    with pytest.raises(ToolFailed):
        replay.run("ufw", "status", "verbose")
    with pytest.raises(TimedOut):
        replay.run("mdatp", "health", "--output", "json")
    with pytest.raises(ToolMissing):
        replay.run("zypper", "lp")
    with pytest.raises(Denied):
        replay.read("/etc/shadow")
    with pytest.raises(FileMissing):
        replay.read("/etc/crypttab")


def test_a_device_that_is_a_link_and_a_folder_is_both(tmp_path: Path) -> None:
    machine = FakeHost(
        files={"/sys/class/block/vda/size": "42\n"},
        links={"/sys/class/block/vda": "../../devices/virtio3/block/vda"},
    )
    recorder = Recorder(machine, tmp_path / "host")
    recorder.read("/sys/class/block/vda/size")
    recorder.link("/sys/class/block/vda")
    recorder.finish()
    replay = Recording(tmp_path / "host")
    assert replay.read("/sys/class/block/vda/size") == b"42\n"
    assert replay.link("/sys/class/block/vda") == "../../devices/virtio3/block/vda"


def test_a_recording_that_was_not_finished_leaves_nothing(tmp_path: Path) -> None:
    recorder = Recorder(MACHINE, tmp_path / "host")
    ask_everything(recorder)
    recorder.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_link_out_of_the_recording_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of this machine")
    folder = tmp_path / "host/fs/etc"
    folder.mkdir(parents=True)
    (folder / "hostname").symlink_to(tmp_path / "secret")
    with pytest.raises(NotRecorded):
        Recording(tmp_path / "host").read("/etc/hostname")


def test_what_was_not_asked_is_not_recorded(recorded: Path) -> None:
    replay = Recording(recorded)
    with pytest.raises(NotRecorded):
        replay.run("dnf", "-C", "check-update")
    with pytest.raises(NotRecorded):
        replay.read("/etc/fstab")
    with pytest.raises(NotRecorded):
        replay.list("/sys/class/block")


def test_a_name_missing_from_a_listed_folder_does_not_exist(recorded: Path) -> None:
    with pytest.raises(FileMissing):
        Recording(recorded).read("/sys/class/dmi/id/board_serial")


def test_no_secret_of_another_process_is_written(recorded: Path) -> None:
    written = b"".join(f.read_bytes() for f in recorded.rglob("*") if f.is_file())
    assert b"hunter2" not in written
    assert b"s3cret" not in written
    assert b'"timeout"' in written


def test_redaction_hides_serials_and_names_and_keeps_relations(tmp_path: Path) -> None:
    recorder = Recorder(MACHINE, tmp_path / "host", Redaction(["alice", "root"]))
    ask_everything(recorder)
    recorder.finish()
    written = b"".join(f.read_bytes() for f in (tmp_path / "host").rglob("*") if f.is_file())
    assert SERIAL.encode() not in written
    assert b"alice" not in written
    replay = Recording(tmp_path / "host")
    assert replay.read("/home/name1/.config/kscreenlockerrc") == b"[Daemon]\n"
    assert replay.processes()[0].user == "name1"


def test_one_stand_in_an_identifier_and_one_identifier_a_stand_in() -> None:
    redact = Redaction()
    first = redact("52:54:00:12:34:56 and 52:54:00:12:34:57")
    assert first == redact("52:54:00:12:34:56 and 52:54:00:12:34:57")
    one, _, other = first.partition(" and ")
    assert one != other
    assert "12:34" not in first


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        ("E:ID_SERIAL_SHORT=S5H9NS0N1234\n", "S5H9NS0N1234"),
        ("E:ID_SCSI_SERIAL=S5H9NS0N1234\n", "S5H9NS0N1234"),
        ("E:ID_WWN_WITH_EXTENSION=0x5002538d4\n", "5002538d4"),
        ("S:disk/by-id/nvme-Maker_Disk_S5H9NS0N1234\n", "S5H9NS0N1234"),
        ("E:ID_FS_LABEL=Alices_disk\nE:X=1\n", "Alices"),
        ("E:ID_FS_UUID=1A2B-3C4D\n", "1A2B"),
        ("UUID=1A2B-3C4D /boot/efi vfat\n", "1A2B"),
        ('"serial": "S5H9NS0N1234", "x": 1', "S5H9NS0N1234"),
        ('"wwn":"eui.0025388b71", "x": 1', "0025388b71"),
        ("\tAsset Tag: Room 12\n\tX: 1\n", "Room 12"),
        (
            "systemd-cryptsetup@luks\\x2d0a1b2c3d\\x2d1111\\x2d2222\\x2d3333\\x2d444455556666",
            "0a1b2c3d",
        ),
        (
            '"unit":"dev-by\\\\x2d0a1b2c3d\\\\x2d1111\\\\x2d2222\\\\x2d3333\\\\x2d444455556666"',
            "0a1b2c3d",
        ),
        ("enx0a1b2c3d4e5f: flags", "0a1b2c3d4e5f"),
        ("inet6 fe80::81b:2cff:fe3d:4e5f/64", "3d:4e5f"),
        ("aid=0A1B2C3D4E5F0A1B2C3D4E5F0A1B2C3D", "0A1B2C3D"),
    ],
)
def test_redaction_knows_what_tells_one_machine_from_another(said: str, secret: str) -> None:
    redact = Redaction()
    written = redact(said)
    assert secret not in written
    assert redact(said) == written
    assert redact(written) == written


def test_redaction_reads_past_a_zero_byte_and_leaves_a_persons_databases_out(
    tmp_path: Path,
) -> None:
    files = {
        "/proc/device-tree/serial-number": b"100000001234abcd\0",
        "/home/alice/.config/dconf/user": b"GVariant\0 alice@example.org",
        "/etc/dconf/db/local": b"GVariant\0 240",
    }
    recorder = Recorder(FakeHost(files=files), tmp_path / "host", Redaction(["alice"]))
    for path, content in files.items():
        assert recorder.read(path) == content
    recorder.finish()
    replay = Recording(tmp_path / "host")
    assert b"1234abcd" not in replay.read("/proc/device-tree/serial-number")
    assert replay.read("/etc/dconf/db/local") == files["/etc/dconf/db/local"]
    with pytest.raises(NotRecorded):
        replay.read("/home/name1/.config/dconf/user")


def test_a_recording_is_never_mixed_with_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("")
    with pytest.raises(FileExistsError, match="not empty"):
        Recorder(MACHINE, tmp_path)


@pytest.mark.parametrize("content", ["stray\t/etc/x\n", "listed-ish\t/etc\tx\n"])
def test_a_broken_table_names_its_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "FILES.tsv").write_text("absent\t/etc/crypttab\n" + content)
    with pytest.raises(UnusableRecording, match=r"FILES.tsv:2"):
        Recording(tmp_path)


def test_a_folder_without_answers_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(UnusableRecording, match="not a recording"):
        Recording(tmp_path)
    with pytest.raises(UnusableRecording, match="not a folder"):
        Recording(tmp_path / "nowhere")


def test_the_same_question_in_another_form_is_answered(tmp_path: Path) -> None:
    (tmp_path / "cmd").mkdir()
    (tmp_path / "cmd" / "a.txt").write_text("Inst x\n")
    (tmp_path / "cmd" / "show.txt").write_text(
        "Id=ufw.service\nNames=ufw.service\nActiveState=active\n\n"
        "Id=mdatp.service\nNames=mdatp.service\nActiveState=inactive\n"
    )
    (tmp_path / "COMMANDS.tsv").write_text(
        "a.txt\trc=0\tapt-get -s -q dist-upgrade\n"
        "show.txt\trc=0\tsystemctl show --no-pager ufw.service mdatp.service\n"
    )
    replay = Recording(tmp_path)
    asked = ("apt-get", "-s", "-o", "Debug::NoLocking=true", "dist-upgrade")
    assert replay.run(*asked).text == "Inst x\n"
    shown = replay.run("systemctl", "show", "-p", "Id,ActiveState", "mdatp.service")
    assert "Id=mdatp.service" in shown.text
    assert "ufw" not in shown.text
    with pytest.raises(NotRecorded):
        replay.run("apt-get", "-s", "upgrade")
    with pytest.raises(NotRecorded):
        replay.run("systemctl", "show", "-p", "Id", "falcon-sensor.service")


def test_only_the_head_of_a_file_answers_only_for_its_head(tmp_path: Path) -> None:
    folder = tmp_path / "fs/var/lib/clamav"
    folder.mkdir(parents=True)
    (folder / "daily.cvd.first512").write_bytes(b"ClamAV-VDB:")
    replay = Recording(tmp_path)
    assert replay.list("/var/lib/clamav") == ("daily.cvd",)
    assert replay.head("/var/lib/clamav/daily.cvd", 6) == b"ClamAV"
    with pytest.raises(NotRecorded):
        replay.read("/var/lib/clamav/daily.cvd")


def test_what_opens_a_proxy_or_a_repository_is_not_written_down() -> None:
    redacted = Redaction()
    conf = (
        "[main]\nproxy=http://proxy.example:3128\nproxy_username=alice\nproxy_password = s3 cret\n"
    )
    said = redacted(conf + "baseurl=https://tokenuser:tok3n@repo.example/os\nbest=True\n")
    assert not [word for word in ("alice", "s3 cret", "tokenuser", "tok3n") if word in said]
    assert "proxy=http://proxy.example:3128\n" in said
    assert "@repo.example/os\nbest=True\n" in said
