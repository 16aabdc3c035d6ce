"""Names of people: Chinese ones as common as in life, minority names with a middle dot, and Latin ones.

Frequencies are rough, from general knowledge of the census: what matters is that a few surnames are held by many
people and most by few, and that given names follow the decade of birth.
"""

import functools

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pypinyin

from kehu.collect.town import draw

SURNAMES = """
王wang7.2 李li7.0 张zhang6.7 刘liu5.1 陈chen4.6 杨yang3.2 黄huang2.4 赵zhao2.1 吴wu2.1 周zhou1.9 徐xu1.5 孙sun1.4
马ma1.3 朱zhu1.3 胡hu1.2 林lin1.2 郭guo1.1 何he1.1 高gao1.0 罗luo.96 郑zheng.93 梁liang.85 谢xie.76 宋song.7
唐tang.69 许xu.66 邓deng.62 冯feng.62 韩han.61 曹cao.6 曾zeng.58 彭peng.58 肖xiao.56 蔡cai.53 潘pan.5 田tian.5
董dong.49 袁yuan.48 于yu.48 余yu.46 叶ye.45 蒋jiang.45 杜du.44 苏su.43 魏wei.42 程cheng.42 吕lv.41 丁ding.41
沈shen.4 任ren.38 姚yao.38 卢lu.37 傅fu.36 钟zhong.35 姜jiang.35 崔cui.34 谭tan.33 廖liao.32 范fan.32 汪wang.32
陆lu.31 金jin.31 石shi.29 戴dai.29 贾jia.28 韦wei.28 夏xia.27 邱qiu.27 方fang.27 侯hou.26 邹zou.26 熊xiong.25
孟meng.25 秦qin.25 白bai.24 江jiang.23 闫yan.22 薛xue.22 尹yin.22 段duan.21 雷lei.21 黎li.19 史shi.19 龙long.18
贺he.18 陶tao.18 顾gu.18 毛mao.17 郝hao.17 龚gong.17 邵shao.17 万wan.16 钱qian.16 严yan.16 覃qin.16 武wu.15 莫mo.14
孔kong.14 向xiang.13 常chang.12 汤tang.12 康kang.11 易yi.11 乔qiao.11 赖lai.11 文wen.1 施shi.1 洪hong.1 辛xin.09
安an.09 颜yan.09 温wen.09 庄zhuang.09 兰lan.08 殷yin.08 葛ge.08 管guan.08 章zhang.08 申shen.08 倪ni.08 季ji.07
翁weng.07 祝zhu.07 柳liu.07 齐qi.07 聂nie.07 焦jiao.07 柴chai.06 岳yue.06 欧ou.06 牛niu.09 童tong.06 耿geng.06
阮ruan.06 古gu.05 关guan.06 包bao.06 翟zhai.06 路lu.05 詹zhan.05 左zuo.05 苗miao.05 谷gu.05 曲qu.05 裴pei.05
游you.05 鲍bao.05 单shan.03 仇qiu.02 解xie.03 区ou.02 查zha.02 朴piao.03 盖ge.01 乐yue.01 缪miao.02 员yun.01
尤you.04 凌ling.04 欧阳ouyang.07 上官shangguan.02 司马sima.01 诸葛zhuge.01 司徒situ.01 皇甫huangfu.01 夏侯xiahou.005
令狐linghu.01
"""
"""Surname, its sound, and how many of a hundred people bear it."""

TAIL = """
安昂百柏邦宝蓓碧彬冰炳波伯灿苍昌畅朝澄崇初楚川纯聪翠丹道登迪典鼎栋笃铎恩尔法凡方菲芬奉夫赋淦赓功谷冠贵涵翰瀚航
禾和贺恒弘泓厚虎桦怀欢焕辉会惠基吉继佳坚见剑江娇节捷锦谨进京景婧靖静九菊聚娟珏君钧俊楷侃可克宽奎坤兰岚郎磊蕾黎理
力立励莲良琳麟霖灵玲珑露鲁璐禄伦洛律满曼茂眉媚萌勉淼妙民岷铭墨牧慕南能霓念宁朋丕品平璞朴普奇琦启谦潜乾翘钦勤沁青
清庆秋求权全群然仁任荣容蓉如儒润若三森山善尚韶绍深升圣胜诗石时士世仕书姝淑舒述双爽顺硕思松素穗泰唐桃腾添甜铁廷亭
同彤童桐拓婉望薇韦维纬温问吾武汐希锡熙曦霞夏仙先贤娴显宪相湘祥翔骁肖筱歆信星兴杏修旭叙绪轩宣雪勋迅延言岩炎彦艳燕
央阳洋尧瑶耀业叶依仪宜怡亿义艺忆易逸毅茵音殷寅英莹盈颖映永咏友有佑余雨禹语玉育钰毓元园原远苑悦越云允芸耘韵蕴赞泽展
钊哲真桢臻振震征正知芝直志治智中忠钟舟竹柱卓准卿滋紫宗祖佐作
"""
"""Characters that stand in given names of any time, each of them seldom."""

GIVEN = {
    ("male", 1960): ("建国文德志永明玉金世春长宝福树学光克振兴忠", "国明华清林生山成祥荣贵德义福军平海田良友发根"),
    ("male", 1980): ("建国志卫文永海晓红新立学小少长春光向俊", "军国平明华强林生伟民东峰辉兵斌杰勇波涛刚"),
    ("male", 1990): ("志海文建晓永俊明国小立学大少金家成春振光", "伟强军磊勇涛超明刚平辉鹏杰波斌峰飞亮华龙"),
    ("male", 2000): ("志文俊浩晓家嘉子建明天海泽世宇鹏伟少冠", "杰豪鹏涛超浩伟文龙飞宇凯俊翔斌峰辉博磊阳"),
    ("male", 2100): ("子浩宇俊梓嘉文思博家泽一天铭睿奕皓明雨锦", "轩涵宇豪杰睿泽然博文浩辰熙航皓霖远阳哲瑞"),
    ("female", 1960): ("秀桂玉淑凤兰春美素惠月金爱翠云菊彩瑞", "英兰珍芳荣花云梅琴华香莲芝清霞娥珠琼"),
    ("female", 1980): ("丽秀红玉春小美晓海淑桂金艳爱建雪文亚", "芳英萍霞丽红梅玲燕华敏娟琴艳珍云平兰"),
    ("female", 1990): ("丽海晓艳小春雪文玉红燕婷美秀亚莉静慧", "娟丽静敏燕艳霞婷娜芳玲红萍梅莉华琳洁"),
    ("female", 2000): ("婷雪晓佳思梦文雅丽嘉欣慧诗美玉倩雨", "婷雪琳颖怡敏玲倩静莹丹佳慧瑶雯娜琪洁"),
    ("female", 2100): ("子欣梓雨思诗佳梦可一语若嘉心雅紫艺", "涵怡萱彤琪妍瑶欣萌轩雯婷琳诺汐颖桐悦"),
}
"""By gender and the year before which they were born: first and second characters, the commonest first."""

SINGLE = {1960: 0.15, 1980: 0.32, 1990: 0.38, 2000: 0.25, 2100: 0.10}
"""How many of a generation have a given name of one character."""

TAIL_SHARE = 0.35
"""How often a character comes from the tail."""

MINORITY_GIVEN = {
    "male": """艾力 买买提 阿卜杜拉 玉素甫 吐尔逊 亚力坤 艾尼瓦尔 木拉提 热合曼 克里木 库尔班 依明 帕尔哈提 阿迪力
    伊力哈木 扎西 多吉 次仁 丹增 旦增 洛桑 巴图 呼和 格日勒 那顺""",
    "female": """阿依古丽 古丽娜尔 热依汗 阿依努尔 玛依拉 帕提古丽 古丽巴哈尔 米热古丽 阿孜古丽 迪丽努尔 祖丽胡玛尔
    阿瓦古丽 卓玛 央金 拉姆 白玛 德吉 梅朵 萨仁 其其格 乌云""",
}
MINORITY_FATHER = """买买提 吐尔逊 艾合买提 阿布都热合曼 依不拉音 玉山 肉孜 司马义 阿不力孜 托合提 尼亚孜 卡德尔
艾山 斯迪克 达吾提 阿吾提 牙生 赛买提 尼加提 莫明 才让 顿珠 平措 旺堆 巴特尔 宝音 额尔德尼"""

LATIN_GIVEN = {
    "male": """
James John Robert Michael William David Richard Joseph Thomas Charles Daniel Matthew Anthony Mark Paul Steven Andrew
Kevin Brian George Ahmed Mohammed Ivan Sergei Dmitri Pierre Jean Hans Lukas Marco Carlos Diego Hiroshi Kenji Minh Rahul
Arjun Emmanuel Kwame Oleg Peter Simon Oliver Jack Harry Liam Noah Lucas Ethan Mason Logan Hugo Louis Jules Felix Jonas
Matteo Luca Pablo Javier Miguel Rafael Bruno Viktor Nikolai Andrei Yusuf Omar Hassan Karim Takashi Jun Sanjay Vikram
""",
    "female": """
Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Nancy Lisa Emily Anna Laura Olga Natalia Irina
Maria Sofia Camille Claire Ingrid Greta Giulia Lucia Carmen Yuki Sakura Linh Priya Anita Fatima Aisha Amina Grace Hannah
Chloe Zoe Julia Rachel Megan Amy Kate Helen Ruth Alice Emma Olivia Mia Ella Lily Eva Nina Elena Marta Paula Isabel Rosa
Bianca Leila Yasmin Noor Meera Kavya Haruka Naomi Mai Thuy Svetlana Daria Polina Astrid Freya Elise Manon Lea Charlotte
""",
}
LATIN_SURNAMES = """
Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Wilson Anderson Thomas
Taylor Moore Jackson Martin Lee Thompson White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott Hill
Green Adams Nelson Baker Hall Campbell Mitchell Carter Roberts Phillips Evans Turner Parker Collins Edwards Stewart
Morris Rogers Reed Cook Morgan Bell Bailey Cooper Richardson Cox Howard Ward Brooks Gray Watson Hughes Price Bennett
Wood Barnes Ross Foster Ivanov Petrov Sokolov Kuznetsov Popov Volkov Morozov Novikov Fedorov Orlov Dubois Moreau
Laurent Bernard Lefebvre Girard Fournier Mercier Blanc Muller Schmidt Weber Fischer Wagner Becker Hoffmann Schulz Koch
Richter Klein Wolf Rossi Bianchi Ferrari Esposito Romano Colombo Ricci Marino Greco Conti Tanaka Suzuki Sato Yamamoto
Watanabe Kobayashi Nakamura Ito Kato Nguyen Tran Pham Hoang Vu Dang Bui Kim Park Choi Jung Kang Singh Sharma Patel
Gupta Reddy Iyer Mehta Khan Hussain Ali Malik Rahman Okafor Mensah Adeyemi Diallo Traore Ndiaye Mwangi O'Brien Murphy
Kelly Walsh Silva Santos Oliveira Costa Pereira Almeida Novak Horvat Kowalski Nowak Dvorak Svoboda Nagy Kovacs Popescu
Ionescu Andersson Johansson Lindberg Hansen Olsen Larsen Virtanen Korhonen Jansen Visser Bakker Peeters
"""


@functools.cache
def _surnames() -> tuple[pa.Array, pa.Array, npt.NDArray[np.float64]]:
    rows = []
    for word in SURNAMES.split():
        name = "".join(letter for letter in word if letter > "z")
        sound = "".join(letter for letter in word if "a" <= letter <= "z")
        rows.append((name, sound, float(word.removeprefix(name + sound))))
    names, sounds, weights = zip(*rows, strict=True)
    return pa.array(names), pa.array(sounds), np.array(weights)


@functools.cache
def _characters() -> tuple[pa.Array, pa.Array]:
    """Every character of a given name, and its sound; row 0 is the empty one."""
    letters = sorted(set("".join(TAIL.split()) + "".join(first + second for first, second in GIVEN.values())))
    return pa.array(["", *letters]), pa.array(["", *pypinyin.lazy_pinyin(letters, v_to_u=False)])


@functools.cache
def _pool(letters: str) -> tuple[draw.Numbers, npt.NDArray[np.float64]]:
    """The rows of the characters that may be drawn, and their weights: the named ones by Zipf, then the tail."""
    index = {letter: row for row, letter in enumerate(_characters()[0].to_pylist())}
    tail = sorted(set("".join(TAIL.split())))
    named = 1 / (np.arange(len(letters)) + 3.0)
    weights = np.concatenate([named / named.sum() * (1 - TAIL_SHARE), np.full(len(tail), TAIL_SHARE / len(tail))])
    return np.array([index[letter] for letter in [*letters, *tail]]), weights


def surnames(rng: np.random.Generator, size: int) -> draw.Numbers:
    """Rows of surnames, as common as in life."""
    return draw.weighted(rng, _surnames()[2].tolist(), size)


def given(rng: np.random.Generator, male: draw.Mask, year: draw.Numbers) -> tuple[draw.Numbers, draw.Numbers]:
    """Rows of the first and of the second character of given names; 0 where there is no first one."""
    first, second = np.zeros(len(male), dtype=np.int64), np.zeros(len(male), dtype=np.int64)
    eras = np.array(sorted(SINGLE))
    era = eras[np.searchsorted(eras, np.clip(year, 0, eras[-1] - 1), side="right")]
    for (gender, until), (firsts, seconds) in GIVEN.items():
        where = np.flatnonzero((male == (gender == "male")) & (era == until))
        rows, weights = _pool(firsts)
        first[where] = rows[draw.weighted(rng, weights.tolist(), len(where))]
        first[where[draw.hits(rng, SINGLE[until], len(where))]] = 0
        rows, weights = _pool(seconds)
        second[where] = rows[draw.weighted(rng, weights.tolist(), len(where))]
    return first, second


def chinese(surname: draw.Numbers, first: draw.Numbers, second: draw.Numbers) -> tuple[pa.Array, pa.Array, pa.Array]:
    """The surname, the name, and its sound as an e-mail address has it: 欧阳, 欧阳娜娜, `nana.ouyang`."""
    family, family_sounds, _ = _surnames()
    letters, sounds = _characters()
    surnames_ = family.take(pa.array(surname))
    name = draw.glue(surnames_, letters.take(pa.array(first)), letters.take(pa.array(second)))
    given_sound = draw.glue(sounds.take(pa.array(first)), sounds.take(pa.array(second)))
    return surnames_, name, draw.glue(given_sound, family_sounds.take(pa.array(surname)), separator=".")


def minority(rng: np.random.Generator, male: draw.Mask) -> tuple[pa.Array, pa.Array, pa.Array]:
    """What a title follows, the name, and its sound: 阿依古丽, 阿依古丽·买买提, `ayiguli`."""
    size = len(male)
    men, women = (draw.words(rng, MINORITY_GIVEN[gender], size) for gender in ("male", "female"))
    own = draw.picked(male, men, women)
    sounds = {name: pypinyin.slug(name, separator="") for name in set(own.to_pylist())}
    sound = pa.array([sounds[name] for name in own.to_pylist()], pa.string())
    return own, draw.glue(own, draw.words(rng, MINORITY_FATHER, size), separator="·"), sound


def latin(rng: np.random.Generator, male: draw.Mask) -> tuple[pa.Array, pa.Array, pa.Array]:
    """The surname, the name, and its sound: Petrov, Anna Petrov, `anna.petrov`."""
    size = len(male)
    men, women = (draw.words(rng, LATIN_GIVEN[gender], size) for gender in ("male", "female"))
    own, family = draw.picked(male, men, women), draw.words(rng, LATIN_SURNAMES, size)
    sound = pc.replace_substring(pc.utf8_lower(draw.glue(own, family, separator=".")), "'", "")
    return family, draw.glue(own, family, separator=" "), sound
