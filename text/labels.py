"""The words that marketplaces put before a value, and the field or term that each one names."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from store.model import TermName

if TYPE_CHECKING:
    from collections.abc import Iterator


class Label(StrEnum):
    """What a labelled row of a page is about."""

    PRICE = "price_text"
    QUANTITY = "quantity_text"
    PACK = "pack_text"
    MINIMUM_ORDER = "minimum_order_text"
    SELLER = "seller_name"
    LOCATION = "location"
    ITEM_ID = "item_id"
    DESCRIPTION = "description"
    CATEGORY = "category"
    ATTRIBUTE = "attribute"
    """Known as a property (CAS number, purity, brand…) that has no field of its own."""


# To add a language, add its words to each line; spelling is compared without case, accents and final colons.
_WORDS: dict[Label, str] = {
    Label.PRICE: (
        "price, unit price, fob price, reference price, our price, sale price, reference fob price, "
        "price per kg, "
        "price per unit, precio, precio unitario, precio de referencia, preço, preço unitário, valor, "
        "prix, prix unitaire, "
        "preis, stückpreis, einzelpreis, цена, цена за кг, цена за единицу, стоимость, 价格, 单价, "
        "参考价, 参考价格, 报价, 售价"
    ),
    Label.QUANTITY: (
        "quantity, available quantity, quantity available, stock, in stock, available, supply ability, "
        "availability quantity, "
        "cantidad, cantidad disponible, disponible, existencias, quantidade, quantidade disponível, "
        "estoque, disponível, "
        "quantité, quantité disponible, en stock, menge, verfügbare menge, bestand, lagerbestand, verfügbar, "
        "количество, в наличии, наличие, остаток, объем, объём, 数量, 库存, 供应量, 供货量, 可供数量, "
        "供货总量, 供货能力"
    ),
    Label.PACK: (
        "pack, pack size, package, packaging, packing, package size, package type, packaging details, "
        "transport package, "
        "container, net weight, packing size, envase, empaque, presentación, tamaño del envase, "
        "embalaje, embalagem, "
        "tamanho da embalagem, apresentação, conditionnement, emballage, gebinde, packung, "
        "packungsgröße, verpackung, "
        "verpackungseinheit, gebindegröße, упаковка, фасовка, тара, вид упаковки, 包装, 包装规格, 规格, "
        "产品规格, 包装方式, 包装说明"
    ),
    Label.MINIMUM_ORDER: (
        "moq, minimum order, min order, min. order, minimum order quantity, min order quantity, "
        "min. order quantity, "
        "minimum quantity, pedido mínimo, compra mínima, cantidad mínima, orden mínima, "
        "cantidad mínima de pedido, "
        "quantidade mínima, pedido minimo, encomenda mínima, commande minimum, commande minimale, "
        "quantité minimum, "
        "quantité minimale, mindestbestellmenge, mindestmenge, mindestabnahme, минимальный заказ, "
        "мин. заказ, мин заказ, "
        "минимальная партия, минимальный объем заказа, мин. партия, 起订量, 最小起订量, 最低起订量, "
        "最小订购量, 最小订单量, 起批量, 起订"
    ),
    Label.SELLER: (
        "seller, supplier, company, company name, vendor, manufacturer name, sold by, shop, store, "
        "offered by, posted by, "
        "advertiser, contact person, vendedor, vendedora, vendido por, proveedor, empresa, anunciante, "
        "tienda, publicado por, "
        "fornecedor, loja, anunciado por, vendeur, vendu par, fournisseur, société, entreprise, "
        "annonceur, verkäufer, "
        "anbieter, lieferant, firma, händler, verkauft durch, verkauft von, продавец, поставщик, "
        "компания, организация, "
        "фирма, автор, автор объявления, контактное лицо, 供应商, 公司, 公司名称, 卖家, 店铺, 商家, "
        "企业名称, 供货商, 厂家, 发布者, 生产厂家"
    ),
    Label.LOCATION: (
        "location, city, region, place, ships from, ship from, dispatched from, place of dispatch, "
        "address, item location, "
        "ubicación, ciudad, provincia, localidad, lugar, zona, envío desde, se envía desde, localização, "
        "cidade, estado, "
        "município, enviado de, envio de, local, localisation, ville, lieu, région, expédié de, "
        "expédié depuis, standort, "
        "ort, stadt, versand aus, versandort, artikelstandort, местоположение, город, регион, адрес, "
        "место, отправка из, "
        "откуда, 所在地, 地区, 产地, 发货地, 所在城市, 城市, 区域, 地址, 发货地址, 所在地区"
    ),
    Label.ITEM_ID: (
        "item id, item no, item no., item number, item, sku, product id, product code, article number, "
        "article no, article, "
        "product no, product no., catalog number, catalogue number, cat no, cat. no., cat no., "
        "listing id, ad id, ref, ref., "
        "reference, order code, stock code, product number, item code, sku number, web id, product #, "
        "item #, sku #, cod produto, cód. produto, id produto, id do produto, id producto, id del producto, "
        "product-id, produkt-id, produktnummer, id produit, código, código del anuncio, "
        "número del artículo, cod producto, "
        "id del anuncio, anuncio n.º, "
        "anuncio nº, n.º de anuncio, número de anuncio, anuncio, referencia, código de producto, "
        "código do produto, "
        "código do anúncio, référence, réf, réf., référence annonce, n° d'annonce, code produit, "
        "artikelnummer, art.-nr., "
        "art.nr., artikel-nr., artikelnr., bestellnummer, anzeigennummer, anzeigen-id, артикул, код товара, "
        "номер объявления, объявление №, № объявления, код, id, 货号, 产品编号, 商品编号, 编号, "
        '信息编号, 商品货号, 产品货号, 商品編號, 商品番号, 商品コード, 상품번호, קוד מוצר, מק"ט, מקט, '
        "anzeige, anzeigen-nr, anzeigennr, inserat-nr, kod produktu, numer produktu, kód produktu, "
        "kód tovaru, cod produs, cikkszám, ürün kodu, codice articolo, codice prodotto, numero oggetto, "
        "numéro de l'objet, n° d'objet, nº do anúncio"
    ),
    Label.DESCRIPTION: (
        "description, product description, item description, details, descripción, "
        "descripción del producto, detalles, "
        "descrição, descrição do produto, detalhes, description du produit, beschreibung, "
        "produktbeschreibung, "
        "artikelbeschreibung, описание, описание товара, 产品描述, 产品介绍, 商品描述, 描述, 详细说明, "
        "产品说明, 详细介绍, 产品详情, 商品详情"
    ),
    Label.CATEGORY: (
        "category, categoría, rubro, categoria, catégorie, rubrique, kategorie, категория, раздел, "
        "рубрика, 类别, 分类, 所属分类"
    ),
    Label.ATTRIBUTE: (
        "cas, cas no, cas no., cas number, cas #, cas-no., número cas, n.º cas, nº cas, no. cas, n° cas, "
        "numéro cas, "
        "cas-nummer, cas-nr., cas nr., номер cas, cas номер, cas №, № cas, cas号, cas编号, cas 号, "
        "einecs, einecs no., ec no., "
        "ec number, purity, assay, grade, concentration, content, pureza, grado, concentración, grau, "
        "concentração, teor, "
        "pureté, grade, qualité, titre, reinheit, gehalt, qualität, reinheitsgrad, чистота, "
        "степень чистоты, содержание, "
        "квалификация, марка, концентрация, 纯度, 含量, 级别, 等级, 品级, molecular formula, formula, "
        "mf, fórmula, "
        "fórmula molecular, formule, formule moléculaire, summenformel, formel, формула, "
        "молекулярная формула, 分子式, "
        "molecular weight, mw, peso molecular, masse molaire, molmasse, молекулярная масса, 分子量, "
        "appearance, apariencia, "
        "aspecto, aparência, aspect, aussehen, внешний вид, 外观, 性状, synonyms, sinónimos, sinônimos, "
        "synonymes, synonyme, "
        "синонимы, 别名, 同义词, brand, marca, marque, marke, бренд, торговая марка, 品牌, origin, "
        "place of origin, "
        "country of origin, origen, país de origen, origem, origine, pays d'origine, herkunft, "
        "herkunftsland, ursprungsland, "
        "страна происхождения, страна производства, страна, производитель, 原产地, condition, "
        "estado del producto, condición, "
        "condição, état, zustand, состояние, 新旧程度, payment, payment terms, payment methods, "
        "forma de pago, formas de pago, "
        "pago, forma de pagamento, pagamento, paiement, modalités de paiement, zahlung, zahlungsart, "
        "zahlungsbedingungen, "
        "оплата, способ оплаты, условия оплаты, 付款方式, 支付方式, shipping, ships to, delivery, "
        "delivery time, lead time, port, "
        "envío, envíos, entrega, tiempo de entrega, envio, prazo de entrega, livraison, "
        "délai de livraison, versand, lieferung, "
        "lieferzeit, доставка, срок поставки, отправка, 发货期限, 交货期, 运输方式, 物流, certificate, "
        "certificates, certification, "
        "certificado, certificados, certificação, certificat, zertifikat, zertifikate, сертификат, 认证, "
        "证书, contact, contacto, "
        "contato, kontakt, контакт, контакты, связь, 联系方式, storage, almacenamiento, armazenamento, "
        "stockage, lagerung, хранение, "
        "условия хранения, 储存条件, 贮存, color, colour, weight, material, size, dimensions, type, "
        "tipo, material, peso, tamaño, color, "
        "taille, poids, couleur, matière, gewicht, größe, farbe, вес, размер, цвет, материал, тип, 颜色, "
        "重量, 尺寸, 材质, 英文名, "
        "英文名称, 中文名, 中文名称, 用途, 保质期, name, nombre, nome, nom, наименование, название, "
        "produktname, 产品名称, 品名, "
        "posted, published, date, publicado, fecha, data, date de publication, datum, eingestellt am, "
        "дата, опубликовано, "
        "размещено, 发布时间, 更新时间, 发布日期, 有效期, phone, teléfono, telefone, téléphone, telefon, "
        "телефон, 电话, hs code, uses, "
        "application, usage, aplicación, uso, aplicação, anwendung, verwendung, применение, model, "
        "model no, model no., 型号, "
        "modelo, modèle, modell, модель"
    ),
}
_LONGEST_LABEL = 40
# To add a language, add its words; case, accents and final colons do not count.
_TERM_WORDS: dict[TermName, str] = {
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


@lru_cache(maxsize=8192)
def spelling(text: str) -> str:
    """Bring a label to the form in which labels are compared: no case, accents or final punctuation."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(plain.split()).rstrip(" :.：*?").replace("（", "(")


@cache
def _label_of_word() -> dict[str, Label]:
    known = {spelling(word): label for label, words in _WORDS.items() for word in words.split(",")}
    return dict.fromkeys(map(spelling, term_words()), Label.ATTRIBUTE) | known


def known_label(text: str) -> Label | None:
    """Name the field a label stands for, or None when the text is no known label.

    Args:
        text: E.g. `Min. Order:`, `Pureza` or `起订量`.
    """
    return _label_of_word().get(spelling(text)) if len(text) <= _LONGEST_LABEL else None


def named_term(label: str) -> TermName | None:
    """Name the term that a label stands for, or None.

    Args:
        label: E.g. `Zahlungsart:` or `纯度`.
    """
    return _term_of_word().get(spelling(label)) if len(label) <= 60 else None


def term_words() -> Iterator[str]:
    """Yield every label that stands for a term."""
    for words in _TERM_WORDS.values():
        yield from words.split(",")


@cache
def _term_of_word() -> dict[str, TermName]:
    return {spelling(word): name for name, words in _TERM_WORDS.items() for word in words.split(",")}
