"""The words that tell an offer from a mention, in seven languages.

Written for this project. `{a|b}` stands for either. Each phrase is folded like the text, so accents and case
do not matter.
English, Spanish, Portuguese, French, German, Russian, Chinese, in this order.
"""

from __future__ import annotations

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
    "cadexomer", "resistant to acids such as", "resistentes a", "resistentes al", "resistentes ao",
    "resistants a", "stable against", "стойкие", "стойкость", "устойчивые к",
    # bought, not sold
    "who can deliver", "who delivers", "we buy your", "we buy your leftover", "your leftover",
    "quien entrega", "su sobrante de",
    "quem entrega", "sua sobra de", "qui livre", "nous rachetons", "vos restes de", "wer liefert",
    "ihren rest",
    "кто привезет", "выкупим", "ваш остаток", "谁能送", "您剩下的", "imitating", "que imita", "qui imite",
    "advertising", "lettered", "com letreiro", "装过", "以前装",
    "wanted", "wtb", "want to buy", "looking for", "looking to buy", "in search of", "searching for",
    "in need of", "we need", "i need", "request for quotation", "rfq", "purchase inquiry", "purchase request",
    "busco", "buscamos", "se busca", "se necesita", "necesito", "necesitamos", "compro", "compramos",
    "se compra", "procuro", "procuramos", "procura-se", "preciso de", "precisamos de", "compra-se", "cherche",
    "cherchons", "recherche", "recherchons", "on recherche", "achete", "j'achete", "achetons", "suche",
    "suchen", "gesucht", "kaufe", "ankauf", "ankauf von", "куплю", "купим", "ищу", "ищем", "приму",
    "закупаем",
    "закупка", "покупаем", "требуется", "求购", "收购", "采购", "急需", "寻找", "长期收", "高价收",
    # written, taught, shown
    "history of", "story of", "chemistry of", "safe handling of", "handling of", "hazards of", "toxicity of",
    "training on", "course on", "course in", "seminar on", "report on", "study of", "patent for",
    "market report", "market research report", "market study", "data sheet for", "sds for", "sign for",
    "historia de", "historia del", "manejo de", "manejo seguro de", "manipulacion de", "informe de mercado",
    "estudio de mercado", "hoja de seguridad de", "senal de peligro", "cartel de",
    "etiqueta de {peligro|seguridad}",
    "historia do", "manuseio de", "manuseio seguro de", "relatorio de mercado", "estudo de mercado",
    "placa de seguranca", "etiqueta de perigo", "ficha de seguranca de", "histoire de", "histoire du",
    "manipulation de", "etude de marche", "rapport de marche", "etiquette de danger", "panneau de danger",
    "fiche de securite", "geschichte von", "geschichte des", "geschichte der", "umgang mit", "handhabung von",
    "marktbericht", "marktstudie", "warnschild", "gefahrenschild", "gefahrstoffetikett",
    "sicherheitsdatenblatt", "история", "работа с", "обращение с", "безопасная работа", "обзор рынка",
    "отчет о рынке", "исследование рынка", "анализ рынка", "знак опасности", "наклейка", "табличка",
    "паспорт безопасности на", "тест-полоски", "газоанализатор", "датчик",
    # moved, kept, declared, priced or licensed for others
    "{storage|logistics|transport|transportation|haulage|warehousing|disposal|neutralisation} {of|for}",
    "{permit|licence|license|register|statistics|regulations|rules|warehouse|bags|sacks|seals|gaskets} for",
    "{law|rules|regulations|paperwork|advice|consulting|webinar} {on|about}", "data {sheet|sheets} {of|for}",
    "made {without|from}", "{stains|spill|spills|smell|residue|residues|levels|content} of", "stain remover",
    "{almacenamiento|transporte|logistica|eliminacion|neutralizacion} de",
    "{permiso|permisos|licencia|tramite|tramites|registro|sacos|juntas|empaques|bodega} para",
    "{asesoria|normas|ley} sobre", "hoja de seguridad", "{ficha|fichas} {tecnica|tecnicas} de",
    "{manchas|derrames|olor|restos|niveles|contenido} de",
    "{armazenamento|transporte|logistica|descarte} de",
    "{licenca|autorizacao|registro|sacos|vedacoes|deposito} para",
    "{consultoria|normas|lei} sobre", "{manchas|derramamento|cheiro|restos|niveis|teor} de",
    "{stockage|transport|logistique|elimination|taches|odeur|residus|teneur} {de|d|en}",
    "{permis|licence|autorisation|registre|sacs|joints|entrepot} pour",
    "{conseil|droit|reglementation|loi} {sur|du|de}", "{fiche|fiches} {technique|techniques} {de|du}",
    "{lagerung|transport|logistik|entsorgung|flecken|geruch|gehalt|reste} von",
    "{genehmigung|erlaubnis|register|sacke|dichtungen|lager} fur", "{beratung|recht|gesetz} {zu|zum|uber}",
    "{хранение|утилизация|нейтрализация|учет|запах|пятна|остатки|содержание}",
    "{лицензия|разрешение|журнал|мешки|прокладки|уплотнения} {на|для}",
    "{консультация|закон|правила} {по|о|об}",
    "{储存|存放|运输|处置|中和|清除|残留|备案|许可|法规|台账|气味}", "{含有|不含有|检出|测出}",
    # its empty drum, and what it must not touch
    "{last|previous} contents", "previously", "ultimo {contenido|conteudo}", "dernier contenu",
    "vorher", "zuletzt",
    "последнее содержимое",
    "empty", "vide",
    "vide de", "vides de", "vacio de", "vacios de", "vazio de", "vazios de", "leeres", "leere",
    "leerer", "пустая бочка", "пустые бочки", "из-под", "空", "空桶", "clean with", "clean the surface with",
    "cleaned with", "wipe with", "wash with", "wipe the surface with", "degrease with", "limpiar con",
    "limpie con", "lavar con", "limpar com", "lavar com", "nettoyer avec", "laver avec", "nicht mit",
    "reinigen mit", "не чистить", "не мыть", "чистить", "протирать", "contact with", "avoid contact with",
    "{transferencia|trasvase|vapores|vapeurs|vapor} {de|del|do}", "armazenar", "almacenar",
    "для {хранения|перекачки}", "{acids such as|acidos como|acides comme|sauren wie|кислотам как|таким как}",
    "{detector|gas detection} {tube|tubes} for", "gasprufrohrchen", "prufrohrchen", "tubo detector de",
    "tube detecteur de", "индикаторная трубка", "未添加",
    "incompatible with", "请勿用", "勿用", "避免接触", "不耐", "忌",
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
    "concentration meter", "concentration sensor", "leak detector", "safety sign", "warning sign",
    "hazard sign", "hazard label", "warning label", "label sticker", "safety training", "handling training",
    "handling course", "safety course", "market report", "market size", "market research", "market analysis",
    "market outlook", "market forecast", "industry report", "history", "handbook", "fumes", "fume extraction",
    "removed", "stain", "stains", "spill", "odour", "odor", "residue", "residues", "bottle empty", "decal",
    "decals", "postcard", "postcards", "label", "labels", "registration", "regulations", "law",
    "超标", "未检出", "无检出", "残留", "台账", "备案", "气味", "课",
    "drum empty", "empty drum", "vacio", "vazio", "vide", "leer", "reinigen", "gesucht",
    "тест", "насос", "试纸", "检测", "安全{标|操|培|手|数|技|柜}", "化学史",
    "气体{检测|报警|探测|分析}", "浓度计", "浓度",
    "市场{报告|分析|研究|调研}", "培训", "操作{培训|规程|手册}",
    "空桶", "桶已清洗", "桶 已清洗", "{输送|转移|计量|隔膜}泵",
    "{储存|安全|防爆|防火}柜", "{防护|耐酸}手套", "阀", "呼吸器",
    "滤毒罐", "检测管", "报警", "泄漏",
    "测试", "泵", "手套", "传感器", "替代品", "检测仪", "报警器", "储罐", "替代",
    "povidone", "povidona", "povidon", "повидон",  # an antiseptic of iodine
)  # fmt: skip
"""Phrases that begin right after the name."""

ABOUT_SOMETHING_ELSE = (
    "periodic table", "element display",
    "test strip", "test strips", "test kit", "test kits", "teststreifen", "试纸", "t-shirt", "keycap",
    "keycaps", "inhibitor", "antibody", "elisa", "paperback", "hardcover", "dvd", "textbook", "necklace",
    "earrings", "mug", "poster", "novel", "detector", "gas analyzer", "safety data sheet", "libro",
    "livro", "книга", "buch",
    "{un|le|ce|beau|petit|vieux} livre", "livre :", "livre {sur|ancien|relie|broche|rare|neuf}",
    "seminar", "webinar", "training course", "market research",
    "market report", "safety sign", "warnschild", "gefahrstoffschrank", "concentration meter",
    "respirator cartridge", "scrubber tower", "fume scrubber", "periodisches system", "培训", "图书",
    "标识牌", "教材", "教程", "справочник", "учебник", "lehrbuch", "nachschlagewerk",
    "研究报告", "检测仪", "已清洗",
    # a picture, book, course or register of it
    "label roll", "roll of labels", "{rollo|rolo} de etiquetas", "rouleau d'etiquettes", "etikettenrolle",
    "рулон этикеток", "wall chart", "lamina de pared", "quadro de parede", "planche murale",
    "wandtafel", "挂图",
    "{slides|folien|слайды|diapositives|diapositivas} {:|of|on|uber|sur|sobre|}", "e-book", "ebook", "电子书",
    "{register|registry|log} book", "registre pour", "libro de registro", "livro de registro", "журнал учета",
    "登记本", "one-day training", "training on the law", "tageskurs", "stage d'un jour", "curso de um dia",
    "curso de un dia", "однодневный курс", "keeping a register", "tenir le registre",
    # what finds, holds or withstands it
    "saliva test", "field kit", "kit de campo", "kit de terrain", "feldtest", "schnelltest",
    "экспресс-полоски",
    "полевой набор", "{tiras|fitas} rapidas", "bandelettes rapides", "sensor head", "tete de capteur",
    "sensorkopf", "cabezal {sensor|de sensor}", "传感头", "安全柜", "armoire agreee", "сейф-шкаф",
    "{handheld|hand} scanner", "handscanner", "{escaner|scanner} portatil", "光谱仪", "empaque que resiste",
    "软管", "抽桶泵", "pumpe furs",
    # what keeps, cleans, measures, teaches or remembers it
    "ventilated cupboard", "calibration gas", "warning plate", "enamel sign", "apothecary jar", "flash cards",
    "scent kit", "water filter", "drip tray", "used forklift", "tank cleaning", "gas chromatograph",
    "class notes", "spectral library", "inventory software", "last content", "empty carboys", "empty drums",
    "rubber apron", "lawyer explains", "replacement seals", "disposal of", "history talk",
    "armario ventilado", "placa de aviso", "frasco de botica", "kit de olor",
    "cartucho de {mascara|mascarilla}",
    "filtro de agua", "limpieza de tanques", "abogada explica", "programa de inventario",
    "{garrafas|tambores} vacias",
    "tambores vacios", "ultimo contenido", "aparato que mide", "lector portatil", "decapante", "tapa blanda",
    "bombonas vazias", "frasco antigo", "limpeza de tanques", "advogada explica", "aparelho que mede",
    "ultimo conteudo", "decapagem", "brochura", "descarte de", "armoire ventilee", "panneau d'avertissement",
    "bocal d'apothicaire", "cartouche de masque", "filtre a eau", "nettoyage de cuves", "avocate explique",
    "{bidons|futs} vides", "dernier contenu", "appareil qui mesure", "decapant", "broche", "joint resistant",
    "warntafel", "apothekergefass", "filterpatrone", "wasserfilter", "tankreinigung", "anwaltin erklart",
    "leere {kanister|fasser|ballons}", "letzter inhalt", "abbeizer", "taschenbuch", "ubersichtskarte",
    "уплотнения", "патрон для маски", "аптечная банка", "фильтр для воды", "чистка цистерн",
    "юрист объясняет",
    "учетная программа", "пустые {канистры|бочки}", "таблица прекурсоров", "предупреждающая табличка",
    "通风柜", "密封圈", "测量仪", "警示牌", "讲座", "滤芯", "空坛子", "空桶", "气味盒", "律师",
    "防漏托盘", "旧叉车",
    "手持仪", "围裙", "脱漆剂", "平装书", "识别盒", "滤毒盒", "滤盒", "讲义", "药罐", "罐车清洗", "仓库软件",
)  # fmt: skip
"""Words that, anywhere in a short text, say that no chemical is for sale."""

ABOUT_IN_TITLE = (
    # a sign or label of it
    "{danger|caution|warning|safety|hazard} {sign|signs|sticker|stickers|label|labels|placard|plate}",
    "{vinyl|metal|enamel|aluminium|aluminum} {sign|signs|sticker|stickers}", "placard",
    "{rotulo|rotulos|letrero|letreros|cartel|carteles|senal|senales|pegatina|pegatinas|calcomania}",
    "{placa|placas|adesivo|adesivos|plaquinha}",
    "{panneau|panneaux|autocollant|autocollants|plaque|ecriteau|affichette}",
    "{schild|schilder|emailschild|blechschild|hinweisschild|warnaufkleber|aufkleber|aushang|warnzeichen}",
    "{decal|decals|signage|postcard|postcards|senaletica|afiche|afiches|affiche|affiches|postkarte|postkarten}",
    "{gefahrensymbol|gefahrensymbole|gefahrensymbol-set|открытка|открытки}", "明信片", "海报",
    "{табличка|таблички|знак|знаки|наклейка|наклейки|бирка|бирки|плакат}",
    "标牌", "标识", "警示", "贴纸", "挂牌",
    # a measured standard of it
    "{reference|analytical|calibration|certified} {standard|standards|std|material|solution}", "ref std",
    "{estandar|patron|material|solucion} {de referencia|certificado|certificada|analitico|de calibracion}",
    "{padrao|material|solucao} {analitico|de referencia|certificado|de calibracao}",
    "{etalon|materiau|solution} {analytique|de reference|certifie|d'etalonnage}",
    "{referenzstandard|referenzlosung|referenzmaterial|analysenstandard|kalibrierlosung|referenzsubstanz}",
    "{гсо|стандартный образец|стандартные образцы|аналитический стандарт|калибровочный раствор}",
    "标准溶液", "标准品", "标准物质", "对照品", "标样", "滴定管",
    # what finds it
    "{lateral flow|urine|saliva|swab|rapid|drug} {strip|strips|test|tests|cassette|cassettes}",
    "{swab tests|screening strips|raman unit|raman|handheld spectrometer|spectrometer|gas alarm}",
    "{tiras|tira} {para|pa|de|reactivas|rapidas}",
    "{espectrometro|alarma de gas|alarma|medidor|prueba rapida}",
    "{fita teste|fitas teste|teste rapido|testes rapidos|espectrometro|medidor|sensor}",
    "{bandelette|bandelettes|test rapide|tests rapides|spectrometre|detecteur|detecteurs|alarme}",
    "{drogenschnelltest|schnelltests|handspektrometer|spektrometer|messgerat|handgerat|melder|gaswarner}",
    "{экспресс тест|экспресс-тесты|спектрометр|детектор паров|газоанализатор|тест полоски}",
    "检测卡", "检测管", "试剂盒", "比色", "光谱", "检测盒",
    # what teaches or tells of it
    "{customs|safety|online|training|compliance} {course|courses|class|training}",
    "{course binder|ex library|handbook}",
    "{second|third|2nd|3rd|first} edition", "hardback",
    "{curso|cursos|tratado} {:|de|del|en|sobre|para|gravado|ead|online|}",
    "{manual|folleto|capacitacion|diplomado} {:|de|del|en|sobre|para|gravado|ead|online|}",
    "{treinamento|apostila|palestra}", "{webinar|webinars|webinario|webinaire|вебинар|вебинары}",
    "网课", "直播课", "{formation|stage} securite",
    "{antiquariat|antiquarisch|antiquarian|broschur|museum}",
    "{formation|guide|traite|manuel|stage|atelier} {:|de|des|d'une|du|sur|pour|precurseurs|}",
    "{leitfaden|schulung|online-schulung|lehrgang|fachbuch|diavortrag|vortrag|broschure|ringbuch}",
    "{курс|курсы|семинар|лекция|брошюра|методичка|руководство} {:|для|по|о|}",
    "{旧书|书,|书，|史话|管制史|实务|模型|科普|手册|课程|讲义}",
    # with hardly any of it, or in its place
    "{trace|traces|hint|residue|residues} of", "{trazas|traza|pizca|vestigios} de",
    "{traco|tracos|vestigios} de",
    "{traces de|a l'etat de traces|moins de}", "{spuren|spur} {von|vom}",
    "{substitute|substitutes|replacement|alternative} {for|of|to}",
    "{sustituto|sustituta|sustitutivo|reemplazo} {de|del}",
    "{substituto|substituta} {de|do|da}", "{substitut|remplacant} {de|du}", "{remplace|remplacant}",
    "ersatz fur", "заменитель", "残留",
    # what it was kept in
    "{leergut|da war mal|que guardava|que llevo}",
    "{que guardaba|having held|once held|used to hold|ayant contenu}",
)  # fmt: skip
"""Words that, in a title, say that something about the substance is sold, or without it, or in its place.

Nothing that is said of the substance itself: "leaves no traces", "sign for the parcel", "analogue"."""

FOR_WORDS = ("for", "para", "pour", "fur", "для", "per il")
"""Words that, right before a name, say that something for it is sold, unless one of the next comes first."""

ASKING_BEFORE = ("who is", "who's", "anyone", "quien", "quem", "qui", "wer", "кто", "谁")
"""Words that turn "looking for" into a seller's question: who is looking for it?"""

SALE_BEFORE_FOR = (
    "price", "prices", "quote", "quotes", "quotation", "supplier", "suppliers", "vendor", "vendors", "seller",
    "source", "offer", "offers", "deal", "deals", "sale", "sales", "order", "orders", "discount", "stock",
    "manufacturer", "factory", "contact us", "contact me", "contact", "inquiry", "enquiry", "pm", "dm",
    "precio", "precios", "oferta", "ofertas", "proveedor", "cotizacion", "preco", "precos", "fornecedor",
    "prix", "offre", "fournisseur", "preis", "preise", "angebot", "lieferant", "anbieter", "цена", "цены",
    "предложение", "поставщик",
)  # fmt: skip
"""Words after which "for" a name still offers it."""

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
    "extract", "olive", "seed", "essential", "lotion", "fertilizer", "fertilizers", "fertiliser", "npk",
    "vitamin", "vitamins", "bronze", "soil", "feed", "engrais", "удобрение",
)  # fmt: skip
"""Words beside which an abbreviation means something else."""
