"""The first sheet of the workbook: the sums, and two charts of them."""

from typing import Any

from collector.export.heading import Heading, Totals
from collector.export.safe import moment
from collector.model import Compliance, Status
from collector.policy import RULES, title

STATES = (
    Compliance.COMPLIANT, Compliance.NON_COMPLIANT, Compliance.UNKNOWN, Compliance.STALE,
)  # fmt: skip
COLOURS = {
    Compliance.COMPLIANT: "#2f855a", Compliance.NON_COMPLIANT: "#c53030",
    Compliance.UNKNOWN: "#b7791f", Compliance.STALE: "#718096",
    Status.PASS: "#2f855a", Status.FAIL: "#c53030",
    Status.UNKNOWN: "#b7791f", Status.NOT_APPLICABLE: "#cbd5e0",
}  # fmt: skip
STATUSES = (Status.PASS, Status.FAIL, Status.UNKNOWN, Status.NOT_APPLICABLE)
FIRST = 9
"""The row of the first table's header, from nought."""


def write(book: Any, sheet: Any, formats: dict[str, Any], heading: Heading, totals: Totals) -> None:
    sheet.set_column(0, 0, 46)
    sheet.set_column(1, 6, 15)
    sheet.write_string(0, 0, "Posture of the fleet", formats["title"])
    facts = (
        ("As of", moment(heading.as_of)),
        ("Compared with", moment(heading.since) if heading.since else "no pack before"),
        ("Collector", f"{heading.collector} ({heading.environment})"),
        ("Devices", heading.scope if heading.scope != "all" else "all in service"),
        ("Policy version", str(heading.policy_version)),
        ("Never reported", str(totals.never_reported)),
    )
    for row, (name, said) in enumerate(facts, 1):
        sheet.write_string(row, 0, name, formats["bold"])
        sheet.write_string(row, 1, said)
    last = _states(book, sheet, formats, totals)
    _rules(book, sheet, formats, totals, last + 3)


def _states(book: Any, sheet: Any, formats: dict[str, Any], totals: Totals) -> int:
    _header(sheet, formats, FIRST, ("Devices by state", "devices", "share"))
    every = sum(totals.devices.values())
    for row, state in enumerate(STATES, FIRST + 1):
        count = totals.devices[state]
        sheet.write_string(row, 0, state.value.replace("_", "-"))
        sheet.write_number(row, 1, count)
        sheet.write_number(row, 2, count / every if every else 0, formats["percent"])
    last = FIRST + len(STATES)
    chart = book.add_chart({"type": "bar"})
    points = [{"fill": {"color": COLOURS[state]}} for state in STATES]
    series = {"categories": ["summary", FIRST + 1, 0, last, 0], "points": points, "gap": 40}
    chart.add_series(
        series | {"values": ["summary", FIRST + 1, 1, last, 1], "data_labels": {"value": True}}
    )
    chart.set_title({"name": "Devices by state", "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True})
    chart.set_size({"width": 560, "height": 240})
    sheet.insert_chart(0, 7, chart)
    return last


def _rules(book: Any, sheet: Any, formats: dict[str, Any], totals: Totals, first: int) -> None:
    names = ("Devices by rule", *(status.value.replace("_", " ") for status in STATUSES))
    _header(sheet, formats, first, (*names, "counting"))
    known = [rule.id for rule in RULES if any(totals.rules[rule.id, s.value] for s in STATUSES)]
    for row, rule_id in enumerate(known, first + 1):
        sheet.write_string(row, 0, title(rule_id))
        for place, status in enumerate(STATUSES, 1):
            sheet.write_number(row, place, totals.rules[rule_id, status.value])
        sheet.write_number(row, len(STATUSES) + 1, totals.counting[rule_id])
    if not known:
        return
    last = first + len(known)
    chart = book.add_chart({"type": "bar", "subtype": "percent_stacked"})
    for place, status in enumerate(STATUSES, 1):
        chart.add_series(
            {
                "name": ["summary", first, place],
                "categories": ["summary", first + 1, 0, last, 0],
                "values": ["summary", first + 1, place, last, place],
                "fill": {"color": COLOURS[status]},
                "gap": 40,
            }
        )
    chart.set_title({"name": "Devices by rule", "name_font": {"size": 12}})
    chart.set_legend({"position": "bottom"})
    chart.set_y_axis({"reverse": True})
    chart.set_size({"width": 760, "height": 110 + 34 * len(known)})
    sheet.insert_chart(13, 7, chart)


def _header(sheet: Any, formats: dict[str, Any], row: int, names: tuple[str, ...]) -> None:
    for column, name in enumerate(names):
        sheet.write_string(row, column, name, formats["head"])
