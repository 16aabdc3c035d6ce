"""What a part of a figure is called where it stands alone: over the list of the customers behind it."""

from kehu.analyse.crosses import KINDS, Cross
from kehu.analyse.figures import TITLES, Slice
from kehu.model.languages import Language


def called(name: str, code: str, language: Language) -> tuple[str, str]:
    """The figure and the part.

    >>> called("age", "18-24", Language.EN)
    ('Customers by age', '18-24')
    >>> called("sla", "fault|late", Language.EN)
    ('Tickets by kind and outcome', 'Kind: fault, Outcome: late')
    >>> called("wealth", "much", Language.EN)
    ('wealth', 'much')
    """
    if name in KINDS:
        figure = Cross(name=name, rows=(), columns=(), cells=())
        row, _, column = code.rpartition("|")
        colon, comma = ("：", "，") if language is Language.ZH else (": ", ", ")
        sides = (
            f"{figure.row_words(language)}{colon}{figure.label(row, language, of_row=True)}",
            f"{figure.column_words(language)}{colon}{figure.label(column, language)}",
        )
        return figure.title(language), comma.join(sides)
    title = TITLES.get(name, (name, name))[0 if language is Language.ZH else 1]
    return title, Slice(code=code, customers=0, percent=0, figure=name).label(language)
