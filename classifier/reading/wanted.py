"""Say whether somebody asks for what is named, in seven languages: `Suche 20 L Aceton`, `acetone wanted`.

Only what governs the name counts: between the two stand amounts, packs, grades and a supplier, nothing else.
`Looking for distributors of acetone` sells, and so does `the acetone you are looking for`.
English, Spanish, Portuguese, French, German, Russian, Chinese, in this order.
"""

from __future__ import annotations

import re
from functools import cache

from classifier.gazetteer.fold import fold
from classifier.reading.whole_words import CJK, whole_words

BEFORE = 80
"""Characters before a name in which somebody asks for it."""
AFTER = 48
"""Characters after it in which its sentence goes on."""

ASKING = (
    "{looking|searching|hunting} for", "{looking|want|wants|wish|willing|interested|like} to {buy|purchase}",
    "looking to {buy|purchase|source}", "interested in {buying|purchasing}", "in {search|need} of", "wanted",
    "wtb", "in the market for", "{we|i} {buy|need|want|require|seek}", "{i am|i'm|we are|we're} buying",
    "seeking", "request for quotation", "rfq", "purchase {inquiry|request}",
    "{busco|buscamos|compro|compramos|necesito|necesitamos|requiero|requerimos|solicito}",
    "se {busca|buscan|compra|compran|necesita|necesitan|requiere|requieren}", "en busca de",
    "{quiero|queremos|quisiera|deseo|deseamos|interesado en} comprar", "{ando|estoy|estamos} buscando",
    "{procuro|procuramos}", "{procura|procuram|compra|compram|precisa|precisam}-se",
    "{preciso|precisamos|necessito} de", "{quero|gostaria de} comprar",
    "{estou|estamos} {procurando|a procura de}",
    "{cherche|cherchons|recherche|recherchons|achete|achetons|j'achete|rachete}",
    "{cherche|cherchons} a acheter", "{souhaite|souhaitons|voudrais|veux|desire} acheter",
    "{suis|sommes} a la recherche de", "{j'ai|avons} besoin de", "nous rachetons",
    "{suche|suchen|gesucht|kaufe|ankauf|benotige|benotigen|brauche|brauchen}", "wir kaufen",
    "{suche|suchen|auf der suche} nach",
    "{куплю|купим|покупаю|покупаем|скупаю|скупаем|скупка|закупаю|закупаем|закупка|приобрету|приобретем}",
    "{ищу|ищем|требуется|требуются|разыскивается|выкупим|выкуплю|приму|приму в дар|возьму}",
    "{нужен|нужна|нужно|нужны|нуждаюсь в}", "{хочу|хотим|готов|готовы} купить", "в поисках",
    "{求购|收购|采购|急需|急购|急求|寻购|诚购|寻找|想买|想要买|想购买}",
    "{长期|高价|大量}{收购|求购|采购|收}",
)  # fmt: skip
"""Phrases of somebody who wants what they govern."""

ASKING_FIRST = ("need", "needed", "buying", "求", "收")
"""Words that ask only where a sentence begins: elsewhere they are anybody's."""

SOMEBODY_ELSE = (
    "{you|you're|you are|you were|ur|if|when|those|who|who is|who's|who are}",
    "{anyone|anybody|everyone|everybody|people|customers|clients|companies|buyers}",
    "{most|still|that are|that|they|they are|welcome to}",
    "{quien|quienes|si|usted|ustedes|clientes|que}", "{quem|se|voce|voces}",
    "{qui|si vous|vous|vous etes|etes-vous|clients|de|la|en}",
    "{wer|sie|ihr|falls|wenn|die|der|ihre|ihrer|kunden|meist}",
    "{кто|кому|если|вы|вам|что|которую|которые|когда}",
    "{您|你|谁|欢迎|如果|客户|您在|你在|您正在|你正在}",
)  # fmt: skip
"""Words before such a phrase that make it a seller's: who is looking for it?"""

SELLERS_ANSWER = (
    "{we|i} have", "{we've|i've} got", "got it", "look no further", "right here", "{lo|la} tenemos",
    "tenemos", "tengo", "{temos|tenho}", "{nous avons|j'en ai|j'ai}", "{haben wir|wir haben|hier}",
    "{у нас|есть у нас|есть у меня}", "{我们有|我有|这里有|我们这}",
)  # fmt: skip
"""Words after a name that answer a seller's own question."""

TRADERS = (
    "{buyer|buyers|distributor|distributors|dealer|dealers|agent|agents|reseller|resellers|customer|customers}",
    "{partner|partners|representative|representatives|kaufer|abnehmer|handler|vertreter|vertriebspartner}",
    "{代理|客户|买家|经销|下家|分销|合作}", "的{代理|客户|买家|经销|下家|朋友|老板|厂家联系|请}",
)  # fmt: skip
"""Those who are asked for, not the goods, where they stand right after the name."""

BUYERS_QUESTION = (
    "{who|anyone|anybody|does|can|where|quien|alguien|donde|quem|alguem|onde|qui|quelqu'un|ou}",
    "{wer|jemand|wo|кто|где|谁|哪}",
)  # fmt: skip
"""Words of a question that asks who sells it."""

WANTED_AFTER = ("wanted", "needed", "wtb", "gesucht", "{求购|收购}")
"""The same after a name."""

WANTED_LAST = (
    "{gesuche|busco|compro|procuro|recherche|cherche|куплю|ищу}", "se {busca|compra}", "{compra|procura}-se",
)  # fmt: skip
"""The same after a name, where they end their sentence: before anything else they govern that."""

BETWEEN = """
    a an the some any few of x and or about approx ca up to ideally preferably nearby urgently urgent asap
    please good quality pure clean anhydrous technical tech industrial lab laboratory grade reagent
    analytical pharma food bulk large small quantities quantity amounts amount used litre litres liter
    liters ltr ltrs lt lts l ml cl gal gallon gallons kg kgs kilo kilos kilogram kilograms g gr gram grams
    mt t ton tons tonne tonnes lb lbs oz drum drums barrel barrels bottle bottles can cans canister
    canisters jerrycan jerrycans jug jugs pail pails bag bags sack sacks ibc ibcs tote totes pallet
    pallets tank tanks pack packs cas no nr num one two three four five six ten twenty fifty hundred
    reliable supplier suppliers source sources manufacturer manufacturers producer producers for from un
    una uno unos unas el la los las de del y o e urgente urgentemente puro pura pureza grado tecnico
    tecnica alta buena calidad litro litros kilogramo kilogramos gramo gramos tonelada toneladas galon
    galones bidon bidones tambor tambores garrafa garrafas botella botellas lata latas saco sacos bolsa
    bolsas cubeta cubetas cantidad proveedor proveedores fabricante fabricantes confiable para um uma uns
    umas os as do da dos das ou quilo quilos grama gramas bombona bombonas frasco frascos galao galoes
    grau quantidade fornecedor fornecedores une des du d le les et environ pur qualite technique
    industriel gramme grammes fut futs bidons bouteille bouteilles sac sacs jerrican jerricans gros en
    vrac fournisseur fournisseurs fabricants pour ein eine einen einige etwas von der die den und oder
    dringend sofort circa etwa reines reiner reine reinen technisches technischer technische stuck fass
    fasser flasche flaschen kanister gramm tonnen mengen menge grossere lieferant lieferanten hersteller
    anbieter fur bezugsquelle срочно дорого чистый чистого технический технического и или от до около литр
    литра литров кг килограмм килограмма килограммов кило г грамм граммов л мл т тонна тонну тонны тонн
    бочка бочку бочки бочек канистра канистру канистры канистр бутыль бутыли бутылка бутылку бутылки мешок
    мешка мешков ведро ведра куб куба поставщик поставщика поставщиков производителя производителей оптом
"""
"""Words that may stand between: amounts, packs, grades and those who supply it."""

BETWEEN_CJK = re.compile(
    r"(?:公斤|千克|毫升|升|吨|克|桶|瓶|袋|箱|罐|一批|少量|大量|长期|工业级|试剂级|分析纯|高纯|纯|级|急|各种|一些|点|的|和|或"
    r"|[一二两三四五六七八九十百千几])+"
)
STOP = re.compile(r"[.;!?|。；！？](?:\s|$)|[?!;|]")
"""Ends of a sentence."""
WORD = re.compile(rf"\d+|[{CJK}]+|[^\W\d_{CJK}]+")
PAUSE = re.compile(r"[:,–—|/]|\s-\s")
"""After it a phrase no longer governs, unless it begins its sentence: `no permit wanted, acetone`."""
QUESTION = re.compile(r"[^?!;,|]{0,40}?\?")


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    asking = rf"(?P<always>{whole_words(ASKING)})|(?P<first>{whole_words(ASKING_FIRST)})"
    last = rf"(?:{whole_words(WANTED_LAST)})(?=\s*(?:$|[.!;|)\]]))"
    return {
        "asking": re.compile(asking),
        "else": re.compile(rf"(?:{whole_words(SOMEBODY_ELSE)})[\s,]*$"),
        "answer": re.compile(rf"[^.;!|]{{0,24}}?[\s,:–—-](?:{whole_words(SELLERS_ANSWER)})"),
        "buyers": re.compile(whole_words(BUYERS_QUESTION)),
        "traders": re.compile(rf"[\s-]*(?:{whole_words(TRADERS)})"),
        "after": re.compile(rf"(?P<gap>[^.;!?|]{{0,24}}?)(?P<asked>{whole_words(WANTED_AFTER)}|{last})"),
    }


@cache
def _between() -> frozenset[str]:
    return frozenset(fold(word).text for word in BETWEEN.split())


def who_asks(text: str, start: int, end: int, *, title: int) -> tuple[str, bool]:
    """Return the words that ask for the name at `text[start:end]` of a folded text, and if it is a seller.

    Args:
        text: Folded text.
        start: Where the name begins.
        end: Where it ends.
        title: Where the text's first line ends, which is the end of a sentence.

    Returns:
        The words and False of a wanted advertisement, the words and True of a seller's question, or the empty
        text and False.
    """
    first = max(0, start - BEFORE)
    for found in _patterns()["asking"].finditer(text, first, start):
        gap = text[found.end() : start]
        if not goes_on(gap):
            continue
        if _begins_sentence(text, found.start(), title) or not (found["first"] or PAUSE.search(gap)):
            return found.group(), _is_sellers(text[first : found.start()], text[end : end + AFTER])
    last = min(end + AFTER, title) if end <= title else end + AFTER
    asked = _patterns()["after"].match(text, end, last)
    return (asked["asked"], False) if asked and goes_on(asked["gap"]) else ("", False)


def goes_on(gap: str) -> bool:
    """Say whether only amounts, packs and the like stand between, so that what is asked for follows."""
    if STOP.search(gap):
        return False
    return all(
        word.isdigit() or word in _between() or BETWEEN_CJK.fullmatch(word) for word in WORD.findall(gap)
    )


def _begins_sentence(text: str, start: int, title: int) -> bool:
    first = max(0, start - BEFORE)
    before = text[max(first, title) if title <= start else first : start]
    last = max((stop.end() for stop in STOP.finditer(before)), default=-1)
    is_whole = len(before) < start - first or first == 0
    return (last >= 0 or is_whole) and not WORD.search(before, max(0, last))


def _is_sellers(before: str, after: str) -> bool:
    """Say whether others are said to ask, traders are asked for, or a question or its answer follows."""
    patterns = _patterns()
    if patterns["else"].search(before) or patterns["traders"].match(after):
        return True
    asked = QUESTION.match(after)
    return bool(asked and not patterns["buyers"].search(asked.group())) or bool(
        patterns["answer"].match(after)
    )
