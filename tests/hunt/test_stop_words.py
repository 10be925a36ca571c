"""What people write to be left alone, and what only looks like it.

Sources: the FCC's list (47 CFR 64.1200(a)(10)), carriers' keywords, Twilio's Advanced Opt-Out in other languages.
"""

import pytest

from channels.inbound_words import Request, read_request

STOP = [
    *("OPT OUT", "OPT-OUT", "STOP.", "Stop!", '"STOP"', "STOP ALL", "STOP please", "ＳＴＯＰ", "PARAR", "ALTO", "BAJA"),
    *(
        "“Stop”",
        "«stop»",
        "s t o p".replace(" ", ""),
        "stop 🛑",
        "🛑 STOP 🛑",
        "\u200bSTOP\ufeff",
        "Please stop texting me",
    ),
    *(
        "unsubscribe me",
        "Unsubscribe, thanks",
        "opt me out",
        "remove me",
        "take me off",
        "don't text me",
        "Do not contact",
    ),
    *("cancel", "CANCEL please", "END.", "quit", "revoke", "not interested", "no more messages"),
    *("darme de baja", "Dar de baja por favor", "no más mensajes", "cancelar", "detener", "desuscribirme"),
    *("arrêt", "ARRET", "arrêtez", "me désabonner", "Désinscrire", "fin"),
    *("abmelden", "Bitte abmelden!", "Stopp", "keine SMS", "aufhören", "Ende"),
    *("wypisz mnie", "WYPISZ", "rezygnuję", "nie pisz", "koniec", "Proszę przestać"),
    *("sair", "SAIR", "não quero", "me remova", "descadastrar", "cancele"),
]
NO_STOP = [
    *(
        "I stopped by yesterday, great staff",
        "Don't stop the good work!",
        "never stop sending these",
        "non-stop service",
    ),
    *("The bus stop was far from your clinic", "at the end of the day all was fine", "I had to cancel my appointment"),
    *(
        "",
        " ",
        "👍",
        "10",
        "5 - great",
        "Danke, alles gut",
        "Byłam zadowolona",
        "muito bom",
        "todo bien",
        "merci beaucoup",
    ),
    *("Bajamar was nice", "finally a good one", "Endlich!", "No", "no, thank you very much for everything you did"),
]


@pytest.mark.parametrize("text", STOP)
def test_a_no_is_understood(text: str) -> None:
    assert read_request(text) is Request.STOP


@pytest.mark.parametrize("text", NO_STOP)
def test_what_only_looks_like_a_no_is_a_reply(text: str) -> None:
    assert read_request(text) is None


@pytest.mark.parametrize(
    "text", ["START", "start.", "Yes!", "UNSTOP", "“start”", "ＳＴＡＲＴ", "subscribe", "continue 🙂"]
)
def test_a_yes_is_understood(text: str) -> None:
    assert read_request(text) is Request.START


@pytest.mark.parametrize("text", ["HELP", "help?", "Info", "ayuda", "Aide!", "Hilfe", "pomoc", "ajuda"])
def test_a_question_is_understood(text: str) -> None:
    assert read_request(text) is Request.HELP
