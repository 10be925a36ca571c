"""How an organisation looks to recipients: its logo, colour and links, on its pages and in new e-mail templates."""

from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import LessThanOrEqual, Regex

from contacts.models.organization import Organization

MAX_LOGO_BYTES: Final = 200 * 1024
# By how a file begins. SVG is not taken: mail programs do not show it, and it may contain scripts.
_SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def image_type(content: bytes) -> str:
    """Return the media type of a PNG, JPEG, GIF or WebP image; "" for anything else."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((media_type for start, media_type in _SIGNATURES if content.startswith(start)), "")


def validate_https(url: str) -> None:
    if urlsplit(url).scheme != "https":
        raise ValidationError("Use an address that begins with https://.")


class Branding(models.Model):
    """One row per organisation that has entered something. The uploaded logo is kept here; read it with logo_of()."""

    organization = models.OneToOneField(Organization, models.CASCADE, primary_key=True, related_name="branding")
    logo_url = models.URLField(
        max_length=2000, blank=True, validators=[validate_https],
        help_text="Where the logo is, for example https://acme.example/logo.png. Empty: the uploaded logo.",
    )  # fmt: skip
    logo = models.BinaryField(null=True, help_text="The uploaded logo: PNG, JPEG, GIF or WebP, at most 200 KB.")
    logo_type = models.CharField(max_length=15, blank=True, help_text="Its media type, for example image/png.")
    logo_digest = models.CharField(max_length=32, blank=True, help_text="The name under which it is served.")
    color = models.CharField(max_length=7, blank=True, help_text="Of buttons, for example #1d4ed8. Empty: blue.")
    privacy_url = models.URLField(
        max_length=2000, blank=True, validators=[validate_https],
        help_text="The privacy policy, for example https://acme.example/privacy. Empty: no link.",
    )  # fmt: skip
    postal_address = models.CharField(
        max_length=500, blank=True,
        help_text="For the foot of e-mails, for example 1 Example Street, 00-001 Warsaw. Many laws ask for it.",
    )  # fmt: skip
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=LessThanOrEqual(
                    Func(F("logo"), function="octet_length", output_field=models.IntegerField()), MAX_LOGO_BYTES
                ),
                name="a_logo_has_at_most_200_kb",
                violation_error_message="The logo must have at most 200 KB.",
            ),
            models.CheckConstraint(
                condition=Q(logo=None, logo_type="", logo_digest="")
                | (Q(logo__isnull=False) & ~Q(logo_type="") & ~Q(logo_digest="")),
                name="a_logo_has_a_type_and_a_name",
                violation_error_message="A stored logo needs its type and its name.",
            ),
            models.CheckConstraint(
                condition=Regex(F("color"), r"^(#[0-9a-f]{6})?$"),
                name="a_brand_color_is_written_in_hexadecimal",
                violation_error_message="Write the color as # and six hexadecimal digits, for example #1d4ed8.",
            ),
        ]
        indexes = [models.Index(fields=("logo_digest",), name="branding_by_logo", condition=~Q(logo_digest=""))]

    def __str__(self) -> str:
        return f"Branding of {self.organization_id}"

    def take_logo(self, content: bytes) -> None:
        """Keep an uploaded logo. Its name comes from its content, so that browsers may keep it for good."""
        self.logo, self.logo_type, self.logo_digest = content, image_type(content), sha256(content).hexdigest()[:32]

    def drop_logo(self) -> None:
        self.logo, self.logo_type, self.logo_digest = None, "", ""

    def logo_url_below(self, base_url: str) -> str:
        """Return where the logo is: elsewhere, or at our own address below the base; "" without a logo."""
        return self.logo_url or (f"{base_url}/logo/{self.logo_digest}" if self.logo_digest else "")


def branding_of(organization_id: UUID) -> Branding | None:
    """Return an organisation's branding without the bytes of its logo."""
    return Branding.objects.filter(pk=organization_id).defer("logo").first()
