"""Versions of a template: each saved change is kept whole, with who saved it and when (decision 47)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Max
from django.db.models.functions import Now

from channels.models import Template, TemplateVariant, TemplateVersion

TEXT_NAMES: Final = ("subject", "html", "text")
# All texts by locale, as TemplateVersion.texts has them.
AllTexts = dict[str, dict[str, str]]


def lock_texts(template_id: UUID) -> Template:
    """Lock a template until the caller's transaction ends, and keep the texts that no version has yet.

    Raises Template.DoesNotExist. Call it before the texts are changed.
    """
    template = Template.objects.select_for_update().get(pk=template_id)
    if not template.versions.exists() and template.variants.exists():
        keep_version(template, "")
    return template


def keep_version(template: Template, saved_by: str, restored_from: int | None = None) -> None:
    """Keep the template's texts as a version, unless the latest version has the same."""
    texts = texts_of(TemplateVariant.objects.filter(template=template))
    latest = template.versions.first()
    if latest is not None and latest.texts == texts:
        return
    TemplateVersion.objects.create(
        template=template,
        number=latest.number + 1 if latest else 1,
        texts=texts,
        saved_at=Now(),
        saved_by=saved_by[:255],
        restored_from=restored_from,
    )


def texts_of(variants: Iterable[TemplateVariant]) -> AllTexts:
    """Return the texts of variants by locale, in the order of the locales."""
    ordered = sorted(variants, key=lambda variant: variant.locale)
    return {variant.locale: {name: getattr(variant, name) for name in TEXT_NAMES} for variant in ordered}


def latest_number(template_id: UUID) -> int:
    """Return the number of the template's latest version; 0 if none is kept yet."""
    found = TemplateVersion.objects.filter(template_id=template_id).aggregate(latest=Max("number"))
    return found["latest"] or 0


def version_at(template_id: UUID, moment: datetime) -> TemplateVersion | None:
    """Return the version that messages had at a moment; None if it was before the first one."""
    return TemplateVersion.objects.filter(template_id=template_id, saved_at__lte=moment).order_by("-number").first()
