"""Writes templates with their variants and versions in one transaction, so that no message uses a half-written one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from channels.models import OnMissingValue, Template, TemplateVariant
from channels.models.template import Purpose
from channels.template_versions import keep_version, lock_texts
from contacts.models import Organization

# The texts of one locale: subject, html, text.
Texts = Mapping[str, str]


class NoVariantLeftError(Exception):
    """The template would have no variants. Nothing was written."""


@transaction.atomic
def create_template(
    organization: Organization,
    name: str,
    channel: str,
    variants: Mapping[str, Texts],
    on_missing_value: str = OnMissingValue.SEND,
    *,
    saved_by: str,
    is_default: bool = False,
    purpose: Purpose | None = None,
) -> Template:
    """Create a template with one variant per locale, and its first version."""
    template = Template.objects.create(
        organization=organization,
        name=name,
        channel=channel,
        on_missing_value=on_missing_value,
        is_default=is_default,
        purpose=purpose or "",
    )
    _write(template, variants)
    keep_version(template, saved_by)
    return template


@transaction.atomic
def change_template(
    template_id: UUID,
    columns: Mapping[str, Any],
    variants: Mapping[str, Texts | None],
    *,
    saved_by: str,
    restored_from: int | None = None,
) -> Template:
    """Write the given columns, replace the given variants, remove those that are None, and keep a version.

    Locales are compared without letter case. Raises Template.DoesNotExist and NoVariantLeftError.
    """
    template = lock_texts(template_id)
    for name, value in columns.items():
        setattr(template, name, value)
    template.save(update_fields=list(columns))
    locales = {locale.lower() for locale in variants}
    replaced = [variant.pk for variant in template.variants.all() if variant.locale.lower() in locales]
    TemplateVariant.objects.filter(pk__in=replaced).delete()
    _write(template, {locale: texts for locale, texts in variants.items() if texts is not None})
    if not template.variants.exists():
        raise NoVariantLeftError
    keep_version(template, saved_by, restored_from)
    return template


def _write(template: Template, variants: Mapping[str, Texts]) -> None:
    TemplateVariant.objects.bulk_create(
        TemplateVariant(template=template, locale=locale, **texts) for locale, texts in variants.items()
    )
