"""Figures drawn as SVG: for reports that must show their charts with the network off and no script running."""

import math
from html import escape

from kehu.analyse import grid
from kehu.analyse.charts import sentence
from kehu.analyse.crosses import Cross, Drawn, totals
from kehu.analyse.figures import NONE, REST, Figure, spaced
from kehu.model.languages import Language

COLOURS = ("#0b6b80", "#e0a13a", "#5e73b8", "#93a3ad", "#5d9b6b", "#b8607f", "#8a6fb0", "#c77b4a", "#6b8a92")
GREY = "#b4bfc6"
"""Of whoever states nothing, and of the rest: they are no group."""
WIDTH, ROW, GAP, LABELS = 560, 22, 8, 180
TILE, CELL = 52, 44
HEADS = 42
"""Of cells: the room above them for what they are about, and for the names of the columns."""
LEFT, COLUMNS_WIDE, COLUMNS_HIGH, LINES = 56, 960, 220, 4
"""Of standing bars: the room of their scale, their own, and how many lines it has above nought."""
WIDEST = 80
"""A few of them are no broader than this."""
NAMED_COLUMNS = 12
"""So many of them have room for a name."""
LEAST_INK = 0.08
"""The faintest tile can still be seen."""


def pie(figure: Figure, language: Language) -> str:
    """The figure as a ring, with its total in the middle; an SVG element."""
    radius, hole, middle = 120, 68, 140
    arcs, start = [], 0.0
    for place, part in enumerate(figure.slices):
        share = part.customers / (figure.total or 1)
        label = f"{part.label(language)}: {part.customers:,}"
        arcs.append(_arc(middle, radius, hole, start, start + share, colour(part.code, place), label))
        start += share
    style = 'text-anchor="middle" font-size="24" font-weight="600"'
    total = f'<text x="{middle}" y="{middle + 8}" {style}>{figure.total:,}</text>'
    return _svg(2 * middle, 2 * middle, sentence(figure, language), "".join(arcs) + total)


def colour(code: str, place: int) -> str:
    """The colour of a code that stands in this place."""
    return GREY if code in (NONE, REST) else COLOURS[place % len(COLOURS)]


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
            f'<rect x="{LABELS}" y="{top}" width="{length:.1f}" height="{ROW}" rx="2" fill="{colour(part.code, 0)}">'
            f"<title>{escape(label)}: {part.customers:,}</title></rect>"
            f'<text x="{LABELS + length + 8:.1f}" y="{top + 16}" font-size="13">{part.customers:,}</text>'
        )
    height = len(figure.slices) * (ROW + GAP) or ROW
    return _svg(WIDTH, height, sentence(figure, language), "".join(drawn))


def columns(figure: Figure, language: Language) -> str:
    """The figure as standing bars, side by side in their order, some of them named; an SVG element."""
    parts = spaced(figure)
    most = _height(max((part.customers for part in parts), default=1))
    step = min(COLUMNS_WIDE / (len(parts) or 1), WIDEST)
    named = -(-len(parts) // NAMED_COLUMNS)
    drawn = []
    for line in range(LINES + 1):
        top = COLUMNS_HIGH * (1 - line / LINES) + GAP
        drawn.append(
            f'<text x="{LEFT - 8}" y="{top + 4:.1f}" text-anchor="end" font-size="11">{most * line // LINES:,}</text>'
            f'<line x1="{LEFT}" x2="{LEFT + COLUMNS_WIDE}" y1="{top:.1f}" y2="{top:.1f}" stroke="currentColor" '
            'stroke-opacity=".15"/>'
        )
    for place, part in enumerate(parts):
        left, high = LEFT + place * step, part.customers / most * COLUMNS_HIGH
        label = escape(part.label(language))
        if part.customers:
            drawn.append(
                f'<rect x="{left + step * 0.1:.1f}" y="{COLUMNS_HIGH + GAP - high:.1f}" width="{step * 0.8:.1f}" '
                f'height="{high:.1f}" fill="{colour(part.code, 0)}"><title>{label}: {part.customers:,}</title></rect>'
            )
        if place % named == 0:
            drawn.append(
                f'<text x="{left + step / 2:.1f}" y="{COLUMNS_HIGH + 30}" text-anchor="middle" font-size="11">{label}'
                "</text>"
            )
    return _svg(LEFT + COLUMNS_WIDE + 24, COLUMNS_HIGH + 40, sentence(figure, language), "".join(drawn))


def _height(most: int) -> int:
    """The end of a scale whose every line is a round number.

    >>> [_height(most) for most in (1, 6, 14, 157, 2600)]
    [4, 8, 16, 160, 3200]
    """
    least = -(-most // LINES)
    ten = int(10 ** (len(str(least)) - 1))
    return next(many * ten for many in (1, 2, 3, 4, 5, 6, 8, 10) if many * ten >= least) * LINES


def tiles(figure: Figure, language: Language) -> str:
    """The provinces as tiles of a map, the fuller the more; an SVG element."""
    # Who lives nowhere on it, many perhaps, would make all tiles alike.
    most = max((part.customers for part in figure.slices if grid.tile(part.code) is not None), default=1)
    drawn = []
    for part in figure.slices:
        place = grid.tile(part.code)
        if place is None:
            continue
        left, top = place[0] * TILE, place[1] * TILE
        told = f"{escape(part.label(language))}: {part.customers:,}"
        drawn.append(
            _tile(left, top, TILE - 4, part.customers / most, told)
            + f'<text x="{left + 24}" y="{top + 22}" text-anchor="middle" font-size="12">{grid.short(part.code)}</text>'
            f'<text x="{left + 24}" y="{top + 38}" text-anchor="middle" font-size="10">{part.customers:,}</text>'
        )
    return _svg(grid.WIDE * TILE, grid.HIGH * TILE, sentence(figure, language), "".join(drawn))


def crossed(cross: Cross, language: Language) -> str:
    """A cross as its kind says; an SVG element."""
    draw = {Drawn.HEAT: _heat, Drawn.STACKED: _stacked, Drawn.FLOW: _flow}[cross.kind.drawn]
    return draw(cross, language)


def _heat(cross: Cross, language: Language) -> str:
    most = max((cell.value for cell in cross.cells), default=0) or 1
    names = escape(cross.row_words(language)), escape(cross.column_words(language))
    drawn = [
        f'<text x="{LABELS - 10}" y="14" text-anchor="end" font-size="11" fill-opacity=".7">{names[0]}</text>',
        f'<text x="{LABELS}" y="14" font-size="11" fill-opacity=".7">{names[1]}</text>',
    ]
    for at, row in enumerate(cross.rows):
        label = escape(cross.label(row, language, of_row=True)[:24])
        drawn.append(
            f'<text x="{LABELS - 10}" y="{HEADS + at * ROW + 16}" text-anchor="end" font-size="13">{label}</text>'
        )
    for at, column in enumerate(cross.columns):
        label = escape(cross.label(column, language)[:8])
        middle = LABELS + at * CELL + CELL / 2
        drawn.append(f'<text x="{middle}" y="{HEADS - 6}" text-anchor="middle" font-size="12">{label}</text>')
    rows, columns = list(cross.rows), list(cross.columns)
    for cell in cross.cells:
        left, top = LABELS + columns.index(cell.column) * CELL, HEADS + rows.index(cell.row) * ROW
        told = f"{escape(cell.row)}, {escape(cell.column)}: {cell.value:,}"
        drawn.append(_tile(left, top, CELL - 2, cell.value / most, told, high=ROW - 2))
    wide = max(len(columns) * CELL, 12 * len(names[1]))
    size = LABELS + wide, HEADS + len(rows) * ROW
    return _svg(*size, cross.title(language), "".join(drawn))


def _stacked(cross: Cross, language: Language) -> str:
    most, room = max(totals(cross).values(), default=1), WIDTH - LABELS - 20
    drawn, left = [], 0.0
    for at, column in enumerate(cross.columns):
        label = escape(cross.label(column, language))
        drawn.append(
            f'<rect x="{left}" y="2" width="12" height="12" fill="{COLOURS[at % len(COLOURS)]}"/>'
            f'<text x="{left + 18}" y="13" font-size="12">{label}</text>'
        )
        left += 40 + 12 * len(label)
    for place, row in enumerate(cross.rows):
        top, begin = ROW + GAP + place * (ROW + GAP), float(LABELS)
        label = escape(cross.label(row, language, of_row=True)[:24])
        drawn.append(f'<text x="{LABELS - 10}" y="{top + 16}" text-anchor="end" font-size="13">{label}</text>')
        for at, column in enumerate(cross.columns):
            value = cross.value(row, column) or 0
            length = value / most * room
            told = f"<title>{label}, {escape(cross.label(column, language))}: {value:,}</title>"
            drawn.append(
                f'<rect x="{begin:.1f}" y="{top}" width="{length:.1f}" height="{ROW}" '
                f'fill="{COLOURS[at % len(COLOURS)]}">{told}</rect>'
            )
            begin += length
    height = ROW + GAP + len(cross.rows) * (ROW + GAP)
    return _svg(int(max(WIDTH, left)), height, cross.title(language), "".join(drawn))


def _flow(cross: Cross, language: Language) -> str:
    """Bands from the rows on the left to the columns on the right, as thick as their values."""
    high, gap, left, right = 320, 12, LABELS, WIDTH - LABELS
    whole = sum(cell.value for cell in cross.cells) or 1
    unit = (high - gap * max(len(cross.rows), len(cross.columns), 1)) / whole
    # A channel has one colour on both sides.
    known = list(dict.fromkeys([*cross.rows, *cross.columns]))
    colours = {code: colour(code, at) for at, code in enumerate(known)}
    drawn, starts = [], []
    for side, (codes, x, anchor, text_x) in enumerate(
        ((cross.rows, left, "end", left - 8), (cross.columns, right, "start", right + 20))
    ):
        top, place = 0.0, {}
        for code in codes:
            size = unit * sum(cell.value for cell in cross.cells if (cell.column if side else cell.row) == code)
            label = escape(cross.label(code, language, of_row=not side)[:24])
            drawn.append(
                f'<rect x="{x}" y="{top:.1f}" width="12" height="{max(size, 1):.1f}" fill="{colours[code]}"/>'
                f'<text x="{text_x}" y="{top + size / 2 + 5:.1f}" text-anchor="{anchor}" font-size="13">{label}</text>'
            )
            place[code], top = top, top + size + gap
        starts.append(place)
    for cell in cross.cells:
        thick = cell.value * unit
        y0, y1 = starts[0][cell.row] + thick / 2, starts[1][cell.column] + thick / 2
        starts[0][cell.row] += thick
        starts[1][cell.column] += thick
        middle = (left + right) / 2
        told = f"<title>{escape(cell.row)} → {escape(cell.column)}: {cell.value:,}</title>"
        drawn.append(
            f'<path d="M{left + 12} {y0:.1f}C{middle} {y0:.1f} {middle} {y1:.1f} {right} {y1:.1f}" fill="none" '
            f'stroke="{colours[cell.row]}" stroke-opacity=".4" '
            f'stroke-width="{thick:.1f}">{told}</path>'
        )
    return _svg(WIDTH, high, cross.title(language), "".join(drawn))


def _tile(left: float, top: float, wide: float, share: float, told: str, *, high: float | None = None) -> str:
    ink = LEAST_INK + (1 - LEAST_INK) * share * 0.8
    return (
        f'<rect x="{left}" y="{top}" width="{wide}" height="{high or wide}" rx="3" fill="var(--tile, {COLOURS[0]})" '
        f'fill-opacity="{ink:.2f}"><title>{told}</title></rect>'
    )


def _arc(middle: int, radius: int, hole: int, start: float, end: float, ink: str, label: str) -> str:
    title = f"<title>{escape(label)}</title>"
    if end - start > 0.9999:
        # An arc from a point to itself is none.
        ring = (radius + hole) / 2
        return (
            f'<circle cx="{middle}" cy="{middle}" r="{ring}" fill="none" stroke="{ink}" '
            f'stroke-width="{radius - hole}">{title}</circle>'
        )
    (ax, ay), (bx, by) = _point(middle, radius, start), _point(middle, radius, end)
    (cx, cy), (dx, dy) = _point(middle, hole, end), _point(middle, hole, start)
    large = int(end - start > 0.5)
    path = (
        f"M{ax:.2f} {ay:.2f}A{radius} {radius} 0 {large} 1 {bx:.2f} {by:.2f}"
        f"L{cx:.2f} {cy:.2f}A{hole} {hole} 0 {large} 0 {dx:.2f} {dy:.2f}Z"
    )
    return f'<path d="{path}" fill="{ink}" stroke="Canvas" stroke-width="2">{title}</path>'


def _point(middle: int, radius: int, share: float) -> tuple[float, float]:
    angle = 2 * math.pi * share
    return middle + radius * math.sin(angle), middle - radius * math.cos(angle)


def _svg(width: int, height: int, told: str, drawn: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(told)}" fill="currentColor">{drawn}</svg>'
    )
