"""Erasing contacts in the admin: a page that says what will happen, and a second press that does it."""

from collections.abc import Callable

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from contacts.models import Contact
from distributor.admin.support.typed_classes import ModelAdmin
from distributor.engine.consent.erase import erase_contact, holders_of, known_addresses
from distributor.engine.infrastructure.clock import database_now

CONFIRMED = "erase_confirmed"
WITH_SHARED = "with_shared"


def erase_in_admin(
    admin: ModelAdmin[Contact], request: HttpRequest, contacts: QuerySet[Contact], log: Callable[[Contact], object]
) -> HttpResponse | None:
    """Ask whether to erase these contacts, and erase them once the operator has confirmed it.

    With the box ticked, everybody who has one of their addresses is erased too: that is erasing by address.
    """
    chosen = list(contacts.filter(erased_at=None).order_by("pk"))
    shared = _others_with_an_address(admin, request, chosen)
    if request.POST.get(CONFIRMED) != "yes":
        context = {
            **admin.admin_site.each_context(request),
            "title": "Erase people",
            "opts": admin.model._meta,
            "chosen": chosen,
            "shared": shared,
        }
        return TemplateResponse(request, "admin/contacts/contact/erase.html", context)
    erased = chosen + (shared if request.POST.get(WITH_SHARED) else [])
    now, count = database_now(), 0
    for contact in sorted(erased, key=lambda contact: contact.pk):
        if erase_contact(contact.pk, now):
            count += 1
            contact.external_id, contact.email, contact.phone = None, "", ""
            log(contact)
    admin.message_user(request, f"Erased. Contacts: {count}.", messages.SUCCESS)
    return None


def _others_with_an_address(admin: ModelAdmin[Contact], request: HttpRequest, contacts: list[Contact]) -> list[Contact]:
    ids = {
        holder
        for contact in contacts
        for address in known_addresses(contact)
        for holder in holders_of(contact.organization_id, address)
    }
    others = ids - {contact.pk for contact in contacts}
    return list(admin.get_queryset(request).filter(pk__in=others).order_by("pk"))
