"""Templates with their variants: written together, so that nobody sends half of one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from channels.models import Template, TemplateVariant
from contacts.models import Organization

# The texts of one locale: subject, html, text.
Texts = Mapping[str, str]


class NoVariantLeftError(Exception):
    """A template would have nothing to say; nothing was written."""


@transaction.atomic
def create_template(organization: Organization, name: str, channel: str, variants: Mapping[str, Texts]) -> Template:
    """A template with one variant per locale."""
    template = Template.objects.create(organization=organization, name=name, channel=channel)
    _write(template, variants)
    return template


@transaction.atomic
def change_template(template_id: UUID, said: Mapping[str, Any], variants: Mapping[str, Texts | None]) -> Template:
    """Write the columns that are said, replace the variants that are given, and remove those that are None.

    A locale is the same in any letter case. Raises Template.DoesNotExist and NoVariantLeft.
    """
    template = Template.objects.select_for_update().get(pk=template_id)
    for name, value in said.items():
        setattr(template, name, value)
    template.save(update_fields=list(said))
    given = {locale.lower() for locale in variants}
    replaced = [one.pk for one in template.variants.all() if one.locale.lower() in given]
    TemplateVariant.objects.filter(pk__in=replaced).delete()
    _write(template, {locale: texts for locale, texts in variants.items() if texts is not None})
    if not template.variants.exists():
        raise NoVariantLeftError
    return template


def _write(template: Template, variants: Mapping[str, Texts]) -> None:
    TemplateVariant.objects.bulk_create(
        TemplateVariant(template=template, locale=locale, **texts) for locale, texts in variants.items()
    )
