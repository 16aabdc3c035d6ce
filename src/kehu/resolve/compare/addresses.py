"""Addresses: the street and the door, and the place around them."""

import numpy as np
from rapidfuzz.distance import OSA, JaroWinkler

from kehu.resolve.coded import Mask
from kehu.resolve.compare.levels import Comparison, Level
from kehu.resolve.compare.sides import Sides


def _street(sides: Sides) -> dict[str, Mask]:
    roads, buildings = sides.filled("road"), sides.filled("building")
    known = roads | buildings
    if not known.any():
        return {}
    road, building = sides.same("road"), sides.same("building")
    number, room = sides.same("road_number"), sides.same("room")
    other_number = sides.filled("road_number") & ~number
    other_room = sides.filled("room") & ~room
    likeness = sides.score(JaroWinkler.normalized_similarity, "road", where=roads & ~road)
    estate = sides.score(JaroWinkler.normalized_similarity, "building", where=buildings & ~building)
    like_road = road | (likeness >= 0.849)
    like_building = building | (estate >= 0.879)
    house = (road & number) | (building & ~other_number)
    return {
        "door": house & room,
        "house": house & ~other_room,
        "like_house": (like_road & number & ~other_room) | (like_building & room & ~other_number),
        "other_room": house,
        "road": road | building,
        "like_road": like_road | like_building,
        "different": known,
    }


STREET = Comparison(
    "street", "street", "街道门牌",
    (
        Level("door", 0.35, 0.45, 2e-6, "same door", "同一门户"),
        Level("house", 0.20, 0.15, 1e-5, "same house", "同一门牌"),
        Level("like_house", 0.06, 0.04, 1e-5, "nearly the same house", "门牌相近"),
        Level("other_room", 0.02, 0.04, 2e-5, "same house, other room", "同门牌不同室"),
        Level("road", 0.05, 0.05, 2e-3, "same road", "同一道路"),
        Level("like_road", 0.02, 0.02, 5e-3, "road alike", "道路相近"),
        Level("different", 0.30, 0.25, 0.99, "different", "不同"),
    ),
    None,
    lambda records: records.filled("road") | records.filled("building"),
    _street,
)  # fmt: skip


_PLACES = ("postcode", "district", "city", "province")


def _place(sides: Sides) -> dict[str, Mask]:
    known = sides.filled("postcode") | sides.filled("district") | sides.filled("city") | sides.filled("province")
    if not known.any():
        return {}
    postcode, district, city = sides.same("postcode"), sides.same("district"), sides.same("city")
    districts, cities = sides.filled("district"), sides.filled("city")
    like_district = district | (
        sides.score(JaroWinkler.normalized_similarity, "district", where=districts & ~district) >= 0.879
    )
    like_city = city | (sides.score(JaroWinkler.normalized_similarity, "city", where=cities & ~city) >= 0.879)
    slip = sides.score(OSA.distance, "postcode", where=sides.filled("postcode") & ~postcode) == 1
    other_city = cities & ~city
    return {
        "postcode_and_place": postcode & (like_district | like_city),
        "postcode": postcode,
        "district": district & ~other_city,
        "near": slip | (like_district & ~district),
        "area": sides.same("postcode_area"),
        "city": city,
        "like_city": like_city,
        "province": sides.same("province"),
        "different": known,
    }


PLACE = Comparison(
    "place", "place", "地区",
    (
        Level("postcode_and_place", 0.30, 0.40, 1e-4, "same postcode and place", "邮编与地区相同"),
        Level("postcode", 0.10, 0.08, 5e-4, "same postcode", "邮编相同"),
        Level("district", 0.40, 0.40, 2e-3, "same district", "同一区县", ("district",)),
        Level("near", 0.05, 0.04, 2e-3, "place or postcode nearly the same", "地区或邮编相近"),
        Level("area", 0.05, 0.05, 3e-3, "same postal area", "邮区相同"),
        Level("city", 0.08, 0.08, 0.01, "same city", "同一城市", ("city",)),
        Level("like_city", 0.02, 0.01, 3e-3, "city nearly the same", "城市名相近"),
        Level("province", 0.05, 0.05, 0.05, "same province", "同一省份"),
        Level("different", 0.20, 0.14, 0.94, "different", "不同"),
    ),
    None,
    lambda records: np.logical_or.reduce([records.filled(name) for name in _PLACES]),
    _place,
)  # fmt: skip
