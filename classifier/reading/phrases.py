"""The words that tell an offer from a mention, and how a seller trades, in seven languages.

Written for this project. Each phrase is folded like the text, so accents and case do not matter.
English, Spanish, Portuguese, French, German, Russian, Chinese, in this order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from classifier.reading.model import TradeKind

NOT_OFFERED_BEFORE = (
    # without it
    "free of", "free from", "without", "without any", "no", "non", "not", "zero", "contains no",
    "not contain", "does not contain", "never contains", "instead of", "rather than", "unlike",
    "safe from", "sin", "libre de", "no contiene", "en lugar de", "en vez de", "sem", "livre de",
    "nao contem", "em vez de", "isento de", "sans", "exempt de", "exempte de", "ne contient pas de",
    "au lieu de", "a la place de", "ohne", "frei von", "statt", "anstelle von", "anstatt", "без",
    "не содержит", "вместо", "不含", "无", "零", "不添加", "无添加", "替代", "代替", "非",
    # for it, against it, about it
    "substitute for", "substitutes for", "alternative to", "alternative for", "replacement for",
    "replaces", "sustituto de", "alternativa a", "alternativa al", "reemplazo de", "substituto de",
    "substituto do", "alternativa ao", "substitut de", "remplacement de", "alternative a l", "ersatz fur",
    "alternative zu", "заменитель", "замена", "альтернатива", "resistant to", "resistance to",
    "resistente a", "resistente al", "resistant a l", "resistant au", "bestandig gegen", "устойчив к", "耐",
    "test for", "tests for", "tested for", "testing for", "test strips for", "test strip for",
    "test kit for", "kit for", "detects", "detect", "detection of", "detector for", "sensor for",
    "analyzer for", "determination of", "tiras reactivas para", "prueba de", "detector de", "sensor de",
    "tiras de teste para", "teste de", "test de", "detecteur de", "capteur de", "bandelettes de test pour",
    "teststreifen fur", "nachweis von", "sensor fur", "detektor fur", "тест на", "тест полоски для",
    "датчик", "检测", "测试", "removes", "remove", "remover for", "remover of", "scavenger for", "elimina",
    "remove o", "elimine l", "entfernt", "удаляет", "去除", "soluble in", "insoluble in", "dissolves in",
    "dissolved in", "diluted in", "soluble en", "soluvel em", "soluble dans", "loslich in", "растворим в",
    "易溶于", "溶于", "不溶于", "book about", "book on",
    "guide to", "history of", "libro sobre", "livro sobre",
    "livre sur", "buch uber", "книга о", "книга про", "关于", "pump for", "pumps for", "gloves for",
    "tank for", "hose for", "filter for", "valve for", "container for", "bottle for", "cabinet for",
    "bomba para", "guantes para", "luvas para", "pompe pour", "gants pour", "pumpe fur", "handschuhe fur",
    "насос для", "перчатки для", "reference standard of", "reference standard for", "standard of",
    "analogue of", "analog of", "isomer of", "derivative of", "derivatives of", "derivado de", "ester of",
    "esters of", "salt of", "compatible with", "used with", "contains", "containing", "traces of",
    "ban on", "import ban on", "seizure of", "povidone", "pvp", "polyvinylpyrrolidone", "providone",
    "cadexomer",
)  # fmt: skip
"""Phrases that end right before the name (an article may stand between)."""

NOT_OFFERED_AFTER = (
    "free", "test", "test strip", "test strips", "test kit", "test kits", "test paper", "strip", "strips",
    "tester", "resistant", "proof", "safe", "substitute", "substitutes", "alternative", "alternatives",
    "replacement", "sensor", "sensors", "detector", "detectors", "gas detector", "gas sensor", "analyzer",
    "analyser", "meter", "monitor", "pump", "pumps", "gloves", "glove", "tank", "tanks", "hose", "hoses",
    "valve", "valves", "filter", "mask", "respirator", "cabinet", "dispenser", "sprayer", "container",
    "containers", "spill kit", "recovery", "plant", "production line", "reactor", "equipment", "machine",
    "regeneration", "scrubber", "absorber", "anodizing", "reference standard", "standard solution", "book",
    "poster", "t shirt", "shirt", "mug", "necklace", "molecule", "keychain", "sticker", "model",
    "contrast", "contrast media", "value", "number", "deficiency", "supplement", "supplements", "drops",
    "swab", "swabs", "swabsticks", "pad", "pads", "wipe", "wipes", "prep", "ointment", "lamp",
    "tungsten lamp", "tincture", "antiseptic", "disinfectant", "salt", "battery", "batteries",
    "derivative", "derivatives", "analogue", "analog", "remover test", "lotion", "nail polish remover",
    "matches", "striker", "smelling", "scented", "flavored", "flavoured", "masterbatch",
    "flame retardant masterbatch", "tira reactiva", "sustituto", "bomba", "guantes", "teste", "luvas",
    "resistente", "handschuhe", "pumpe", "frei", "bestandig", "teststreifen",
    "тест", "насос", "试纸", "检测",
    "测试", "泵", "手套", "传感器", "替代品", "检测仪", "报警器", "储罐", "替代",
)  # fmt: skip
"""Phrases that begin right after the name."""

ABOUT_SOMETHING_ELSE = (
    "periodic table", "element display",
    "test strip", "test strips", "test kit", "test kits", "teststreifen", "试纸", "t-shirt", "keycap",
    "keycaps", "inhibitor", "antibody", "elisa", "paperback", "hardcover", "dvd", "textbook", "necklace",
    "earrings", "mug", "poster", "novel", "detector", "gas analyzer", "safety data sheet", "libro",
    "livro", "книга",
)  # fmt: skip
"""Words that, anywhere in a short text, say that no chemical is for sale."""

FORM_WORDS = (
    "oil", "oils", "powder", "powders", "wax", "liquid", "crystal", "crystals", "crystalline", "glycidate",
    "glycidic", "cas", "methyl", "ethyl", "ester", "acid", "purity", "pure", "drum", "drums", "precursor",
    "precursors", "intermediate", "intermediates", "solvent", "solvents", "chemical", "chemicals",
    "raw material", "flakes", "tech grade", "industrial grade", "reagent", "new bmk", "new pmk",
    "anhydrous", "research chemical", "aceite", "polvo", "liquido", "solvente", "pureza", "cristales",
    "quimico", "oleo", "po", "cristais", "quimica", "huile", "poudre", "solvant", "purete", "cristaux",
    "ol", "pulver", "losungsmittel", "reinheit", "kristalle", "масло", "порошок", "порошка",
    "растворитель", "чистота", "кристаллы", "прекурсор", "油", "粉", "粉末",
    "液体", "原料", "中间体", "纯度", "晶体",
    "厂家", "溶剂",
)  # fmt: skip
"""Words that make an abbreviation a substance."""

CHEMISTRY_WORDS = (
    "piperidine", "piperidone", "fentanyl", "anilino", "boc", "npp", "anpp", "phenylacetic",
    "phenylpropanolamine", "pseudoephedrine", "ephedrine", "acetic anhydride", "anthranilic", "precursor",
    "precursors", "bmk", "pmk", "p2p",
)  # fmt: skip
"""Words that make even a very common abbreviation a listed substance."""

OTHER_MEANINGS = (
    "camera", "cameras", "keycap", "keycaps", "keyboard", "burner", "motor", "inhibitor", "antibody",
    "adapter", "battery", "wifi", "wi fi", "wireless", "network", "software", "satellite", "plastic",
    "polymer", "dispersant", "glove", "gloves", "pump", "ip", "hd", "1080p", "switch", "bearing", "filter",
    "brake", "nylon", "pellets", "signaling", "pathway", "kinase", "cctv", "lending", "loan", "torrent",
    "download", "aminopyridine", "aminophenol", "sensor", "toner", "smart", "airpods", "batterie",
    "extract", "olive", "seed", "essential", "lotion",
)  # fmt: skip
"""Words beside which an abbreviation means something else."""

TRADE_PHRASES: dict[TradeKind, tuple[str, ...]] = {
    "stealth": (
        "stealth shipping", "stealth packaging", "stealth packing", "stealth delivery", "stealth package",
        "discreet packaging", "discreet package", "discreet shipping", "discreet delivery",
        "discrete packaging", "discrete shipping", "discreetly packaged", "discreetly packed",
        "disguised packaging", "disguised package", "disguise package", "vacuum sealed", "vacuum packed",
        "special packaging", "customized packaging for customs", "secret packaging", "hidden package",
        "camouflage packaging", "plain packaging", "double vacuum", "embalaje discreto", "envio discreto",
        "paquete discreto", "entrega discreta", "empaque discreto", "embalagem discreta",
        "emballage discret", "livraison discrete", "expedition discrete", "diskrete verpackung",
        "diskreter versand", "neutrale verpackung", "скрытая упаковка", "незаметная упаковка",
        "анонимная доставка", "конфиденциальная доставка", "隐蔽包装", "伪装包装",
        "保密发货", "隐秘包装", "真空包装发货",
    ),
    "customs_promise": (
        "pass customs", "passing customs", "pass the customs", "customs clearance guaranteed",
        "clear customs", "guaranteed customs clearance", "safe customs clearance", "customs guaranteed",
        "no customs problem", "no customs issue", "no customs issues", "no customs problems",
        "double clearance", "double customs clearance", "safe delivery", "safe delivery guaranteed",
        "guaranteed delivery", "delivery guaranteed", "safe shipping", "100 safe", "safe line",
        "special line", "secure line", "free reship", "free resend", "reship policy", "reship guarantee",
        "resend if seized", "if seized", "door to door safe", "100 customs pass", "customs pass",
        "pasa aduana", "pasa la aduana", "paso de aduana", "aduana garantizada", "sin problemas de aduana",
        "despacho de aduana garantizado", "entrega segura", "entrega garantizada", "envio seguro",
        "doble despacho", "passa pela alfandega", "alfandega garantida", "sem problemas na alfandega",
        "entrega garantida", "passage en douane", "douane garantie", "passe la douane",
        "livraison garantie", "livraison sure", "zoll garantiert", "sichere lieferung",
        "zollabfertigung garantiert", "ohne zollprobleme", "durch den zoll", "гарантия доставки",
        "прохождение таможни", "без проблем с таможней", "гарантия прохождения таможни",
        "безопасная доставка", "таможня гарантирована", "包清关", "双清", "双清包税",
        "保证清关", "安全到货", "包过关", "通关无忧",
        "安全送达",
    ),
    "off_platform": (
        "whatsapp", "whats app", "whatsap", "watsapp", "telegram", "wickr", "threema", "signal app",
        "signal me", "on signal", "wechat", "we chat", "protonmail", "proton me", "tutanota", "skype",
        "session id", "add me on", "kik", "viber", "wire app", "contact us on signal", "телеграм",
        "телеграмм", "ватсап", "вотсап", "вацап", "微信", "加微", "薇信", "威信", "电报群", "飞机号",
    ),
    "crypto": (
        "bitcoin", "bitcoins", "btc", "usdt", "monero", "xmr", "ethereum accepted", "cryptocurrency",
        "crypto payment", "crypto accepted", "tether", "accept crypto", "litecoin", "criptomonedas",
        "criptomoneda", "criptomoedas", "cryptomonnaie", "kryptowahrung", "биткоин", "биткойн",
        "криптовалюта", "криптой", "比特币", "泰达币", "虚拟币",
    ),
    "destination": (
        "to mexico", "in mexico", "mexico stock", "mexico warehouse", "to netherlands",
        "netherlands stock", "holland stock", "netherlands warehouse", "to the netherlands", "to poland",
        "poland warehouse", "to canada", "canada warehouse", "to germany", "germany warehouse",
        "germany stock", "eu warehouse", "europe warehouse", "europe stock", "uk warehouse",
        "usa warehouse", "to usa uk", "to australia", "australia warehouse", "russia warehouse",
        "to russia", "to belgium", "ukraine warehouse", "pick up in", "local pickup available", "a mexico",
        "envio a mexico", "almacen en mexico", "entrega en mexico", "para o mexico", "para mexico",
        "vers le mexique", "vers les pays bas", "nach mexiko", "in die niederlande",
        "lager in deutschland", "в мексику", "склад в россии", "в нидерланды",
        "墨西哥", "荷兰仓", "墨西哥专线",
        "德国仓", "美国专线",
    ),
    "controlled_hint": (
        "research chemical", "research chemicals", "banned in", "hot sale in mexico",
        "hot selling in mexico", "not for human consumption", "no license required", "without license",
        "no licence required", "no documents required", "no prescription", "without prescription",
        "precursor chemical", "fentanyl precursor", "sin licencia", "sin receta", "precursor quimico",
        "sem licenca", "sem receita", "sans ordonnance", "sans licence", "ohne rezept", "ohne lizenz",
        "без лицензии", "без рецепта", "прекурсор", "免证", "易制毒",
    ),
}  # fmt: skip
"""Phrases of each kind of trade sign; quantities, purity and prices are patterns, see `trade.py`."""
