"""The labels of trade terms in seven languages, and what each says."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from store.crawl.terms import TermName
from text.spelling import spelling

if TYPE_CHECKING:
    from collections.abc import Iterator

# To add a language, add its words; case, accents and final colons do not count.
_WORDS: dict[TermName, str] = {
    TermName.PURITY: (
        "purity, assay, content, concentration, pureza, concentración, teor, concentração, pureté, titre, "
        "reinheit, gehalt, reinheitsgrad, чистота, степень чистоты, содержание, концентрация, 纯度, 含量"
    ),
    TermName.GRADE: (
        "grade, grade standard, quality grade, grado, grau, qualité, qualität, квалификация, марка, сорт, "
        "级别, 等级, 品级"
    ),
    TermName.SHIPS_FROM: (
        "ships from, ship from, dispatched from, place of dispatch, shipping from, port, fob port, loading port, "
        "envío desde, se envía desde, enviado de, envio de, expédié de, expédié depuis, versand aus, versandort, "
        "отправка из, порт отгрузки, 发货地, 发货地址, 港口"
    ),
    TermName.SHIPS_TO: (
        "ships to, ship to, shipping to, delivers to, delivery to, export markets, main markets, envíos a, "
        "envía a, entrega em, envia para, livraison vers, livraison en, versand nach, lieferung nach, "
        "доставка в, отправка в, 配送范围, 发往, 出口市场, 主要市场"
    ),
    TermName.PAYMENT: (
        "payment, payment terms, payment methods, payment method, payment type, forma de pago, formas de pago, "
        "pago, medios de pago, forma de pagamento, pagamento, paiement, modalités de paiement, zahlung, "
        "zahlungsart, zahlungsarten, zahlungsbedingungen, оплата, способ оплаты, условия оплаты, 付款方式, 支付方式"
    ),
    TermName.SUPPLIER_TYPE: (
        "business type, supplier type, company type, seller type, vendor type, tipo de empresa, "
        "tipo de vendedor, tipo de anunciante, tipo de negocio, type d'annonceur, type de vendeur, anbietertyp, "
        "anzeigentyp, verkäufertyp, тип продавца, тип компании, 企业类型, 经营模式, 公司类型"
    ),
    TermName.SUPPLIER_YEARS: (
        "years in business, year established, established, founded, member since, seller since, "
        "año de fundación, fundada en, miembro desde, fundado em, membro desde, membre depuis, fondée en, "
        "gegründet, mitglied seit, год основания, на сайте с, на рынке, 成立时间, 成立日期, 注册年份, 入驻年限"
    ),
    TermName.CERTIFICATE: (
        "certificate, certificates, certification, certifications, management system certification, "
        "certificado, certificados, certificação, certificações, certificat, certificats, zertifikat, "
        "zertifikate, сертификат, сертификаты, 认证, 证书"
    ),
    TermName.AVAILABILITY: (
        "availability, stock status, disponibilidad, disponibilidade, disponibilité, verfügbarkeit, наличие, "
        "库存状态, dostupnosť, dostupnost, dostępność"
    ),
    TermName.BRAND: (
        "brand, brand name, marca, marque, marke, бренд, торговая марка, 品牌, výrobca, výrobce, značka, "
        "producent, marka, merk, varumärke, מותג, ブランド, 브랜드"
    ),
    TermName.GTIN: (
        "gtin, ean, ean code, ean-code, ean13, ean-13, upc, isbn, isbn-13, isbn13, barcode, "
        "código de barras, штрихкод, штрих-код, 条形码, 条码, ean kód"
    ),
    TermName.UNIT_PRICE: "price per kg, unit price, precio por kg, preço por kg, kilopreis, цена за кг, 单价",
}


def named_term(label: str) -> TermName | None:
    """Name the term that a label stands for, or None.

    Args:
        label: E.g. `Zahlungsart:` or `纯度`.
    """
    return _term_of_word().get(spelling(label)) if len(label) <= 60 else None


def term_words() -> Iterator[str]:
    """Yield every label that stands for a term."""
    for words in _WORDS.values():
        yield from words.split(",")


@cache
def _term_of_word() -> dict[str, TermName]:
    return {spelling(word): name for name, words in _WORDS.items() for word in words.split(",")}
