"""Figures as a PNG, by matplotlib and seaborn: the extra `plots`."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from kehu.analyse.crosses import Cross
from kehu.analyse.document import PIES
from kehu.analyse.drawing import COLOURS, colour
from kehu.analyse.figures import MONTHLY, Figure, spaced
from kehu.errors import SettingsError
from kehu.model.languages import Language

FONTS = ("Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", "PingFang SC", "WenQuanYi Micro Hei", "SimHei")
"""Fonts with Chinese characters, the first that is there is taken."""

SHORTEST, ROW = 3.6, 0.2
"""Inches that a chart is high at the least, and that a row of it takes."""
NAMED_MONTHS = 6
"""So many months have room for a name."""


def png(figures: Sequence[Figure | Cross], language: Language) -> bytes:
    """One picture with a chart a figure.

    Raises:
        SettingsError: The extra `plots` is not installed.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415  (an extra)
        import seaborn as sns  # noqa: PLC0415
        from matplotlib import font_manager  # noqa: PLC0415
        from matplotlib.figure import Figure as Canvas  # noqa: PLC0415
    except ImportError:
        raise SettingsError("--format png needs matplotlib and seaborn: pip install 'kehu[plots]'") from None
    there = {font.name for font in font_manager.fontManager.ttflist}
    family = [font for font in FONTS if font in there] + ["DejaVu Sans"]
    told = [figure for figure in figures if (figure.cells if isinstance(figure, Cross) else figure.total)]
    with mpl.rc_context({"font.family": family, "axes.unicode_minus": False}):
        sns.set_theme(style="whitegrid", rc={"font.family": family})
        high = [max(map(_high, told[at : at + 2])) for at in range(0, len(told), 2)] or [SHORTEST]
        canvas = Canvas(figsize=(12, sum(high)), layout="constrained")
        places: Any = canvas.subplots(len(high), 2, squeeze=False, height_ratios=high).flatten()
        for place, figure in zip(places, told, strict=False):
            if isinstance(figure, Cross):
                _heat(sns, figure, place, language)
            elif figure.name in MONTHLY:
                _months(figure, place)
            elif figure.name in PIES:
                ring(figure, place, language)
            else:
                labels = [part.label(language) for part in figure.slices]
                many = [part.customers for part in figure.slices]
                sns.barplot(x=many, y=labels, color=COLOURS[0], saturation=1, ax=place, orient="h")
                for bar, part in zip(place.patches, figure.slices, strict=True):
                    bar.set_facecolor(colour(part.code, 0))
            place.set_title(figure.title(language), loc="left")
        for place in places[len(told) :]:
            place.set_axis_off()
        data = BytesIO()
        canvas.savefig(data, format="png", dpi=110)
    return data.getvalue()


def _heat(sns: Any, cross: Cross, place: Any, language: Language) -> None:
    """A cross as cells, the darker the more."""
    values = [[float("nan") if value is None else value for value in values] for _, values in cross.table()]
    sns.heatmap(
        values, ax=place, cmap=sns.light_palette(COLOURS[0], as_cmap=True), annot=len(cross.cells) <= 40, fmt="g",
        cbar=False,
        xticklabels=[cross.label(code, language) for code in cross.columns],
        yticklabels=[cross.label(code, language, of_row=True) for code in cross.rows],
    )  # fmt: skip
    place.tick_params(axis="y", rotation=0)
    place.set_xlabel(cross.column_words(language))
    place.set_ylabel(cross.row_words(language))


def ring(figure: Figure, place: Any, language: Language) -> None:
    """A ring with its total in the middle."""
    place.pie(
        [part.customers for part in figure.slices],
        labels=[f"{part.label(language)}  {part.percent:.1f}%" for part in figure.slices],
        colors=[colour(part.code, at) for at, part in enumerate(figure.slices)],
        startangle=90, counterclock=False, wedgeprops={"width": 0.42, "edgecolor": "white"},
    )  # fmt: skip
    place.text(0, 0, f"{figure.total:,}", ha="center", va="center", fontsize=16, fontweight="bold")


def _months(figure: Figure, place: Any) -> None:
    """Months side by side, of which some are named."""
    months = spaced(figure)
    places, named = range(len(months)), -(-len(months) // NAMED_MONTHS)
    place.bar(places, [part.customers for part in months], color=COLOURS[0])
    place.set_xticks(places[::named], [part.code for part in months[::named]])
    place.grid(visible=False, axis="x")


def _high(figure: Figure | Cross) -> float:
    """How many inches a chart needs for the names of its rows."""
    rows = 0 if figure.name in MONTHLY else len(figure.rows if isinstance(figure, Cross) else figure.slices)
    return max(SHORTEST, rows * ROW + 0.8)
