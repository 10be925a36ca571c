"""ACME: an organisation with a survey, an account and a template for each channel."""

from channels.models import ProviderAccount, Template, TemplateVariant
from contacts.channel import Channel
from contacts.models import Organization


def make_organization() -> Organization:
    return Organization.objects.create(name="ACME", slug="acme", time_zone="Europe/Warsaw", phone_region="PL")


def make_accounts(organization: Organization) -> dict[Channel, ProviderAccount]:
    """Make a sandbox account for each channel."""
    made = ProviderAccount.objects.bulk_create(
        ProviderAccount(
            organization=organization,
            name=f"{channel.label} sandbox",
            kind="sandbox",
            channel=channel,
            from_email="surveys@acme.example" if channel == Channel.EMAIL else "",
            from_name="ACME",
        )
        for channel in Channel
    )
    return dict(zip(Channel, made, strict=True))


def make_templates(organization: Organization) -> dict[Channel, Template]:
    """Make an invitation for each channel, in English and Polish."""
    made = Template.objects.bulk_create(
        Template(organization=organization, name="Invitation", channel=channel) for channel in Channel
    )
    TemplateVariant.objects.bulk_create(
        _make_variant(template, locale, greeting)
        for template in made
        for locale, greeting in (("en", "Hello"), ("pl", "Dzień dobry"))
    )
    return dict(zip(Channel, made, strict=True))


def _make_variant(template: Template, locale: str, greeting: str) -> TemplateVariant:
    text = f"{greeting} ${{contact:firstName|guest}}: ${{link}}"
    if template.channel != Channel.EMAIL:
        return TemplateVariant(template=template, locale=locale, text=text)
    return TemplateVariant(
        template=template,
        locale=locale,
        subject="${survey:name}",
        html=f'<p>{greeting} ${{contact:firstName|guest}}</p><a href="${{link}}">→</a>',
        text=f"{text}\n\n${{unsubscribe}}",
    )
