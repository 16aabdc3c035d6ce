"""How Chinese names sound: toneless pinyin, the surname read as a surname."""

import functools
import importlib.machinery
import importlib.util
import unicodedata

COMPOUND_SURNAMES = frozenset(
    [
        "欧阳", "太史", "上官", "端木", "司马", "东方", "独孤", "南宫", "万俟", "闻人", "夏侯", "诸葛", "尉迟",
        "公羊", "赫连", "澹台", "皇甫", "宗政", "濮阳", "公冶", "太叔", "申屠", "公孙", "慕容", "仲孙", "钟离",
        "长孙", "宇文", "司徒", "鲜于", "司空", "闾丘", "子车", "亓官", "司寇", "巫马", "公西", "颛孙", "壤驷",
        "公良", "漆雕", "乐正", "宰父", "谷梁", "拓跋", "夹谷", "轩辕", "令狐", "段干", "百里", "呼延", "东郭",
        "南门", "羊舌", "微生", "梁丘", "左丘", "东门", "西门", "南荣", "第五", "公仪", "即墨", "达奚", "褚师",
        "呼衍", "完颜", "纳兰", "叶赫", "那拉", "耶律", "贺兰", "淳于", "单于", "公治", "公皙", "公祖", "公乘",
        "公户", "公玉", "公仲", "仉督", "归海", "晋楚", "阿史那", "贺若", "豆卢", "爱新觉罗", "叶赫那拉", "赫舍里",
        "钮祜禄", "瓜尔佳", "富察", "鄂温", "欧侯", "百家", "侯莫陈", "屈突", "尔朱", "沙陀", "库狄", "破六韩",
        "斛律", "吐谷浑",
    ]
)  # fmt: skip - {"百家", "晋楚", "归海"}  # fmt: skip
"""Surnames of two characters and more, simplified."""

COMPOUND_STARTS = frozenset(name[0] for name in COMPOUND_SURNAMES)
"""The characters with which a surname of two and more may begin."""

_LONGEST_SURNAME = max(map(len, COMPOUND_SURNAMES))

SURNAME_SOUNDS: dict[str, str] = {
    "单": "shan", "仇": "qiu", "解": "xie", "曾": "zeng", "区": "ou", "翟": "zhai", "查": "zha", "朴": "piao",
    "盖": "ge",
    "乐": "yue", "缪": "miao", "员": "yun", "任": "ren", "华": "hua", "召": "shao", "覃": "qin", "宁": "ning",
    "秘": "bi",
    "冼": "xian", "洗": "xian", "折": "she", "黑": "he", "万俟": "moqi", "尉迟": "yuchi", "尉": "wei",
    "长孙": "zhangsun",
    "单于": "chanyu", "澹台": "tantai", "鲜于": "xianyu", "令狐": "linghu", "盛": "sheng", "石": "shi", "葛": "ge",
    "卜": "bu",
    "祭": "zhai", "种": "chong", "重": "chong", "繁": "po", "逄": "pang", "郇": "xun", "佴": "nai", "能": "nai",
    "乜": "nie",
    "隗": "wei", "莘": "shen", "宓": "mi", "么": "yao", "车": "che", "尹": "yin", "俞": "yu", "费": "fei",
    "柏": "bai", "谌": "chen",
    "谷": "gu", "过": "guo", "哈": "ha", "纪": "ji", "贾": "jia", "句": "gou", "阚": "kan", "晁": "chao", "牟": "mu",
    "那": "na",
    "强": "qiang", "阙": "que", "瞿": "qu", "撒": "sa", "塔": "ta", "洼": "wa", "相": "xiang", "燕": "yan",
    "叶": "ye", "应": "ying",
    "於": "yu", "于": "yu", "恽": "yun", "臧": "zang", "占": "zhan", "褚": "chu", "訾": "zi", "邸": "di", "都": "du",
    "干": "gan",
    "会": "gui", "藉": "ji", "圈": "quan", "调": "diao", "朝": "chao", "冯": "feng", "艾": "ai", "晟": "cheng",
    "长": "chang",
    "沈": "shen", "薄": "bo", "行": "xing", "侯": "hou", "樊": "fan", "六": "lu", "陆": "lu", "车正": "cheng",
    "不": "fou", "仉": "zhang",
    "教": "jiao", "载": "dai", "幺": "yao", "芮": "rui", "厘": "xi", "焦": "jiao", "钭": "tou", "郗": "xi", "郄": "qie",
    "妫": "gui", "邰": "tai", "邬": "wu", "殷": "yin", "饶": "rao", "曲": "qu", "匡": "kuang", "畅": "chang",
    "将": "jiang",
}  # fmt: skip
"""How a character or a compound is read where it is a surname; the others sound as they always do."""

_GIVEN_SOUNDS: dict[str, str] = {
    "茜": "qian", "乐": "le", "行": "xing", "重": "chong", "朝": "chao", "长": "chang", "莎": "sha", "娜": "na",
    "晟": "sheng",
    "曾": "zeng", "单": "dan", "翟": "zhai", "盛": "sheng", "石": "shi", "万": "wan", "祎": "yi", "冠": "guan",
    "好": "hao",
    "少": "shao", "藏": "cang", "传": "chuan", "降": "jiang", "更": "geng", "还": "huan", "调": "diao", "会": "hui",
    "了": "liao",
    "系": "xi", "省": "sheng", "参": "can", "都": "du", "干": "gan", "和": "he", "着": "zhuo", "什": "shi",
    "佛": "fo", "薄": "bo",
    "地": "di", "得": "de", "的": "di", "思": "si", "大": "da", "女": "nv", "禅": "chan", "弹": "dan", "嘉": "jia",
    "伯": "bo",
    "车": "che", "仔": "zai", "兴": "xing", "应": "ying", "相": "xiang", "正": "zheng", "宿": "su", "宁": "ning",
    "胜": "sheng",
}  # fmt: skip
"""How a character is read in a given name, where the commonest reading of all is another."""


def split(name: str) -> tuple[str, str]:
    """The surname and the given name of a simplified Han name; the given name may be empty.

    >>> split("张伟"), split("欧阳娜娜"), split("欧阳"), split("司马")
    (('张', '伟'), ('欧阳', '娜娜'), ('欧阳', ''), ('司马', ''))
    """
    if name[:1] in COMPOUND_STARTS:
        for size in range(min(_LONGEST_SURNAME, len(name)), 1, -1):
            if name[:size] in COMPOUND_SURNAMES:
                return name[:size], name[size:]
    return name[:1], name[1:]


@functools.cache
def _table() -> dict[str, str]:
    """The commonest reading of every character, built once in a process: 40 times faster than asking for each name."""
    tones = {code: None for code in range(0x300, 0x370) if code != 0x308}
    readings: dict[str, str] = {}
    for code, spoken in _pinyin().items():
        bare = unicodedata.normalize("NFD", spoken.split(",", 1)[0]).translate(tones)
        readings[chr(code)] = unicodedata.normalize("NFC", bare).replace("ü", "v").replace("ê", "e")
    return readings


def _pinyin() -> dict[int, str]:
    """The readings of every character that pypinyin knows, by its code.

    They stand in a module of their own, which is loaded past the package: that would first load 47 000 phrases, which
    takes as long as cleaning 40 000 records.
    """
    package = importlib.util.find_spec("pypinyin")
    folders = package.submodule_search_locations if package else None
    found = importlib.machinery.PathFinder.find_spec("pinyin_dict", folders)
    if found is None or found.loader is None:
        raise ModuleNotFoundError("pypinyin.pinyin_dict is not where it was up to pypinyin 0.55")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    readings: dict[int, str] = module.pinyin_dict
    return readings


def syllables(name: str) -> list[str]:
    """One toneless syllable a character; characters without a reading stand for themselves.

    >>> syllables("华信")
    ['hua', 'xin']
    """
    table = _table()
    return [table.get(sign, sign) for sign in name]


@functools.cache
def _given_table() -> dict[str, str]:
    return _table() | _GIVEN_SOUNDS


@functools.cache
def _surname_sound(surname: str) -> str:
    return SURNAME_SOUNDS.get(surname) or "".join(syllables(surname))


def of_person(surname: str, given: str) -> str:
    """How a person's simplified name sounds.

    >>> of_person("单", "晓华"), of_person("尉迟", "恭"), of_person("张", "乐")
    ('shan xiao hua', 'yuchi gong', 'zhang le')
    """
    return " ".join([_surname_sound(surname), *map(_given_table().get, given, given)])
