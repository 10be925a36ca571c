"""The contacts of a run. All their data follows from a number, so that bodies, filled rows and copied rows agree."""

import itertools
import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson

from contacts.channel import Channel

FIRST_NAMES = ["John", "Mary", "Piotr", "Anna", "Wei", "Fatima", "Diego", "Ingrid"]
LAST_NAMES = ["Doe", "Kowalski", "Chen", "Garcia", "Haddad", "Larsen", "Mensah", "Tanaka"]
DEPARTMENTS = ["Cardiology", "Oncology", "Radiology", "Surgery", "Neurology", "Paediatrics", "Urology", "Dermatology"]
DOCTORS = ["Smith", "Nowak", "Patel", "Yamamoto", "Costa", "Ivanova", "Brown", "Diallo"]
CALL_SIZE = 1_000  # The most contacts that a call may have.
SEED = 20_260_305


def external_id(number: int) -> str:
    return f"PAT-{number:09d}"


def phone(number: int) -> str:
    return f"+4860{number:07d}"


def person(number: int, year: int) -> dict[str, Any]:
    """Return contact `number` as a quick call gives it, with the dates of a visit in `year`."""
    first = FIRST_NAMES[number % 8]
    last = LAST_NAMES[number // 8 % 8]
    month, day = number % 12 + 1, number % 26 + 1
    return {
        "externalId": external_id(number),
        "email": f"{first}.{last}.{number}@example.com".lower(),
        "firstName": first,
        "lastName": last,
        "embeddedData": {
            "department": DEPARTMENTS[number % 8],
            "visitDate": f"{year}-{month:02d}-{day:02d}",
            "attendingDoctor": f"Dr. {DOCTORS[number // 64 % 8]}",
            "dischargeDate": f"{year}-{month:02d}-{day + 2:02d}",
        },
    }


class ContactSupply:
    """Numbers for the calls of a run: existing contacts in random order, each once per round, and new contacts."""

    def __init__(self, existing_count: int) -> None:
        self._random = random.Random(SEED)
        existing = list(range(1, existing_count + 1))
        self._random.shuffle(existing)
        self._existing: Iterator[int] = itertools.cycle(existing)
        self._new: Iterator[int] = itertools.count(existing_count + 1)

    def take(self, count: int, new_share: float) -> list[int]:
        """Return `count` numbers in random order, of which `new_share` are new."""
        new_count = round(count * new_share)
        numbers = list(itertools.islice(self._new, new_count))
        numbers += itertools.islice(self._existing, count - new_count)
        self._random.shuffle(numbers)
        return numbers


def quick_body(numbers: list[int], survey_id: UUID, channel: Channel, provider_id: UUID, template_id: UUID) -> bytes:
    """Return a call of the quick dialect, as its reference gives it. Data of existing contacts has changed."""
    phones = channel != Channel.EMAIL
    return orjson.dumps(
        {
            "surveyId": survey_id,
            "contacts": [
                person(number, year=2026) | ({"phone": phone(number)} if phones else {}) for number in numbers
            ],
            "channels": [{"channel": channel, "providerId": provider_id, "templateId": template_id}],
            "name": "Post-discharge CSAT",
        }
    )
