"""The ids that examples name: placeholders of the form of real ids, which `reference/demo.py` replaces on the demo.

An example file writes `{{survey}}`; the document has `00000000-0000-7000-8001-000000000000`, and on the demo the id of
its survey.
"""

import re
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from distributor.api.dialects.distributions_v3.ids import Kind, public_id

BASE_URL: Final = "https://surveys.example.com"
# What rows are named by, and the part of the placeholder that tells it from the others.
_ROWS: Final[Mapping[str, int]] = {
    "survey": 0x8001,
    "unused_survey": 0x8002,
    "email_provider": 0x8011,
    "sms_provider": 0x8012,
    "unused_provider": 0x8014,
    "email_template": 0x8021,
    "sms_template": 0x8022,
    "unused_template": 0x8024,
    "contact": 0x8031,
    "nameless_contact": 0x8032,
    "contact_who_left": 0x8033,
    "list": 0x8041,
    "list_in_use": 0x8042,
    "suppression": 0x8051,
    "complaint": 0x8052,
    "distribution": 0x8061,
    "reminder": 0x8062,
    "sms_distribution": 0x8064,
    "sms_reminder": 0x8065,
    "completed_distribution": 0x8063,
    "organization": 0x8071,
    "import": 0x8081,
    "dry_run": 0x8082,
    "waiting_import": 0x8083,
    "contact_import": 0x8084,
    "export": 0x8091,
    "ndjson_export": 0x8094,
    "waiting_export": 0x8092,
    "withdrawn_export": 0x8093,
    "response": 0x80B1,
    "anonymous_response": 0x80B2,
    "response_export": 0x8095,
    "waiting_response_export": 0x8096,
    "withdrawn_response_export": 0x8097,
    "event_endpoint": 0x80A1,
    "subscription": 0x80A2,
}
# Ids of the lists-and-links API are computed from the rows' own ids.
_COMPUTED: Final[Mapping[str, tuple[Kind, str]]] = {
    "SV": (Kind.SURVEY, "survey"),
    "MS": (Kind.MESSAGE, "email_template"),
    "MS_unused": (Kind.MESSAGE, "unused_template"),
    "MS_of_sms": (Kind.MESSAGE, "sms_template"),
    "CID": (Kind.CONTACT, "contact"),
    "CG": (Kind.MAILING_LIST, "list"),
    "CG_in_use": (Kind.MAILING_LIST, "list_in_use"),
    "EMD": (Kind.DISTRIBUTION, "distribution"),
    "EMD_of_sms_reminder": (Kind.DISTRIBUTION, "sms_reminder"),
    "EMD_of_sms": (Kind.DISTRIBUTION, "sms_distribution"),
    "EMD_of_reminder": (Kind.DISTRIBUTION, "reminder"),
    "SUB": (Kind.SUBSCRIPTION, "subscription"),
    "R": (Kind.RESPONSE, "response"),
    "R_anonymous": (Kind.RESPONSE, "anonymous_response"),
    "ES": (Kind.EXPORT, "response_export"),
    "ES_that_waits": (Kind.EXPORT, "waiting_response_export"),
    "ES_withdrawn": (Kind.EXPORT, "withdrawn_response_export"),
    "PGRS": (Kind.IMPORT, "contact_import"),
    "UR": (Kind.LIBRARY, "organization"),
    "POOL": (Kind.DIRECTORY, "organization"),
}
_NAME: Final = re.compile(r"\{\{(\w+)\}\}")


def with_computed_ids(rows: Mapping[str, str]) -> dict[str, str]:
    """Return the given ids by name, with those that the lists-and-links API computes from them."""
    computed = {name: public_id(kind, UUID(rows[row])) for name, (kind, row) in _COMPUTED.items() if row in rows}
    return {**rows, **computed}


PLACEHOLDERS: Final[Mapping[str, str]] = {
    **with_computed_ids({name: f"00000000-0000-7000-{part:04x}-000000000000" for name, part in _ROWS.items()}),
    "code": "EXAMPLEcode1",
    "event_delivery": "1204",
    "api_key": "dk_your_api_key",
    "connected_list": "sample string 1",
    "base_url": BASE_URL,
}


def fill_in(text: str, ids: Mapping[str, str]) -> str:
    """Replace `{{name}}` in the text of an example file. Raise a KeyError for a name that is none."""
    return _NAME.sub(lambda found: ids[found[1]], text)
