"""Organisations full of rows, their members, and everything in them that nobody else may read."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client

from channels.models import ProviderAccount, SandboxMessage, Template, TemplateVariant
from channels.template_versions import keep_version
from contacts.api_keys import create_api_key
from contacts.channel import Channel
from contacts.models import (
    ApiKey,
    Branding,
    ConsentEvent,
    Contact,
    MailingList,
    Organization,
    OrganizationMember,
    Suppression,
)
from distributor.engine.acceptance.accept import accept
from distributor.engine.consent.opt_out import opt_out
from distributor.engine.dispatch.loop import dispatch_lane
from distributor.engine.events.endpoints import create_endpoint, send_ping
from distributor.engine.exports.start import ExportRequest, start_export
from distributor.engine.exports.write import write_here
from distributor.engine.infrastructure.audit import SYSTEM
from distributor.engine.infrastructure.clock import database_now
from distributor.engine.responses.record import record_response
from distributor.engine.schedule.recurring import save_recurring
from distributor.models import (
    AuditEntry,
    ConnectionStep,
    Distribution,
    EventDelivery,
    EventEndpoint,
    FileImport,
    ListConnection,
    Recipient,
    RecurringDistribution,
    RecurringStep,
    Reply,
    Response,
    Survey,
)
from distributor.rules.journey.delivery_events import REPLY
from distributor.rules.requests import DistributionRequest, StepRequest
from tests.support.engine.imports import begin_import


@dataclass
class Tenant:
    """An organisation with a row of every model. `word` is in every text of it, and in no text of another one."""

    word: str
    phone: str
    organization: Organization
    rows: dict[type[Model], Model] = field(default_factory=dict)
    messages: list[SandboxMessage] = field(default_factory=list)

    def row(self, model: type[Model]) -> Any:
        return self.rows[model]

    @property
    def secrets(self) -> set[str]:
        """What a page for somebody else must not contain: the word, and what the database made."""
        recipient: Recipient = self.row(Recipient)
        key: ApiKey = self.row(ApiKey)
        long_ids = {str(row.pk) for row in self.rows.values() if len(str(row.pk)) > 20}
        return {self.word, self.phone, recipient.code, key.prefix, *long_ids}


def member(tenant: Tenant | Organization, role: str, name: str) -> User:
    organization = tenant.organization if isinstance(tenant, Tenant) else tenant
    user = User.objects.filter(username=name).first() or User.objects.create_user(name, password=name, is_staff=True)
    OrganizationMember.objects.create(organization=organization, user=user, role=role)
    return user


def signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def make_tenant(word: str, phone: str) -> Tenant:
    organization = Organization.objects.create(name=f"{word} clinic", slug=word, phone_region="PL")
    tenant = Tenant(word, phone, organization)
    key, _ = create_api_key(organization, f"{word} key", ["read"])
    survey = Survey.objects.create(organization=organization, name=f"{word} survey")
    account = ProviderAccount.objects.create(
        organization=organization, name=f"{word} account", kind="sandbox", channel=Channel.EMAIL,
        from_email=f"a@{word}.example",
    )  # fmt: skip
    template = Template.objects.create(organization=organization, name=f"{word} template", channel=Channel.EMAIL)
    TemplateVariant.objects.create(
        template=template, locale="en", subject=word, text=f"{word} ${{link}}", html=f'{word} <a href="${{link}}">x</a>'
    )
    keep_version(template, f"{word} operator")
    Branding.objects.create(organization=organization, postal_address=f"{word} street")
    audience = MailingList.objects.create(organization=organization, name=f"{word} list")
    connection = ListConnection.objects.create(mailing_list=audience, survey=survey)
    ConnectionStep.objects.create(connection=connection, provider_account=account, template=template)
    weekly = RecurringDistribution(
        organization=organization, name=f"{word} weekly", survey=survey, mailing_list=audience, cron="0 9 * * mon"
    )
    save_recurring(weekly, database_now())
    RecurringStep.objects.create(recurring=weekly, provider_account=account, template=template)
    suppression = Suppression.objects.create(
        organization=organization, channel=Channel.EMAIL, address=f"no@{word}.example", reason="manual"
    )
    distribution, recipient = _send(tenant, survey, account, template)
    contact: Contact = recipient.contact
    response = record_response(recipient.code, {"comment": f"{word} answer"}, database_now())
    opt_out(contact.pk, database_now(), source=f"{word} operator")
    reply = Reply.objects.create(
        provider_account_id=account.pk, event_id="1", kind=REPLY, progress=0, trouble=0, address=phone,
        detail=f"{word} reply", occurred_at=database_now(), received_at=database_now(),
    )  # fmt: skip
    member(tenant, "viewer", f"{word}-victor")
    asked = ExportRequest("contacts", "csv")
    export = start_export(organization, asked, SYSTEM, f"{word} operator", database_now())
    write_here(export.pk, 5, database_now)
    rows: list[Model] = [
        organization, key, survey, account, template, audience, connection, weekly, suppression, distribution,
        recipient, contact, response, reply, export,
    ]  # fmt: skip
    tenant.rows = {type(row): row for row in rows}
    tenant.rows[ConsentEvent] = ConsentEvent.objects.get(organization=organization)
    tenant.rows[OrganizationMember] = OrganizationMember.objects.get(organization=organization)
    values = {"name": f"{word} events", "url": f"https://{word}.example/events", "headers": {"X-Key": f"{word} key"}}
    tenant.rows[EventEndpoint] = endpoint = create_endpoint(organization, values, database_now())
    tenant.rows[EventDelivery] = send_ping(endpoint, database_now())
    tenant.rows[AuditEntry] = AuditEntry.objects.create(
        at=database_now(), organization_id=organization.pk, actor_kind="user", actor_name=f"{word}-victor",
        action="changed", object_type="survey", changes={"name": ["", f"{word} survey"]},
    )  # fmt: skip
    content = f"email,ward\np@{word}.example,{word}\n".encode()
    tenant.rows[FileImport] = begin_import(organization, content, f"{word}.csv", mapping=None)
    tenant.messages = list(SandboxMessage.objects.filter(organization_id=organization.pk))
    _fill_log(tenant)
    return tenant


def _send(
    tenant: Tenant, survey: Survey, account: ProviderAccount, template: Template
) -> tuple[Distribution, Recipient]:
    now = database_now()
    person = {"external_id": f"{tenant.word}-1", "email": f"p@{tenant.word}.example", "phone": tenant.phone}
    request = DistributionRequest(
        source="test",
        survey_id=survey.pk,
        contacts=[person | {"first_name": f"{tenant.word} person"}],  # type: ignore[list-item]
        steps=[StepRequest(Channel.EMAIL, account.pk, template.pk)],
        name=f"{tenant.word} distribution",
        expires_at=now + timedelta(days=30),
    )
    distribution = accept(tenant.organization, None, request, now).distribution
    while dispatch_lane("urgent", database_now):
        pass
    recipient = Recipient.objects.select_related("contact").get(distribution=distribution.pk)
    return Distribution.objects.get(pk=distribution.pk), recipient


def _fill_log(tenant: Tenant) -> None:
    author = User.objects.get(username=f"{tenant.word}-victor")
    for row in tenant.rows.values():
        if admin.site.is_registered(type(row)):
            LogEntry.objects.log_actions(author.pk, [row], CHANGE, f"{tenant.word} history")


__all__ = ["Response", "Tenant", "make_tenant", "member", "signed_in"]
