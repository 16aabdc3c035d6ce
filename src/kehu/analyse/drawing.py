"""Figures drawn as SVG: for reports that must show their charts with the network off and no script running."""

import math
from html import escape

from kehu.analyse.charts import sentence
from kehu.analyse.figures import Figure
from kehu.model.languages import Language

COLOURS = ("#0b6b80", "#e0a13a", "#5e73b8", "#93a3ad", "#5d9b6b", "#b8607f", "#8a6fb0", "#c77b4a", "#6b8a92")
WIDTH, ROW, GAP, LABELS = 560, 22, 8, 180


def pie(figure: Figure, language: Language) -> str:
    """The figure as a ring, with its total in the middle; an SVG element."""
    radius, hole, middle = 120, 68, 140
    arcs, start = [], 0.0
    for place, part in enumerate(figure.slices):
        share = part.customers / (figure.total or 1)
        arcs.append(
            _arc(middle, radius, hole, start, start + share, COLOURS[place % len(COLOURS)], part.label(language))
        )
        start += share
    style = 'text-anchor="middle" font-size="24" font-weight="600"'
    total = f'<text x="{middle}" y="{middle + 8}" {style}>{figure.total:,}</text>'
    return _svg(2 * middle, 2 * middle, sentence(figure, language), "".join(arcs) + total)


def bars(figure: Figure, language: Language) -> str:
    """The figure as lying bars, each with its label and count; an SVG element."""
    most = max((part.customers for part in figure.slices), default=1)
    room = WIDTH - LABELS - 90
    drawn = []
    for place, part in enumerate(figure.slices):
        top, length = place * (ROW + GAP), max(1.0, part.customers / most * room)
        label = part.label(language)
        drawn.append(
            f'<text x="{LABELS - 10}" y="{top + 16}" text-anchor="end" font-size="13">{escape(label[:24])}</text>'
            f'<rect x="{LABELS}" y="{top}" width="{length:.1f}" height="{ROW}" rx="2" fill="{COLOURS[0]}">'
            f"<title>{escape(label)}: {part.customers:,}</title></rect>"
            f'<text x="{LABELS + length + 8:.1f}" y="{top + 16}" font-size="13">{part.customers:,}</text>'
        )
    height = len(figure.slices) * (ROW + GAP) or ROW
    return _svg(WIDTH, height, sentence(figure, language), "".join(drawn))


def _arc(middle: int, radius: int, hole: int, start: float, end: float, colour: str, label: str) -> str:
    title = f"<title>{escape(label)}</title>"
    if end - start > 0.9999:
        # An arc from a point to itself is none.
        ring = (radius + hole) / 2
        return (
            f'<circle cx="{middle}" cy="{middle}" r="{ring}" fill="none" stroke="{colour}" '
            f'stroke-width="{radius - hole}">{title}</circle>'
        )
    (ax, ay), (bx, by) = _point(middle, radius, start), _point(middle, radius, end)
    (cx, cy), (dx, dy) = _point(middle, hole, end), _point(middle, hole, start)
    large = int(end - start > 0.5)
    path = (
        f"M{ax:.2f} {ay:.2f}A{radius} {radius} 0 {large} 1 {bx:.2f} {by:.2f}"
        f"L{cx:.2f} {cy:.2f}A{hole} {hole} 0 {large} 0 {dx:.2f} {dy:.2f}Z"
    )
    return f'<path d="{path}" fill="{colour}" stroke="#fff" stroke-width="2">{title}</path>'


def _point(middle: int, radius: int, share: float) -> tuple[float, float]:
    angle = 2 * math.pi * share
    return middle + radius * math.sin(angle), middle - radius * math.cos(angle)


def _svg(width: int, height: int, told: str, drawn: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(told)}" fill="currentColor">{drawn}</svg>'
    )
