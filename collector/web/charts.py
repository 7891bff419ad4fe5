"""Plots as inline SVG, drawn here: no script, no style of their own, no word of a device.

The stylesheet colours them by the classes of their series, so that they follow light and dark.
Beside each plot its page has the same numbers as a table; readers of the screen skip the plot.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

WIDTH, HEIGHT = 640, 220
MOST_LABELS = 8
DROPPED = {"defs", "desc", "title", "script", "style"}
DROPPED_CLASSES = ("tooltip-overlay", "text-overlay", "titles", "legends")


@dataclass(frozen=True, slots=True)
class Series:
    """One line or row of bars; `kind` is the class that colours it. None: not known that day."""

    kind: str
    label: str
    values: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """`svg` says what the table says; `days` and `series` are the table."""

    svg: Markup
    days: tuple[date, ...]
    series: tuple[Series, ...]

    @property
    def is_empty(self) -> bool:
        return not any(value for each in self.series for value in each.values)


def _library() -> Any:
    """pygal, without the finder of maps that it leaves among Python's own: it speaks the protocol
    of before Python 3.4, and every import after it would warn of that (PEP 451).
    """
    import pygal

    sys.meta_path[:] = [
        finder for finder in sys.meta_path if type(finder).__name__ != "PluginImportFixer"
    ]
    return pygal


@lru_cache(maxsize=32)
def lines(days: tuple[date, ...], series: tuple[Series, ...]) -> Plot:
    """One line a series over the days. Drawing takes longer than a page may: it is kept."""
    pygal = _library()
    return _plot(pygal.Line(**_options(days), show_dots=len(days) == 1), days, series)


@lru_cache(maxsize=32)
def bars(days: tuple[date, ...], series: tuple[Series, ...]) -> Plot:
    """A group of bars a day. Kept, as `lines`."""
    pygal = _library()
    return _plot(pygal.Bar(**_options(days)), days, series)


def _options(days: Sequence[date]) -> dict[str, Any]:
    labels = [f"{day.day}/{day.month}" for day in days]
    every = max(1, -(-len(days) // MOST_LABELS))
    return {
        "js": [],
        "css": [],
        "width": WIDTH,
        "height": HEIGHT,
        "margin": 8,
        "show_legend": False,
        "explicit_size": False,
        "disable_xml_declaration": True,
        "include_x_axis": True,
        "x_labels": labels,
        "x_labels_major": labels[::-1][::every],
        "show_minor_x_labels": False,
        "max_scale": 5,
        "min_scale": 2,
        "order_min": 0,
        "truncate_label": -1,
        "formatter": lambda value: f"{value:,.0f}",
    }


def _plot(chart: Any, days: Sequence[date], series: Sequence[Series]) -> Plot:
    for each in series:
        chart.add(each.label, list(each.values))
    kinds = [each.kind for each in series]
    chart.add_xml_filter(lambda root: _plain(root, kinds))
    drawn = chart.render()
    svg = drawn.decode() if isinstance(drawn, bytes) else drawn
    return Plot(Markup(svg), tuple(days), tuple(series))  # noqa: S704 - our numbers and words


def _plain(root: "Element", kinds: Sequence[str]) -> "Element":
    """Without what a strict content policy forbids, and with our classes on the series."""
    _strip(root)
    root.attrib.pop("id", None)
    root.set("class", "plot-svg")
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    for element in root.iter():
        element.attrib.pop("style", None)
        classes = element.get("class", "").split()
        for number, kind in enumerate(kinds):
            if "series" in classes and f"serie-{number}" in classes:
                element.set("class", f"series {kind}")
    return root


def _strip(element: "Element") -> None:
    for child in list(element):
        tag: Any = child.tag  # a comment has a function here
        name = tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""
        dropped = any(each in child.get("class", "").split() for each in DROPPED_CLASSES)
        if not name or name in DROPPED or dropped:
            element.remove(child)
        else:
            _strip(child)
