import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.db.models.lookups
from django.conf import settings
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

import contacts.ids
import contacts.models.branding
import contacts.models.organization
import contacts.organization_boundary
from contacts.migrations._together import Together


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "__first__"),
    ]

    operations = [
        # A trusted extension since PostgreSQL 13: whoever may create in the database may add it.
        TrigramExtension(),
        Together(
            [
                migrations.CreateModel(
                    name="Organization",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=contacts.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("name", models.CharField(max_length=255)),
                        ("slug", models.SlugField(max_length=63, unique=True)),
                        (
                            "time_zone",
                            models.CharField(
                                default="UTC",
                                max_length=63,
                                validators=[contacts.models.organization.validate_time_zone],
                            ),
                        ),
                        (
                            "phone_region",
                            models.CharField(
                                blank=True,
                                help_text="Country of phone numbers without a country code. ISO 3166, for example PL.",
                                max_length=2,
                            ),
                        ),
                        (
                            "minimum_days_between_contacts",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                help_text="Days before a contact is sent any survey again, for example 30. Empty: no rule.",
                                null=True,
                            ),
                        ),
                        (
                            "throttle_minutes",
                            models.PositiveIntegerField(
                                blank=True,
                                help_text="Minutes before a contact is sent the same survey again, for example 1440. Empty: no rule. A survey can override it.",
                                null=True,
                            ),
                        ),
                        (
                            "quiet_from",
                            models.TimeField(
                                blank=True,
                                help_text="Start of quiet hours in the contact's time zone, for example 20:00.",
                                null=True,
                            ),
                        ),
                        (
                            "quiet_until",
                            models.TimeField(
                                blank=True,
                                help_text="End of quiet hours, for example 08:00. An end before the start is on the next day.",
                                null=True,
                            ),
                        ),
                        (
                            "send_weekdays",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.PositiveSmallIntegerField(),
                                default=contacts.models.organization.every_weekday,
                                help_text="Days on which messages are sent: 1 (Monday) to 7 (Sunday), for example 1,2,3,4,5.",
                                size=None,
                            ),
                        ),
                        (
                            "stop_closes",
                            models.CharField(
                                choices=[("channel", "this channel"), ("everything", "everything")],
                                db_default="everything",
                                default="everything",
                                help_text="What a STOP by SMS or WhatsApp closes: the phone number, or everything that reaches the person.",
                                max_length=10,
                            ),
                        ),
                        (
                            "complaint_closes",
                            models.CharField(
                                choices=[("channel", "this channel"), ("everything", "everything")],
                                db_default="everything",
                                default="everything",
                                help_text="What a spam complaint closes: the e-mail address, or everything that reaches the person.",
                                max_length=10,
                            ),
                        ),
                        (
                            "allows_premium_numbers",
                            models.BooleanField(
                                db_default=False,
                                default=False,
                                help_text="Send to premium-rate, shared-cost, satellite, pager, universal access and personal numbers, too.",
                            ),
                        ),
                        (
                            "allowed_countries",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(
                                    max_length=2, validators=[contacts.models.organization.validate_country]
                                ),
                                blank=True,
                                db_default=[],
                                default=list,
                                help_text="Countries of the phone numbers that are sent to: ISO 3166, for example PL,DE. Empty: all.",
                                size=None,
                            ),
                        ),
                        (
                            "allowed_redirect_hosts",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=253),
                                blank=True,
                                default=list,
                                help_text="Hosts that links may redirect to, for example survey.example.com.",
                                size=None,
                            ),
                        ),
                        (
                            "keep_events_days",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                help_text="Days after which provider events and texts from phone numbers are deleted, for example 365. Empty: never.",
                                null=True,
                                validators=[django.core.validators.MinValueValidator(2)],
                                verbose_name="keep provider events (days)",
                            ),
                        ),
                        (
                            "keep_attempts_days",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                help_text="Days after which attempts to send are deleted, with the provider's answers, for example 365. Empty: never.",
                                null=True,
                                validators=[django.core.validators.MinValueValidator(2)],
                                verbose_name="keep attempts (days)",
                            ),
                        ),
                        (
                            "keep_responses_days",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                help_text="Days after which survey responses are deleted, for example 365. Empty: never.",
                                null=True,
                                validators=[django.core.validators.MinValueValidator(2)],
                                verbose_name="keep responses (days)",
                            ),
                        ),
                        (
                            "keep_sandbox_days",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                help_text="Days after which messages of sandbox accounts are deleted, for example 365. Empty: never.",
                                null=True,
                                validators=[django.core.validators.MinValueValidator(2)],
                                verbose_name="keep sandbox messages (days)",
                            ),
                        ),
                        (
                            "keep_audit_days",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                help_text="Days after which the audit log is deleted, for example 365. Empty: never.",
                                null=True,
                                validators=[django.core.validators.MinValueValidator(2)],
                                verbose_name="keep audit entries (days)",
                            ),
                        ),
                        (
                            "keep_contacts_days",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                help_text="Days without a change, a send or an answer after which contacts are erased, for example 365. Empty: never.",
                                null=True,
                                validators=[django.core.validators.MinValueValidator(2)],
                                verbose_name="keep inactive contacts (days)",
                            ),
                        ),
                        (
                            "allowed_sender_domains",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(
                                    max_length=253, validators=[contacts.models.organization.validate_lower_case]
                                ),
                                blank=True,
                                db_default=[],
                                default=list,
                                help_text="Domains that e-mails are sent from, subdomains included, for example acme.example. Empty: any.",
                                size=None,
                            ),
                        ),
                        (
                            "allowed_reply_tos",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(
                                    max_length=254, validators=[contacts.models.organization.validate_lower_case]
                                ),
                                blank=True,
                                db_default=[],
                                default=list,
                                help_text="Addresses that replies may go to, for example support@acme.example. Empty: any.",
                                size=None,
                            ),
                        ),
                        (
                            "team_addresses",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(
                                    max_length=254, validators=[contacts.models.organization.validate_team_address]
                                ),
                                blank=True,
                                db_default=[],
                                default=list,
                                help_text="The addresses that team API keys send to: e-mail addresses in lower case and phone numbers in E.164, for example ann@example.com,+48601234567.",
                                size=None,
                            ),
                        ),
                        (
                            "requests_per_minute",
                            models.PositiveIntegerField(
                                blank=True,
                                help_text="Requests that all its API keys together may make a minute. Empty: any number.",
                                null=True,
                            ),
                        ),
                        (
                            "emails_per_day",
                            models.PositiveIntegerField(
                                blank=True,
                                help_text="E-mails sent a day, by its time zone. Empty: any number.",
                                null=True,
                            ),
                        ),
                        (
                            "texts_per_day",
                            models.PositiveIntegerField(
                                blank=True, help_text="SMS sent a day, by its time zone. Empty: any number.", null=True
                            ),
                        ),
                        (
                            "whatsapps_per_day",
                            models.PositiveIntegerField(
                                blank=True,
                                help_text="WhatsApp messages sent a day, by its time zone. Empty: any number.",
                                null=True,
                            ),
                        ),
                        (
                            "segments_per_day",
                            models.PositiveIntegerField(
                                blank=True,
                                help_text="SMS segments sent a day, which are what SMS cost. Empty: any number.",
                                null=True,
                            ),
                        ),
                        (
                            "segments_per_text",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                db_default=6,
                                default=6,
                                help_text="SMS segments of one message; longer ones are not sent. Empty: any number.",
                                null=True,
                                validators=[django.core.validators.MinValueValidator(1)],
                            ),
                        ),
                        (
                            "lookups_per_day",
                            models.PositiveIntegerField(
                                blank=True,
                                help_text="Paid look-ups of phone numbers a day. Empty: any number.",
                                null=True,
                            ),
                        ),
                        (
                            "quotas_used_up",
                            models.JSONField(
                                db_default={},
                                default=dict,
                                editable=False,
                                help_text="The channels whose quota of a day is used up: until when, and how much it was.",
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("name",),
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("quiet_from", None), ("quiet_until", None)),
                                    models.Q(
                                        ("quiet_from__isnull", False),
                                        ("quiet_until__isnull", False),
                                        models.Q(("quiet_from", models.F("quiet_until")), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="quiet_hours_have_a_start_and_another_end",
                                violation_error_message="Enter both ends of the quiet hours, and two different times, or neither.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("send_weekdays__contained_by", [1, 2, 3, 4, 5, 6, 7]),
                                    ("send_weekdays__len__gt", 0),
                                ),
                                name="something_is_sent_on_some_weekday",
                                violation_error_message="Choose at least one weekday to send on.",
                            ),
                            models.CheckConstraint(
                                condition=django.db.models.lookups.Regex(
                                    django.db.models.functions.comparison.Cast("allowed_countries", models.TextField()),
                                    "^\\{([A-Z]{2}(,[A-Z]{2})*)?\\}$",
                                ),
                                name="allowed_countries_are_two_letter_codes",
                                violation_error_message="Enter countries as two capital letters each, for example PL, DE.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("keep_events_days", None), ("keep_events_days__gte", 2), _connector="OR"
                                ),
                                name="events_are_kept_for_two_days",
                                violation_error_message="Keep provider events for at least 2 days. Leave the field empty to keep them for good.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("keep_attempts_days", None), ("keep_attempts_days__gte", 2), _connector="OR"
                                ),
                                name="attempts_are_kept_for_two_days",
                                violation_error_message="Keep attempts for at least 2 days. Leave the field empty to keep them for good.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("keep_responses_days", None), ("keep_responses_days__gte", 2), _connector="OR"
                                ),
                                name="responses_are_kept_for_two_days",
                                violation_error_message="Keep responses for at least 2 days. Leave the field empty to keep them for good.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("keep_sandbox_days", None), ("keep_sandbox_days__gte", 2), _connector="OR"
                                ),
                                name="sandbox_are_kept_for_two_days",
                                violation_error_message="Keep messages of the sandbox for at least 2 days. Leave the field empty to keep them for good.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("keep_audit_days", None), ("keep_audit_days__gte", 2), _connector="OR"
                                ),
                                name="audit_are_kept_for_two_days",
                                violation_error_message="Keep entries of the audit log for at least 2 days. Leave the field empty to keep them for good.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("keep_contacts_days", None), ("keep_contacts_days__gte", 2), _connector="OR"
                                ),
                                name="contacts_are_kept_for_two_days",
                                violation_error_message="Keep inactive contacts for at least 2 days. Leave the field empty to keep them for good.",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ApiKey",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=contacts.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="api_keys",
                                to="contacts.organization",
                            ),
                        ),
                        (
                            "name",
                            models.CharField(
                                help_text="The system that uses the key, for example “HIS production”.", max_length=255
                            ),
                        ),
                        ("prefix", models.CharField(editable=False, max_length=8, unique=True)),
                        ("secret_hash", models.BinaryField(max_length=32)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("live", "live: sends to everybody"),
                                    ("team", "team: sends only to the organisation's team; others are skipped"),
                                    ("test", "test: sends nothing; messages go to the sandbox"),
                                ],
                                db_default="live",
                                default="live",
                                help_text="Which people distributions of this key are sent to. It cannot be changed.",
                                max_length=4,
                            ),
                        ),
                        (
                            "scopes",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(
                                    choices=[
                                        ("send", "send: create distributions, report responses"),
                                        ("read", "read: distributions, recipients, links, sandbox"),
                                        ("manage", "manage: surveys, providers, templates, contacts"),
                                    ],
                                    max_length=10,
                                ),
                                size=None,
                            ),
                        ),
                        (
                            "requests_per_minute",
                            models.PositiveIntegerField(
                                blank=True,
                                help_text="Requests that the key may make a minute, for example 600. Empty: this installation's default.",
                                null=True,
                            ),
                        ),
                        ("expires_at", models.DateTimeField(blank=True, null=True)),
                        ("revoked_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "last_used_at",
                            models.DateTimeField(editable=False, help_text="Updated at most once a minute.", null=True),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "verbose_name": "API key",
                        "ordering": ("-created_at",),
                        "constraints": [
                            contacts.organization_boundary.OrganizationKey(
                                fields=("id", "organization"), name="api_key_with_its_organization"
                            ),
                            contacts.organization_boundary.KeepsOrganization(name="an_api_key_keeps_its_organization"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Branding",
                    fields=[
                        (
                            "organization",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="branding",
                                serialize=False,
                                to="contacts.organization",
                            ),
                        ),
                        (
                            "logo_url",
                            models.URLField(
                                blank=True,
                                help_text="Where the logo is, for example https://acme.example/logo.png. Empty: the uploaded logo.",
                                max_length=2000,
                                validators=[contacts.models.branding.validate_https],
                            ),
                        ),
                        (
                            "logo",
                            models.BinaryField(
                                help_text="The uploaded logo: PNG, JPEG, GIF or WebP, at most 200 KB.", null=True
                            ),
                        ),
                        (
                            "logo_type",
                            models.CharField(
                                blank=True, help_text="Its media type, for example image/png.", max_length=15
                            ),
                        ),
                        (
                            "logo_digest",
                            models.CharField(blank=True, help_text="The name under which it is served.", max_length=32),
                        ),
                        (
                            "color",
                            models.CharField(
                                blank=True, help_text="Of buttons, for example #1d4ed8. Empty: blue.", max_length=7
                            ),
                        ),
                        (
                            "privacy_url",
                            models.URLField(
                                blank=True,
                                help_text="The privacy policy, for example https://acme.example/privacy. Empty: no link.",
                                max_length=2000,
                                validators=[contacts.models.branding.validate_https],
                            ),
                        ),
                        (
                            "postal_address",
                            models.CharField(
                                blank=True,
                                help_text="For the foot of e-mails, for example 1 Example Street, 00-001 Warsaw. Many laws ask for it.",
                                max_length=500,
                            ),
                        ),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("logo_digest", ""), _negated=True),
                                fields=["logo_digest"],
                                name="branding_by_logo",
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=django.db.models.lookups.LessThanOrEqual(
                                    models.Func(
                                        models.F("logo"), function="octet_length", output_field=models.IntegerField()
                                    ),
                                    204800,
                                ),
                                name="a_logo_has_at_most_200_kb",
                                violation_error_message="The logo must have at most 200 KB.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("logo", None), ("logo_digest", ""), ("logo_type", "")),
                                    models.Q(
                                        ("logo__isnull", False),
                                        models.Q(("logo_type", ""), _negated=True),
                                        models.Q(("logo_digest", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="a_logo_has_a_type_and_a_name",
                                violation_error_message="A stored logo needs its type and its name.",
                            ),
                            models.CheckConstraint(
                                condition=django.db.models.lookups.Regex(models.F("color"), "^(#[0-9a-f]{6})?$"),
                                name="a_brand_color_is_written_in_hexadecimal",
                                violation_error_message="Write the color as # and six hexadecimal digits, for example #1d4ed8.",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ConsentEvent",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=contacts.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="consent_events",
                                to="contacts.organization",
                            ),
                        ),
                        (
                            "contact_id",
                            models.UUIDField(
                                help_text="The contact it is about. Empty: an unknown address.", null=True
                            ),
                        ),
                        (
                            "channel",
                            models.CharField(
                                blank=True,
                                choices=[("email", "e-mail"), ("sms", "SMS"), ("whatsapp", "WhatsApp")],
                                help_text="Where it was said.",
                                max_length=8,
                            ),
                        ),
                        (
                            "address",
                            models.CharField(
                                blank=True, help_text="The address that was written to, if known.", max_length=254
                            ),
                        ),
                        ("address_key", models.CharField(blank=True, max_length=71)),
                        (
                            "what",
                            models.CharField(
                                help_text="A signal such as stop, or a lift such as start.", max_length=20
                            ),
                        ),
                        (
                            "closes",
                            models.CharField(
                                blank=True, help_text="channel or everything; empty: it lifts.", max_length=10
                            ),
                        ),
                        (
                            "source",
                            models.CharField(
                                help_text="The reporter: a provider account, our page or an API key.", max_length=255
                            ),
                        ),
                        (
                            "evidence",
                            models.JSONField(
                                default=dict, help_text="What proves it, for example the provider's event id."
                            ),
                        ),
                        ("said_at", models.DateTimeField(help_text="When the person said it.")),
                        ("recorded_at", models.DateTimeField()),
                    ],
                    options={
                        "ordering": ("-id",),
                        "indexes": [
                            models.Index(fields=["contact_id", "id"], name="consent_events_of_a_contact"),
                            models.Index(
                                condition=models.Q(("address_key", ""), _negated=True),
                                fields=["organization", "address_key", "id"],
                                name="consent_events_of_an_address",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Contact",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=contacts.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="contacts",
                                to="contacts.organization",
                            ),
                        ),
                        ("external_id", models.CharField(blank=True, max_length=255, null=True)),
                        ("email", models.CharField(blank=True, max_length=254)),
                        (
                            "phone",
                            models.CharField(blank=True, help_text="E.164, for example +48601234567.", max_length=16),
                        ),
                        ("first_name", models.CharField(blank=True, max_length=255)),
                        ("last_name", models.CharField(blank=True, max_length=255)),
                        ("title", models.CharField(blank=True, max_length=255)),
                        (
                            "locale",
                            models.CharField(blank=True, help_text="BCP 47, for example pl or zh-CN.", max_length=35),
                        ),
                        (
                            "time_zone",
                            models.CharField(
                                blank=True, max_length=63, validators=[contacts.models.organization.validate_time_zone]
                            ),
                        ),
                        ("embedded_data", models.JSONField(blank=True, default=dict)),
                        (
                            "opted_out_at",
                            models.DateTimeField(
                                blank=True, help_text="When they opted out of all surveys.", null=True
                            ),
                        ),
                        (
                            "erased_at",
                            models.DateTimeField(
                                editable=False, help_text="When the personal data was erased.", null=True
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["organization", "id"], name="contact_by_organization"),
                            models.Index(fields=["organization", "updated_at", "id"], name="contacts_by_change"),
                            models.Index(
                                models.F("organization"),
                                django.db.models.functions.text.Lower("email"),
                                condition=models.Q(("email", ""), _negated=True),
                                name="contact_by_email",
                            ),
                            models.Index(
                                condition=models.Q(("phone", ""), _negated=True),
                                fields=["organization", "phone"],
                                name="contact_by_phone",
                            ),
                            django.contrib.postgres.indexes.GinIndex(
                                django.contrib.postgres.indexes.OpClass(
                                    models.Func(
                                        "first_name",
                                        models.Value(" "),
                                        "last_name",
                                        models.Value(" "),
                                        "email",
                                        arg_joiner=" || ",
                                        template="(%(expressions)s)",
                                    ),
                                    name="gin_trgm_ops",
                                ),
                                name="contacts_by_part",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("external_id__isnull", False)),
                                fields=("organization", "external_id"),
                                name="one_contact_per_external_id",
                                violation_error_message="Another contact of the organisation has this external ID.",
                            ),
                            models.UniqueConstraint(
                                models.F("organization"),
                                django.db.models.functions.text.Lower("email"),
                                condition=models.Q(
                                    ("external_id__isnull", True), models.Q(("email", ""), _negated=True)
                                ),
                                name="one_contact_per_email_if_known_by_nothing_else",
                                violation_error_message="Another contact without an external ID has this e-mail address.",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(
                                    ("email", ""), ("external_id__isnull", True), models.Q(("phone", ""), _negated=True)
                                ),
                                fields=("organization", "phone"),
                                name="one_contact_per_phone_if_known_by_nothing_else",
                                violation_error_message="Another contact that is known by its number only has this phone number.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("erased_at", None),
                                    models.Q(
                                        ("email", ""),
                                        ("embedded_data", {}),
                                        ("external_id", None),
                                        ("first_name", ""),
                                        ("last_name", ""),
                                        ("locale", ""),
                                        ("phone", ""),
                                        ("time_zone", ""),
                                        ("title", ""),
                                    ),
                                    _connector="OR",
                                ),
                                name="an_erased_contact_holds_nothing_personal",
                                violation_error_message="An erased contact cannot get a name or address again. Add a new contact.",
                            ),
                            contacts.organization_boundary.KeepsOrganization(name="a_contact_keeps_its_organization"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ErasedAddress",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "organization",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="erased_addresses",
                                to="contacts.organization",
                            ),
                        ),
                        ("address_key", models.CharField(max_length=71)),
                        ("erased_at", models.DateTimeField()),
                    ],
                    options={
                        "verbose_name_plural": "erased addresses",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "address_key"), name="one_row_per_erased_address"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FormerAddress",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "contact",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="former_addresses",
                                to="contacts.contact",
                            ),
                        ),
                        (
                            "channel",
                            models.CharField(
                                choices=[("email", "e-mail"), ("sms", "SMS"), ("whatsapp", "WhatsApp")], max_length=8
                            ),
                        ),
                        ("address", models.CharField(max_length=254)),
                        ("replaced_at", models.DateTimeField()),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["contact", "replaced_at"], name="former_addresses_of_a_contact")
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("address", ""), _negated=True), name="a_former_address_is_not_empty"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MailingList",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=contacts.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="mailing_lists",
                                to="contacts.organization",
                            ),
                        ),
                        ("name", models.CharField(blank=True, max_length=255)),
                        (
                            "is_automatic",
                            models.BooleanField(
                                db_default=False,
                                default=False,
                                editable=False,
                                help_text="Made by a send for its own recipients. Hidden where people choose a list.",
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "updated_at",
                            models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now()),
                        ),
                    ],
                    options={
                        "ordering": ("-id",),
                        "indexes": [
                            models.Index(
                                condition=models.Q(("name", ""), _negated=True),
                                fields=["organization", "name"],
                                name="list_by_name",
                            ),
                            models.Index(
                                condition=models.Q(("is_automatic", False)),
                                fields=["organization", "name", "id"],
                                name="lists_to_choose",
                            ),
                        ],
                        "constraints": [
                            contacts.organization_boundary.OrganizationKey(
                                fields=("id", "organization"), name="list_with_its_organization"
                            ),
                            contacts.organization_boundary.KeepsOrganization(name="a_list_keeps_its_organization"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Membership",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "mailing_list_id",
                                "contact_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "mailing_list",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="memberships",
                                to="contacts.mailinglist",
                            ),
                        ),
                        (
                            "contact",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="memberships",
                                to="contacts.contact",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            contacts.organization_boundary.SameOrganization(
                                name="list_and_member_are_of_one_organization", paths=("mailing_list", "contact")
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="OrganizationMember",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=contacts.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="members",
                                to="contacts.organization",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="organization_roles",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "role",
                            models.CharField(
                                choices=[
                                    ("viewer", "viewer: reads"),
                                    (
                                        "operator",
                                        "operator: also sends, stops and edits contacts, lists, surveys and templates",
                                    ),
                                    ("manager", "manager: also provider accounts, API keys, members and settings"),
                                ],
                                help_text="What the member may do in this organisation.",
                                max_length=8,
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("organization", "user"),
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "user"),
                                name="one_role_per_member",
                                violation_error_message="This user is already a member of the organisation.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("role__in", ["viewer", "operator", "manager"])),
                                name="a_role_is_viewer_operator_or_manager",
                                violation_error_message="The role must be viewer, operator or manager.",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Suppression",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=contacts.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="suppressions",
                                to="contacts.organization",
                            ),
                        ),
                        (
                            "channel",
                            models.CharField(
                                choices=[("email", "e-mail"), ("sms", "SMS"), ("whatsapp", "WhatsApp")], max_length=8
                            ),
                        ),
                        ("address", models.CharField(max_length=254)),
                        (
                            "reason",
                            models.CharField(
                                choices=[
                                    ("unsubscribe", "Unsubscribe"),
                                    ("stop", "Stop"),
                                    ("bounce", "Bounce"),
                                    ("complaint", "Complaint"),
                                    ("manual", "Manual"),
                                    ("import", "Import"),
                                ],
                                max_length=11,
                            ),
                        ),
                        (
                            "source",
                            models.CharField(
                                blank=True, help_text="For example a link, a webhook or an operator.", max_length=255
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("-created_at",),
                        "indexes": [
                            models.Index(
                                condition=models.Q(("address__startswith", "sha256:")),
                                fields=["organization"],
                                name="suppressions_by_key",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("organization", "channel", "address", "reason"),
                                name="one_suppression_per_address_and_reason",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("channel", "email"), _negated=True),
                                    ("address", django.db.models.functions.text.Lower(models.F("address"))),
                                    _connector="OR",
                                ),
                                name="suppressed_email_is_lower_case",
                                violation_error_message="Enter the e-mail address in lower case.",
                            ),
                        ],
                    },
                ),
            ]
        ),
    ]
