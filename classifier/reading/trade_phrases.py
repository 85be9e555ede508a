"""How sellers who expect trouble trade, in seven languages: the phrases of each kind of sign.

Written for this project from how such offers are generally worded; taken from no listing. `{a|b}`
stands for either. English, Spanish, Portuguese, French, German, Russian, Chinese, in this order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from classifier.reading.model import TradeKind

TRADE_PHRASES: dict[TradeKind, tuple[str, ...]] = {
    "stealth": (
        # hidden packing and sending
        "{stealth|discreet|discrete|disguised|disguise|hidden|secret|camouflage|camouflaged|covert|concealed"
        "|anonymous|unmarked|inconspicuous} {packaging|packing|package|packages|parcel|parcels|shipping"
        "|shipment|delivery|boxes|wrapping|post}",
        "{discreetly|discretely|secretly|stealthily} {packaged|packed|shipped|sent|delivered}",
        "vacuum {sealed|packed}", "double vacuum", "special packaging", "plain packaging",
        "customized packaging for customs", "{packed|packaged|hidden|shipped|sent} {inside|as} {other|ordinary"
        "|another|everyday|household} {goods|product|products|items}",
        # nothing on the label
        "{no|without|without any|never any} {name|names|product name|chemical name|label|labels|markings|logo} on"
        " {the |}{label|labels|box|boxes|bag|bags|package|packaging|packing|parcel|drum|outside}",
        "{label|labels|box|bag|package|drum} {without|with no|has no|shows no} {name|product name|names}",
        "{no|blank|neutral|fake|false|other|changed} {label|labels|labelling|labeling} {on|for|only|outside|inside}",
        "{unlabelled|unlabeled} {bag|bags|box|boxes|drum|drums|package|packaging|powder|oil|liquid}",
        "{labelled|labeled|relabelled|relabeled|declared|marked|disguised} as {other goods|something else|food"
        "|cosmetics|detergent|pigment|dye|tea|clay|paint|shampoo|dog food|toys|sample|samples|motor oil|glue}",
        "we {change|replace|remove} the {label|labels|name}", "name {never|not} {written|printed|shown}",
        "{embalaje|empaque|paquete|envío|entrega|empaquetado|envase} {discreto|discreta|oculto|camuflado|secreto"
        "|secreta|anónimo|disimulado}",
        "sin {nombre|etiqueta|etiquetas|marca|marcas} {en la|en el|en} {etiqueta|caja|paquete|bolsa|envase|exterior}",
        "{etiqueta|caja|paquete|bolsa} sin nombre", "declarado como {otro producto|otra cosa|muestra|detergente"
        "|alimento|cosmético}", "{embalado|envasado|sellado} al vacío",
        "{embalagem|pacote|envio|entrega} {discreta|discreto|oculta|oculto|camuflada|camuflado|secreta|disfarçada"
        "|disfarçado|anônima|anônimo}",
        "sem {nome|rótulo|etiqueta|etiquetas|identificação} {no|na|nos} {rótulo|caixa|pacote|embalagem|etiqueta}",
        "{rótulo|etiqueta|caixa|pacote} sem nome", "declarado como {outro produto|outra coisa|amostra|detergente}",
        "{embalado|selado} a vácuo",
        "{emballage|colis|envoi|livraison|expédition|paquet} {discret|discrète|caché|cachée|camouflé|camouflée"
        "|secret|anonyme|neutre et discret|dissimulé}",
        "sans {nom|étiquette|étiquettes|marquage|mention} sur {l'étiquette|le colis|la boîte|le carton|l'emballage"
        "|le paquet}", "{étiquette|colis|boîte|carton} sans nom",
        "déclaré comme {autre produit|autre chose|échantillon|détergent}", "{emballé|scellé} sous vide",
        "{diskrete|diskreter|getarnte|getarnter|versteckte|versteckter|neutrale|anonyme|anonymer|unauffällige"
        "|unauffälliger|verdeckte} {verpackung|versand|lieferung|sendung|etiketten}", "{diskret|unauffällig|neutral"
        "|getarnt} {verpackt|versendet|verschickt}",
        "{ohne|kein|keine} {name|namen|produktname|produktnamen|etikett|aufschrift|bezeichnung|produktbezeichnung}"
        " {auf|am} {dem |der |}{etikett|paket|karton|verpackung|beutel|fass|label}", "{etikett|karton|paket} ohne"
        " {name|namen|aufschrift}", "deklariert als {anderes|muster|waschmittel|farbe|kosmetik}", "vakuumverpackt",
        "{скрытая|незаметная|скрытная|маскированная|замаскированная|тайная|секретная|нейтральная|неприметная}"
        " {упаковка|отправка|доставка}", "{скрытой|незаметной|неприметной|нейтральной} упаковке",
        "{анонимная|конфиденциальная} {доставка|отправка|посылка}", "{надёжная|тайная} закладка",
        "{без|нет} {названия|названий|этикетки|этикеток|маркировки|надписей|имени|наименования} {на|в} {этикетке"
        "|упаковке|коробке|посылке|пакете|бочке|накладной|мешке}", "без {этикеток|этикетки|маркировки|опознавательных"
        " знаков}", "этикетка без {названия|имени}", "{маскируем|оформляем|отправляем|декларируем} как {другой товар"
        "|другое|образец|краску|моющее}", "вакуумная упаковка",
        "{隐蔽|伪装|保密|隐秘|隐藏|秘密|无痕|改标|换标|匿名|私密}{包装|发货|邮寄|运输|快递|寄送}", "真空包装发货",
        "{标签|包装|外包装|外箱|面单|箱子|袋子}{上|}{不写|不印|不标|无|没有|不显示|不出现}{品名|名称|产品名|产品名称"
        "|名字|字样|标识}", "{不写|不标|不印|不显示}{品名|名称|产品名}", "无{标签|标识|品名|字样}{包装|发货}",
        "{更换|换|改|撕}{标签|品名}", "{按|当|报}{其他|别的|样品|普货}{货物|品名|发货|报关}", "{敏感|特货}{料|货|品|}专线",
    ),
    "customs_promise": (
        "{pass|passes|passed|passing|clear|clears|clearing|through|cross|avoid|bypass|beat|skip} {the |your |}customs",
        "customs {clearance |}{guarantee|guaranteed|guarantees|guaranty|guarant|assured|insured|safe|ok|no problem"
        "|without problem|without problems|pass|passed|pass rate}",
        "{guaranteed|guarantee|100|safe|sure|smooth|double|special} {customs |}clearance",
        "clearance {guaranteed|guarantee|guarante|guarant|assured|100|included|safe|no problem}",
        "no customs {problem|problems|issue|issues|trouble|risk|check|fee and risk}",
        "customs {is|are|on|stays} {our|on us|ours|not your|our problem|our business|our job|our responsibility}",
        "customs {covered|handled|solved|arranged|on our side|by us|our side|at our risk|our problem|our job}",
        "we {handle|cover|solve|manage|guarantee|take care of|deal with|know|are responsible for} {the |}customs",
        "{safe|guaranteed|secured} {delivery|shipping|arrival} {guaranteed|guarantee|}", "delivery guaranteed",
        "100 {safe|delivery|arrival|pass|customs pass|delivery rate}", "{safe|special|secure|sensitive|dedicated}"
        " {line|channel|route} {shipping|delivery|to|}",
        "{free|guaranteed|100} {reship|reshipment|reshipping|resend|resending|re-ship|replacement parcel}",
        "{reship|resend|refund|replace|replacement} {policy|guarantee|if seized|if lost|if confiscated|if caught"
        "|if stopped|if held|when seized}", "{if|when|in case of} {seized|confiscated|seizure|confiscation|detained}",
        "{lost|seized|confiscated} {parcel|parcels|package|packages|goods} {resent|reshipped|replaced|refunded}",
        "door to door safe",
        "{pasa|pasan|pasamos|cruza|paso de|paso por} {la |las |por la |}{aduana|aduanas}",
        "{aduana|aduanas|despacho|despacho de aduana} {garantizada|garantizado|garantizadas|asegurada|segura"
        "|sin problema|sin problemas|resuelta|es nuestra|nuestra|por nuestra cuenta|a nuestro cargo|a nuestra cuenta}",
        "sin {problema|problemas|riesgo} {de|con|en} {la |}{aduana|aduanas}", "{doble despacho|paso garantizado}",
        "{entrega|envío|llegada} {segura|seguro|garantizada|garantizado|100}", "{reenvío|reposición} {gratis|gratuito"
        "|garantizado|si se pierde|si es incautado|en caso de decomiso}", "{nos encargamos|respondemos} de la aduana",
        "si {lo |la |}{decomisan|incautan|retienen}",
        "{passa|passamos|passar} {pela|na|a} alfândega", "alfândega {garantida|sem problemas|segura|resolvida|é nossa"
        "|por nossa conta|nossa}", "sem problemas {na|com a|de} alfândega", "{entrega|envio|chegada} {garantida"
        "|garantido|segura|100}", "desembaraço {garantido|seguro}", "reenvio {grátis|gratuito|garantido|se apreendido"
        "|em caso de apreensão}", "{cuidamos|resolvemos} {da|a} alfândega", "se {for |}{apreendido|apreendida|retido}",
        "{passage|passe|passent|passer} {en|la|à la|de la} douane", "douane {garantie|assurée|sans problème|passée|gérée"
        "|à notre charge|c'est nous|on s'en occupe|notre affaire}", "{dédouanement|passage} {garanti|assuré|sûr}",
        "sans {problème|problèmes|souci} {de|avec la|à la} douane", "{livraison|arrivée|envoi} {garantie|garanti|sûre"
        "|sécurisée|assurée}", "{renvoi|réexpédition} {gratuit|gratuite|garanti|garantie|en cas de saisie|si saisi}",
        "en cas de {saisie|confiscation}", "on {s'occupe|gère} {de |}la douane",
        "zoll {garantiert|kein problem|ist unsere sache|unser problem|übernehmen wir|sicher|inklusive garantie|erledigt}",
        "{zollabfertigung|verzollung|zustellung|lieferung|ankunft} {garantiert|gesichert|sicher}", "{sichere|garantierte}"
        " {lieferung|zustellung|ankunft|zollabfertigung}", "{ohne|keine} zollprobleme", "{durch|am} {den |}zoll"
        " {vorbei|garantiert|sicher|}", "{neuversand|nachversand|ersatzlieferung} {kostenlos|gratis|garantiert"
        "|bei beschlagnahme|bei verlust}", "bei {beschlagnahme|beschlagnahmung}", "{um den|den} zoll {kümmern wir uns"
        "|regeln wir}",
        "таможня {гарантирована|наша|на нас|без проблем|с нас|не проблема|решаем|решена|пройдена|гарантия|берём на себя"
        "|100}", "{гарантия|гарантируем|гарантированное} {доставки|доставку|прохождения таможни|прохождение таможни"
        "|таможни|таможню|прохождение}", "{прохождение|проход} таможни", "{без проблем|нет проблем|проблем нет} {с|на}"
        " {таможней|таможне}", "таможню {берём на себя|решаем|проходим|гарантируем}", "{безопасная|гарантированная"
        "|надёжная} доставка", "{повторная|бесплатная повторная} {отправка|доставка|посылка}", "при {изъятии|конфискации"
        "|задержании}", "{перевышлем|повторим|переотправим} {если|бесплатно|при}", "{растаможка|растаможим|проходит}"
        " {гарантирована|таможню|сами|наша}",
        "{包|保证|双|保|确保|顺利|安全|百分百|100%}{清关|通关|过关|到货|送达|妥投}", "双清{包税|到门|}", "{清关|通关|海关}"
        "{无忧|包过|保证|没问题|无问题|有保障|我们负责|包赔|全包}", "安全{到货|送达|清关|到达|专线}", "{丢件|扣货|没收|查扣"
        "|被扣|丢货}{包赔|重发|补发|免费重发|全赔|必赔}", "免费{重发|补发}", "{包税|包清}到门", "{专线|渠道}{包税|包清|稳定安全}",
    ),
    "off_platform": (
        "{whatsapp|whats app|whatsap|watsapp|telegram|wickr|threema|wechat|we chat|skype|kik|viber|protonmail"
        "|tutanota}", "{signal app|signal me|on signal|via signal|contact us on signal|signal only}", "proton me",
        "session id", "add me on", "wire app", "{private|encrypted} {message|chat|messenger} only", "messenger only",
        "{solo|só|seulement|nur} {por |via |par |über |}{mensaje privado|mensagem privada|messagerie|messenger}",
        "{телеграм|телеграмм|ватсап|вотсап|вацап|ватсапп}", "{только в|пишите в} {мессенджер|мессенджере|личку|лс}",
        "{微信|加微|薇信|威信|电报群|飞机号|纸飞机}", "{私聊|加我|私信}{详谈|咨询|报价|}",
    ),
    "crypto": (
        "{bitcoin|bitcoins|btc|usdt|monero|xmr|cryptocurrency|tether|litecoin}", "ethereum accepted",
        "crypto {payment|accepted|only|welcome}", "{accept|pay in|payment in} crypto", "{criptomoneda|criptomonedas"
        "|criptomoedas|criptomoeda|cryptomonnaie|cryptomonnaies|kryptowährung|krypto}", "{биткоин|биткойн|биткоином"
        "|криптовалюта|криптовалютой|криптой|крипта}", "{比特币|泰达币|虚拟币|加密货币}",
    ),
    "destination": (
        "{to|in} mexico", "mexico {stock|warehouse}", "to {the |}netherlands", "{netherlands|holland} {stock|warehouse}",
        "to {poland|canada|germany|usa uk|australia|russia|belgium}", "{poland|canada|germany|eu|europe|uk|usa|australia"
        "|russia|ukraine} warehouse", "{germany|europe|eu} stock", "pick up in", "local pickup available",
        "{a|envío a|almacén en|entrega en} méxico", "{para o|para} méxico", "vers {le mexique|les pays bas}",
        "nach mexiko", "in die niederlande", "lager in deutschland", "{в мексику|склад в россии|в нидерланды|склад ес}",
        "墨西哥", "{荷兰|德国|波兰|欧洲|美国|加拿大}仓", "{墨西哥|美国|欧洲|俄罗斯|加拿大}专线",
    ),
    "controlled_hint": (
        # said to be forbidden
        "{banned|controlled|prohibited|forbidden|restricted|regulated|scheduled|sensitive|illegal} {item|items|chemical"
        "|chemicals|substance|substances|product|products|powder|oil|material|materials|intermediate|intermediates}",
        "banned in", "hot {sale|selling} in mexico", "research {chemical|chemicals}", "not for human consumption",
        "{fentanyl|meth|mdma|amphetamine} precursor", "{precursor|precursors} {chemical|chemicals|for sale}",
        "precursor chemical",
        # no papers, no questions
        "{no|without|without any} {license|licence|permit|paperwork|papers|documents|document|questions|question|id"
        "|invoice|prescription|end use statement|declaration|registration|licence check} {required|needed|necessary"
        "|asked|check|}",
        # not named here
        "{cannot|can not|can't|never|don't|do not|we do not|won't} {write|say|post|print|show|list|name|mention}"
        " {the |its |}{name|names|it} {here|online|publicly|on the site|in public|}", "name {only |}{on request|by message"
        "|in private|by pm|by dm|via pm|not shown|withheld}", "{tell|send|give} {us|me} the cas", "ask for {the |}{cas"
        "|code|real name|code list|secret list}", "{you|insiders|those who know|people who know|old customers"
        "|regular customers|regulars|old clients|our clients|who knows} {know|knows} {what|it|the oil|the powder"
        "|which|}", "{you|u} know what {it|this} is", "for those who know", "know what {it|this} is for",
        "sin {licencia|receta|permiso|papeles|documentos|preguntas|factura|trámites}", "{producto|productos|sustancia"
        "|sustancias|artículo|artículos|químico|químicos} {prohibido|prohibida|prohibidos|prohibidas|controlado|controlada"
        "|controlados|controladas|restringido|restringida|sensible|sensibles}", "precursor químico", "{el |}nombre no"
        " {se escribe|se dice|se publica|lo ponemos|lo escribimos}", "{ya saben|ya sabes|ustedes saben|sabes} {qué|para"
        " qué|lo que}", "los que saben", "dinos el cas", "no {ponemos|escribimos|publicamos} {el |}nombre",
        "sem {licença|receita|papéis|documentos|perguntas|nota|burocracia}", "{produto|produtos|substância|substâncias"
        "|item|itens|químico} {proibido|proibida|proibidos|proibidas|controlado|controlada|controlados|controladas"
        "|restrito|sensível}", "{o |}nome não {se escreve|escrevemos|colocamos|publicamos}", "não {escrevemos|colocamos"
        "|dizemos} o nome", "{vocês sabem|você sabe|sabe} {o que|para que}", "quem {sabe|conhece} sabe", "diga o cas",
        "sans {ordonnance|licence|permis|papiers|documents|questions|justificatif|facture}", "{produit|produits|substance"
        "|substances|article|articles} {interdit|interdite|interdits|interdites|contrôlé|contrôlée|contrôlés|contrôlées"
        "|réglementé|sensible|sensibles}", "{le |}nom {ne s'écrit pas|pas écrit|n'est pas écrit|sur demande|en privé}",
        "{on n'écrit|nous n'écrivons|on ne met} pas le nom", "vous savez {ce que|de quoi|pour quoi}", "pour {ceux"
        "|les initiés} qui savent", "{donnez|dites} {nous |}le cas",
        "ohne {rezept|lizenz|genehmigung|papiere|fragen|nachweis|rechnung|dokumente}", "{verbotene|verbotener|verbotenes"
        "|kontrollierte|kontrollierter|sensible|heikle|regulierte} {ware|artikel|produkt|produkte|stoff|stoffe|chemikalie"
        "|chemikalien|substanz|substanzen}", "{keine|ohne} fragen", "{den |}namen {schreiben wir nicht|nennen wir nicht"
        "|nur privat}", "name {nur auf anfrage|steht nicht hier}", "{ihr wisst|du weißt|sie wissen} {was|wofür|worum}",
        "{kenner|eingeweihte|insider|stammkunden} wissen", "{nennt|nennen sie|sag} {uns |}{die |}cas",
        "без {лицензии|рецепта|документов|вопросов|разрешения|справок|бумаг|лишних вопросов}", "{запрещённый|запрещённое"
        "|запрещённые|контролируемый|контролируемые|подконтрольный|чувствительный|подконтрольное} {товар|товары|вещество"
        "|вещества|продукт|груз|прекурсор}", "{прекурсор|прекурсоры|прекурсора|прекурсоров}", "{название|имя|наименование}"
        " {здесь |тут |}{не пишем|не указываем|не называем|в личку|в лс|по запросу|не пишу}", "{вы |}знаете {что это|для чего"
        "|зачем}", "{кто|те кто} {знает|в теме|понимает} {тот |}{поймёт|знает|}", "кто в теме", "{старые|постоянные|свои}"
        " клиенты знают", "{назовите|скажите|пришлите} {cas|кас|номер cas}",
        "{免|无需|不需要|不要|不用}{证|许可|许可证|证件|资质|处方|备案|手续}", "{易制毒|管制品|违禁品|违禁|管控品|管制化学品"
        "|禁运品|敏感品|敏感料|敏感货}", "{不便|不方便|不能|不可}{写|说|公开|明说|标}{品名|名称|名字|名}", "{懂的|懂行的|明白人|内行}"
        "{都懂|来|自己懂|联系|懂|}", "{你|你们|老客户|老顾客}{懂的|都懂|知道是什么|都知道}", "{报|发|说}CAS{号|}{报价|问价|就行}",
        "{品名|名称}{私聊|私信|面谈|保密}",
    ),
}  # fmt: skip
"""Phrases of each kind of trade sign; quantities, purity and prices are patterns, see `trade.py`."""
