"""Who opens a page: a person, or a machine that looks at links before or instead of a person.

Machines are recognised by what they say of themselves: the method HEAD, a header of a browser that loads a page ahead,
or the name of a link preview, a scanner or an HTTP library in User-Agent. A scanner that poses as a browser opens the
page and presses its button within a moment. A press counts as a person's if the browser says that a person caused it
(Sec-Fetch-User, https://www.w3.org/TR/fetch-metadata/#sec-fetch-user-header; no script can set it), or if the page was
shown at least two seconds before. Anything else is asked to press again.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from django.core.signing import BadSignature, Signer
from django.http import HttpRequest

# https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Purpose, and its older names in Chrome, Firefox and
# Safari.
_PURPOSE_HEADERS: Final = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
_AHEAD: Final = re.compile(r"\b(?:prefetch|prerender|preview)", re.IGNORECASE)

# Names of link previews of chats and mailboxes, of scanners and of HTTP libraries. Cubot makes phones.
_MACHINE: Final = re.compile(
    r"(?<!cu)bot\b|crawler|spider|preview|scanner|externalhit|meta-external|^WhatsApp/|^Viber|vkShare"
    r"|ImageProxy|MailProxy|ImgProxy|Google-(?:PageRenderer|Safety|Read-Aloud|InspectionTool)|GoogleOther|Iframely|Embedly"
    r"|Barracuda|Mimecast|Proofpoint|SafeLinks|IronPort|Symantec|MessageLabs|FortiGuard|Zscaler|Sophos|VirusTotal|urlscan"
    r"|^(?:curl|libcurl|Wget|Java|okhttp|node-fetch|axios|undici|got|PostmanRuntime|HTTPie|Ruby|Faraday|PHP|Go-http)\b"
    r"|python-(?:requests|urllib|httpx)|aiohttp|Apache-HttpClient|libwww-perl|GuzzleHttp|PhantomJS|PowerShell",
    re.IGNORECASE,
)

SHOWN_FIELD: Final = "shown"
LEAST_READING_TIME: Final = timedelta(seconds=2)
_signer: Final = Signer(salt="distributor.pages.shown")


def machine_sign(request: HttpRequest) -> str:
    """Return by what a request is known to come from a machine: head, prefetch or user-agent; "" if by nothing."""
    if request.method == "HEAD":
        return "head"
    if any(_AHEAD.search(request.headers.get(name, "")) for name in _PURPOSE_HEADERS):
        return "prefetch"
    if _MACHINE.search(request.headers.get("User-Agent", "")):
        return "user-agent"
    return ""


def sign_moment(code: str, at: datetime) -> str:
    """Return when a link's form was shown, for its hidden field, so that nobody can write another moment."""
    return str(_signer.sign(f"{code}:{at.timestamp():.3f}"))


def moment_shown(request: HttpRequest, code: str) -> datetime | None:
    """Return when the form that was sent was first shown; None if it does not say so."""
    try:
        signed_code, _, timestamp = _signer.unsign(request.POST.get(SHOWN_FIELD, "")).rpartition(":")
    except BadSignature:
        return None
    return datetime.fromtimestamp(float(timestamp), UTC) if signed_code == code else None


def is_pressed_by_person(request: HttpRequest, code: str, now: datetime) -> bool:
    """Whether a person has pressed the button of a link's form."""
    if machine_sign(request):
        return False
    if request.headers.get("Sec-Fetch-User") == "?1":
        return True
    shown_at = moment_shown(request, code)
    return shown_at is not None and now - shown_at >= LEAST_READING_TIME
