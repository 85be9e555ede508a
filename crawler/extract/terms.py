"""Read the terms of an offer in typed form, each beside its text, from a listing as extracted so far."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from crawler.extract.elements import is_within_hidden
from store.model import Term, TermName
from text.cas import is_cas_number
from text.labels import named_term
from text.quantities import WHOLE_NUMBER, read_number, read_quantity, unit_after_slash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from crawler.extract.elements import Line
    from crawler.extract.offer import Heading
    from store.model import ListingContent


def _words(*words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)


def _signs(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)


GRADES: Mapping[str, re.Pattern[str]] = {
    "pharmaceutical": _words(
        r"pharma(?:ceutical)? ?(?:grade)?",
        r"grado farmac[eé]utico",
        r"grau farmac[eê]utico",
        r"qualité pharmaceutique",
        r"pharmaqualität",
        r"фармацевтическ\w+",
        "USP",
        "BP ?grade",
        "EP ?grade",
    ),
    "food": _words(
        r"food ?grade",
        r"grado alimenticio",
        r"grado alimentario",
        r"grau alimentar",
        r"qualité alimentaire",
        r"lebensmittelqualität",
        r"пищев(?:ой|ая)",
        "FCC",
    ),
    "feed": _words(r"feed ?grade", r"кормов(?:ой|ая)", r"grado forraje"),
    "industrial": _words(
        r"(?:industrial|technical|tech) ?grade",
        r"grado (?:industrial|técnico)",
        r"grau (?:industrial|técnico)",
        r"qualité (?:industrielle|technique)",
        r"technische qualität",
        r"техническ(?:ий|ая)",
    ),
    "reagent": _words(
        r"(?:reagent|laboratory|lab) ?grade",
        r"grado reactivo",
        r"p\.?a\.?",
        r"ACS(?: ?grade)?",
        r"AR ?grade",
        r"реактивн\w+",
        "ч\\.?д\\.?а\\.?",
        "х\\.?ч\\.?",
    ),
    "analytical": _words(
        r"(?:analytical|HPLC|GC) ?grade", r"zur analyse", r"grado analítico", r"grau analítico"
    ),
    "cosmetic": _words(r"cosmetic ?grade", r"grado cosmético", r"косметическ\w+"),
    "electronic": _words(r"electronic ?grade"),
}
GRADES_IN_CHINESE = {"医药级": "pharmaceutical", "食品级": "food", "饲料级": "feed", "工业级": "industrial", "试剂级": "reagent",
                     "分析纯": "analytical", "化学纯": "reagent", "化妆品级": "cosmetic", "电子级": "electronic"}  # fmt: skip
PAYMENTS: Mapping[str, re.Pattern[str]] = {
    "bank_transfer": _words(
        r"T ?/ ?T",
        "bank transfer",
        "wire transfer",
        "transferencia(?: bancaria)?",
        "transferência",
        "virement",
        "überweisung",
        r"банковск\w+ перевод\w*",
        "безнал\\w*",
    ),
    "letter_of_credit": _words(
        r"L ?/ ?C", "letter of credit", "carta de crédito", "lettre de crédit", "akkreditiv", "аккредитив"
    ),
    "collection": _words(r"D ?/ ?[PA]", "documentary collection"),
    "western_union": _words("western ?union"),
    "moneygram": _words("money ?gram"),
    "paypal": _words("pay ?pal"),
    "cryptocurrency": _words(
        "bitcoins?",
        "btc",
        "usdt",
        "tether",
        "monero",
        "xmr",
        "ethereum",
        r"crypto(?:currency|currencies)?",
        r"criptomonedas?",
        r"criptomoedas?",
        r"kryptowährung(?:en)?",
        r"биткоин\w*",
        r"криптовалют\w+",
    ),
    "card": _words(
        "credit card",
        "visa",
        "mastercard",
        "tarjeta(?: de crédito)?",
        "cartão(?: de crédito)?",
        "carte bancaire",
        "kreditkarte",
        r"банковск\w+ карт\w+",
    ),
    "cash": _words(
        "cash", "efectivo", "dinheiro", "espèces", "bargeld", "barzahlung", r"наличн\w+", "contra ?entrega"
    ),
    "escrow": _words("escrow", "trade assurance", "treuhand"),
    "invoice": _words("on invoice", "auf rechnung", "sur facture", "net ?30"),
    "mobile_money": _words("alipay", "wechat pay", "pix", "yape", "m-?pesa"),
}
PAYMENTS_IN_CHINESE = {"电汇": "bank_transfer", "银行转账": "bank_transfer", "信用证": "letter_of_credit", "西联": "western_union",
                       "支付宝": "mobile_money", "微信支付": "mobile_money", "现金": "cash", "比特币": "cryptocurrency",
                       "货到付款": "cash"}  # fmt: skip
SUPPLIER_TYPES: Mapping[str, re.Pattern[str]] = {
    "manufacturer": _words(
        "manufacturers?",
        "factory",
        "producer",
        "fabricante",
        "fábrica",
        "fabricant",
        "producteur",
        "hersteller",
        r"производител\w+",
        "завод",
    ),
    "trading_company": _words(
        "trading company",
        "trader",
        "comercializadora",
        "empresa comercial",
        "société de négoce",
        "handelsunternehmen",
        "handelsfirma",
        r"торгов\w+ компани\w+",
    ),
    "distributor": _words(
        "distributor",
        "wholesaler",
        "reseller",
        "distribuidor(?:a)?",
        "mayorista",
        "atacadista",
        "grossiste",
        "distributeur",
        "großhändler",
        "händler",
        r"дистрибьютор\w*",
        "оптов\\w+",
    ),
    "agent": _words("agent", "broker", "agente", "représentant", "vertreter", "посредник"),
    "laboratory": _words(
        "laboratory supplier", "laboratorio", "laboratoire", "labor(?:händler)?", "лаборатория"
    ),
    "private": _words(
        "private(?: seller| person)?",
        "by owner",
        "particular",
        "pessoa física",
        "particulier",
        "privat(?:er anbieter)?",
        "частное лицо",
        "частник",
    ),
}
SUPPLIER_TYPES_IN_CHINESE = {"生产商": "manufacturer", "生产厂家": "manufacturer", "制造商": "manufacturer", "生产型": "manufacturer",
                             "贸易公司": "trading_company", "贸易商": "trading_company", "贸易型": "trading_company",
                             "经销商": "distributor", "代理商": "agent", "个人": "private"}  # fmt: skip
CERTIFICATES: Mapping[str, re.Pattern[str]] = {
    "iso_9001": _words(r"ISO ?9001(?:[:：-]?\d{4})?"),
    "iso_14001": _words(r"ISO ?14001(?:[:：-]?\d{4})?"),
    "iso_13485": _words(r"ISO ?13485"),
    "iso_22000": _words(r"ISO ?22000"),
    "ohsas_18001": _words(r"OHSAS ?18001", r"ISO ?45001"),
    "gmp": _words("c?GMP"),
    "reach": _words(r"(?<!-)REACH(?= (?:regist|cert|compl)|[,;/)]|$)"),
    "coa": _words(
        "COA",
        "certificates? of analysis",
        "certificado de análisis",
        "certificado de análise",
        "certificat d'analyse",
        "analysenzertifikat",
        "сертификат анализа",
        "паспорт качества",
    ),
    "sds": _words(
        "M?SDS",
        "safety data sheet",
        "sicherheitsdatenblatt",
        "ficha de (?:datos de )?seguridad",
        "паспорт безопасности",
    ),
    "sgs": _words("SGS"),
    "kosher": _words("kosher"),
    "halal": _words("halal"),
    "haccp": _words("HACCP"),
    "fda": _words("FDA"),
    "dmf": _words("DMF(?= )"),
    "gost": _words("ГОСТ(?: Р)?(?: [\\d.-]+)?"),
    "import_licence": _words(
        "(?:import|export|precursor) licen[cs]e", "licencia de (?:importación|exportación)"
    ),
}
CONTACTS: Mapping[str, re.Pattern[str]] = {
    "whatsapp": _signs(r"whats?\W?app\b", r"\bwa\.me/", r"\bwsp\b", "ватсап", "вотсап"),
    "telegram": _signs(r"\btelegram\b", r"\bt\.me/", "телеграм", "电报", "纸飞机"),
    "wickr": _signs(r"\bwickr"),
    "threema": _signs(r"\bthreema"),
    "signal": _signs(r"\bsignal(?: app|:| ?\+)"),
    "session": _signs(r"\bsession (?:id|app)"),
    "wechat": _signs(r"\bwe ?chat(?! ?pay)", r"微信(?!支付)", r"\bweixin\b", "加v", "加微"),
    "qq": _signs(r"\bqq\s*[:：]?\s*\d{5,}", "扣扣"),
    "skype": _signs(r"\bskype\b"),
    "viber": _signs(r"\bviber\b", "вайбер"),
    "line": _signs(r"\bline id\b"),
    "kik": _signs(r"\bkik\b\s*[:：]"),
    "discord": _signs(r"\bdiscord\b"),
    "email": _signs(r"[\w.+-]{2,}@[\w-]{2,}\.\w{2,}", r"\be-?mail\b\s*[:：]"),
    "phone": _signs(
        r"(?<![\w.,-])\+\d[\d ()-]{8,16}\d",
        r"\b(?:tel|phone|teléfono|telefone|téléphone|telefon|телефон|电话|手机)\.?\s*[:：]\s*\+?\d",
    ),
    "website": _signs(r"(?<!@)\bwww\.[\w-]+\.\w{2,}"),
}
IN_TEXT: Mapping[TermName, Mapping[str, re.Pattern[str]]] = {
    TermName.GRADE: GRADES,
    TermName.CERTIFICATE: CERTIFICATES,
}
"""What is looked for wherever it stands; payment and supplier only behind their labels."""
IN_CHINESE: Mapping[TermName, Mapping[str, str]] = {
    TermName.GRADE: GRADES_IN_CHINESE,
    TermName.PAYMENT: PAYMENTS_IN_CHINESE,
    TermName.SUPPLIER_TYPE: SUPPLIER_TYPES_IN_CHINESE,
}
BEHIND_LABELS: Mapping[TermName, Mapping[str, re.Pattern[str]]] = {
    TermName.GRADE: GRADES,
    TermName.PAYMENT: PAYMENTS,
    TermName.SUPPLIER_TYPE: SUPPLIER_TYPES,
    TermName.CERTIFICATE: CERTIFICATES,
}

HINTS: Mapping[TermName, tuple[str, ...]] = {
    TermName.GRADE: ("grad", "grau", "qualit", "фарм", "пищев", "кормов", "техническ", "реактив", "косметич", "usp", "bp", "ep",
                     "fcc", "acs", "p.a", "pa", "ч.д", "ч. д", "чда", "х.ч", "хч", "zur analyse"),
    TermName.CERTIFICATE: ("iso", "gmp", "reach", "coa", "certif", "zertif", "сертиф", "паспорт", "sds", "safety data",
                           "sicherheitsdaten", "seguridad", "sgs", "kosher", "halal", "haccp", "fda", "dmf", "гост", "licen",
                           "ohsas"),
    TermName.CONTACT_CHANNEL: ("app", "wa.me", "wsp", "ватсап", "вотсап", "telegram", "t.me", "телеграм", "电报", "纸飞机", "wickr",
                               "threema", "signal", "session", "chat", "微信", "weixin", "加v", "加微", "qq", "扣扣", "skype",
                               "viber", "вайбер", "line id", "kik", "discord", "@", "mail", "+", "tel", "phone", "phon",
                               "тел", "电话", "手机", "www."),
}  # fmt: skip
"""Parts of words, in lower case, without which no pattern of a term can match: asking for them is quick."""
_READ_CHARS = 20_000
_LONGEST_TEXT = 200
_PERCENT = re.compile(
    r"(?P<least>≥|>=?|＞|≧|min\.?|mín\.?|mind\.?|not less than|no menos de|не менее|大于|不低于)?\s*"
    r"(?P<number>\d{1,3}(?:[.,]\d{1,3})?)\s?[%％](?:\s?(?P<after>min\b|mín\b|up\b|\+))?",
    re.IGNORECASE,
)
_PURITY_WORD = re.compile(
    r"purity|assay|\bpure\b|pureza|\bpuro\b|teor|pureté|\bpur\b|reinheit|gehalt|чистот|содержани|纯度|含量|\bmin\b",
    re.IGNORECASE,
)
_NO_PURITY = re.compile(
    r"\boff\b|discount|rabatt|descuento|desconto|remise|скидк|折|save|vol\b|alc", re.IGNORECASE
)
_PURITY_REACH = 25
_PACK_NUMBER = rf"(?:(?<![\w.,/-])\d{{1,4}}\s?[x×х*]\s?)?{WHOLE_NUMBER}"
_PACK = re.compile(
    rf"{_PACK_NUMBER}(?:"
    r"\s?-?[^\W\d]\w{0,8}\s?(?:/|per |por |pro |par |в )\s?\w{2,10}"
    r"|\s?(?:kg|g|l|ml|кг|л|公斤|千克)[\s-](?:\w+ )?(?:drum|bag|bottle|tambor|bidón|bolsa|saco|fass|sack|beutel|flasche"
    r"|fût|sac|бочк\w+|меш\w+|桶|袋|瓶)\w*"
    r"|\s?(?:公斤|千克|克|升|毫升)\s?[/装]?\s?[桶袋瓶箱])",
    re.IGNORECASE,
)
_YEARS = re.compile(
    r"(?P<number>\d{1,2})\s?(?:\+ ?)?(?:yrs?|years?|años|anos|ans|jahren?|лет|год[а]?|年)", re.IGNORECASE
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_NO_BRAND = re.compile(
    r"unbranded|no ?brand|n/?a|none|does not apply|sin marca|sans marque|sem marca|no name|generic|-+",
    re.IGNORECASE,
)
_BOOKS = ("978", "979")
_DIGITS = re.compile(r"\d{8,14}")
_CAS = re.compile(r"(?<![\d-])([1-9]\d{1,6})[-‐‑‒–—−]\s?(\d{2})[-‐‑‒–—−]\s?(\d)(?![\d-])")
_LANGUAGES = ("en", "es", "pt", "fr", "de", "ru", "zh")
_ALSO_CALLED = {
    "usa": "US", "u.s.a.": "US", "uk": "GB", "england": "GB", "england, uk": "GB", "holland": "NL", "mainland china": "CN",
    "p.r. china": "CN", "prc": "CN", "中国大陆": "CN", "россия, рф": "RU", "рф": "RU", "eeuu": "US", "ee.uu.": "US",
}  # fmt: skip
_WORLDWIDE = re.compile(
    r"world-?wide|all countries|anywhere|global(?:ly)?|todo el mundo|mundial|worldwide|tout pays|monde entier|"
    r"weltweit|по всему миру|весь мир|全球|世界各地",
    re.IGNORECASE,
)
_LONGEST_PLACE = 120
IN_STOCK, OUT_OF_STOCK, PREORDER = "in_stock", "out_of_stock", "preorder"
_SAID = (
    (OUT_OF_STOCK, re.compile(r"out ?of ?stock|sold ?out|discontinued|unavailable|^oos$")),
    (PREORDER, re.compile(r"pre ?(?:order|sale)|back ?order|made ?to ?order")),
    (IN_STOCK, re.compile(r"in ?stock|limited ?availability|in ?store ?only|online ?only|^available$")),
)
_OUT = re.compile(
    r"(?:currently |temporarily )?(?:out of stock|sold out|unavailable)(?: online)?|no longer available|"
    r"(?:this )?(?:item|product|listing|offer) is (?:currently |no longer )?(?:out of stock|unavailable|available)|"
    r"(?:producto )?(?:agotado|sin (?:stock|existencias)|no disponible)|fuera de stock|"
    r"(?:produto )?(?:esgotado|indispon[ií]vel)|sem estoque|"
    r"(?:produit )?(?:épuisé|indisponible)|en rupture(?: de stock)?|rupture de stock|"
    r"(?:derzeit |momentan |aktuell )?(?:ausverkauft|nicht (?:verfügbar|lieferbar|vorrätig|auf lager))|vergriffen|"
    r"(?:товара? )?нет в наличии|(?:товар )?(?:закончился|распродан|недоступен)|снят с продажи|"
    r"缺货|无货|暂无库存|售罄|已售完|已售罄|無庫存|補貨中|"
    r"品切れ|在庫切れ|품절|esaurito|non disponibile|uitverkocht|niet (?:op voorraad|leverbaar)|"
    r"wyprzedan[ey]|(?:produkt )?niedostępny|brak w magazynie|vypredané|vyprodáno|nie je na sklade|není skladem|"
    r"stoc epuizat|indisponibil|nincs (?:készleten|raktáron)|slutsåld|udsolgt|utsolgt|loppuunmyyty|tükendi|"
    r"אזל(?: מהמלאי)?|לא במלאי|(?:המוצר )?אינו במלאי|غير متوفر",
    re.IGNORECASE,
)
_IN = re.compile(
    r"in stock|available(?: now)?|ready to ship|en stock|(?:hay )?(?:stock )?disponible|em (?:estoque|stock)|disponível|"
    r"auf lager|lieferbar|verfügbar|vorrätig|sofort lieferbar|(?:есть )?в наличии|有货|现货|有現貨|在庫あり|skladom|skladem|"
    r"dostępny|în stoc|op voorraad|במלאי",
    re.IGNORECASE,
)
_LONGEST_STOCK = 48
_STOCK_LINES = 80


def read_terms(
    content: ListingContent,
    rows: Iterable[tuple[str, str, str]] = (),
    *,
    availability: tuple[str, str] = ("", ""),
) -> tuple[Term, ...]:
    """Read every term that a listing shows.

    Args:
        content: The listing as read so far.
        rows: Name, value and rule of each labelled row beside its attributes.
        availability: What the page shows near its heading, and its value; two empty texts when nothing.

    Returns:
        Each term once, in the order of `TermName`.
    """
    rule = content.provenance.get("attributes", "")
    labelled = [*((name, value, rule) for name, value in content.attributes), *rows]
    found: list[Term] = []
    for name, value, by in labelled:
        term = named_term(name)
        if term is not None:
            found += _behind_label(term, value, by, content)
    found += _of_fields(content)
    found += _in_text(f"{content.title}\n{content.description}"[:_READ_CHARS])
    found += _cas_in_rows(labelled)
    if availability[1]:
        found.append(
            Term(name=TermName.AVAILABILITY, text=availability[0], value=availability[1], rule="visible")
        )
    return _each_once(found)


def _behind_label(name: TermName, value: str, rule: str, content: ListingContent) -> Iterator[Term]:
    text = " ".join(value.split())[:_LONGEST_TEXT]
    if name is TermName.PURITY:
        yield from _percents(text, rule) or [Term(name=name, text=text, rule=rule)]
    elif name in {TermName.SHIPS_FROM, TermName.SHIPS_TO}:
        yield Term(name=name, text=text, value=country_in(text), rule=rule)
    elif name is TermName.SUPPLIER_YEARS:
        yield _years(text, rule)
    elif name is TermName.AVAILABILITY:
        if said := said_stock(text):
            yield Term(name=name, text=text, value=said, rule=rule)
    elif name is TermName.BRAND:
        brand = text.rpartition(":")[2].strip()
        if brand and not _NO_BRAND.fullmatch(brand):
            yield Term(name=name, text=text, value=brand, rule=rule)
    elif name is TermName.GTIN:
        yield from _gtins(text, rule)
    elif name is TermName.UNIT_PRICE:
        yield from _unit_price(text, content.currency, rule, unit_after_slash(text) or "")
    else:
        known = _known(name, text, rule)
        yield from known or [Term(name=name, text=text, rule=rule)]


def _of_fields(content: ListingContent) -> Iterator[Term]:
    by = content.provenance
    for name, text, field in (
        (TermName.PACK_SIZE, content.pack_text, "pack_text"),
        (TermName.MINIMUM_ORDER, content.minimum_order_text, "minimum_order_text"),
    ):
        if text:
            yield _measured(name, text, by.get(field, ""))
    if content.price_amount is not None and (unit := unit_after_slash(content.price_text)):
        yield Term(
            name=TermName.UNIT_PRICE, text=content.price_text, value=content.currency,
            amount=content.price_amount, unit=unit, rule=by.get("price_text", ""),
        )  # fmt: skip
    if by.get("location", "").startswith("visible:label"):
        label = by["location"].removeprefix("visible:label ")
        if named_term(label) is TermName.SHIPS_FROM:
            yield Term(
                name=TermName.SHIPS_FROM,
                text=content.location,
                value=country_in(content.location),
                rule=by["location"],
            )
    if content.item_id.startswith(_BOOKS):  # bookshops number by ISBN; other numbers only look like a GTIN
        yield from _gtins(content.item_id, by.get("item_id", ""))


def _measured(name: TermName, text: str, rule: str) -> Term:
    short = " ".join(text.split())[:_LONGEST_TEXT]
    quantity = read_quantity(short)
    if quantity is None:
        return Term(name=name, text=short, rule=rule)
    return Term(
        name=name, text=short, value=quantity.container, amount=quantity.amount, unit=quantity.unit, rule=rule
    )


def _unit_price(text: str, currency: str, rule: str, unit: str) -> Iterator[Term]:
    number = re.search(r"\d[\d .,’']*", text)
    amount = read_number(number[0].rstrip(" .,")) if number else None
    if amount is not None and unit:
        yield Term(name=TermName.UNIT_PRICE, text=text, value=currency, amount=amount, unit=unit, rule=rule)


def _years(text: str, rule: str) -> Term:
    if began := _YEAR.search(text):
        return Term(name=TermName.SUPPLIER_YEARS, text=text, value=began[0], rule=rule)
    years = _YEARS.search(text)
    amount = Decimal(years["number"]) if years else None
    return Term(
        name=TermName.SUPPLIER_YEARS, text=text, amount=amount, unit="years" if years else "", rule=rule
    )


def _percents(text: str, rule: str) -> list[Term]:
    return [_purity(found, rule) for found in _PERCENT.finditer(text) if _is_share(found)]


def _purity(found: re.Match[str], rule: str) -> Term:
    least = "min" if found["least"] or found["after"] else ""
    amount = Decimal(found["number"].replace(",", "."))
    return Term(name=TermName.PURITY, text=found[0].strip(), value=least, amount=amount, unit="%", rule=rule)


def _is_share(found: re.Match[str]) -> bool:
    return 0 < Decimal(found["number"].replace(",", ".")) <= 100


def _in_text(text: str) -> Iterator[Term]:
    for shown, number in cas_numbers(text):
        yield Term(name=TermName.CAS_NUMBER, text=shown, value=number, rule="text")
    for found in _PERCENT.finditer(text) if "%" in text or "％" in text else ():
        near = text[max(0, found.start() - _PURITY_REACH) : found.end() + _PURITY_REACH]
        if _is_share(found) and _PURITY_WORD.search(near) and not _NO_PURITY.search(near):
            yield _purity(found, "text")
    for found in _PACK.finditer(text):
        if (quantity := read_quantity(found[0])) and quantity.container:
            yield _measured(TermName.PACK_SIZE, found[0], "text")
    lower = text.lower()
    hinted = {name for name, hints in HINTS.items() if any(hint in lower for hint in hints)}
    for name, kinds in IN_TEXT.items():
        if name in hinted:
            yield from _matches(name, kinds, text, "text")
    for kind, pattern in CONTACTS.items() if TermName.CONTACT_CHANNEL in hinted else ():
        if pattern.search(text):
            yield Term(name=TermName.CONTACT_CHANNEL, value=kind, rule="text")
    yield from _in_chinese(TermName.GRADE, text, "text")


def _cas_in_rows(labelled: Iterable[tuple[str, str, str]]) -> Iterator[Term]:
    for name, value, rule in labelled:
        for shown, number in cas_numbers(value[:_LONGEST_TEXT]):
            by = f"{rule} {name}" if rule.startswith("visible") else rule
            yield Term(name=TermName.CAS_NUMBER, text=shown, value=number, rule=by)


def _known(name: TermName, text: str, rule: str) -> list[Term]:
    return [*_matches(name, BEHIND_LABELS.get(name, {}), text, rule), *_in_chinese(name, text, rule)]


def _matches(name: TermName, kinds: Mapping[str, re.Pattern[str]], text: str, rule: str) -> Iterator[Term]:
    for kind, pattern in kinds.items():
        if found := pattern.search(text):
            yield Term(name=name, text=found[0], value=kind, rule=rule)


def _in_chinese(name: TermName, text: str, rule: str) -> Iterator[Term]:
    for words, kind in IN_CHINESE.get(name, {}).items():
        if words in text:
            yield Term(name=name, text=words, value=kind, rule=rule)


def _gtins(text: str, rule: str) -> Iterator[Term]:
    digits = re.sub(r"[\s-]", "", text)
    if _DIGITS.fullmatch(digits) and len(digits) in {8, 12, 13, 14} and is_gtin(digits):
        yield Term(name=TermName.GTIN, text=text, value=digits, rule=rule)


def is_gtin(digits: str) -> bool:
    """Say whether the last digit is the check digit of the others (GS1 General Specifications, 7.9)."""
    weighted = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits[:-1])))
    return any(digit != "0" for digit in digits) and (10 - weighted % 10) % 10 == int(digits[-1])


def _each_once(found: list[Term]) -> tuple[Term, ...]:
    """Keep the first of those that say the same, and brings them into the order of `TermName`."""
    kept: dict[tuple[object, ...], Term] = {}
    for term in found:
        said = (
            (term.name, term.value, term.amount, term.unit)
            if term.value or term.amount is not None
            else (term.name, term.text)
        )
        kept.setdefault(said, term)
    order = {name: place for place, name in enumerate(TermName)}
    return tuple(sorted(kept.values(), key=lambda term: order[term.name]))


def cas_numbers(text: str) -> Iterator[tuple[str, str]]:
    """Yield each CAS number whose check digit is right, as shown and in plain form.

    Disguised numbers are for the classifier to read.

    >>> list(cas_numbers("CAS ７７–92–9"))
    [('７７–92–9', '77-92-9')]
    """
    if text.isascii() and "-" not in text:
        return
    for found in _CAS.finditer(unicodedata.normalize("NFKC", text)):
        number = f"{found[1]}-{found[2]}-{found[3]}"
        if is_cas_number(number):
            yield found[0], number


def country_in(text: str) -> str:
    """Return the ISO 3166-1 code of the last country named, `worldwide`, or empty text.

    Args:
        text: E.g. `Guangdong, China (Mainland)`, `envíos a todo el mundo` or `Германия`.
    """
    short = text[:_LONGEST_PLACE]
    if _WORLDWIDE.search(short):
        return "worldwide"
    found = _pattern().findall(short.casefold())
    return _codes()[found[-1]] if found else ""


@cache
def _codes() -> dict[str, str]:
    # Loaded on first need: seven languages of names take a few hundredths of a second.
    from babel import Locale

    codes = dict(_ALSO_CALLED)
    for language in _LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha():
                codes.setdefault(name.casefold(), code)
    return codes


@cache
def _pattern() -> re.Pattern[str]:
    names = "|".join(re.escape(name) for name in sorted(_codes(), key=len, reverse=True))
    return re.compile(rf"(?<![a-zа-яё])(?:{names})(?![a-zа-яё])")


def said_stock(text: str) -> str:
    """Read what data say, e.g. `https://schema.org/OutOfStock` or `in stock`; empty text for other words."""
    plain = re.sub(r"[_-]", " ", text.rpartition("/")[2]).strip().casefold()
    return next((value for value, words in _SAID if words.search(plain)), "")


def shown_stock(lines: Sequence[Line], heading: Heading) -> tuple[str, str]:
    """Find a short line near the heading that says nothing but whether the offer can be had.

    Where such lines contradict each other, as on pages that hold the words for every variant, none counts.

    Args:
        lines: The page's visible lines, without those of other listings.
        heading: The page's own.

    Returns:
        The line and its value; two empty texts when the page does not say.
    """
    start = next((at for at, line in enumerate(lines) if line.element is heading.element), 0)
    found: dict[str, str] = {}
    for line in lines[start : start + _STOCK_LINES]:
        text = line.text.strip(" .!:•-()[]")
        if len(text) > _LONGEST_STOCK:
            continue
        value = _said_alone(text)
        if value and not is_within_hidden(line.element):
            found.setdefault(value, text)
    return next(((text, value) for value, text in found.items()), ("", "")) if len(found) == 1 else ("", "")


@lru_cache(maxsize=16384)  # menus and labels are the same on all pages of a site
def _said_alone(text: str) -> str:
    return OUT_OF_STOCK if _OUT.fullmatch(text) else IN_STOCK if _IN.fullmatch(text) else ""
