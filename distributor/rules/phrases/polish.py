"""The sentences in Polish, in the words of distributor/locale/pl."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from distributor.rules.consent import Signal
from distributor.rules.eligibility import Reason
from distributor.rules.journey.chain import StepKind
from distributor.rules.journey.forecast import Condition, ForecastMessage
from distributor.rules.journey.stop_reasons import StopReason
from distributor.rules.phrases.context import Context, Language, largest_unit, local
from distributor.rules.timing.departure import Delay

_CHANNELS: Final = {"email": "e-mail", "sms": "SMS", "whatsapp": "WhatsApp"}
_BY_CHANNEL: Final = {"email": "e-mailem", "sms": "SMS-em", "whatsapp": "przez WhatsApp"}
_STEP_KINDS: Final[Mapping[str, str]] = {
    StepKind.INVITATION: "zaproszenie",
    StepKind.REMINDER: "przypomnienie",
    StepKind.THANK_YOU: "podziękowanie",
}
_OPENINGS: Final = {
    "skipped": "pominięto",
    "deferred": "odłożono",
    "rerouted": "skierowano na następny kanał",
    "stopped": "zatrzymano",
    "retried": "ponowiono na żądanie, bo wcześniej",
    "step skipped": "pominięto krok",
}
_SUPPRESSION_CAUSES: Final = {
    "bounce": "wiadomości się od niego odbijały",
    "complaint": "właściciel zgłosił spam",
    "manual": "dodał go operator",
    "import": "dodano go przy imporcie",
}
# By SpecialKind of contacts/number_rules.py.
_NUMBER_KINDS: Final = {
    "premium_rate": "numerem o podwyższonej opłacie",
    "shared_cost": "numerem o dzielonej opłacie",
    "satellite": "numerem satelitarnym",
    "pager": "numerem pagera",
    "uan": "numerem dostępu uniwersalnego",
    "personal": "numerem osobistym",
}
_SIGNALS: Final[Mapping[str, str]] = {
    Signal.STOP: "osoba odpowiedziała STOP",
    Signal.COMPLAINT: "osoba zgłosiła wiadomość jako spam",
    Signal.PROVIDER_UNSUBSCRIBE: "osoba wypisała się u dostawcy poczty",
    Signal.PAGE_UNSUBSCRIBE: "osoba wypisała się przez link w wiadomości",
    Signal.REPORTED_OPT_OUT: "zgłoszono rezygnację kontaktu",
}
# After one, after two to four, and after five: “minutę temu”, “2 minuty temu”, “5 minut temu”.
_UNITS: Final = {
    "day": ("dzień", "dni", "dni"),
    "hour": ("godzinę", "godziny", "godzin"),
    "minute": ("minutę", "minuty", "minut"),
}


def counted(count: int, one: str, few: str, many: str) -> str:
    """Return a number with the form of the noun that follows it: 1 dzień, 22 godziny, 112 godzin, 1 840 godzin."""
    is_few = count % 10 in (2, 3, 4) and count % 100 not in (12, 13, 14)
    return f"{_number(count)} {one if count == 1 else few if is_few else many}"


def _number(count: int) -> str:
    return f"{count:,}".replace(",", "\N{NO-BREAK SPACE}")


def _opening(kind: str, until: str | None) -> str:
    if kind == "deferred" and until is not None:
        return f"odłożono do {until}"
    return _OPENINGS.get(kind, kind)


def _step(message: ForecastMessage, kind: str, channel: str, leaves_at: str | None, cause: str) -> str:
    moment = leaves_at or "od razu"
    cause = f": {cause}" if cause else ""
    by_channel = _BY_CHANNEL.get(channel, channel)
    if kind == StepKind.REMINDER:
        return f"przypomnienie {by_channel} {moment}, chyba że kontakt odpowie wcześniej{cause}"
    condition = {
        Condition.FIRST: "",
        Condition.UNANSWERED: ", jeśli na poprzednią wiadomość nie będzie odpowiedzi, albo gdy tylko tamta się nie uda",
        Condition.ON_FAILURE: ", tylko jeśli poprzednia wiadomość się nie uda",
    }[message.condition]
    return f"{by_channel} {moment}{condition}{cause}"


def _missing_value(placeholder: str, channel: str, recipient_count: int, is_sent: bool) -> str:
    recipients = counted(recipient_count, "odbiorcy", "odbiorców", "odbiorców")
    name = _CHANNELS.get(channel, channel)
    if recipient_count == 1:
        effect = "wyszłaby z luką" if is_sent else "nie zostałaby wysłana"
        return f"{placeholder} nie ma wartości dla {recipients}: wiadomość {name} {effect}"
    effect = "wyszłyby z luką" if is_sent else "nie zostałyby wysłane"
    return f"{placeholder} nie ma wartości dla {recipients}: ich wiadomości {name} {effect}"


def _route(route: Mapping[str, Any]) -> str:
    done = {"delivered": "doręczono na czas", "taken": "przyjęto", "worked": "wywołań się powiodło"}
    where = f" do {route['destination']}" if route["destination"] and route["measure"] != "worked" else ""
    other = route["other"]
    if route["measure"] == "seconds":
        own, others = (str(seconds).replace(".", ",") for seconds in (route["seconds"], other["seconds"]))
        compared = f"{own} s na wiadomość, przez {other['account']} {others} s"
    else:
        compared = f"{_part(route)}{where} {done[route['measure']]}, przez {other['account']} {_part(other)}"
    return f"przez {route['account']}, udział {route['share']} % zamiast {route['weight']} %: {compared}"


def _part(numbers: Mapping[str, Any]) -> str:
    return "brak" if numbers["percent"] is None else f"{numbers['percent']} % z {_number(numbers['of'])}"


def _step_name(kind: str, channel: str) -> str:
    name = _CHANNELS.get(channel, channel)
    return name if kind == StepKind.INVITATION else f"{name}, {_STEP_KINDS.get(kind, kind)}"


def _machine_visits(count: int, sign: str) -> str:
    number = "1 wizyta" if count == 1 else f"{counted(count, 'wizyta', 'wizyty', 'wizyt')}, ostatnia"
    return f"{number} rozpoznana po: {sign}"


def _message(context: Context) -> str:
    """Return the message in the nominative and the accusative."""
    return f"wiadomość{_of_channel(context)}"


def _message_genitive(context: Context) -> str:
    """Return the message in the genitive and the dative."""
    return f"wiadomości{_of_channel(context)}"


def _of_channel(context: Context) -> str:
    channel = context.detail.get("channel")
    return "" if channel is None else f" {_CHANNELS.get(channel, channel)}"


def _address(context: Context) -> str:
    return "adres e-mail" if context.detail.get("channel") == "email" else "numer telefonu"


def _account(context: Context) -> str:
    return f"konto{_of_channel(context)} „{context.detail.get('account', 'nieznane')}”"


def _at(context: Context, name: str) -> str:
    return context.at(name, "o nieznanej porze")


def _from(context: Context, name: str) -> str:
    return f"od {context.at(name, 'nieznanej pory')}"


def _ago(context: Context, name: str) -> str:
    """How long ago a time was, or the time itself if it is still to come."""
    moment = context.moment(name)
    if moment is None:
        return ""
    if moment > context.now:
        return f" {local(moment, context.zone)}"
    count, unit = largest_unit(context.now - moment)
    return f" {counted(count, *_UNITS[unit])} temu" if count else " niecałą minutę temu"


def _opted_out(context: Context) -> str:
    signal = context.detail.get("signal", "")
    if signal in _SIGNALS:
        channel = context.detail.get("channel") if signal == Signal.STOP else None
        return f"{_SIGNALS[signal]}{f' {_BY_CHANNEL.get(channel, channel)}' if channel else ''}"
    match context.detail.get("suppression"):
        case "unsubscribe":
            return f"{_address(context)} wypisano"
        case "stop":
            of_address = "adresu e-mail" if context.detail.get("channel") == "email" else "numeru telefonu"
            return f"z {of_address} przyszła odpowiedź STOP"
    return f"kontakt zrezygnował{_ago(context, 'since')}"


def _suppressed(context: Context) -> str:
    cause = _SUPPRESSION_CAUSES.get(context.detail.get("suppression", ""))
    return f"{_address(context)} jest zablokowany{f' ({cause})' if cause else ''}"


def _number_not_allowed(context: Context) -> str:
    if kind := context.detail.get("numberKind"):
        name = _NUMBER_KINDS.get(kind, f"numerem rodzaju {kind}")
        return f"numer telefonu jest {name}, a organizacja na takie numery nie wysyła"
    country = context.detail.get("country")
    where = f"należy do kraju {country}" if country else "nie należy do żadnego kraju"
    return f"numer telefonu {where}, a organizacja tam nie wysyła"


def _no_address(context: Context) -> str:
    match context.detail.get("channel"):
        case None:
            return "kontakt nie ma adresu"
        case "email":
            return "kontakt nie ma adresu e-mail"
        case channel:
            return f"kontakt nie ma numeru {_CHANNELS.get(channel, channel)}"


def _days(context: Context) -> str:
    """Return the days of a rule in the genitive."""
    return counted(context.detail.get("days", 0), "dnia", "dni", "dni")


def _frequency_rule(context: Context) -> str:
    ago = _ago(context, "lastContactedAt")
    return f"do tej osoby wysłano wiadomość{ago}; reguła częstotliwości wymaga {_days(context)} między wysyłkami"


def _recently_contacted(context: Context) -> str:
    ago = _ago(context, "lastContactedAt")
    return f"do tej osoby wysłano wiadomość{ago}; ta wysyłka pomija osoby, do których dotarto w ciągu {_days(context)}"


def _throttled(context: Context) -> str:
    """By the survey's throttle, or by the provider."""
    if "lastSentAt" not in context.detail:
        return f"dostawca ogranicza tempo wysyłania{context.provider_error}"
    return f"tę ankietę wysłano ostatnio{_ago(context, 'lastSentAt')}, znowu można ją wysłać {_from(context, 'until')}"


def _expired(context: Context) -> str:
    return f"najwcześniej można wysłać {_at(context, 'earliestAt')}, ale link wygasa {_at(context, 'expiresAt')}"


def _too_late(context: Context) -> str:
    return f"najwcześniej można wysłać {_at(context, 'earliestAt')}, ale termin mija {_at(context, 'notAfter')}"


# By reason, as in english.py. What the provider said is quoted as it is.
_REASONS: Final[Mapping[str, Callable[[Context], str]]] = {
    Reason.OPTED_OUT: _opted_out,
    Reason.SUPPRESSED: _suppressed,
    Reason.NUMBER_NOT_ALLOWED: _number_not_allowed,
    Reason.NOT_IN_TEAM: lambda context: (
        f"{_address(context)} nie należy do zespołu, a klucz zespołu nie wysyła do nikogo innego"
    ),
    Reason.NO_ADDRESS: _no_address,
    Reason.FREQUENCY_RULE: _frequency_rule,
    Reason.RECENTLY_CONTACTED: _recently_contacted,
    Reason.THROTTLED: _throttled,
    Reason.EXPIRED: _expired,
    Reason.TOO_LATE: _too_late,
    Reason.CANCELLED: lambda context: f"dystrybucję anulowano{_ago(context, 'cancelledAt')}",
    Delay.SCHEDULED: lambda context: "zaplanowano",
    Delay.QUIET_HOURS: lambda context: "cisza nocna",
    StopReason.RESPONDED: lambda context: "kontakt odpowiedział",
    StopReason.OPENED: lambda context: "otwarto wiadomość lub jej link",
    StopReason.DELIVERED: lambda context: "wiadomość doręczono",
    StopReason.ERASED: lambda context: "dane kontaktu usunięto",
    "transient_failure": lambda context: (
        f"dostawca nie mógł teraz przyjąć {_message_genitive(context)}{context.provider_error}"
    ),
    "attempts_exhausted": lambda context: (
        f"dostawca nie przyjął {_message_genitive(context)} w żadnej z dozwolonych prób{context.provider_error}"
    ),
    "account_unavailable": lambda context: (
        f"{_account(context)} nie działa {_from(context, 'since')}; wiadomość na nie czeka{context.provider_error}"
    ),
    "sender_refused": lambda context: (
        f"{_account(context)} odrzuca nadawcę {_from(context, 'since')}; "
        f"wiadomość czeka, aż zostanie przyjęty{context.provider_error}"
    ),
    "provider_account_fault": lambda context: f"dostawca odrzucił konto lub jego nadawcę{context.provider_error}",
    "asking_again": lambda context: "odpowiedź dostawcy zaginęła; ta sama próba jest powtarzana i liczy się raz",
    "awaiting_evidence": lambda context: "odpowiedź dostawcy zaginęła; czekamy na jego raport o wiadomości",
    "unknown_outcome": lambda context: f"odpowiedź dostawcy zaginęła, więc wynik jest nieznany{context.provider_error}",
    "refused": lambda context: f"dostawca odrzucił {_message(context)}{context.provider_error}",
    "undelivered": lambda context: f"{_message_genitive(context)} nie udało się doręczyć",
    "bounced": lambda context: f"{_message(context)} odbiła się",
    "dropped": lambda context: f"dostawca nie wysłał przyjętej {_message_genitive(context)}",
    "processing_failed": lambda context: f"wystąpił błąd wewnętrzny ({context.detail.get('error', 'bez szczegółów')})",
}

POLISH: Final = Language(_REASONS, _opening, _step, _missing_value, _route, _step_name, _machine_visits)
