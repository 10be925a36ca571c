"""Strategies for values that the fields of the native resources refuse."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from contacts.models.suppression import SuppressionReason
from tests.support.api.bad_values import (
    holding,
    in_text,
    letters,
    lists,
    longer_than,
    missing,
    no_boolean,
    no_data,
    no_email,
    no_line,
    no_number,
    no_object,
    no_phone,
    no_text,
    no_uuid,
    outside,
    texts,
)

Wrong = dict[str, SearchStrategy[Any]]

# Whitespace around a name is stripped, including line breaks.
no_name = in_text(st.builds("a{}b".format, no_line) | st.text(" \t\n", max_size=3)) | st.none()
line = in_text(no_line)
no_locale = in_text(
    st.builds("{}_{}".format, letters, letters)
    | st.text("0123456789", min_size=1, max_size=8)
    | st.builds("{}-".format, st.text("abc", min_size=2, max_size=3))
    | st.builds("{}-{}".format, st.text("abc", min_size=2, max_size=3), st.text("abc", min_size=9, max_size=40))
)
no_zone = in_text(st.text("qwx/_.", min_size=1, max_size=70))
no_url = in_text(
    letters
    | st.builds("{}://example.com/".format, st.sampled_from(["ftp", "javascript", "file", "data"]))
    | st.builds("https://example.com/{}".format, longer_than(2_000) | holding(" ", "\n", "\0"))
    | st.sampled_from(["https://", "https:///x", "http://[", "http://[::1", "//example.com"])
)
no_choice = in_text(letters.filter(lambda text: text not in ("email", "sms", "whatsapp"))) | missing
body_text = in_text(longer_than(200_000) | holding("\0") | st.builds("${{contact:{}}}${{lnk}}".format, letters))
no_configuration = st.one_of(
    no_data,
    st.dictionaries(letters.filter(lambda name: name not in ("host", "port", "security")), texts, min_size=1),
    st.fixed_dictionaries({"host": st.sampled_from(["", " ", "a b", 1, True, [], None])}),
    st.fixed_dictionaries({"port": st.sampled_from([0, -1, 65_536, "25", 1.5, True, [], {}, None])}),
    st.fixed_dictionaries({"security": in_text(texts.filter(lambda text: text not in ("none", "starttls", "tls")))}),
)
no_credentials = st.one_of(
    no_object | st.none(),
    st.dictionaries(letters.filter(lambda name: name not in ("username", "password")), texts, min_size=1, max_size=3),
    st.fixed_dictionaries({"password": in_text(longer_than(4_096) | holding("\0"))}),
)
no_variants = st.one_of(
    no_object | st.none(),
    st.dictionaries(st.text("_ 0~/", max_size=5), st.just({"subject": "x", "text": "x"}), min_size=1, max_size=3),
    st.dictionaries(st.sampled_from(["en", "pl"]), no_object | st.just({}), min_size=1, max_size=2),
    st.integers(101, 120).map(lambda n: {f"a{chr(97 + i % 26)}-{i}": {"subject": "x", "text": "x"} for i in range(n)}),
    st.just({"en": {"subject": "x", "text": "x"}, "EN": {"subject": "x", "text": "x"}}),
)
no_ids = (
    no_text.filter(lambda given: not isinstance(given, list))
    | texts
    | st.none()
    | st.lists(in_text(no_uuid) | st.none(), min_size=1, max_size=3)
    | lists.filter(bool)
    | st.uuids().map(lambda contact_id: [str(contact_id)] * 1_001)
    | st.lists(st.uuids().map(str), min_size=1, max_size=3)  # Well-formed, but of no contact.
)

WRONG: dict[str, Wrong] = {
    "surveys": {
        "/name": no_name,
        "/defaultLocale": no_locale | st.just("") | st.none(),
        "/targetUrl": no_url | st.builds("https://{}.example/".format, st.text("abc", min_size=1, max_size=20)),
        "/question": in_text(longer_than(500) | holding("\0", "\n")),
        "/throttleMinutes": outside(0, 5_256_000),
        "/thankYouMessage": in_text(longer_than(10_000) | holding("\0")),
        "/thankYouLinkText": line,
        "/thankYouLinkUrl": no_url,
    },
    "contacts": {
        "/externalId": in_text(longer_than(255) | holding("\0")),
        "/email": in_text(no_email),
        "/phone": in_text(no_phone),
        "/firstName": line,
        "/lastName": line,
        "/title": line,
        "/locale": no_locale,
        "/timeZone": no_zone,
        "/embeddedData": no_data,
    },
    "lists": {"/name": no_name},
    "templates": {
        "/name": no_name,
        "/variants": no_variants,
        "/variants/en/subject": line | st.just("${lnk}") | missing | st.just(""),
        "/variants/en/html": body_text,
        "/variants/en/text": body_text | missing | st.just(""),
    },
    "providers": {
        "/name": no_name,
        "/fromEmail": in_text(no_email),
        "/fromName": line,
        "/replyToEmail": in_text(no_email),
        "/configuration": no_configuration,
        "/credentials": no_credentials,
        "/isActive": no_boolean | st.none(),
        "/ratePerSecond": no_number | st.floats(max_value=0.009) | st.sampled_from([float("inf"), float("nan"), 1e9]),
        "/dailyLimit": outside(1, 2**31 - 1),
        "/urgentReservePercent": outside(0, 90) | st.none(),
        "/unitPrice": st.sampled_from(["", "much", -1, 0.0000001, 10**11, [], {}]),
        "/priceCurrency": in_text(letters.filter(lambda text: len(text) != 3)),
        "/standInId": in_text(no_uuid) | st.uuids().map(str),
    },
    "suppressions": {
        "/channel": no_choice,
        "/address": in_text(no_email | st.just("") | longer_than(254)) | missing,
        "/reason": in_text(letters.filter(lambda text: text not in SuppressionReason.values)),
        "/source": line,
    },
    "members": {"/add": no_ids},
}
# What is said only when a row is made; afterwards it is fixed, and any value of it is a fault.
ONCE: dict[str, Wrong] = {
    "templates": {"/channel": no_choice},
    "providers": {
        "/kind": in_text(letters.filter(lambda text: text not in ("smtp", "sandbox", "sendgrid", "twilio"))) | missing,
        "/channel": no_choice,
    },
}
