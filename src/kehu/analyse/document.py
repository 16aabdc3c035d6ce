"""The report as one HTML file: every figure with its chart and its table, nothing fetched, no script."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from kehu.analyse import drawing, grid
from kehu.analyse.crosses import Cross
from kehu.analyse.figures import MONTHLY, Figure
from kehu.model.languages import Language

PIES = frozenset({"category", "kind", "gender"})
"""Figures that are drawn as a ring; provinces are tiles, months stand, and all others are lying bars."""

LONG = 24
"""Longer tables are closed at first: a chart tells more than a hundred rows."""

_STYLE = """
:root { color-scheme: light dark; --line: #dfe5e8; --soft: #51636e; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1.5rem; color: #16242c; background: #fff;
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
header p, caption { color: var(--soft); }
section { display: flex; flex-wrap: wrap; gap: 2rem; align-items: start; padding: 1.5rem 0;
  border-top: 1px solid var(--line); break-inside: avoid; }
h2 { flex: 0 0 100%; margin: 0; font-size: 1.125rem; }
svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; min-width: 18rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .75rem; border-bottom: 1px solid var(--line); text-align: start; font-weight: 400; }
td { text-align: end; }
.key { display: inline-block; width: .7em; height: .7em; margin-inline-end: .5em; border-radius: 50%; }
thead th:not(:first-child) { text-align: end; }
section > p { margin: 0; color: var(--soft); }
section:has(> p) { gap: .25rem 2rem; padding: .75rem 0; }
thead th { color: var(--soft); font-size: .875rem; }
@media (prefers-color-scheme: dark) {
  body { color: #e3eaed; background: #0e171d; }
  :root { --line: #293842; --soft: #9fb0b9; --tile: #5cc0d4; }
}
summary { color: var(--soft); cursor: pointer; }
@media print {
  body { margin: 0; }
  summary { display: none; }
  details::details-content { content-visibility: visible; }
}
"""

_TEXTS = {
    "title": ("客户分析报告", "Customers: a report"),
    "counted": ("统计时间：{at}", "Counted at {at}"),
    "code": ("取值", "Value"),
    "customers": ("数量", "Count"),
    "share": ("占比", "Share"),
    "none": ("无数据", "nothing counted"),
    "table": ("以表格显示", "As a table"),
}


def html(figures: Sequence[Figure | Cross], language: Language, *, at: datetime) -> str:
    """The whole file.

    Args:
        figures: What it tells, in this order; those of which nothing is told come last.
        language: Of titles and labels.
        at: When it was counted, in the zone of the reader.
    """

    def say(name: str) -> str:
        zh, en = _TEXTS[name]
        return zh if language is Language.ZH else en

    sections = "".join(
        _crossed(figure, language, say("none"))
        if isinstance(figure, Cross)
        else _section(figure, language, say("code"), say("customers"), say("share"), say("none"), say("table"))
        for figure in sorted(figures, key=_is_empty)
    )
    counted = say("counted").format(at=f"{at:%Y-%m-%d %H:%M} {at.tzname()}")
    tag = "zh-Hans" if language is Language.ZH else "en"
    return (
        f'<!doctype html>\n<html lang="{tag}"><head><meta charset="utf-8"><title>{say("title")}</title>'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><header><h1>{say('title')}</h1><p>{escape(counted)}</p></header><main>{sections}</main></body></html>\n"
    )


def _is_empty(figure: Figure | Cross) -> bool:
    return not (figure.cells if isinstance(figure, Cross) else figure.total)


def _section(figure: Figure, language: Language, code: str, customers: str, share: str, none: str, summary: str) -> str:
    title = escape(figure.title(language))
    if not figure.total:
        return f"<section><h2>{title}</h2><p>{none}</p></section>"
    chart = _drawn(figure, language)
    rows = "".join(
        f'<tr><th scope="row">{_key(figure, place)}{escape(part.label(language))}</th><td>{part.customers:,}</td>'
        f"<td>{part.percent:.1f}%</td></tr>"
        for place, part in enumerate(figure.slices)
    )
    head = "".join(f'<th scope="col">{words}</th>' for words in (code, customers, share))
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    if len(figure.slices) > LONG:
        table = f"<details><summary>{summary}</summary>{table}</details>"
    return f"<section><h2>{title}</h2>{chart}{table}</section>"


def _key(figure: Figure, place: int) -> str:
    """The colour by which a slice of a ring is known; bars have their names."""
    if figure.name not in PIES:
        return ""
    return f'<span class="key" style="background: {drawing.colour(figure.slices[place].code, place)}"></span>'


def _drawn(figure: Figure, language: Language) -> str:
    if figure.name in PIES:
        return drawing.pie(figure, language)
    if is_map(figure):
        return drawing.tiles(figure, language)
    if figure.name in MONTHLY:
        return drawing.columns(figure, language)
    return drawing.bars(figure, language)


def is_map(figure: Figure) -> bool:
    """Whether most of a figure lies on the grid of provinces."""
    return figure.name == "province" and sum(grid.tile(part.code) is not None for part in figure.slices) > 1


def _crossed(cross: Cross, language: Language, none: str) -> str:
    title = escape(cross.title(language))
    if not cross.cells:
        return f"<section><h2>{title}</h2><p>{none}</p></section>"
    heads = "".join(f'<th scope="col">{escape(cross.label(code, language))}</th>' for code in cross.columns)
    rows = "".join(
        f'<tr><th scope="row">{escape(cross.label(row, language, of_row=True))}</th>'
        + "".join(f"<td>{'' if value is None else f'{value:,}'}</td>" for value in values)
        + "</tr>"
        for row, values in cross.table()
    )
    corner = escape(f"{cross.row_words(language)} \\ {cross.column_words(language)}")
    return (
        f"<section><h2>{title}</h2>{drawing.crossed(cross, language)}<table><thead><tr>"
        f'<th scope="col">{corner}</th>{heads}</tr></thead><tbody>{rows}</tbody></table></section>'
    )
