"""Words that say nothing by themselves, in the languages of the training set that set spaces between words.

In small letters, as `classifier.features.words` finds them. English, Spanish, Portuguese, French, German, Russian, in
this order.
"""

from __future__ import annotations

_WORDS = """
    a an the this that these those of for and or but as in on at by with from to into is are was were be
    been it its i we you he she they me us my our your his her their will would can may do does has have
    had if than el la los las un una unos unas lo de del y e o u pero en con por para al se su sus es son
    que si mi tu nos le les te me este esta esto ese esa eso os as um uma uns umas do da dos das na nas ao
    aos em com seu sua mas ou esse essa isso meu minha des du d l et dans au aux avec par pour sur qui qu
    ce cet cette ces ses est sont il elle on nous vous je j m t ai ont der die das den dem ein eine einen
    einem einer eines und oder aber im am an auf aus bei beim mit von vom zu zum zur für über ist sind war
    es er sie wir ich du ihr uns mir mich sich wie so wird werden hat haben da dass wenn was wer
    и а но или в во на с со из от до для по к ко о об у за при под над это то что как так же бы ли он она
    они мы я вы нас вас мне меня его её их наш ваш был была было были есть
"""
FUNCTION_WORDS = frozenset(_WORDS.split())

_NEGATIONS = """
    no not never without none nor don doesn isn sin ni nunca não nem sem sans ne pas jamais ni kein
    keine keinen nicht ohne nie не нет без ни
"""
NEGATIONS = frozenset(_NEGATIONS.split())
"""They say nothing alone, and much with what they deny: *no label* is what a seller promises."""
