"""What an inbound text message asks for: STOP, START, HELP, or nothing that we understand.

Carriers and Twilio match a whole message against a few English words. People write “Please stop!”, "STOP." with quotes,
“opt out”, “BAJA” and full-width letters; for WhatsApp nobody filters at all. The FCC counts any reasonable wording
(47 CFR 64.1200(a)(10)). A STOP that is missed is worse than one too many, which the person takes back with START.
"""

import re
import unicodedata
from enum import StrEnum
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


class Request(StrEnum):
    """What the sender of a message asks for."""

    STOP = "stop"
    START = "start"
    HELP = "help"


# Words that mean STOP wherever they stand among at most three others, unless something negates them.
_STRONG: Final = _words("""
stop stops stopp stoppen stoppt stopall unsubscribe unsubscribed optout revoke
parar pare pararlo detener desuscribir desuscribirme desubscribir
arret arreter arretez stopper desabonner desabonnement desinscrire
abmelden abbestellen austragen
rezygnuje rezygnacja wypisz wypisac
sair descadastrar descadastre
disiscrivi disiscrivimi cancellami
afmelden uitschrijven
""")
# Words that mean STOP alone or among polite words only: in a longer text they are everyday words.
_WEAK: Final = _words("""
cancel end quit remove
alto baja cancelar cancela basta salir
fin
ende aufhoren kundigen
koniec anuluj
cancele
ferma annulla
""")
_PHRASES: Final = (
    "opt out", "opt me out", "opting out", "stop all", "take me off", "remove me", "leave me alone", "no more",
    "do not text", "do not contact", "do not message", "dont text", "dont contact", "dont message", "not interested",
    "darme de baja", "dar de baja", "dame de baja", "no mas", "no quiero", "no enviar", "no me escriban",
    "me desabonner", "me desinscrire", "ne plus", "plus de messages", "plus de sms",
    "keine nachrichten", "keine sms", "nicht mehr", "melde mich ab", "lasst mich",
    "wypisz mnie", "nie wysylaj", "nie wysylajcie", "nie pisz", "nie piszcie", "prosze przestac", "nie chce",
    "nao quero", "nao enviar", "nao envie", "me tire", "me remova",
    "non voglio", "niet meer", "meld me af",
)  # fmt: skip
_POLITE: Final = _words(
    """
    a all and any asap bitte danke des die dzieki el favor from gracias grazie here hello hey hi i il immediately it la
    las le les los me mensagens mensajes merci message messages meu mi mich mir mit msg msgs my now o obrigado ok okay
    os per plait please pls por porfavor prosze sending service sms sofort stp subscription svp s te text texting texts
    thank thanks the these this to ty u und us vous whatsapp wiadomosci y you your
    """
)
_NEGATIONS: Final = _words(
    "at bus by dont don jamas kein keine nao ne never nicht nie niet no non not nunca pas train tram"
)
_START: Final = frozenset({"start", "unstop", "yes", "resume", "subscribe", "continue"})
_HELP: Final = frozenset({"help", "info", "ayuda", "aide", "hilfe", "pomoc", "ajuda", "aiuto"})
_MAX_OTHER_WORDS: Final = 3
_LETTERS_THAT_DO_NOT_DECOMPOSE: Final = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe"})


def read_request(text: str) -> Request | None:
    """Return what a message asks for; None for anything that is not understood."""
    words = _fold(text)
    if not words:
        return None
    if len(words) == 1 and words[0] in _START:
        return Request.START
    if len(words) == 1 and words[0] in _HELP:
        return Request.HELP
    return Request.STOP if _asks_to_stop(words) else None


def _asks_to_stop(words: list[str]) -> bool:
    line = f" {' '.join(words)} "
    for phrase in _PHRASES:
        if f" {phrase} " in line and len(words) - len(phrase.split()) <= _MAX_OTHER_WORDS:
            return True
    others = [word for word in words if word not in _STRONG]
    if len(others) < len(words):
        return len(set(others) - _POLITE) <= _MAX_OTHER_WORDS and not _NEGATIONS.intersection(others)
    others = [word for word in words if word not in _WEAK]
    return len(others) < len(words) and len(others) <= _MAX_OTHER_WORDS and _POLITE.issuperset(others)


def _fold(text: str) -> list[str]:
    """The words of a text: lower-case letters and digits without accents; punctuation, quotes and emoji are gone."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS_THAT_DO_NOT_DECOMPOSE))
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    joined = re.sub(r"[’'ʼ`´]", "", bare)
    return re.findall(r"[^\W_]+", joined)
