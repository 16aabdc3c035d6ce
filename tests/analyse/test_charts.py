import json
import re

from hypothesis import given
from hypothesis import strategies as st

from kehu.analyse import charts
from kehu.analyse.figures import Figure, Slice
from kehu.model.languages import Language

SEED = """pie
    title 用户类别比例
    "学生": 40
    "企业用户": 30
    "普通用户": 20
    "其他": 10"""


def figure(**customers: int) -> Figure:
    slices = tuple(Slice(code=code, customers=many, percent=0.0) for code, many in customers.items())
    return Figure(name="category", slices=slices, total=sum(customers.values()))


def test_the_mermaid_pie_is_the_one_the_mission_shows() -> None:
    assert charts.mermaid_pie(figure(student=40, enterprise=30, ordinary=20, other=10), Language.ZH) == SEED


@given(st.lists(st.text(min_size=1), min_size=1, unique=True))
def test_no_name_of_a_category_breaks_out_of_its_line(codes: list[str]) -> None:
    lines = charts.mermaid_pie(figure(**dict.fromkeys(codes, 7)), Language.EN).split("\n")
    assert len(lines) == 2 + len(codes)
    assert all(re.fullmatch(r'    "[^"\n\r;#\\]*": 7', line) for line in lines[2:])


def test_the_pie_for_the_browser_is_plain_json_with_codes_to_drill_down_by() -> None:
    option = json.loads(json.dumps(charts.pie(figure(student=3, other=1), Language.EN)))
    assert [(part["name"], part["value"], part["code"]) for part in option["series"][0]["data"]] == [
        ("student", 3, "student"),
        ("other", 1, "other"),
    ]
    assert option["aria"]["enabled"]


def test_months_in_which_nothing_was_counted_have_their_place_in_time() -> None:
    months = tuple(Slice(code=code, customers=7, percent=50.0, figure="ticket") for code in ("2026-11", "2027-02", "-"))
    option = charts.bars(Figure(name="ticket", slices=months, total=21), Language.EN)
    assert option["xAxis"]["data"] == ["2026-11", "2026-12", "2027-01", "2027-02", "not stated"]
    # Who may not know of a few is told nothing of them, not that there were none.
    assert [bar["value"] for bar in option["series"][0]["data"]] == [7, None, None, 7, 7]


def test_a_month_that_cannot_be_right_makes_no_endless_axis() -> None:
    months = tuple(Slice(code=code, customers=7, percent=50.0, figure="new") for code in ("1026-11", "2026-11"))
    option = charts.bars(Figure(name="new", slices=months, total=14), Language.EN)
    assert option["xAxis"]["data"] == ["1026-11", "2026-11"]


def test_a_scale_of_shades_says_what_it_ends_with() -> None:
    provinces = tuple(
        Slice(code=code, customers=1234, percent=50.0, figure="province") for code in ("北京市", "上海市")
    )
    option = charts.tiles(Figure(name="province", slices=provinces, total=2468), Language.ZH)
    assert option["visualMap"]["text"] == ["1,234", "0"]
