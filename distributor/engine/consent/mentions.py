"""Texts that mention a person whose contact is erased: the words that name them are replaced, the rest stays."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self
from uuid import UUID, uuid4

import orjson
from django.contrib.admin.models import LogEntry
from django.db import connection, models
from django.db.models import Q

from channels.models import KeptText, Pace, RefusedSender, Template
from contacts.address_key import address_key
from contacts.models import ConsentEvent, Contact, MailingList, Suppression
from distributor.engine.consent.imported_rows import forget_imported
from distributor.engine.infrastructure.stored_answers import find_stored_answers
from distributor.models import (
    Batch,
    Decision,
    Distribution,
    EventDelivery,
    Expansion,
    FileImport,
    IdempotencyKey,
    Recipient,
    Response,
    Step,
)

ERASED: Final = "[erased]"
# A shorter word in a longer text may be anything: an external id 7, or a date.
_SHORTEST_IN_TEXT: Final = 4


@dataclass(frozen=True, slots=True)
class Mentions:
    """The words that name one person anywhere, and those that name them only in rows of their own (“Ann”)."""

    words: Sequence[str]
    own_words: Sequence[str] = ()
    _pattern: re.Pattern[str] | None = field(init=False, repr=False)
    _own_pattern: re.Pattern[str] | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        long_words = [word for word in self.words if len(word) >= _SHORTEST_IN_TEXT]
        object.__setattr__(self, "_pattern", _any_of(long_words))
        object.__setattr__(self, "_own_pattern", _any_of([*long_words, *self.own_words]))

    @classmethod
    def of(cls, contact: Contact, addresses: Collection[str]) -> Self:
        names = [contact.first_name, contact.last_name]
        full_name = contact.full_name if all(names) else ""
        words = [contact.external_id or "", contact.email, contact.email_unicode, full_name, *addresses]
        return cls([word for word in dict.fromkeys(words) if word], [name for name in names if len(name) > 1])

    def erase_from(self, value: Any, *, is_own: bool = False) -> Any:
        """Return a text, or JSON, without the words. Keys of JSON stay."""
        if isinstance(value, str):
            return self._erase_from_text(value, is_own)
        if isinstance(value, list):
            return [self.erase_from(item, is_own=is_own) for item in value]
        if isinstance(value, dict):
            is_own = is_own or any(isinstance(item, str) and item in self.words for item in value.values())
            return {name: self.erase_from(item, is_own=is_own) for name, item in value.items()}
        return value

    def _erase_from_text(self, text: str, is_own: bool) -> str:
        if text in self.words:
            return ERASED
        pattern = self._own_pattern if is_own else self._pattern
        return pattern.sub(ERASED, text) if pattern else text


def _any_of(words: Sequence[str]) -> re.Pattern[str] | None:
    """Match any of the words as a whole: “Ann” is not in “Annex”."""
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE) if words else None


def erase_mentions_in_journeys(
    mentions: Mentions, contact_id: UUID, journeys: Sequence[Recipient], distribution_ids: Collection[UUID]
) -> None:
    """Erase the person's words from what belongs to their journeys, to their distributions, and to their lists.

    `distribution_ids` are those that were made for the person, also if they were skipped.
    """
    ids = [each.pk for each in journeys]
    _rewrite(Response.objects.filter(recipient_id__in=ids), ["answers"], mentions, is_own=True)
    _rewrite(Decision.objects.filter(contact_id=contact_id, recipient_id=None), ["detail"], mentions, is_own=True)
    theirs = Distribution.objects.filter(pk__in=distribution_ids)
    _rewrite(theirs.exclude(name="", attributes={}), ["name", "attributes"], mentions)
    # A quick send's automatic list has no members, and the distribution's name.
    for lists in (
        MailingList.objects.filter(memberships__contact_id=contact_id),
        MailingList.objects.filter(distributions__in=distribution_ids),
    ):
        _rewrite(lists.exclude(name=""), ["name"], mentions)
    _erase_from_steps(mentions, contact_id, distribution_ids)
    batches = Batch.objects.filter(pk__in={journey.batch_id for journey in journeys})
    _rewrite(batches.exclude(last_error=""), ["last_error"], mentions)
    expansions = Expansion.objects.filter(distribution_id__in=distribution_ids, distribution__is_preparing=False)
    _rewrite(expansions.filter(embedded_data__isnull=False), ["embedded_data"], mentions)
    with connection.cursor() as cursor:
        # Without it the trigger refuses: consent events are append-only.
        cursor.execute("SELECT set_config('distributor.erasing', 'on', true)")
    _rewrite(ConsentEvent.objects.filter(contact_id=contact_id), ["source", "evidence"], mentions)


def _erase_from_steps(mentions: Mentions, contact_id: UUID, distribution_ids: Collection[UUID]) -> None:
    """Erase the words from subjects and texts that sends brought themselves, and from what is kept of the texts.

    What was sent to the person alone is a text of their own.
    """
    alone = Distribution.objects.filter(pk__in=distribution_ids, accepted_count=1).values_list("pk", flat=True)
    is_own = Q(contact_id=contact_id) | Q(distribution__in=set(alone))
    steps = Step.objects.filter(is_own | Q(distribution__in=distribution_ids))
    with_subject = steps.exclude(subject="")
    _rewrite(with_subject.filter(is_own), ["subject"], mentions, is_own=True)
    _rewrite(with_subject.exclude(is_own), ["subject"], mentions)
    template_ids = set(steps.filter(template__text_key__isnull=False).values_list("template_id", flat=True))
    for template in Template.with_automatic.filter(pk__in=template_ids).order_by("pk").select_for_update():
        is_shared = Step.objects.filter(template_id=template.pk).exclude(is_own).exists()
        _erase_from_own_text(mentions, template, is_own=not is_shared)


def _erase_from_own_text(mentions: Mentions, template: Template, *, is_own: bool) -> None:
    """Erase the words from an automatic template, and from what is kept of its texts (decision 46).

    The text is another one then: later sends with the text as it was must not find it.
    """
    before = set(template.variants.values_list("subject", "html", "text"))
    _rewrite(template.variants.all(), ["subject", "html", "text"], mentions, is_own=is_own)
    if before != set(template.variants.values_list("subject", "html", "text")):
        _rewrite(KeptText.objects.filter(template=template), ["subject", "html", "text"], mentions, is_own=is_own)
        Template.with_automatic.filter(pk=template.pk).update(text_key=uuid4())


def erase_mentions(mentions: Mentions, organization_id: UUID) -> None:
    """Erase the words from what the organisation shares: stored answers, the log, what accounts and endpoints said."""
    _rewrite_stored_answers(mentions, organization_id)
    forget_imported(organization_id, mentions.words)
    _erase_from_imports(mentions, organization_id)
    paces = Pace.objects.filter(account__organization=organization_id).exclude(broken_because="")
    _rewrite(paces, ["broken_because"], mentions)
    refused = RefusedSender.objects.filter(account__organization=organization_id)
    _rewrite(refused.exclude(because=""), ["because"], mentions)
    answered = EventDelivery.objects.filter(endpoint__organization=organization_id).exclude(answer="")
    _rewrite(answered, ["answer"], mentions)
    keys = [address_key(word) for word in mentions.words]
    closed = Suppression.objects.filter(organization=organization_id, address__in=keys)
    _rewrite(closed.exclude(source=""), ["source"], mentions)
    told = Q(pk=None)
    for word in mentions.words:
        told |= Q(object_repr=word)
        if len(word) >= _SHORTEST_IN_TEXT:
            told |= Q(object_repr__icontains=word) | Q(change_message__icontains=word)
    _rewrite(LogEntry.objects.filter(told), ["object_repr", "change_message"], mentions)


def _erase_from_imports(mentions: Mentions, organization_id: UUID) -> None:
    """Erase the words from names of files, and from sends that wait for a dry run to be run.

    An import that runs is left out: its worker has its row, and may wait for this contact's.
    """
    imports = FileImport.objects.filter(organization=organization_id, is_running=False)
    _rewrite(imports.exclude(file_name=""), ["file_name"], mentions)
    waiting = imports.filter(request__isnull=False)
    _rewrite(MailingList.objects.filter(pk__in=waiting.values("mailing_list")), ["name"], mentions)
    for row in waiting:
        request: Any = row.request
        named = mentions.erase_from({name: request[name] for name in ("name", "attributes")})
        steps = [
            step | mentions.erase_from({name: step[name] for name in ("subject", "texts")}) for step in request["steps"]
        ]
        still_waits = FileImport.objects.filter(pk=row.pk, request__isnull=False)
        still_waits.update(request=request | named | {"steps": steps})


def _rewrite(rows: models.QuerySet[Any], names: Sequence[str], mentions: Mentions, *, is_own: bool = False) -> None:
    """Write those of the rows that mention the person, and no other column of them."""
    for row in rows.iterator():
        changed = {}
        for name in names:
            before = getattr(row, name)
            if (after := mentions.erase_from(before, is_own=is_own)) != before:
                changed[name] = after
        if changed:
            type(row)._default_manager.filter(pk=row.pk).update(**changed)


def _rewrite_stored_answers(mentions: Mentions, organization_id: UUID) -> None:
    """Rewrite the answers that are kept for repeats, and hide keys that name the person behind their keyed hash."""
    for answer in find_stored_answers(organization_id, mentions.words).iterator(chunk_size=10):
        try:
            body = orjson.dumps(mentions.erase_from(orjson.loads(answer.body)))
        except ValueError:
            body = mentions.erase_from(bytes(answer.body).decode(errors="replace")).encode()
        theirs = IdempotencyKey.objects.filter(api_key_id=answer.api_key_id, key=answer.key)
        theirs.update(body=body)
        if mentions.erase_from(answer.key) != answer.key:
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE distributor_idempotencykey SET key = %s WHERE api_key_id = %s AND key = %s",
                    [address_key(answer.key), answer.api_key_id, answer.key],
                )
