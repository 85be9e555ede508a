"""The words by which whoever seems to ask for goods sells them, in seven languages: `I need acetone gone`.

Written for this project, in the form of `classifier.reading.asking`.
"""

from __future__ import annotations

WISHES = (
    "{хочу|хотим|надо|нужно|хотел бы|хотела бы|хотели бы}", "{hatte|hatten} {gern|gerne}",
    "{i |we |}{need|want|would like}", "{quiero|queremos|necesito|necesitamos}", "{quero|queremos|preciso}",
    "{je veux|nous voulons}",
)  # fmt: skip
"""Words of a wish that may end in getting rid of what follows: `хочу ацетон продать`."""

RID_OF = (
    "{продать|сбыть|отдать|реализовать|слить|скинуть|пристроить|сдать|обменять}",
    "{verkauft|verkaufen|abgegeben|abgeben|weg|los|loswerden|verschenkt}",
    "{gone|sold|shifted|moved|out of here|off {my|our} hands|taken away}",
    "{vender|vendida|vendido|venderla|venderlo|vendre|vendu|vendue}",
)
"""Verbs that end it so, before nothing but haste."""

HASTE = (
    "{fast|quick|quickly|asap|today|now|this|by|before}",
    "{schnell|bald|heute|срочно|быстро|сегодня|дешево}",
)

NEEDY = (
    "{need|needed|want|require|required}", "besoin", "hace falta",
    "{нужен|нужна|нужно|нужны|необходим|необходима|необходимо|необходимы|требуется|требуются}",
)  # fmt: skip
"""What is asked of readers as often as said of oneself, where they are told to call next."""

CALL_US = (
    "{call|contact|text|message|email|ring|visit} us", "{appelez|contactez|ecrivez} nous",
    "{llamanos|llamenos|contactanos|contactenos|escribenos|escribanos}",
    "{ligue|fale} {connosco|conosco}", "{contacte|contate}-nos",
    "{пиши|звони|обращайся|обращайтесь|заходи|заходите|заказывай|заказывайте|бери|берите}",
)  # fmt: skip
"""Words right after a name that such a reader is told; `пишите` a buyer says as well."""

SELLERS_TOO = (
    "{and |&|}{|also |we |we also |we can }{ship|deliver|supply|sell|stock}{| it| them}{| too| as well}",
    "{y |}{|tambien |nosotros }{|la |lo |los |las }{vendo|vendemos|enviamos|entregamos|suministramos}",
    "{e |}{|tambem |nos }{|a |o |os |as }{vendo|vendemos|enviamos|entregamos|fornecemos}",
    "{et |}{|nous }{|la |le |les |l'|en }{vends|vendons|livrons|expedions|fournissons}{| aussi}",
    "{und |}{|wir }{verkaufe|verkaufen|liefern|versenden}{| es| ihn| sie| das}{| auch}",
    "{и |}{|мы |также |сами }{продаем|поставляем|отправляем|доставляем|отгружаем}{| его| ее}",
    "{我们|本店|也|并}{卖|出售|供应|发货|有货}",
)
"""Clauses after a name whose object it is, or nothing: whoever asks sells it."""

WHERE_TO = (
    "{worldwide|anywhere|everywhere|today|daily|to|from|fast|free|now|in|within}",
    "{nach|a|en|vers|по|в|из}",
)
"""What may follow such a clause."""
