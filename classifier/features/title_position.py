"""The position of a listed name in the title: the goods on sale stand first, alone and with an amount.

A pump for a substance, a book about it or a test of it can be worded in endless ways, and no list of words is
ever complete. The position of the name says something in every wording.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from classifier.reading import Reading

PREPOSITION = re.compile(
    r"(?:(?<![^\W_])(?:of|for|with|in|into|from|to|on|about|against|by|through|imitating|that|which|under|was|no|any"
    r"|de|del|con|para|en|contra|a|al|que|sobre|por|da|do|das|dos|com|em|ao|d|du|des|pour|avec|dans|par|le|la|les|el|os"
    r"|von|für|mit|gegen|zu|aus|nach|über|durch|der|die|das|dem|den|от|для|с|со|в|во|из|на|о|об|под|к|за|был|была|нет"
    r"|где)[\s:]+|[放抗仿存装把管用认送])[\s\"'(]*$"
)
"""A word before a name which tells that something for it, of it or with it is on sale."""

SELLING = """
sale sales supplier suppliers supply seller sellers vendor vendors manufacturer manufacturers producer
producers distributor distributors exporter exporters price prices offer offers stock venta ventas oferta
ofertas proveedor proveedores fabricante fabricantes distribuidor distribuidora distribuidores precio precios
venda vendas fornecedor fornecedores preço preços preco precos vente fournisseur fournisseurs fabricant
fabricants distributeur négoce prix offre verkauf lieferant lieferanten hersteller anbieter händler angebot
preis preise продажа поставщик поставка производитель цена цены предложение
"""
"""After these words a preposition names the goods: `supplier of`, `venta de`."""

MOST_FORMS = 40
"""Most forms of a text that are examined, so that the work for a hostile text stays bounded."""

AMOUNTS = frozenset({"quantity", "purity", "price_per_unit"})
"""Trade signs of an amount."""

LOOK_BACK = 32
"""Characters before a name that are searched for a preposition."""

BESIDE = 40
"""Most characters between a name and its amount."""

MOST_BEFORE = 8
"""Most words before a name that are counted."""

PIECE = re.compile(r"[\u3400-\u9fff]{1,2}|[^\W\u3400-\u9fff]+")
"""A word, or two signs of a script without spaces."""

NEXT = re.compile(
    r"(?:[^\W\d_\u3400-\u9fff]{0,4}[\s-]{1,2}([^\W\d_\u3400-\u9fff]+)|[\s-]{0,2}([\u3400-\u9fff]{2}))"
)
"""The word right after a name and its ending (`ацетон|а оптом`), or two signs of a script without spaces."""

QUOTED = re.compile(r"«[^»]*»|“[^”]*”|„[^“”]*[“”]|\"[^\"]*\"|《[^》]*》")

SALE_WORDS = """
hydrate monohydrate dihydrate hemihydrate nitrate sulfate sulphate phosphate tartrate maleate oxalate acetate
citrate chloride bromide iodide hydrobromide hydroiodide salts esters isomer isomers hidrato clorhidrato
sulfato nitrato fosfato cloruro cloridrato cloreto chlorhydrate chlorure hydrat hydrochlorid sulfat nitrat
chlorid гидрат гидрохлорид сульфат нитрат хлорид
cas oil powder wax liquid crystal crystals crystalline flakes solid solution acid base salt ester
hcl hydrochloride gas raw pure purity grade technical tech industrial pharma pharmaceutical food
reagent ar usp bp cp acs high best top quality price for sale in stock bulk wholesale supplier
suppliers manufacturer manufacturers factory vendor exporter supply available offer hot new fresh
drum drums bag bags barrel bottle can kg kgs g l ml lb oz litre liter liters gallon ton tons and
or with from by at to of the a an we ship shipping delivery usa uk eu china india mexico europe
germany canada now online cheap buy order min minimum chemical chemicals solvent precursor
intermediate anhydrous technically methyl ethyl potassium sodium aceite polvo cera líquido
liquido cristal cristales sal ácido acido puro pura pureza grado técnico calidad precio en venta
granel mayor proveedor fabricante fábrica disponible oferta nuevo tambor bidón saco frasco litro
litros kilo kilos y o con de del por para al envío entrega la el óleo oleo pó po cristais grau
qualidade preço preco venda estoque fornecedor disponível bombona galão e ou com do da dos das em
envio huile poudre cire liquide cristaux sel acide pur pureté technique qualité prix vente gros
fournisseur fabricant usine fût bidon sac flacon litres et avec du des au aux livraison le les öl
pulver wachs flüssig kristalle salz säure rein reinheit technisch qualität preis verkauf lager
lieferant hersteller fabrik fass kanister sack flasche und oder mit von aus im ab zum zur versand
lieferung масло порошок воск жидкость кристаллы соль кислота чистый чистота технический марка
качество цена продажа опт оптом склад поставщик производитель завод наличии бочка канистра мешок
флакон литр кг и или с со от из в на по для доставка чда хч осч тех купить продам
no without sin sem sans ohne без
"""
"""Words that may follow the name of goods on sale, in six languages."""

SALE_SIGNS = frozenset(
    "现供厂价批零优质高纯含工医试分级粉油液晶固溶盐酸酯桶袋瓶吨公克升出销代专直库国进原散包大低无水和与及或为的可有，"
)
"""The same in Chinese."""


def title_end(text: str) -> int:
    """Return where the first line ends."""
    return text.find("\n") if "\n" in text else len(text)


def named_after_preposition(text: str, reading: Reading) -> float:
    """Return whether every listed name in the title follows a word like `for`, so that other goods are sold.

    After a seller or a sale, as in `supplier of`, the word does not count.
    """
    end = title_end(text)
    starts = [mention.span[0] for mention in reading.offered[:MOST_FORMS] if mention.span[0] < end]
    before = [text[max(0, start - LOOK_BACK) : start].casefold() for start in starts]
    return bool(before) and all(map(_ends_in_preposition, before))


def _ends_in_preposition(before: str) -> bool:
    found = PREPOSITION.search(before)
    return found is not None and _words_of(SELLING).isdisjoint(PIECE.findall(before[: found.start()])[-1:])


def is_named_first(text: str, reading: Reading) -> float:
    """Return whether a listed name on offer begins the text."""
    before = (text[: mention.span[0]] for mention in reading.offered[:MOST_FORMS])
    return any(not each.strip(" \t-*#>[()+±\"'") for each in before)


def words_before_name(text: str, reading: Reading) -> float:
    """Return how many words of the title stand before the first listed name on offer, by `MOST_BEFORE`.

    Sellers name their goods early; a name after many words tells what other goods are for.
    """
    places = [mention.span[0] for mention in reading.offered if mention.span[0] < title_end(text)]
    return min(MOST_BEFORE, len(PIECE.findall(text[: min(places)]))) / MOST_BEFORE if places else 0.0


def is_measured(_text: str, reading: Reading) -> float:
    """Return whether an amount, a purity or a price by weight stands near a listed name on offer."""
    amounts = [sign for sign in reading.trade if sign.kind in AMOUNTS]
    return any(
        amount.span[0] - mention.span[1] < BESIDE and mention.span[0] - amount.span[1] < BESIDE
        for mention in reading.offered[:MOST_FORMS]
        for amount in amounts[:MOST_FORMS]
    )


def is_followed(text: str, reading: Reading) -> float:
    """Return whether a word that is not about a sale follows each listed name on offer in the title.

    `Acetone pump` sells a pump. After the name of goods on sale stands a form, a grade, an amount, a mark or
    a joining word.
    """
    end = title_end(text)
    title = [mention for mention in reading.offered[:MOST_FORMS] if mention.span[0] < end]
    return bool(title) and all(_goes_on(text[mention.span[1] : end]) for mention in title)


def _goes_on(after: str) -> bool:
    found = NEXT.match(after)
    if found is None:
        return False
    word, signs = found.groups()
    return word.casefold() not in _words_of(SALE_WORDS) if word else signs[0] not in SALE_SIGNS


@cache
def _words_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


def named_after_goods(text: str, reading: Reading) -> float:
    """Return whether other goods that are plainly on sale stand before all listed names of the title."""
    end = title_end(text)
    places = [mention.span[0] for mention in reading.offered if mention.span[0] < end]
    return bool(places) and any(good.span[0] < min(places) for good in reading.goods)


def is_quoted(text: str, reading: Reading) -> float:
    """Return whether each listed name on offer in the title stands in quotation marks."""
    end = title_end(text)
    title = [mention.span for mention in reading.offered[:MOST_FORMS] if mention.span[0] < end]
    quoted = [found.span() for found in QUOTED.finditer(text[:end])]
    return bool(title) and all(any(a < start and last < b for a, b in quoted) for start, last in title)


def is_named_below(text: str, reading: Reading) -> float:
    """Return whether listed names are on offer in the description and none is in the title."""
    return bool(reading.offered) and all(mention.span[0] >= title_end(text) for mention in reading.offered)


def covered_by_offer(text: str, reading: Reading) -> float:
    """Return the share of the title that consists of listed names, from 0 to 1."""
    end = title_end(text)
    covered = sum(
        min(mention.span[1], end) - mention.span[0] for mention in reading.offered if mention.span[0] < end
    )
    return min(1.0, covered / max(1, end))
