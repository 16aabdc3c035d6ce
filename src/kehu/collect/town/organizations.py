"""The organizations of the town: firms with long names, credit codes and a switchboard."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pypinyin

from kehu.collect.town import customers, draw, numbers

BRAND_FIRST = "华信恒鑫瑞盛博鸿嘉宏泰中天金安顺祥康凯丰源创新联合东方海龙腾飞亚伟利荣德众佳美思远"
BRAND_SECOND = "达通信源泰丰盛业辰科为诚茂隆昌远宇创联邦捷峰翔安和美佳兴旺润泽洋越诺微"
TRADES = """科技 信息技术 网络科技 贸易 商贸 实业 建筑工程 装饰工程 物流 餐饮管理 文化传媒 教育咨询 电子 机械 医药
食品 服装 房地产开发 物业管理 汽车销售 广告 环保科技 农业发展 能源 化工 金属制品 纺织 家具 人力资源 旅游"""
FORMS = ("有限公司", "有限责任公司", "股份有限公司", "经营部", "商行", "合作社")
FORM_WEIGHTS = (72, 12, 5, 5, 3, 3)


def make(rng: np.random.Generator, size: int, *, addresses: pa.Table, first_row: int, first_address: int) -> pa.Table:
    """Organizations for the table `customers.CUSTOMERS`.

    Args:
        rng: Where chance comes from.
        size: How many.
        addresses: The addresses of the town.
        first_row: Where they will stand in the table of customers.
        first_address: From here on there are two addresses for each of them.
    """
    home = first_address + 2 * np.arange(size)
    place = addresses.take(pa.array(home))
    area = place["district_code"].to_numpy()
    brand = draw.glue(*(draw.words(rng, list(letters), size) for letters in (BRAND_FIRST, BRAND_SECOND)))
    core = draw.glue(brand, draw.words(rng, TRADES, size))
    form = draw.words(rng, FORMS, size, FORM_WEIGHTS)
    region = draw.picked(
        draw.mask(pc.equal(place["city_short"], "")),
        place["province_short"].combine_chunks(),
        place["city_short"].combine_chunks(),
    )
    # 杭州华信科技有限公司, and where the region follows the brand, 华信科技(杭州)有限公司.
    within = draw.hits(rng, 0.15, size)
    name = draw.picked(within, draw.glue(core, "(", region, ")", form), draw.glue(region, core, form))
    code = draw.distinct(size, lambda count: rng.integers(10**7, 10**8, size=count))
    moved = draw.hits(rng, 0.10, size)
    move_day = customers.some_day(rng, size)
    rows = pa.array(first_row + np.arange(size))
    first_day = customers.days(np.full(size, customers.FIRST_DAY))
    wired = draw.hits(rng, 0.7, size)
    landline = numbers.landlines(rng, area // 10_000)
    mobile = draw.text(numbers.mobiles(rng, size))
    sound = pa.array([pypinyin.slug(letters, separator="") for letters in brand.to_pylist()], pa.string())

    return pa.table(
        {
            "kind": draw.same("organization", size),
            "script": draw.same("chinese", size),
            "name": name,
            "short_name": core,
            "email": draw.absent(draw.glue("info@", sound, draw.text(code % 100), ".com"), rng.random(size) > 0.6),
            "male": pa.nulls(size, pa.bool_()),
            "birth": pa.nulls(size, pa.date32()),
            "id_type": draw.same("uscc", size),
            "id_number": numbers.credit_codes(area, code, draw.words(rng, "91 91 91 92 93", size).to_pylist()),
            "phone": draw.picked(wired, landline, mobile),
            "phone_2": draw.absent(mobile, ~(wired & draw.hits(rng, 0.4, size))),
            "old_phone": draw.same(None, size),
            "phone_since": first_day,
            "since": first_day,
            "address": pa.array(home),
            "old_address": pa.array(np.where(moved, home + 1, home)),
            "address_since": customers.days(np.where(moved, move_day, customers.FIRST_DAY)),
            "category": draw.same("enterprise", size),
            "head": rows,
            "proxy": pa.array(rng.integers(max(first_row, 1), size=size)),
            "employer": pa.nulls(size, pa.int64()),
        },
        customers.CUSTOMERS,
    )
