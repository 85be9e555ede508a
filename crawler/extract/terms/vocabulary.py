"""The words of trade terms in seven languages: what each pattern found in a text stands for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from store.crawl.terms import TermName

if TYPE_CHECKING:
    from collections.abc import Mapping


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
