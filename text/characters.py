"""The folded form of single characters: the character that a reader sees, whatever its Unicode name.

The tables have only mappings that no Unicode rule gives. The look-alikes are a hand-picked part of the
Unicode confusables (UTS #39, version 15, read 2026-11-26).
"""

from __future__ import annotations

import re
import unicodedata

GREEK_NAMES = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ω": "omega",
    "ψ": "psi",
}
"""Greek letters that chemical names spell out if they are separate words."""

LOOKALIKES = str.maketrans(
    "авеікмнорстухѕјԁԛԝһӏҽꙇѵѡүєαβεζηικνορτυχωϲγμϳ",
    "abeikmhopctyxsjdqwhleivwyeabeznikvoptuxwcyuj",
)
"""Cyrillic and Greek small letters, after case folding, and the Latin letters that they resemble.

Applied only if this table has every foreign letter of a word; other words in that script are not changed.
"""

ONE_ALPHABET = LOOKALIKES | str.maketrans("иіфдлгзэ", "iifdlgze")
"""`LOOKALIKES`, and Cyrillic letters that sound like a Latin one; used to search words that mix both scripts."""

GREEK_CAPITALS = str.maketrans("ΗΜΝΥ", "hmny")
"""Greek capitals that resemble another Latin letter than their small letters do."""

RARE_SCRIPTS = dict(
    zip(
        "ցհոռօգզսաք"  # Armenian, small
        "ᎪᏏᏴᏟᏧᎠᎬᏀᏻᎻᏂᎥᎫᏦᏞᎷᏢᎡᏒᏚᏕᎢᏙᎳᏔᎩᎽᏃ"  # Cherokee
        "ⲁⲃⲥⲉⲏⲓⲕⲙⲛⲟⲣⲅⲧⲭⲩⲍⳑ"  # Coptic
        "ꓮꓐꓚꓒꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜ"  # Lisu
        "ᗅᑲᖯᗷᑯᗞᗪᖴᕼᒍᒪᗰᑭᖇᑌᐯᕁ᙭",  # Canadian syllabics
        "ghnnoqquwfabbcddegghhijklmprrsstvwwyyzabcehikmnoprtxyzlabcddefghijklmnoprstuvwxyzabbbdddfhjlmpruvxx",
        strict=True,
    )
)
"""Letters of scripts that no seller here uses: always read as Latin letters."""

SEEN_AS_LATIN = dict(
    zip(
        "аеорсухіјѕԁһԛԝѵьАВЕЗКМНОРСТУХІЈЅԌԚԜ"  # Cyrillic
        "οναρτυικχγηωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"  # Greek
        "օսոհցԼՏՕ",  # Armenian
        "aeopcyxijsdhqwvbABE3KMHOPCTYXIJSGQWovaptuikxynwABEZHIKMNOPTYXounhgLSO",
        strict=True,
    )
)
"""Letters of other scripts that look the same as Latin letters in common fonts.

From the Unicode confusables table (UTS 39, revision 30). Used to warn people; reading uses the tables above.
"""

ARABIC_FORMS = dict(
    zip("\u06a9\u06cc\u0649\u06d2\u06c1\u06be\u0629\u06c3\u06ba", "كيييهههه\u0646", strict=True)
)
"""Persian and Urdu letters, and Arabic endings often written for each other, as one Arabic letter."""

TRADITIONAL = dict(
    zip(
        "錳鉀鈉氫鹽紅醯嗎麥鹼劑試純質貨賣買價廠運發號專線標籤單據證關門報稅聯係電話腦飛機現樣歐國際個過無"
        "開實驗學藥製產業級環氣醫優東車馬點體類黃鎂鋅鐵銅鉛鎳鈣鋁錫銀鈀鉑鈷鉻鋰鹵還與為從來時間長後邊處準"
        "備給對應詢問請說認識讓誰該議護轉載達遠選週錢頭題風濃溫滿濕潔爐燈營獨異當療盡穩積簡紙納細終組結絕"
        "統經維網緊練縣總繼續習聲膠臺葉蘇蘭蠟衛裝補複規視親覺觀計訂記設許評詳課調談論負財責貴費資購贈輕輸"
        "輪農遞郵釋鋪鋼錄鍵鎖鏡閉陽階隨險雙雜離難靜頁順預領額願顧顯養餘騙鬆魚麵罰圖圓場塊壓夠夾奪將屬歲幣"
        "庫廣彈態憑戶換掛採損擇擊擴斷會條槍檢歡殘殺決沒溝滅漿灑烴瓊礦稱種篩綠緩編縮罈義腫舊萬蓋薦藍蟲術裡"
        "褲訊託詐誠販貿賴贓跡躍辦遺鄰醱鑒鑑隱雲韓項飾驅齊齡麼畫輔軟較遷釐鈍銷錯鎢鏈閘隊隻顆馱驟",
        "锰钾钠氢盐红酰吗麦碱剂试纯质货卖买价厂运发号专线标签单据证关门报税联系电话脑飞机现样欧国际个过无"
        "开实验学药制产业级环气医优东车马点体类黄镁锌铁铜铅镍钙铝锡银钯铂钴铬锂卤还与为从来时间长后边处准"
        "备给对应询问请说认识让谁该议护转载达远选周钱头题风浓温满湿洁炉灯营独异当疗尽稳积简纸纳细终组结绝"
        "统经维网紧练县总继续习声胶台叶苏兰蜡卫装补复规视亲觉观计订记设许评详课调谈论负财责贵费资购赠轻输"
        "轮农递邮释铺钢录键锁镜闭阳阶随险双杂离难静页顺预领额愿顾显养余骗松鱼面罚图圆场块压够夹夺将属岁币"
        "库广弹态凭户换挂采损择击扩断会条枪检欢残杀决没沟灭浆洒烃琼矿称种筛绿缓编缩坛义肿旧万盖荐蓝虫术里"
        "裤讯托诈诚贩贸赖赃迹跃办遗邻酦鉴鉴隐云韩项饰驱齐龄么画辅软较迁厘钝销错钨链闸队只颗驮骤",
        strict=True,
    )
)
"""Traditional Chinese characters of trade and chemistry as simplified ones: sellers also mix both in one name."""

HANGUL_FINALS = {
    final: "".join(
        unicodedata.lookup(f"HANGUL CHOSEONG {consonant}")
        for consonant in unicodedata.name(final).removeprefix("HANGUL JONGSEONG ").split("-")
    )
    for final in map(chr, range(0x11A8, 0x11C3))
}
"""Final consonants of Hangul syllables as initial ones, so that a word spelled in single letters is the same."""

FANCY_LETTERS = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ɑ": "a",
    "ɩ": "i",
    "ǀ": "l",
    "ʋ": "v",
    "ɣ": "y",
    "ƅ": "b",
    "ƽ": "s",
    "−": "-",
    "ー": "-",
    "➖": "-",
    "─": "-",
    "━": "-",
    "¯": "-",
    "’": "'",
    "′": "'",
    "‘": "'",
    "ʼ": "'",
    "，": ",",
    "、": ",",
    "。": ".",
    "Տ": "s",
    "Ս": "u",
    "Օ": "o",
    "【": "[",
    "】": "]",
    **RARE_SCRIPTS,
    **ARABIC_FORMS,
    **HANGUL_FINALS,
    **TRADITIONAL,
}
"""Characters, before or after case folding, and their folded form."""

LATIN_NAME = re.compile(
    r"(?:(?:CROSSED )?NEGATIVE (?:CIRCLED|SQUARED) |REGIONAL INDICATOR SYMBOL )?(?:LATIN )?"
    r"(?:(?:SMALL|CAPITAL) )?LETTER (?:SMALL CAPITAL |DOTLESS |SCRIPT |OPEN |TURNED |REVERSED |BARRED )?"
    r"(?P<letter>[A-Z])(?: WITH .*)?"
)
"""Names of Latin letters that Unicode does not decompose: with a stroke, in a black circle, rotated."""

UNSEEN = frozenset("\u115f\u1160\u3164\uffa0\u2800\u0640")
"""Hangul fillers, the empty Braille cell and the Arabic stroke that lengthens a word: no letters to a reader."""


class Characters(dict[str, str]):
    """A cache of the folded form of each character."""

    def __missing__(self, character: str) -> str:
        folded = _fold_character(character)
        self[character] = folded
        return folded


def _fold_character(character: str) -> str:
    if character in UNSEEN:
        return ""
    kept = []
    for decomposed in unicodedata.normalize("NFKD", FANCY_LETTERS.get(character, character)).casefold():
        part = FANCY_LETTERS.get(decomposed, decomposed)
        kind = unicodedata.category(part[0])
        if kind in {"Mn", "Me", "Cf"}:
            continue
        kept.append(" " if kind in {"Zs", "Zl", "Zp", "Cc"} else _plain(part, kind))
    return "".join(kept)


def _plain(character: str, kind: str) -> str:
    """Return the Latin letter, digit or hyphen that the Unicode properties of a character give."""
    if character.isascii() or len(character) > 1:
        return character
    if kind == "Pd":
        return "-"
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    latin = LATIN_NAME.fullmatch(unicodedata.name(character, ""))
    return latin["letter"].lower() if latin else character
