"""Drawings as SVG of lines and areas alone: no word, no script, nothing from elsewhere."""

from collections.abc import Sequence

GREEN, RED, AMBER, GREY, INK = "#2f855a", "#c53030", "#b7791f", "#718096", "#2c5282"
WIDTH, HEIGHT, EDGE = 96, 20, 2
LEAST_SPAN = 20.0


def trend(values: Sequence[float | None]) -> str:
    """A line over the packs, of shares in per cent; None: there was no answer.

    Its height is the breadth of the values, but never less than LEAST_SPAN points of them.

    >>> trend([0, 100]).count("<polyline"), trend([50, None, 70, 80]).count("<polyline")
    (1, 1)
    """
    step = (WIDTH - 2 * EDGE) / max(1, len(values) - 1)
    known = [value for value in values if value is not None]
    low = max(0.0, min(min(known, default=0), max(known, default=0) - LEAST_SPAN))
    span = max(LEAST_SPAN, max(known, default=0) - low)
    places = [
        (EDGE + step * place, HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * (value - low) / span)
        for place, value in enumerate(values)
        if value is not None
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    drawn = f'<polyline points="{line}" fill="none" stroke="{INK}" stroke-width="1.5"/>'
    if places:
        x, y = places[-1]
        drawn += f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{INK}"/>'
    rest = f'<path d="M0 {HEIGHT - 0.5}H{WIDTH}" stroke="#cbd5e0"/>'
    return _svg(WIDTH, HEIGHT, rest + drawn)


def shares(parts: Sequence[tuple[int, str]], height: int = 14, width: int = 640) -> str:
    """One bar, cut into parts of a colour each."""
    every = sum(count for count, _ in parts)
    drawn, left = f'<rect width="{width}" height="{height}" fill="#edf2f7"/>', 0.0
    for count, colour in parts:
        if count:
            size = width * count / every
            drawn += f'<rect x="{left:.2f}" width="{size:.2f}" height="{height}" fill="{colour}"/>'
            left += size
    return _svg(width, height, drawn)


def _svg(width: int, height: int, drawn: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" preserveAspectRatio="none" aria-hidden="true">'
        f"{drawn}</svg>"
    )
