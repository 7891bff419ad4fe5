"""Packs over the API: the schedule by role, taken somewhere again, and fetched as one wants it."""

from collector.accounts.roles import Role
from collector.store import deliveries, exports
from tests.collector.web.api.desk import Desk, Program


def pack(desk: Desk, variant: str, *endings: str) -> int:
    """One that is there, with a file for each ending."""
    now, store = desk.clock(), desk.store
    number, _ = store.write(lambda c: exports.ask(c, variant, now, "eve", now))
    folder = store.path.parent / "packs"
    folder.mkdir(exist_ok=True)
    for ending in endings:
        (folder / f"pack{ending}").write_bytes(ending.encode())
    store.write(lambda c: exports.done(c, number, "pack.zip", 7, "00", now))
    return number


def test_the_schedule_shows_everybody_the_packs_that_they_may_see(
    desk: Desk, owner: Program
) -> None:
    whole, part = (
        owner.get("/exports/schedule"),
        desk.programs[Role.VIEWER].get("/exports/schedule"),
    )
    assert whole["packs"] == ["all", "all+pseudonyms"]
    assert part["packs"] == ["all+pseudonyms"]
    assert whole["next_at"] == part["next_at"] > f"{desk.clock():%Y-%m-%d}"
    (place,) = whole["places"]
    assert (place["name"], place["kind"], place["packs"]) == (
        "share", "directory", ["all+pseudonyms"],
    )  # fmt: skip
    assert desk.programs[Role.HELPDESK].ask("GET", "/exports/schedule").status_code == 404


def test_a_pack_is_taken_again_to_one_place_or_to_all(desk: Desk, owner: Program) -> None:
    number = pack(desk, "all+pseudonyms", ".zip")
    for body in ({}, {"to": "share"}):
        told = owner.ask("POST", f"/exports/{number}/deliver", body).json()
        assert [(each["to"], each["state"]) for each in told["deliveries"]] == [
            ("share", "waiting")
        ]
    (waiting,) = desk.store.read(lambda c: deliveries.of_run(c, number))
    assert waiting.next_at == desk.clock()
    refused = owner.ask("POST", f"/exports/{number}/deliver", {"to": "mars"})
    assert (refused.status_code, "give one of share" in refused.text) == (400, True)
    named = pack(desk, "all", ".zip")
    assert owner.ask("POST", f"/exports/{named}/deliver", {}).status_code == 409
    viewer = desk.programs[Role.VIEWER]
    assert viewer.ask("POST", f"/exports/{named}/deliver", {}).status_code == 404


def test_the_encrypted_file_is_given_to_who_asks_for_it(desk: Desk, owner: Program) -> None:
    number = pack(desk, "all", ".zip", ".zip.age")
    files = {
        wanted: owner.ask("GET", f"/exports/{number}/file{wanted}").content
        for wanted in ("", "?as=zip", "?as=age")
    }
    assert files == {"": b".zip", "?as=zip": b".zip", "?as=age": b".zip.age"}
    (desk.store.path.parent / "packs" / "pack.zip").unlink()
    assert owner.ask("GET", f"/exports/{number}/file").content == b".zip.age"
    assert owner.ask("GET", f"/exports/{number}/file?as=zip").status_code == 404
