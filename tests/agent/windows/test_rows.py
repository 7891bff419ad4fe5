"""Properties of CIM rows in every spelling they come in."""

from datetime import UTC, datetime

import pytest

from agent.host import Unparsable
from agent.windows import rows


@pytest.mark.parametrize(
    ("said", "hour"),
    [
        ("20260101120000.000000+060", 11),
        ("20260101120000.000000-300", 17),
        ("20260101120000.000000+000", 12),
        ("2026-01-01T12:00:00Z", 12),
        ("2026-01-01T12:00:00+02:00", 10),
        ("/Date(1767268800000)/", 12),
    ],
)
def test_a_time_is_taken_to_utc_by_the_offset_it_carries(said: str, hour: int) -> None:
    assert rows.moment({"at": said}, "at") == datetime(2026, 1, 1, hour, tzinfo=UTC)


@pytest.mark.parametrize("never", ["/Date(-11644473600000)/", "1899-12-30T00:00:00Z", None, ""])
def test_the_zero_of_a_clock_is_never_and_no_date(never: str | None) -> None:
    assert rows.moment({"at": never}, "at") is None


@pytest.mark.parametrize("said", ["01/02/2026 12:00:00", "01.02.2026", "2026-01-01T12:00:00", "x"])
def test_a_time_in_the_words_of_some_country_is_not_read(said: str) -> None:
    with pytest.raises(Unparsable):
        rows.moment({"at": said}, "at")
