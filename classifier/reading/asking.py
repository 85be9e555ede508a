"""The words by which somebody asks for goods, in seven languages, and those that make them a seller's.

Written for this project, from nobody's listings. `{a|b}` stands for either. Each phrase is folded like
the text. English, Spanish, Portuguese, French, German, Russian, Chinese, in this order.

Left out is what shops write as often: `where to buy`, `request a quote`, `buy acetone`.
"""

from __future__ import annotations

ASKING = (
    "{looking|searching|hunting} {for|to {buy|purchase|order|source|acquire|procure|find}}",
    "{looking|need|want|trying|hoping} to get{| hold of}",
    "{want|wants|wanting|wish|willing|hoping|planning} to {buy|purchase|order|acquire|source|obtain|procure}",
    "{would like|i'd like|we'd like|trying} to {buy|purchase|order|acquire|source|obtain|procure|find}",
    "{need|ready|intend} to {buy|purchase}", "{i am|i'm|we are|we're} after",
    "interested {in buying|in purchasing|to buy|to purchase}",
    "in {search|need} of", "wanted", "wtb", "in the market for", "seeking", "request for quotation", "rfq",
    "{we|i} {|also |always |urgently |currently }{buy|need|want|require|seek}", "{please|pls|kindly} quote",
    "{i am|i'm|we are|we're} buying", "{will|would|i'd} {buy|purchase|pay cash for}",
    "paying cash for", "cash paid for", "{quote|quotation|offers} {needed|required|wanted}{| for}",
    "{buy|buying|purchase|purchasing} {inquiry|enquiry|request|lead}",
    "{busco|buscamos|compro|compramos|necesito|necesitamos|requiero|requerimos|solicito|solicitamos}",
    "{necesitaria|quiero|queremos|quisiera}", "{me|nos} hace falta", "en {busca|busqueda} de",
    "se {busca|buscan|compra|compran|necesita|necesitan|requiere|requieren|solicita|solicitan}",
    "{quiero|queremos|quisiera|quisieramos|deseo|deseamos|pretendo} {comprar|adquirir|conseguir|cotizar}",
    "favor {cotizar|cotar}",
    "{busco|buscamos|necesito|necesitamos|interesado en} {comprar|adquirir|conseguir}",
    "{me|nos} {gustaria|interesa|interesaria} {comprar|adquirir|conseguir}", "{me|nos} interesa",
    "{estoy|estamos} {interesado|interesada|interesados|interesadas} en{| comprar| adquirir| la compra de}",
    "{ando|estoy|estamos} {buscando|comprando}",
    "{solicito|solicitamos|pido|pedimos|requerimos} {cotizacion|presupuesto}",
    "{procuro|procuramos}", "{procura|procuram|compra|compram|precisa|precisam}-se",
    "{preciso|precisamos|necessito|necessitamos}{| de}", "{tenho|temos} interesse em{| comprar| adquirir}",
    "{quero|queremos|gostaria de|gostariamos de|pretendo|pretendemos} {comprar|adquirir|encomendar}",
    "{quero|queria|queria comprar|estou precisando de|estamos precisando de|estou atras de}",
    "{desejo|desejamos|preciso|precisamos|procuro|procuramos} {comprar|adquirir|encomendar}",
    "{estou|estamos} {interessado|interessada|interessados} em{| comprar| adquirir}",
    "{estou|estamos} {procurando|a procura de}",
    "{solicito|solicitamos|peco|pedimos} {orcamento|cotacao|preco}",
    "{cherche|cherchons|recherche|recherchons|achete|achetons|j'achete|rachete}", "nous rachetons",
    "{cherche|cherchons} a {acheter|acquerir|me procurer|nous procurer}", "{suis|sommes} a la recherche",
    "{j'ai|j'aurais|avons|aurions} besoin",
    "{souhaite|souhaitons|souhaiterais|souhaiterions|desire|desirons} {acheter|acquerir|commander}",
    "{voudrais|voudrions|veux|voulons|aimerais|aimerions|j'aimerais} {acheter|acquerir|commander}",
    "{je veux|nous voulons|il me faut|il nous faut|suis preneur|sommes preneurs}",
    "{suis|sommes} {interesse|interessee|interesses|interessees} par{| l'achat}",
    "{suche|suchen|gesucht|kaufe|ankauf|benotige|benotigen|brauche|brauchen}", "wir kaufen",
    "{brauchte|brauchten|nehme|nehmen wir}", "{suche|suchen|auf der suche} nach",
    "{hatte|hatten} {gern|gerne}", "{kaufgesuch|gesuch}",
    "haben bedarf an", "bitte{|n} um {|ein }angebot", "interessiere{|n} {mich|uns} fur",
    "{куплю|купим|покупаю|покупаем|скупаю|скупаем|скупка|закупаю|закупаем|закупим|закупка}",
    "{приобрету|приобретем}",
    "{ищу|ищем|требуется|требуются|разыскивается|выкупим|выкуплю|приму|приму в дар|возьму}",
    "{нужен|нужна|нужно|нужны|нуждаюсь в|необходим|необходима|необходимо|необходимы|интересует|интересуют}",
    "{хочу|хотим|надо}", "{рассмотрим|ожидаем|ждем|приму} предложения{| по}", "продайте",
    "{ищу|ищем} у кого {купить|взять|есть}",
    "{хочу|хотим|готов|готовы|хотел бы|хотела бы|хотели бы} {купить|приобрести|закупить|заказать}",
    "хотелось бы {купить|приобрести}",
    "{желаю|желаем|планирую|планируем|намерены|надо|нужно|необходимо} {купить|приобрести|закупить|заказать}",
    "интересует {покупка|закупка}", "{заинтересован|заинтересованы} в {покупке|закупке|приобретении}",
    "{ищу|ищем} где {купить|взять}", "в {поиске|поисках}", "заявка на {покупку|закупку|приобретение}",
    "{求购|收购|采购|急需|急购|急求|寻购|诚购|寻找|寻求}",
    "{想|想要|需|需要|打算|希望|有意|拟|欲|准备|计划}{购买|采购|购|买|购入|订购}",
    "{我|我们|我司|我厂|我公司|我们公司|本公司|本厂|本人}{|现|急|也|长期|常年}{需要|需|要|想要}{|购买|采购|买}",
    "{长期|高价|大量|急}{收购|求购|采购|收|回收|需要|要}", "{想|我想}找",
)  # fmt: skip
"""Phrases of somebody who wants what they govern."""

ASKING_FIRST = (
    "{need|needed|want|require|required|requirement|buying|urgently required|purchase of}",
    "{ocupo|interesado en}",
    "{buscando|procurando|hace falta}", "a procura de", "interessiert an",
    "a la recherche", "besoin", "{bedarf|interesse} an", "{bedarf|einkauf von}", "спрос{| на}",
    "{求|收|寻|找|要|需要|想要|询价}",
)  # fmt: skip
"""Words that ask only where a sentence begins: elsewhere they are anybody's."""

ASKING_WHO = (
    "{|does |do |has }{anyone|anybody|someone|somebody} {|here }{have|has|got|sell|sells|selling}",
    "{can|could|would} {anyone|anybody|someone|somebody} {sell|spare|supply|get me|sell me|supply me}",
    "{|does |do }{anyone|anybody} know where to {buy|get|find}", "who {has|sells|can {sell|supply|sell me}}",
    "{quien|alguien} {vende|tiene|tendria|me vende|que venda|que tenga}",
    "{alguien sabe donde|alguem sabe onde} {comprar|conseguir|encontrar|hay|tem}",
    "{quem|alguem} {vende|tem|teria|me vende|que venda|que tenha}",
    "{qui|quelqu'un} {vend|a|aurait|vendrait|peut me vendre|sait ou trouver|saurait ou trouver}",
    "{wer|jemand} {hat|hatte|verkauft|kann mir}",
    "{hat|hatte|verkauft|kann|kann mir|konnte mir|mochte mir} {hier |}jemand",
    "кто {|мне }{продает|продаст|может продать}",
    "{у кого|кто нибудь} {есть|продает}", "есть у кого",
    "{谁|谁能|谁家|有谁|有人|有没有人}{有|卖|出|转让}",
)  # fmt: skip
"""Questions, where a sentence begins, who sells what follows; a seller may answer them."""

SEEKERS_VERBS = (
    "{seeks|needs|requires|wants|buys|sucht|benotigt|kauft}",
    "{busca|compra|necesita|requiere|procura|precisa}",
    "{ищет|купит|закупит|приобретет|закупает|покупает}", "求",
)  # fmt: skip
"""What somebody who is named does, where the sentence begins with their name: `small workshop seeks`.

Those that `ASKING` holds anyway, which is looked for first, are left out: `cherche`, `求购`."""

NO_SEEKER = (
    "{who|whoever|everyone|everybody|anyone|all|your|you|that|which|if|customers|buyers|it|this|sale|sales}",
    "{venta|venda|vente|verkauf|продажа|oferta|shop|store|tienda|loja|boutique|магазин}",
    "{wer|jeder|alle|ihr|ihre|ihrer|der|die|sie|man|wenn|falls|kunden}",
    "{quien|quienes|todos|todo el mundo|su|usted|si|se|que|cliente|quem|sua|voce|todo mundo}",
    "{qui|votre|vous|si|on|tous|client|кто|все|каждый|ваше|ваша|ваш|если|вы|который}",
    "{谁|您|你|客户|如果|大家|欢迎}",
)
"""Words before such a verb by which it is a seller's."""

ISO_ASKS = r"""(?x:
    (?<![a-z0-9])iso\)?(?:
        \s*:(?!\s*\d{4})
        |\s+(?:an?|some|any|about|approx|around|up\s+to|one|two|three|four|five|ten)\s
        |\s+(?=\d+(?:[.,]\d+)?(?:\s*x\s*\d+)?\s*-?
            (?:m?l|lt|ltrs?|lit(?:re|er)s?|k?g|kgs|kilos?|grams?|gal|gallons?|quarts?|qts?|oz|lbs?|drums?|bottles?
              |cans?|jugs?|pails?|bags?|mt|tons?|tonnes?)(?![a-z]))
    ))"""
"""`ISO`, *in search of*, asks where a sentence begins with it and an amount follows: `ISO 9001` does not."""

WISH = (
    "{mochte|mochten|will|wollen|wollte|wollten|wurde|wurden}{| gern| gerne}", "{hatte|hatten} {gern|gerne}",
    "{bin|sind} an",
    "{хочу|хотим|хотел бы|хотела бы|хотели бы}",
)  # fmt: skip
"""Words of a wish for what stands between them and a verb at the end: `möchte 20 L Aceton kaufen`."""

WISH_ENDS = (
    "{kaufen|ankaufen|erwerben|beziehen|bestellen|einkaufen|haben|nehmen|interessiert}",
    "{купить|приобрести|закупить|заказать}",
)
"""Verbs that end such a wish."""

SELLING_VERBS = (
    "{verkaufen|abgeben|anbieten|verschenken|tauschen|liefern|loswerden|vermieten}",
    "{продать|отдать|предложить|обменять}",
)
"""Verbs that end it otherwise."""

SOMEBODY_ELSE = (
    "{you|you're|you are|you were|ur|if|when|those|who|who is|who's|who are}",
    "{anyone|anybody|everyone|everybody|people|customers|clients|companies|buyers}",
    "{most|still|that are|that|they|they are|welcome to}",
    "{quien|quienes|si|usted|ustedes|clientes|que|le|les|te}", "{quem|se|voce|voces}",
    "{qui|si vous|vous|vous etes|etes-vous|clients|de|la|en}",
    "{wer|sie|ihr|du|man|falls|wenn|die|der|ihre|ihrer|kunden|meist}",
    "{кто|кому|если|вы|вам|вас|тебя|тебе|кого|что|которую|которые|когда}",
    "{您|你|谁|哪位|如|若|有人|大家|老板|朋友|欢迎|欢迎来电|欢迎致电|欢迎咨询|如果|客户|您在|你在|您正在|你正在}",
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

INVITED = ("{吗|么|请|就|来|找我|找我们|联系|加微信|加我|私信|可联系}", "的{加|就|来|请|可以|联系|私信}")
"""Words right after a name that invite whoever wants it; of `求购` and `收购` they invite who sells it."""

SELLERS_REPLY = (
    "{we|i} {do|sell}", "{contact|call|write|ask|whatsapp|email} {us|me}", "here",
    "{our|my} {shop|store|site}", "aqui", "{en|na} {nuestra|nossa} {tienda|loja}", "nosotros",
    "{fale|ligue}", "{chez|contactez|appelez} nous", "{bei|von} uns", "wir",
    "{мы|звоните|пишите|обращайтесь|в нашем|у нас}",
    "{我们|本厂|本店|我这|这里|找我|联系}",
)  # fmt: skip
"""Words after a question who sells it that answer it."""

BUYERS_QUESTION = (
    "{who|anyone|anybody|does|can|where|quien|alguien|donde|quem|alguem|onde|qui|quelqu'un|ou}",
    "{wer|jemand|wo|кто|где|谁|哪}",
)  # fmt: skip
"""Words of a question that asks who sells it."""

WANTED_AFTER = ("{wanted|needed|required|wtb}", "{gesucht|benotigt|wird gekauft}", "有人{卖|出}")
"""Words that ask for the name before them."""

WANTED_LAST = (
    "{gesuche|busco|compro|procuro|recherche|recherches|recherchee|recherchees|cherche|j'achete|куплю|ищу}",
    "se {busca|compra}", "{compra|procura}-se", "rfq", "je {cherche|recherche}",
    "{нужен|нужна|нужно|требуется|необходим}{| срочно}", "куплю {дорого|срочно|оптом}",
    "{возьму|suche ich|ankauf|demande}",
)  # fmt: skip
"""Words that do so where they end their sentence: before anything else they govern that."""

WANTED_LAST_CJK = "(?:求购|收购)"
"""Likewise in Chinese, where no other sign follows at once: `求购空桶` asks for empty barrels."""

WHOEVER_HAS = r"(?:^|[\s,.;:!?，。；：！？]|谁|哪位|哪家|手里|手上|家里|朋友|大家|老板)有"
"""In Chinese, before what somebody wants from those who have it: `有甲苯的联系我`."""
WHOEVER_HAS_CALLS = (
    "的(?:朋友|老板|厂家|亲|请|可以|都|就|可|麻烦|速|快|给)*"
    "(?:联系|加|私信|私聊|来|找我|报价|报个价|滴滴|吗|么|嘛)"
)
"""What those are told, or asked, right after the name."""

GREETINGS = """
    hello hi hey dear all good day morning evening guten tag morgen abend hallo moin hola buenas buenos dias
    tardes ola bom dia boa tarde bonjour bonsoir salut добрый день вечер здравствуйте привет 您好 你好 help
    urgent urgently dringend urgente срочно
"""
"""Words that may stand before a sentence that begins."""

WHO_SELLS = (
    "{someone|somebody|anyone|anybody} who {sells|has}",
    "quien {|me }{venda|vende|tenga}",
    "quem {|me }{venda|vende|tenha}",
    "{quelqu'un|personne} qui {vend|a}",
    "{jemand|jemanden} der",
)
"""Those who have it, between what asks and a name."""

FOR_OURSELVES = (
    "for{| our| my}", "para{| mi| nuestra| nuestro| meu| minha| nosso| nossa}",
    "pour{| mon| ma| mes| notre| nos}",
    "fur{| unser| unsere| unseren| meine| meinen| mein}", "для{| моего| моей| нашего| нашей| своего| своей}",
)  # fmt: skip
"""Before the word that says what somebody wants it for, which may stand between as well."""

BETWEEN = """
    a an the some any few of x and or about approx ca up to ideally preferably nearby urgently urgent
    asap please good quality pure clean anhydrous technical tech industrial lab laboratory grade reagent
    analytical pharma food bulk large small quantities quantity amounts amount used litre litres liter
    liters ltr ltrs lt lts l ml cl gal gallon gallons kg kgs kilo kilos kilogram kilograms g gr gram
    grams mt t ton tons tonne tonnes lb lbs oz drum drums barrel barrels bottle bottles can cans
    canister canisters jerrycan jerrycans jug jugs pail pails bag bags sack sacks ibc ibcs tote totes
    pallet pallets tank tanks pack packs cas no nr num one two three four five six ten twenty fifty
    hundred reliable supplier suppliers source sources manufacturer manufacturers producer producers for
    from un una uno unos unas el la los las de del y o e urgente urgentemente puro pura pureza grado
    tecnico tecnica alta buena calidad litro litros kilogramo kilogramos gramo gramos tonelada toneladas
    galon galones bidon bidones tambor tambores garrafa garrafas botella botellas lata latas saco sacos
    bolsa bolsas cubeta cubetas cantidad proveedor proveedores fabricante fabricantes confiable para um
    uma uns umas os as do da dos das ou quilo quilos grama gramas bombona bombonas frasco frascos galao
    galoes grau quantidade fornecedor fornecedores une des du d le les et environ pur qualite technique
    industriel gramme grammes fut futs bidons bouteille bouteilles sac sacs jerrican jerricans gros en
    vrac fournisseur fournisseurs fabricants pour ein eine einen einige etwas von der die den und oder
    dringend sofort circa etwa reines reiner reine reinen technisches technischer technische stuck fass
    fasser flasche flaschen kanister gramm tonnen mengen menge grossere lieferant lieferanten hersteller
    anbieter fur bezugsquelle срочно дорого чистый чистого технический технического и или от до около
    литр литра литров кг килограмм килограмма килограммов кило г грамм граммов л мл т тонна тонну тонны
    тонн бочка бочку бочки бочек канистра канистру канистры канистр бутыль бутыли бутылка бутылку
    бутылки мешок мешка мешков ведро ведра куб куба поставщик поставщика поставщиков производителя
    производителей оптом restbestande reste restmengen restos sobras restes остатки неликвиды любой
    любое объем количество ваш ваши again now always regularly monthly weekly seller more another enough
    cheap cheaply buy siempre ahora algo mas barato barata comprar vendedor sempre agora mais toujours
    encore pas cher chere acheter vendeur zum kauf kaufen noch immer standig laufend regelmassig
    monatlich gunstig gunstiges preiswert gebraucht wieder zu bei ihnen verkaufer wird werden angebot
    uber jeder jede на постоянно постоянной основе ежемесячно регулярно еще недорого дешево немного
    партию партия продавца б у quotes quotations offers prices mal gerade toda todo clase tipo votre vos
    alle
"""
"""Words that may stand between: amounts, packs, grades and those who supply it."""
