import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import channels.credentials
import channels.providers.registry
import contacts.ids
import contacts.organization_boundary
from contacts.migrations._together import Together


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("contacts", "0001_initial"),
    ]

    operations = [
        Together(
            [
                migrations.CreateModel(
                    name="ProviderAccount",
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
                                related_name="provider_accounts",
                                to="contacts.organization",
                            ),
                        ),
                        ("name", models.CharField(max_length=255)),
                        ("kind", models.CharField(choices=channels.providers.registry.kind_choices, max_length=31)),
                        (
                            "channel",
                            models.CharField(
                                choices=[("email", "e-mail"), ("sms", "SMS"), ("whatsapp", "WhatsApp")], max_length=8
                            ),
                        ),
                        (
                            "from_email",
                            models.EmailField(
                                blank=True,
                                help_text="E-mail only: the default sender, for example surveys@example.com.",
                                max_length=254,
                            ),
                        ),
                        ("from_name", models.CharField(blank=True, max_length=255)),
                        ("reply_to_email", models.EmailField(blank=True, max_length=254)),
                        (
                            "configuration",
                            models.JSONField(
                                blank=True,
                                default=dict,
                                help_text="Settings that are not secret, for example for SMTP {“host”: “smtp.example.com”, “port”: 587, “security”: “starttls”}.",
                            ),
                        ),
                        ("credentials", channels.credentials.EncryptedJSONField(default=dict)),
                        ("is_active", models.BooleanField(default=True)),
                        (
                            "is_default",
                            models.BooleanField(
                                default=False,
                                help_text="Used when a call names a channel but no provider. At most one per channel.",
                            ),
                        ),
                        (
                            "rate_per_second",
                            models.FloatField(
                                blank=True,
                                help_text="Messages per second, for example 10. Empty: no limit.",
                                null=True,
                                validators=[django.core.validators.MinValueValidator(0.01)],
                            ),
                        ),
                        (
                            "daily_limit",
                            models.PositiveIntegerField(
                                blank=True,
                                help_text="Messages per day (UTC), for example 50000. Empty: no limit.",
                                null=True,
                                validators=[django.core.validators.MinValueValidator(1)],
                            ),
                        ),
                        (
                            "urgent_reserve_percent",
                            models.PositiveSmallIntegerField(
                                default=10,
                                help_text="Percent of both limits that is reserved for small, urgent sends, 0 to 90.",
                                validators=[django.core.validators.MaxValueValidator(90)],
                            ),
                        ),
                        (
                            "unit_price",
                            models.DecimalField(
                                blank=True,
                                decimal_places=5,
                                help_text="The price of an SMS segment, or of an e-mail or WhatsApp message, for example 0.0345. Forecasts add it up. Empty: unknown.",
                                max_digits=10,
                                null=True,
                                validators=[django.core.validators.MinValueValidator(0)],
                            ),
                        ),
                        (
                            "price_currency",
                            models.CharField(
                                blank=True,
                                help_text="The currency of the price, for example EUR.",
                                max_length=3,
                                validators=[
                                    django.core.validators.RegexValidator(
                                        "^[A-Z]{3}$", "Enter an ISO 4217 code such as EUR."
                                    )
                                ],
                            ),
                        ),
                        (
                            "stand_in",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                help_text="Account of the same channel, used while this one is inactive, broken, paused or at its daily limit.",
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="channels.provideraccount",
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("name",),
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("is_default", True)),
                                fields=("organization", "channel"),
                                name="one_default_account_per_channel",
                                violation_error_message="This channel already has another default account. Untick that one first.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("rate_per_second", None), ("rate_per_second__gt", 0), _connector="OR"
                                ),
                                name="a_rate_is_above_zero",
                                violation_error_message="The messages per second must be above 0. Leave the field empty for no limit.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("daily_limit", None), ("daily_limit__gt", 0), _connector="OR"),
                                name="a_daily_limit_is_above_zero",
                                violation_error_message="The messages per day must be above 0. Leave the field empty for no limit.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("urgent_reserve_percent__lte", 90)),
                                name="a_reserve_leaves_something",
                                violation_error_message="The reserve must be from 0 to 90 percent.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("unit_price", None),
                                    models.Q(("unit_price__gte", 0), models.Q(("price_currency", ""), _negated=True)),
                                    _connector="OR",
                                ),
                                name="a_price_has_a_currency",
                                violation_error_message="Enter the currency of the price, for example EUR.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("stand_in", models.F("id")), _negated=True),
                                name="nobody_stands_in_for_itself",
                                violation_error_message="An account cannot be its own stand-in. Choose another one.",
                            ),
                            contacts.organization_boundary.OrganizationKey(
                                fields=("id", "organization"), name="account_with_its_organization"
                            ),
                            contacts.organization_boundary.KeepsOrganization(name="an_account_keeps_its_organization"),
                            contacts.organization_boundary.SameOrganizationKey(
                                field="stand_in", name="account_and_stand_in_are_of_one_organization"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AccountScore",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "account",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="scores",
                                to="channels.provideraccount",
                            ),
                        ),
                        ("destination", models.CharField(blank=True, max_length=63)),
                        ("taken", models.FloatField(default=0)),
                        ("refused", models.FloatField(default=0)),
                        ("reported", models.FloatField(default=0)),
                        ("delivered", models.FloatField(default=0)),
                        ("calls", models.FloatField(default=0)),
                        ("failed_calls", models.FloatField(default=0)),
                        ("answered", models.FloatField(default=0)),
                        ("seconds", models.FloatField(default=0)),
                        ("decayed_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("account", "destination"), name="one_score_per_account_and_destination"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("answered__gte", 0),
                                    ("calls__gte", 0),
                                    ("delivered__gte", 0),
                                    ("failed_calls__gte", 0),
                                    ("refused__gte", 0),
                                    ("reported__gte", 0),
                                    ("seconds__gte", 0),
                                    ("taken__gte", 0),
                                ),
                                name="scores_count_from_zero",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Template",
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
                                related_name="templates",
                                to="contacts.organization",
                            ),
                        ),
                        ("name", models.CharField(max_length=255)),
                        (
                            "channel",
                            models.CharField(
                                choices=[("email", "e-mail"), ("sms", "SMS"), ("whatsapp", "WhatsApp")], max_length=8
                            ),
                        ),
                        (
                            "is_default",
                            models.BooleanField(
                                default=False,
                                help_text="Used when a call names a channel but no template. At most one per channel.",
                            ),
                        ),
                        (
                            "on_missing_value",
                            models.CharField(
                                choices=[
                                    ("send", "send it with the gap"),
                                    ("warn", "send it, and log a warning"),
                                    ("refuse", "do not send it"),
                                ],
                                db_default="send",
                                default="send",
                                help_text="What happens to a message with a placeholder that has neither a value nor a default, for example ${contact:firstName} for a contact without a first name.",
                                max_length=6,
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("name",),
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("is_default", True)),
                                fields=("organization", "channel"),
                                name="one_default_template_per_channel",
                                violation_error_message="This channel already has another default template. Untick that one first.",
                            ),
                            contacts.organization_boundary.KeepsOrganization(name="a_template_keeps_its_organization"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TemplateVariant",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=contacts.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "template",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="variants",
                                to="channels.template",
                            ),
                        ),
                        ("locale", models.CharField(help_text="BCP 47, for example en, pl or zh-CN.", max_length=35)),
                        (
                            "subject",
                            models.CharField(
                                blank=True,
                                help_text="E-mail only. One line, for example: How was your visit, ${contact:firstName|friend}?",
                                max_length=255,
                            ),
                        ),
                        (
                            "html",
                            models.TextField(
                                blank=True, help_text="E-mail only. Values in placeholders are HTML-escaped."
                            ),
                        ),
                        (
                            "text",
                            models.TextField(
                                help_text="SMS and WhatsApp: the message. E-mail: the plain-text part. Use ${link} for the recipient's link."
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("locale",),
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("template", "locale"), name="one_variant_per_template_and_locale"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="KeptText",
                    fields=[
                        ("key", models.UUIDField(primary_key=True, serialize=False)),
                        (
                            "template",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="kept_texts",
                                to="channels.template",
                            ),
                        ),
                        ("locale", models.CharField(max_length=35)),
                        ("subject", models.CharField(blank=True, max_length=255)),
                        ("html", models.TextField(blank=True)),
                        ("text", models.TextField()),
                        ("kept_at", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="Pace",
                    fields=[
                        (
                            "account",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="pace",
                                serialize=False,
                                to="channels.provideraccount",
                            ),
                        ),
                        ("tokens", models.FloatField(default=0)),
                        ("refilled_at", models.DateTimeField(null=True)),
                        ("turn_at", models.DateTimeField(null=True)),
                        ("paused_until", models.DateTimeField(null=True)),
                        ("day", models.DateField(null=True)),
                        ("sent_today", models.PositiveIntegerField(default=0)),
                        ("broken_because", models.CharField(blank=True, max_length=255)),
                        ("probe_at", models.DateTimeField(null=True)),
                        ("failures", models.PositiveIntegerField(default=0)),
                        ("failing_since", models.DateTimeField(null=True)),
                        ("doubted", models.JSONField(default=list)),
                        ("throttle_level", models.PositiveIntegerField(default=0)),
                        ("is_unreachable", models.BooleanField(default=False)),
                        ("failed_probes", models.PositiveIntegerField(default=0)),
                    ],
                ),
                migrations.CreateModel(
                    name="RefusedSender",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "account",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="refused_senders",
                                to="channels.provideraccount",
                            ),
                        ),
                        ("email", models.EmailField(max_length=254)),
                        ("because", models.CharField(blank=True, max_length=255)),
                        ("since", models.DateTimeField()),
                        ("probe_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("account", "email"), name="one_refusal_per_account_and_sender"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SandboxMessage",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("provider_account_id", models.UUIDField()),
                        ("organization_id", models.UUIDField()),
                        ("attempt_id", models.CharField(max_length=40)),
                        ("group_id", models.CharField(help_text="The id of the distribution.", max_length=40)),
                        (
                            "channel",
                            models.CharField(
                                choices=[("email", "e-mail"), ("sms", "SMS"), ("whatsapp", "WhatsApp")], max_length=8
                            ),
                        ),
                        ("to", models.CharField(max_length=254)),
                        ("to_name", models.CharField(blank=True, max_length=511)),
                        ("sender", models.CharField(blank=True, max_length=511)),
                        ("subject", models.CharField(blank=True, max_length=998)),
                        ("html", models.TextField(blank=True)),
                        ("text", models.TextField()),
                        ("headers", models.JSONField(default=dict)),
                        ("received_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("-id",),
                        "indexes": [
                            models.Index(fields=["organization_id", "to"], name="sandbox_message_by_address"),
                            models.Index(fields=["group_id"], name="sandbox_message_by_group"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TemplateVersion",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=contacts.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "template",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="versions",
                                to="channels.template",
                            ),
                        ),
                        (
                            "number",
                            models.PositiveIntegerField(help_text="1, 2, 3, …: the order in which they were saved."),
                        ),
                        (
                            "texts",
                            models.JSONField(
                                help_text='By locale, for example {"en": {"subject": "Your stay", "html": "", "text": "${link}"}}.'
                            ),
                        ),
                        ("saved_at", models.DateTimeField()),
                        (
                            "saved_by",
                            models.CharField(
                                blank=True,
                                help_text="A user's name or an API key's. Empty: before versions were kept.",
                                max_length=255,
                            ),
                        ),
                        (
                            "restored_from",
                            models.PositiveIntegerField(
                                blank=True,
                                help_text="The number of the version whose texts these are. Empty: they are new.",
                                null=True,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("-number",),
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("template", "number"), name="one_version_per_template_and_number"
                            )
                        ],
                    },
                ),
            ]
        )
    ]
