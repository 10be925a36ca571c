import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import django.db.models.functions.math
import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models

import channels.credentials
import contacts.ids
import contacts.models.organization
import contacts.organization_boundary
from contacts.migrations._together import Together


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("channels", "0001_initial"),
        ("contacts", "0001_initial"),
    ]

    operations = [
        Together(
            [
                migrations.CreateModel(
                    name="Attempt",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "recipient_id", "number", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("recipient_id", models.BigIntegerField()),
                        ("number", models.PositiveSmallIntegerField()),
                        ("step_id", models.UUIDField()),
                        ("provider_account_id", models.UUIDField()),
                        (
                            "channel",
                            models.CharField(
                                choices=[("email", "e-mail"), ("sms", "SMS"), ("whatsapp", "WhatsApp")], max_length=8
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[("sent", "Sent"), ("failed", "Failed"), ("unknown", "Unknown")], max_length=7
                            ),
                        ),
                        ("provider_message_id", models.CharField(blank=True, max_length=255)),
                        ("code", models.CharField(blank=True, max_length=63)),
                        ("detail", models.CharField(blank=True, max_length=500)),
                        (
                            "progress",
                            models.PositiveSmallIntegerField(
                                choices=[(0, "none"), (1, "sent"), (2, "delivered"), (3, "opened"), (4, "clicked")],
                                db_default=0,
                            ),
                        ),
                        (
                            "trouble",
                            models.PositiveSmallIntegerField(
                                choices=[
                                    (0, "none"),
                                    (1, "delayed"),
                                    (2, "complained"),
                                    (3, "undelivered"),
                                    (4, "bounced"),
                                    (5, "dropped"),
                                ],
                                db_default=0,
                            ),
                        ),
                        ("route", models.JSONField(null=True)),
                        ("text_key", models.UUIDField(null=True)),
                        ("piped_values", models.JSONField(null=True)),
                        ("begun_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField()),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("trouble__gt", 0)),
                                fields=["recipient_id"],
                                name="troubled_attempts",
                            ),
                            models.Index(
                                condition=models.Q(("state", "failed")),
                                fields=["provider_account_id", "-ended_at"],
                                name="failed_attempts_by_account",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AuditEntry",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("at", models.DateTimeField()),
                        (
                            "organization_id",
                            models.UUIDField(help_text="Empty: it is about the whole installation.", null=True),
                        ),
                        (
                            "actor_kind",
                            models.CharField(
                                choices=[
                                    ("api_key", "API key"),
                                    ("user", "user"),
                                    ("system", "system"),
                                    ("cli", "command line"),
                                ],
                                max_length=7,
                            ),
                        ),
                        ("actor_id", models.CharField(blank=True, max_length=36)),
                        (
                            "actor_name",
                            models.CharField(
                                blank=True,
                                help_text="The key's name and prefix, the user's, or the user's of the operating system.",
                                max_length=255,
                            ),
                        ),
                        (
                            "action",
                            models.CharField(
                                help_text="What was done, for example changed, erased or key_minted.", max_length=31
                            ),
                        ),
                        (
                            "object_type",
                            models.CharField(blank=True, help_text="For example template or contact.", max_length=63),
                        ),
                        ("object_id", models.CharField(blank=True, max_length=63)),
                        ("changes", models.JSONField(default=dict, help_text="By field: the values before and after.")),
                        ("request_id", models.CharField(blank=True, max_length=128)),
                    ],
                    options={
                        "verbose_name_plural": "audit log",
                        "ordering": ("-id",),
                        "indexes": [
                            models.Index(fields=["organization_id", "-id"], name="audit_of_an_organization"),
                            models.Index(fields=["object_id", "-id"], name="audit_of_an_object"),
                            models.Index(fields=["actor_id", "-id"], name="audit_of_an_actor"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Survey",
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
                                related_name="surveys",
                                to="contacts.organization",
                            ),
                        ),
                        ("name", models.CharField(max_length=255)),
                        (
                            "default_locale",
                            models.CharField(
                                default="en",
                                help_text="For recipients of unknown language. BCP 47, for example pt-BR.",
                                max_length=35,
                            ),
                        ),
                        (
                            "target_url",
                            models.URLField(
                                blank=True,
                                help_text="Where personal links lead, for example https://survey.example/visit; ?code=… is added. The host must be one of the organisation's allowed redirect hosts. Empty: the built-in page (0–10 and a comment).",
                                max_length=2000,
                            ),
                        ),
                        (
                            "question",
                            models.CharField(
                                blank=True,
                                help_text="The question on the built-in page. Empty: how likely the person is to recommend us.",
                                max_length=500,
                            ),
                        ),
                        (
                            "throttle_minutes",
                            models.PositiveIntegerField(
                                blank=True,
                                help_text="The least minutes between two sends of this survey to a contact, for example 1440 for a day. Empty: the organisation's rule. 0: no limit.",
                                null=True,
                            ),
                        ),
                        (
                            "thank_you_message",
                            models.TextField(blank=True, help_text="Shown after a response. Empty: a standard text."),
                        ),
                        (
                            "thank_you_link_text",
                            models.CharField(
                                blank=True,
                                help_text="The label of the link below the message, for example Back to our shop.",
                                max_length=255,
                            ),
                        ),
                        (
                            "thank_you_link_url",
                            models.URLField(
                                blank=True, help_text="Where that link leads. Empty: no link.", max_length=2000
                            ),
                        ),
                        (
                            "texts",
                            models.JSONField(
                                blank=True,
                                db_default={},
                                default=dict,
                                help_text='The texts in other languages, by locale: question, low_end and high_end (at 0 and 10), thank_you_message, thank_you_link_text, thank_you_link_url. For example {"pl": {"question": "Czy było czysto?", "low_end": "0 – nie", "high_end": "10 – tak"}}.',
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("name",),
                        "constraints": [
                            contacts.organization_boundary.OrganizationKey(
                                fields=("id", "organization"), name="survey_with_its_organization"
                            ),
                            contacts.organization_boundary.KeepsOrganization(name="a_survey_keeps_its_organization"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Distribution",
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
                                related_name="distributions",
                                to="contacts.organization",
                            ),
                        ),
                        (
                            "survey",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="distributions",
                                to="distributor.survey",
                            ),
                        ),
                        (
                            "mailing_list",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="distributions",
                                to="contacts.mailinglist",
                            ),
                        ),
                        (
                            "api_key",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="contacts.apikey",
                            ),
                        ),
                        (
                            "key_kind",
                            models.CharField(
                                choices=[
                                    ("live", "live: sends to everybody"),
                                    ("team", "team: sends only to the organisation's team; others are skipped"),
                                    ("test", "test: sends nothing; messages go to the sandbox"),
                                ],
                                db_default="live",
                                default="live",
                                help_text="The kind of the API key that made it: test distributions go to the sandbox, and are sent to nobody.",
                                max_length=4,
                            ),
                        ),
                        (
                            "source",
                            models.CharField(
                                help_text="The API dialect of the call, such as native or quick.", max_length=31
                            ),
                        ),
                        (
                            "idempotency_key",
                            models.UUIDField(
                                editable=False,
                                help_text="The key of the operator's form that made it, which is sent once.",
                                null=True,
                            ),
                        ),
                        ("name", models.CharField(blank=True, max_length=255)),
                        (
                            "mode",
                            models.CharField(
                                choices=[
                                    ("single", "single: the first channel that reaches the contact"),
                                    ("multi", "multi: also the next channel when one fails or brings no response"),
                                ],
                                default="single",
                                max_length=6,
                            ),
                        ),
                        (
                            "scheduled_at",
                            models.DateTimeField(
                                blank=True, help_text="When to start sending. Empty: at once.", null=True
                            ),
                        ),
                        (
                            "not_after",
                            models.DateTimeField(
                                blank=True,
                                help_text="Recipients not sent to by this time are never sent to. Empty: no limit.",
                                null=True,
                            ),
                        ),
                        (
                            "expires_at",
                            models.DateTimeField(
                                blank=True,
                                help_text="From this time on nothing is sent and links are closed. Empty: never.",
                                null=True,
                            ),
                        ),
                        (
                            "is_preparing",
                            models.BooleanField(
                                db_default=False,
                                help_text="Whether the audience is still being turned into recipients.",
                            ),
                        ),
                        ("paused_at", models.DateTimeField(blank=True, null=True)),
                        ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "deleted_at",
                            models.DateTimeField(
                                blank=True,
                                help_text="When it was deleted over the API, which cancels and hides it.",
                                null=True,
                            ),
                        ),
                        (
                            "stops_on",
                            models.CharField(
                                choices=[("response", "response"), ("opened", "opened"), ("delivered", "delivered")],
                                default="response",
                                help_text="What ends the fallbacks to further channels, besides a response, which always does.",
                                max_length=9,
                            ),
                        ),
                        (
                            "link_type",
                            models.CharField(
                                choices=[
                                    ("one_time", "one-time"),
                                    ("multiple", "multiple"),
                                    ("anonymous", "anonymous"),
                                ],
                                default="one_time",
                                max_length=9,
                            ),
                        ),
                        (
                            "throttle_minutes",
                            models.PositiveIntegerField(
                                blank=True,
                                help_text="The least minutes between two sends of the survey to a contact, for example 1440. Empty: none.",
                                null=True,
                            ),
                        ),
                        (
                            "throttle_policy",
                            models.CharField(
                                choices=[("defer", "defer"), ("skip", "skip"), ("reject", "reject")],
                                default="defer",
                                help_text="For contacts sent the survey too recently: defer sends later, skip leaves them out, reject refuses the call.",
                                max_length=6,
                            ),
                        ),
                        ("exclude_opted_out", models.BooleanField(default=True)),
                        ("respect_frequency_rules", models.BooleanField(default=True)),
                        ("exclude_recently_contacted", models.BooleanField(default=False)),
                        ("recent_contact_days", models.PositiveSmallIntegerField(default=30)),
                        ("accepted_count", models.PositiveIntegerField(default=0)),
                        ("skipped_count", models.PositiveIntegerField(default=0)),
                        (
                            "registered_count",
                            models.PositiveIntegerField(
                                default=0, help_text="Recipients who only got a link: nothing is sent to them."
                            ),
                        ),
                        ("sent_count", models.PositiveIntegerField(default=0)),
                        ("failed_count", models.PositiveIntegerField(default=0)),
                        ("indeterminate_count", models.PositiveIntegerField(default=0)),
                        ("stopped_count", models.PositiveIntegerField(default=0)),
                        (
                            "reached_count",
                            models.PositiveIntegerField(
                                default=0,
                                help_text="Recipients with at least one message that counts as sent, even if they wait for another one.",
                            ),
                        ),
                        ("opened_count", models.PositiveIntegerField(default=0)),
                        ("responded_count", models.PositiveIntegerField(default=0)),
                        (
                            "duplicate_risk_count",
                            models.PositiveIntegerField(
                                default=0,
                                help_text="Messages sent again because the first attempt's outcome was unknown. Each may have arrived twice.",
                            ),
                        ),
                        (
                            "follow_up_count",
                            models.PositiveIntegerField(
                                default=0,
                                help_text="Reminders and thank-yous added to the distribution after it was accepted.",
                            ),
                        ),
                        (
                            "arming_count",
                            models.PositiveIntegerField(
                                default=0,
                                help_text="How many of the added steps are still being assigned to recipients.",
                            ),
                        ),
                        (
                            "running_retry_count",
                            models.PositiveIntegerField(
                                default=0, help_text="How many manual retries are still being carried out."
                            ),
                        ),
                        ("created_at", models.DateTimeField()),
                    ],
                    options={
                        "ordering": ("-id",),
                        "indexes": [
                            models.Index(fields=["organization", "-id"], name="distribution_by_organization"),
                            models.Index(fields=["survey", "id"], name="distributions_of_a_survey"),
                            django.contrib.postgres.indexes.GinIndex(
                                django.contrib.postgres.indexes.OpClass(
                                    django.db.models.functions.text.Upper("name"), name="gin_trgm_ops"
                                ),
                                condition=models.Q(("name", ""), _negated=True),
                                name="distributions_by_part",
                            ),
                            models.Index(
                                condition=models.Q(("is_preparing", True)),
                                fields=["id"],
                                name="preparing_distributions",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "accepted_count__gte",
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    django.db.models.expressions.CombinedExpression(
                                                        django.db.models.expressions.CombinedExpression(
                                                            models.F("skipped_count"), "+", models.F("registered_count")
                                                        ),
                                                        "+",
                                                        models.F("sent_count"),
                                                    ),
                                                    "+",
                                                    models.F("failed_count"),
                                                ),
                                                "+",
                                                models.F("indeterminate_count"),
                                            ),
                                            "+",
                                            models.F("stopped_count"),
                                        ),
                                    )
                                ),
                                name="outcomes_never_exceed_what_was_accepted",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "reached_count__lte",
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("accepted_count"), "-", models.F("skipped_count")
                                        ),
                                    )
                                ),
                                name="no_more_are_reached_than_are_recipients",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("arming_count__lte", models.F("follow_up_count"))),
                                name="only_what_was_added_is_brought_to_people",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("recent_contact_days__gte", 1), ("recent_contact_days__lte", 365)),
                                name="recent_contact_days_are_1_to_365",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("deleted_at", None), ("cancelled_at__isnull", False), _connector="OR"
                                ),
                                name="what_is_deleted_is_cancelled",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("idempotency_key__isnull", False)),
                                fields=("organization", "idempotency_key"),
                                name="one_distribution_per_form",
                            ),
                            contacts.organization_boundary.KeepsOrganization(
                                name="a_distribution_keeps_its_organization"
                            ),
                            contacts.organization_boundary.SameOrganizationKey(
                                field="survey", name="distribution_and_survey_are_of_one_organization"
                            ),
                            contacts.organization_boundary.SameOrganizationKey(
                                field="mailing_list", name="distribution_and_list_are_of_one_organization"
                            ),
                            contacts.organization_boundary.SameOrganizationKey(
                                field="api_key", name="distribution_and_api_key_are_of_one_organization"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Step",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=contacts.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "distribution",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="steps",
                                to="distributor.distribution",
                            ),
                        ),
                        ("position", models.PositiveIntegerField()),
                        (
                            "priority",
                            models.PositiveSmallIntegerField(
                                default=1,
                                help_text="From 1 to 10. Among steps of a kind, the lowest number goes first.",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("invitation", "invitation"),
                                    ("reminder", "reminder"),
                                    ("thank_you", "thank-you"),
                                ],
                                default="invitation",
                                max_length=10,
                            ),
                        ),
                        (
                            "channel",
                            models.CharField(
                                choices=[("email", "e-mail"), ("sms", "SMS"), ("whatsapp", "WhatsApp")], max_length=8
                            ),
                        ),
                        (
                            "provider_account",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="channels.provideraccount",
                            ),
                        ),
                        (
                            "template",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="channels.template"
                            ),
                        ),
                        ("from_email", models.CharField(blank=True, max_length=254)),
                        ("from_name", models.CharField(blank=True, max_length=255)),
                        ("reply_to_email", models.CharField(blank=True, max_length=254)),
                        (
                            "has_fixed_split",
                            models.BooleanField(
                                db_default=False,
                                help_text="Whether accounts with weights share the messages by the weights alone, whatever comes of them.",
                            ),
                        ),
                        (
                            "subject",
                            models.CharField(
                                blank=True,
                                help_text="The e-mail subject; may contain placeholders. Empty: the template's.",
                                max_length=255,
                            ),
                        ),
                        (
                            "fallback_delay_minutes",
                            models.PositiveIntegerField(
                                blank=True,
                                help_text="Minutes without a response before the next invitation is sent, for example 1440 for a day. Empty: the next invitation is sent only if this one fails.",
                                null=True,
                            ),
                        ),
                        (
                            "delay_minutes",
                            models.PositiveIntegerField(
                                blank=True,
                                help_text="For a reminder, minutes after the last message. For a thank-you, minutes after the response.",
                                null=True,
                            ),
                        ),
                        (
                            "scheduled_at",
                            models.DateTimeField(
                                blank=True,
                                help_text="When a step that was added later is sent. Empty: after its delay.",
                                null=True,
                            ),
                        ),
                        (
                            "contact",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                help_text="The only person the step is for. Empty: everybody.",
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="contacts.contact",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ("position",),
                        "indexes": [
                            models.Index(fields=["distribution", "contact"], name="steps_by_distribution_and_whom")
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("distribution", "position"), name="one_step_per_position"),
                            models.CheckConstraint(
                                condition=models.Q(("priority__gte", 1), ("priority__lte", 10)),
                                name="priority_is_1_to_10",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("delay_minutes", None),
                                        ("kind", "invitation"),
                                        ("scheduled_at", None),
                                    ),
                                    models.Q(
                                        models.Q(
                                            ("kind", "invitation"),
                                            _negated=True,
                                        ),
                                        ("fallback_delay_minutes", None),
                                        models.Q(
                                            models.Q(("delay_minutes__isnull", False), ("scheduled_at", None)),
                                            models.Q(("delay_minutes", None), ("scheduled_at__isnull", False)),
                                            _connector="OR",
                                        ),
                                    ),
                                    _connector="OR",
                                ),
                                name="invitations_fall_back_and_others_have_a_delay_or_a_moment",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("kind", "reminder"), _negated=True),
                                    ("delay_minutes", None),
                                    ("delay_minutes__gt", 0),
                                    _connector="OR",
                                ),
                                name="a_reminders_delay_is_above_zero",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("contact", None), ("scheduled_at__isnull", False), _connector="OR"),
                                name="one_persons_step_has_a_moment",
                            ),
                            contacts.organization_boundary.SameOrganization(
                                name="step_and_what_it_uses_are_of_one_organization",
                                paths=("distribution", "provider_account", "template", "contact"),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Batch",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=contacts.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("organization_id", models.UUIDField()),
                        (
                            "distribution",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="batches",
                                to="distributor.distribution",
                            ),
                        ),
                        (
                            "step",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="distributor.step",
                            ),
                        ),
                        (
                            "lane",
                            models.CharField(
                                choices=[("urgent", "Urgent"), ("normal", "Normal"), ("bulk", "Bulk")], max_length=6
                            ),
                        ),
                        ("due_at", models.DateTimeField()),
                        ("size", models.PositiveIntegerField()),
                        (
                            "state",
                            models.CharField(
                                choices=[("waiting", "Waiting"), ("paused", "Paused"), ("done", "Done")],
                                default="waiting",
                                max_length=7,
                            ),
                        ),
                        ("lease_expires_at", models.DateTimeField(null=True)),
                        ("fence", models.PositiveIntegerField(default=0)),
                        (
                            "claims",
                            models.PositiveSmallIntegerField(
                                default=0, help_text="Claims by workers since it last made progress."
                            ),
                        ),
                        (
                            "held_by",
                            models.UUIDField(
                                help_text="The provider account that the batch waits for. Empty: none.", null=True
                            ),
                        ),
                        ("last_error", models.CharField(blank=True, max_length=500)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "verbose_name_plural": "batches",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "waiting")),
                                fields=["lane", "organization_id", "due_at"],
                                name="waiting_batches",
                            ),
                            models.Index(
                                condition=models.Q(("state", "paused")),
                                fields=["organization_id"],
                                name="paused_batches",
                            ),
                            models.Index(
                                condition=models.Q(("held_by__isnull", False)), fields=["held_by"], name="held_batches"
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "done"), _negated=True),
                                    ("lease_expires_at", None),
                                    _connector="OR",
                                ),
                                name="a_done_batch_is_not_held",
                            ),
                            contacts.organization_boundary.SameOrganization(
                                name="batch_distribution_and_step_are_of_one_organization",
                                paths=("organization", "distribution", "step__distribution"),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DailyUse",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "organization_id",
                                "day",
                                "kind",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        (
                            "organization",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="contacts.organization",
                            ),
                        ),
                        ("day", models.DateField()),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("email", "e-mail"),
                                    ("sms", "SMS"),
                                    ("whatsapp", "WhatsApp"),
                                    ("lookup", "look-ups"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("count", models.PositiveIntegerField()),
                        (
                            "segments",
                            models.PositiveIntegerField(
                                db_default=0, default=0, help_text="SMS segments, where they are limited."
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "daily use",
                        "verbose_name_plural": "daily uses",
                    },
                ),
                migrations.CreateModel(
                    name="Decision",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("distribution_id", models.UUIDField()),
                        ("contact_id", models.UUIDField()),
                        ("recipient_id", models.BigIntegerField(null=True)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("skipped", "Skipped"),
                                    ("deferred", "Deferred"),
                                    ("rerouted", "Rerouted"),
                                    ("stopped", "Stopped"),
                                    ("retried", "Retried"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("reason", models.CharField(max_length=31)),
                        ("detail", models.JSONField(default=dict)),
                        ("until", models.DateTimeField(null=True)),
                        ("decided_at", models.DateTimeField()),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("recipient_id", None)),
                                fields=["distribution_id", "id"],
                                name="skipped_of_a_distribution",
                            ),
                            models.Index(
                                condition=models.Q(("recipient_id", None)),
                                fields=["contact_id", "distribution_id"],
                                name="skipped_by_contact",
                            ),
                            models.Index(
                                condition=models.Q(("recipient_id__isnull", False)),
                                fields=["recipient_id"],
                                name="decisions_of_a_recipient",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("kind", "skipped"), ("recipient_id", None)),
                                    models.Q(
                                        models.Q(("kind", "skipped"), _negated=True), ("recipient_id__isnull", False)
                                    ),
                                    _connector="OR",
                                ),
                                name="only_who_was_skipped_is_no_recipient",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="EventBundle",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("position", models.BigIntegerField(null=True)),
                        ("organization_id", models.UUIDField()),
                        ("distribution_id", models.UUIDField(null=True)),
                        (
                            "type",
                            models.CharField(
                                choices=[
                                    ("recipient.accepted", "recipient.accepted"),
                                    ("recipient.skipped", "recipient.skipped"),
                                    ("recipient.sent", "recipient.sent"),
                                    ("recipient.delivered", "recipient.delivered"),
                                    ("recipient.opened", "recipient.opened"),
                                    ("recipient.clicked", "recipient.clicked"),
                                    ("recipient.failed", "recipient.failed"),
                                    ("recipient.indeterminate", "recipient.indeterminate"),
                                    ("recipient.bounced", "recipient.bounced"),
                                    ("recipient.complained", "recipient.complained"),
                                    ("recipient.opted_out", "recipient.opted_out"),
                                    ("recipient.responded", "recipient.responded"),
                                    ("recipient.stopped", "recipient.stopped"),
                                    ("distribution.completed", "distribution.completed"),
                                    ("provider.unreachable", "provider.unreachable"),
                                    ("provider.mended", "provider.mended"),
                                    ("import.finished", "import.finished"),
                                    ("ping", "ping"),
                                ],
                                max_length=31,
                            ),
                        ),
                        ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                        (
                            "subject_ids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), null=True, size=None
                            ),
                        ),
                        (
                            "numbers",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.SmallIntegerField(), null=True, size=None
                            ),
                        ),
                        ("details", models.JSONField(db_default={})),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("position__isnull", False)),
                                fields=["organization_id", "position"],
                                name="events_by_position",
                            ),
                            models.Index(fields=["organization_id", "at", "id"], name="events_by_time"),
                            models.Index(
                                condition=models.Q(("position", None)),
                                fields=["organization_id", "id"],
                                name="unnumbered_events",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("numbers", None), ("numbers__len", models.F("subject_ids__len")), _connector="OR"
                                ),
                                name="each_number_has_its_subject",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="EventEndpoint",
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
                                related_name="event_endpoints",
                                to="contacts.organization",
                            ),
                        ),
                        ("name", models.CharField(help_text="For people, for example CRM.", max_length=255)),
                        (
                            "url",
                            models.CharField(
                                help_text="Events are sent to it by POST. It must begin with https://.",
                                max_length=2000,
                                verbose_name="URL",
                            ),
                        ),
                        (
                            "types",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(
                                    choices=[
                                        ("recipient.accepted", "recipient.accepted"),
                                        ("recipient.skipped", "recipient.skipped"),
                                        ("recipient.sent", "recipient.sent"),
                                        ("recipient.delivered", "recipient.delivered"),
                                        ("recipient.opened", "recipient.opened"),
                                        ("recipient.clicked", "recipient.clicked"),
                                        ("recipient.failed", "recipient.failed"),
                                        ("recipient.indeterminate", "recipient.indeterminate"),
                                        ("recipient.bounced", "recipient.bounced"),
                                        ("recipient.complained", "recipient.complained"),
                                        ("recipient.opted_out", "recipient.opted_out"),
                                        ("recipient.responded", "recipient.responded"),
                                        ("recipient.stopped", "recipient.stopped"),
                                        ("distribution.completed", "distribution.completed"),
                                        ("provider.unreachable", "provider.unreachable"),
                                        ("provider.mended", "provider.mended"),
                                        ("import.finished", "import.finished"),
                                    ],
                                    max_length=31,
                                ),
                                blank=True,
                                default=list,
                                help_text="Only events of these types. Empty: all.",
                                size=None,
                            ),
                        ),
                        (
                            "survey_ids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.UUIDField(),
                                blank=True,
                                default=list,
                                help_text="Only events of these surveys. Empty: of all.",
                                size=None,
                            ),
                        ),
                        (
                            "distribution_ids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.UUIDField(),
                                blank=True,
                                default=list,
                                help_text="Only events of these distributions. Empty: of all.",
                                size=None,
                            ),
                        ),
                        (
                            "batch_size",
                            models.PositiveSmallIntegerField(
                                default=1,
                                help_text="The most events in a request, 1 to 100. With more than 1, `data` of the body is a list.",
                            ),
                        ),
                        ("secrets", channels.credentials.EncryptedJSONField(default=dict)),
                        (
                            "headers",
                            channels.credentials.EncryptedJSONField(
                                default=dict, help_text="Headers of your own that each request has, by name."
                            ),
                        ),
                        ("is_active", models.BooleanField(default=True, help_text="Whether events are sent to it.")),
                        (
                            "disabled_because",
                            models.CharField(
                                blank=True,
                                editable=False,
                                help_text="Why it was switched off by itself.",
                                max_length=255,
                            ),
                        ),
                        ("disabled_at", models.DateTimeField(editable=False, null=True)),
                        ("next_position", models.BigIntegerField(default=0, editable=False)),
                        ("next_place", models.IntegerField(default=0, editable=False)),
                        ("starts_at", models.DateTimeField(editable=False)),
                        ("claimed_until", models.DateTimeField(editable=False, null=True)),
                        ("fence", models.BigIntegerField(default=0, editable=False)),
                        (
                            "failures",
                            models.PositiveIntegerField(
                                default=0, editable=False, help_text="Requests that failed in a row."
                            ),
                        ),
                        ("failing_since", models.DateTimeField(editable=False, null=True)),
                        ("retry_at", models.DateTimeField(editable=False, null=True)),
                        ("last_error", models.CharField(blank=True, editable=False, max_length=255)),
                        ("last_delivered_at", models.DateTimeField(editable=False, null=True)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("-id",),
                        "indexes": [models.Index(fields=["organization", "-id"], name="endpoints_by_organization")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("batch_size__gte", 1), ("batch_size__lte", 100)),
                                name="batch_size_is_1_to_100",
                                violation_error_message="A request carries 1 to 100 events.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("disabled_at", None), ("is_active", False), _connector="OR"),
                                name="what_was_disabled_is_not_active",
                                violation_error_message="An endpoint that was disabled cannot be active. Switch it on again first.",
                            ),
                            contacts.organization_boundary.KeepsOrganization(name="an_endpoint_keeps_its_organization"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="EventDelivery",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "endpoint",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="deliveries",
                                to="distributor.eventendpoint",
                            ),
                        ),
                        ("message_id", models.CharField(help_text="The `webhook-id` of the request.", max_length=31)),
                        (
                            "bundle_ids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), default=list, size=None
                            ),
                        ),
                        (
                            "places",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(), default=list, size=None
                            ),
                        ),
                        (
                            "contact_ids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.UUIDField(), default=list, size=None
                            ),
                        ),
                        (
                            "types",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=31), default=list, size=None
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("pending", "Pending"),
                                    ("delivered", "Delivered"),
                                    ("failed", "Failed"),
                                    ("discarded", "Discarded"),
                                ],
                                max_length=9,
                            ),
                        ),
                        ("tries", models.PositiveSmallIntegerField(default=0)),
                        (
                            "status",
                            models.PositiveSmallIntegerField(
                                help_text="The status of the last answer. Empty: none came.", null=True
                            ),
                        ),
                        (
                            "answer",
                            models.CharField(
                                blank=True, help_text="The beginning of the last answer, unless 2xx.", max_length=1000
                            ),
                        ),
                        (
                            "error",
                            models.CharField(
                                blank=True, help_text="Why there is no answer, or why it is none.", max_length=255
                            ),
                        ),
                        (
                            "duration_ms",
                            models.PositiveIntegerField(help_text="How long the last try took.", null=True),
                        ),
                        ("created_at", models.DateTimeField()),
                        ("tried_at", models.DateTimeField(null=True)),
                        ("due_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "verbose_name_plural": "event deliveries",
                        "ordering": ("-id",),
                        "indexes": [
                            models.Index(fields=["endpoint", "-id"], name="deliveries_of_an_endpoint"),
                            models.Index(
                                condition=models.Q(("state", "pending")),
                                fields=["endpoint", "id"],
                                name="pending_deliveries",
                            ),
                            models.Index(
                                condition=models.Q(("answer", ""), _negated=True),
                                fields=["endpoint"],
                                name="deliveries_with_answers",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("due_at__isnull", False), ("state", "pending")),
                                    models.Q(models.Q(("state", "pending"), _negated=True), ("due_at", None)),
                                    _connector="OR",
                                ),
                                name="what_is_pending_is_due_some_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("bundle_ids__len", models.F("places__len"))),
                                name="each_event_has_its_bundle_and_place",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="EventReplay",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=contacts.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "endpoint",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="replays",
                                to="distributor.eventendpoint",
                            ),
                        ),
                        ("since", models.DateTimeField()),
                        ("before", models.DateTimeField()),
                        (
                            "types",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=31), default=list, size=None
                            ),
                        ),
                        ("next_position", models.BigIntegerField(default=0)),
                        ("next_place", models.IntegerField(default=0)),
                        (
                            "event_count",
                            models.PositiveIntegerField(default=0, help_text="How many events it has sent so far."),
                        ),
                        ("created_at", models.DateTimeField()),
                        ("finished_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "ordering": ("-id",),
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("since__lt", models.F("before"))),
                                name="a_replay_ends_after_it_begins",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Expansion",
                    fields=[
                        ("due_at", models.DateTimeField()),
                        (
                            "failures",
                            models.PositiveIntegerField(
                                default=0, help_text="How often the next chunk has failed so far."
                            ),
                        ),
                        ("last_error", models.CharField(blank=True, max_length=500)),
                        (
                            "distribution",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="expansion",
                                serialize=False,
                                to="distributor.distribution",
                            ),
                        ),
                        ("mailing_list_id", models.UUIDField(null=True)),
                        (
                            "contact_ids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.UUIDField(), null=True, size=None
                            ),
                        ),
                        ("embedded_data", models.JSONField(null=True)),
                        (
                            "is_sent",
                            models.BooleanField(
                                help_text="Whether to send to the recipients. If not, they only get links."
                            ),
                        ),
                        ("after_id", models.UUIDField(default=uuid.UUID("00000000-0000-0000-0000-000000000000"))),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("contact_ids", None),
                                        ("embedded_data__isnull", True),
                                        ("mailing_list_id__isnull", False),
                                    ),
                                    models.Q(
                                        ("contact_ids__isnull", False),
                                        ("embedded_data__isnull", True),
                                        ("mailing_list_id", None),
                                    ),
                                    models.Q(
                                        ("contact_ids", None),
                                        ("embedded_data__isnull", False),
                                        ("mailing_list_id", None),
                                    ),
                                    _connector="OR",
                                ),
                                name="an_audience_is_of_one_kind",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Export",
                    fields=[
                        ("due_at", models.DateTimeField()),
                        (
                            "failures",
                            models.PositiveIntegerField(
                                default=0, help_text="How often the next chunk has failed so far."
                            ),
                        ),
                        ("last_error", models.CharField(blank=True, max_length=500)),
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
                                related_name="exports",
                                to="contacts.organization",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("recipients", "Recipients"),
                                    ("responses", "Responses"),
                                    ("contacts", "Contacts"),
                                    ("suppressions", "Suppressions"),
                                    ("links", "Links"),
                                    ("audit", "Audit"),
                                ],
                                max_length=12,
                            ),
                        ),
                        (
                            "format",
                            models.CharField(
                                choices=[("csv", "CSV"), ("xlsx", "Excel (XLSX)"), ("ndjson", "NDJSON")], max_length=6
                            ),
                        ),
                        ("filters", models.JSONField(default=dict, help_text="Which rows: by the names of the API.")),
                        (
                            "columns",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=300),
                                help_text="The columns in their order.",
                                size=None,
                            ),
                        ),
                        (
                            "requested_by",
                            models.CharField(
                                help_text="Who asked for it: the API key or the operator.", max_length=255
                            ),
                        ),
                        ("created_at", models.DateTimeField()),
                        ("finished_at", models.DateTimeField(null=True)),
                        (
                            "withdrawn_at",
                            models.DateTimeField(
                                help_text="When the file was deleted for a person's erasure.", null=True
                            ),
                        ),
                        ("expires_at", models.DateTimeField()),
                        ("after_key", models.CharField(blank=True, max_length=400)),
                        ("is_read", models.BooleanField(default=False, help_text="Whether all rows are read.")),
                        (
                            "scanned_count",
                            models.BigIntegerField(default=0, help_text="Rows looked at, of `total_count`."),
                        ),
                        (
                            "total_count",
                            models.BigIntegerField(help_text="About how many rows there are to look at.", null=True),
                        ),
                        ("row_count", models.BigIntegerField(default=0, help_text="Rows written.")),
                        ("part_count", models.IntegerField(default=0)),
                        ("byte_count", models.BigIntegerField(default=0, help_text="The size of the file in bytes.")),
                        ("checksum", models.BigIntegerField(default=0, help_text="The CRC-32 of what was compressed.")),
                    ],
                    options={
                        "ordering": ("-id",),
                        "indexes": [
                            models.Index(fields=["organization", "-id"], name="exports_of_an_organization"),
                            models.Index(
                                condition=models.Q(("finished_at", None), ("withdrawn_at", None)),
                                fields=["due_at"],
                                name="exports_to_write",
                            ),
                            models.Index(fields=["expires_at"], name="exports_by_expiry"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("finished_at", None), ("is_read", True), _connector="OR"),
                                name="a_ready_export_has_all_rows",
                            ),
                            contacts.organization_boundary.KeepsOrganization(name="an_export_keeps_its_organization"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ExportPart",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "export_id", "number", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "export",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="parts",
                                to="distributor.export",
                            ),
                        ),
                        ("number", models.IntegerField()),
                        ("content", models.BinaryField()),
                        (
                            "contact_ids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.UUIDField(), default=list, size=None
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="FileImport",
                    fields=[
                        ("due_at", models.DateTimeField()),
                        (
                            "failures",
                            models.PositiveIntegerField(
                                default=0, help_text="How often the next chunk has failed so far."
                            ),
                        ),
                        ("last_error", models.CharField(blank=True, max_length=500)),
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
                                related_name="+",
                                to="contacts.organization",
                            ),
                        ),
                        (
                            "api_key",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="contacts.apikey",
                            ),
                        ),
                        (
                            "source",
                            models.CharField(help_text="Who asked for it: the API key or the operator.", max_length=63),
                        ),
                        ("created_at", models.DateTimeField()),
                        ("file_name", models.CharField(blank=True, max_length=255)),
                        ("size_bytes", models.PositiveBigIntegerField()),
                        ("sha256", models.CharField(max_length=64)),
                        (
                            "kind",
                            models.CharField(
                                choices=[("contacts", "Contacts"), ("recipients", "Recipients of a send")],
                                max_length=10,
                            ),
                        ),
                        (
                            "existing",
                            models.CharField(
                                choices=[("update", "Update them"), ("skip", "Leave them as they are")], max_length=6
                            ),
                        ),
                        (
                            "on_fault",
                            models.CharField(
                                choices=[("refuse", "Import nothing"), ("skip", "Import the other rows")], max_length=6
                            ),
                        ),
                        (
                            "unknown_columns",
                            models.CharField(
                                choices=[("data", "Store them as embedded data"), ("ignore", "Leave them out")],
                                max_length=6,
                            ),
                        ),
                        (
                            "mapping",
                            models.JSONField(
                                help_text="Fields by the names of columns; null until somebody has said so.", null=True
                            ),
                        ),
                        ("is_dry_run", models.BooleanField(default=False)),
                        (
                            "mailing_list",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="contacts.mailinglist",
                            ),
                        ),
                        (
                            "is_into_list",
                            models.BooleanField(default=False, help_text="Whether the people are put on a list."),
                        ),
                        (
                            "request",
                            models.JSONField(
                                help_text="The send that follows, if the rows are its recipients.", null=True
                            ),
                        ),
                        (
                            "distribution",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="distributor.distribution",
                            ),
                        ),
                        ("format", models.CharField(blank=True, max_length=4)),
                        (
                            "details",
                            models.JSONField(
                                default=dict, help_text="How the file was read: encoding, separator, sheet."
                            ),
                        ),
                        ("header", models.JSONField(default=list)),
                        ("fence", models.PositiveIntegerField(default=0)),
                        (
                            "last_row",
                            models.PositiveIntegerField(default=0, help_text="The last row of the file that was read."),
                        ),
                        ("piece_count", models.PositiveIntegerField(default=0)),
                        ("after_id", models.PositiveIntegerField(default=0)),
                        ("row_count", models.PositiveIntegerField(default=0, help_text="How many rows were read.")),
                        ("faulty_count", models.PositiveIntegerField(default=0)),
                        ("new_count", models.PositiveIntegerField(default=0, help_text="How many contacts are new.")),
                        ("updated_count", models.PositiveIntegerField(default=0)),
                        (
                            "skipped_count",
                            models.PositiveIntegerField(
                                default=0, help_text="How many contacts were left as they are."
                            ),
                        ),
                        (
                            "is_content_kept",
                            models.BooleanField(
                                default=True, help_text="Whether its file or its checked rows are kept."
                            ),
                        ),
                        ("is_running", models.BooleanField(help_text="Whether workers have something to do.")),
                        ("read_at", models.DateTimeField(help_text="When the whole file had been read.", null=True)),
                        ("finished_at", models.DateTimeField(null=True)),
                        ("cancelled_at", models.DateTimeField(null=True)),
                        (
                            "fault",
                            models.JSONField(
                                help_text="Why it failed: `code`, and `values` for its sentence.", null=True
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "import",
                        "ordering": ("-id",),
                        "indexes": [
                            models.Index(fields=["organization", "-id"], name="imports_of_organization"),
                            models.Index(
                                condition=models.Q(("is_running", True)), fields=["due_at"], name="imports_to_do"
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("is_running", False),
                                    models.Q(
                                        ("cancelled_at", None),
                                        ("fault__isnull", True),
                                        ("finished_at", None),
                                        ("mapping__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="an_import_that_is_over_does_not_run",
                                violation_error_message="An import that is over does not run.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "row_count__gte",
                                        django.db.models.expressions.CombinedExpression(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    models.F("faulty_count"), "+", models.F("new_count")
                                                ),
                                                "+",
                                                models.F("updated_count"),
                                            ),
                                            "+",
                                            models.F("skipped_count"),
                                        ),
                                    )
                                ),
                                name="an_import_counts_each_row_once",
                                violation_error_message="An import counts each row once.",
                            ),
                            contacts.organization_boundary.KeepsOrganization(name="an_import_keeps_its_organization"),
                            contacts.organization_boundary.SameOrganization(
                                name="import_and_what_it_leads_to_are_of_one_organization",
                                paths=("organization", "api_key", "mailing_list", "distribution"),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ImportFileChunk",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "file_import",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="file_chunks",
                                to="distributor.fileimport",
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        ("content", models.BinaryField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("file_import", "number"), name="a_file_has_each_of_its_chunks_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ImportPiece",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "file_import",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="pieces",
                                to="distributor.fileimport",
                            ),
                        ),
                        ("number", models.PositiveIntegerField(help_text="From 1.")),
                        ("rows", models.JSONField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("file_import", "number"), name="an_import_has_each_piece_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ImportFault",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "file_import",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="faults",
                                to="distributor.fileimport",
                            ),
                        ),
                        ("row", models.PositiveIntegerField(help_text="The row's number in the file, from 1.")),
                        ("cells", models.JSONField()),
                        ("faults", models.JSONField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("file_import", "row"), name="a_row_is_faulty_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FollowUp",
                    fields=[
                        ("due_at", models.DateTimeField()),
                        (
                            "failures",
                            models.PositiveIntegerField(
                                default=0, help_text="How often the next chunk has failed so far."
                            ),
                        ),
                        ("last_error", models.CharField(blank=True, max_length=500)),
                        (
                            "step",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="follow_up",
                                serialize=False,
                                to="distributor.step",
                            ),
                        ),
                        ("after_id", models.BigIntegerField(default=0)),
                        (
                            "armed_count",
                            models.PositiveIntegerField(
                                default=0, help_text="How many recipients were set to wait for the step."
                            ),
                        ),
                        ("is_done", models.BooleanField(default=False)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("is_done", False)), fields=["due_at"], name="follow_ups_to_bring"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Handover",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=contacts.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "batch",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="handovers",
                                to="distributor.batch",
                            ),
                        ),
                        ("fence", models.PositiveIntegerField()),
                        ("provider_account_id", models.UUIDField()),
                        (
                            "recipient_ids",
                            django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                        ),
                        ("begun_at", models.DateTimeField()),
                        ("settled_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("settled_at", None)),
                                fields=["begun_at"],
                                name="unsettled_handovers",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Heartbeat",
                    fields=[
                        ("name", models.CharField(max_length=31, primary_key=True, serialize=False)),
                        ("beat_at", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="IdempotencyKey",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "api_key_id", "key", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "api_key",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="contacts.apikey",
                            ),
                        ),
                        ("key", models.CharField(max_length=255)),
                        (
                            "fingerprint",
                            models.BinaryField(help_text="SHA-256 of the call's method, path and body.", max_length=32),
                        ),
                        ("status", models.PositiveSmallIntegerField()),
                        ("content_type", models.CharField(max_length=127)),
                        ("body", models.BinaryField(help_text="The bytes of the response body.")),
                        ("created_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                    ],
                    options={
                        "indexes": [models.Index(fields=["expires_at"], name="expiring_idempotency_keys")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("key", ""), _negated=True), name="an_idempotency_key_is_not_empty"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("status__range", (200, 299))),
                                name="only_success_is_kept_for_a_replay",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("expires_at__gt", models.F("created_at"))),
                                name="an_answer_is_kept_for_a_while",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Installation",
                    fields=[
                        ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                        ("code", models.CharField(max_length=10)),
                        (
                            "demo",
                            models.JSONField(
                                editable=False,
                                help_text="Ids of what seed_demo made, so that it makes nothing twice.",
                                null=True,
                            ),
                        ),
                        (
                            "plain_ids_below",
                            models.BigIntegerField(
                                db_default=0,
                                default=0,
                                editable=False,
                                help_text="Recipients with smaller ids are older than sealed ids, and keep their plain ones.",
                            ),
                        ),
                        (
                            "recovering_since",
                            models.DateTimeField(
                                help_text="Since when nothing is sent because the database was restored. Empty: sending.",
                                null=True,
                            ),
                        ),
                        ("gap_found_at", models.DateTimeField(null=True)),
                        ("recovery", models.JSONField(help_text="What the last recovery found and did.", null=True)),
                        ("journal_failed_at", models.DateTimeField(null=True)),
                        ("journal_fault", models.CharField(blank=True, default="", max_length=255)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("pk", 1)), name="one_installation_per_database")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ListConnection",
                    fields=[
                        (
                            "mailing_list",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="connection",
                                serialize=False,
                                to="contacts.mailinglist",
                            ),
                        ),
                        (
                            "survey",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="distributor.survey"
                            ),
                        ),
                        (
                            "mode",
                            models.CharField(
                                choices=[
                                    ("single", "single: the first channel that reaches the contact"),
                                    ("multi", "multi: also the next channel when one fails or brings no response"),
                                ],
                                default="single",
                                max_length=6,
                            ),
                        ),
                        (
                            "is_active",
                            models.BooleanField(
                                default=True,
                                help_text="If off, contacts are added to the list but not sent the survey.",
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("-created_at",),
                        "constraints": [
                            contacts.organization_boundary.SameOrganization(
                                name="list_and_its_survey_are_of_one_organization", paths=("mailing_list", "survey")
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ConnectionStep",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "priority",
                            models.PositiveSmallIntegerField(
                                default=1,
                                help_text="From 1 to 10. The lowest number goes first.",
                                validators=[
                                    django.core.validators.MinValueValidator(1),
                                    django.core.validators.MaxValueValidator(10),
                                ],
                            ),
                        ),
                        (
                            "provider_account",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="channels.provideraccount",
                            ),
                        ),
                        (
                            "template",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="channels.template"
                            ),
                        ),
                        (
                            "fallback_delay_minutes",
                            models.PositiveIntegerField(
                                blank=True,
                                help_text="Minutes without a response before the next step is sent, for example 1440 for a day. Empty: the next step is sent only if this one fails.",
                                null=True,
                            ),
                        ),
                        (
                            "connection",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="steps",
                                to="distributor.listconnection",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "list connections",
                        "ordering": ("priority",),
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("connection", "priority"),
                                name="one_connection_step_per_priority",
                                violation_error_message="Each step needs a priority of its own.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("priority__gte", 1), ("priority__lte", 10)),
                                name="connection_priority_is_1_to_10",
                                violation_error_message="The priority must be from 1 to 10.",
                            ),
                            contacts.organization_boundary.SameOrganization(
                                name="connection_step_and_what_it_uses_are_of_one_organization",
                                paths=("connection__mailing_list", "provider_account", "template"),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Recipient",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "distribution",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="recipients",
                                to="distributor.distribution",
                            ),
                        ),
                        (
                            "contact",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="journeys",
                                to="contacts.contact",
                            ),
                        ),
                        (
                            "code",
                            models.CharField(help_text="The code of the personal link, /p/{code}.", max_length=12),
                        ),
                        (
                            "batch",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="recipients",
                                to="distributor.batch",
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("registered", "Registered"),
                                    ("waiting", "Waiting"),
                                    ("finished", "Finished"),
                                    ("stopped", "Stopped"),
                                ],
                                default="waiting",
                                max_length=10,
                            ),
                        ),
                        (
                            "outcome",
                            models.CharField(
                                blank=True,
                                choices=[("sent", "Sent"), ("failed", "Failed"), ("indeterminate", "Indeterminate")],
                                max_length=13,
                            ),
                        ),
                        ("reason", models.CharField(blank=True, max_length=31)),
                        (
                            "attributes",
                            models.JSONField(
                                default=dict, help_text="Embedded data that the call gave for this recipient."
                            ),
                        ),
                        ("locale", models.CharField(blank=True, max_length=35)),
                        (
                            "wording",
                            models.JSONField(
                                blank=True,
                                help_text="Texts that the call gave for this recipient: subject, intro and thank-you. Empty: none.",
                                null=True,
                            ),
                        ),
                        ("baseline_sent_at", models.DateTimeField(null=True)),
                        ("attempt_count", models.PositiveSmallIntegerField(default=0)),
                        ("attempts_before_retry", models.PositiveSmallIntegerField(db_default=0)),
                        ("first_sent_at", models.DateTimeField(null=True)),
                        ("first_opened_at", models.DateTimeField(null=True)),
                        ("responded_at", models.DateTimeField(null=True)),
                        ("has_early_events", models.BooleanField(db_default=False)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["distribution", "id"], name="recipients_of_a_distribution")],
                        "constraints": [
                            models.UniqueConstraint(fields=("code",), name="one_recipient_per_code"),
                            models.UniqueConstraint(
                                fields=("contact", "distribution"), name="one_recipient_per_contact_and_distribution"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "finished"), models.Q(("outcome", ""), _negated=True)),
                                    models.Q(models.Q(("state", "finished"), _negated=True), ("outcome", "")),
                                    _connector="OR",
                                ),
                                name="who_finished_has_an_outcome",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "stopped"), _negated=True),
                                    models.Q(("reason", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="who_was_stopped_has_a_reason",
                            ),
                            contacts.organization_boundary.SameOrganization(
                                name="recipient_and_contact_are_of_one_organization", paths=("distribution", "contact")
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MachineVisits",
                    fields=[
                        (
                            "recipient",
                            models.OneToOneField(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="machine_visits",
                                serialize=False,
                                to="distributor.recipient",
                            ),
                        ),
                        ("count", models.PositiveIntegerField()),
                        ("first_at", models.DateTimeField()),
                        ("last_at", models.DateTimeField()),
                        (
                            "sign",
                            models.CharField(
                                help_text="How the last one was recognised: head, prefetch, user-agent or too-fast.",
                                max_length=15,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "machine visits",
                    },
                ),
                migrations.CreateModel(
                    name="ManualRetry",
                    fields=[
                        ("due_at", models.DateTimeField()),
                        (
                            "failures",
                            models.PositiveIntegerField(
                                default=0, help_text="How often the next chunk has failed so far."
                            ),
                        ),
                        ("last_error", models.CharField(blank=True, max_length=500)),
                        (
                            "id",
                            models.UUIDField(
                                default=contacts.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "distribution",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="manual_retries",
                                to="distributor.distribution",
                            ),
                        ),
                        ("selection", models.JSONField()),
                        (
                            "source",
                            models.CharField(help_text="Who asked for it: the API key or the operator.", max_length=63),
                        ),
                        ("created_at", models.DateTimeField()),
                        ("after_id", models.BigIntegerField(default=0)),
                        (
                            "last_id",
                            models.BigIntegerField(
                                help_text="The distribution's last recipient when the retry was asked for."
                            ),
                        ),
                        (
                            "retried_count",
                            models.PositiveIntegerField(default=0, help_text="How many recipients are sent to again."),
                        ),
                        ("is_done", models.BooleanField(default=False)),
                    ],
                    options={
                        "verbose_name_plural": "manual retries",
                        "ordering": ("-id",),
                        "indexes": [
                            models.Index(
                                condition=models.Q(("is_done", False)), fields=["due_at"], name="manual_retries_to_do"
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("after_id__lte", models.F("last_id"))),
                                name="a_retry_ends_with_its_last_recipient",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MinuteCount",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "organization_id",
                                "minute",
                                "channel",
                                "provider_account_id",
                                "shard",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("minute", models.DateTimeField()),
                        ("organization_id", models.UUIDField()),
                        ("channel", models.CharField(blank=True, max_length=8)),
                        ("provider_account_id", models.UUIDField(help_text="All zeros: none.")),
                        ("shard", models.PositiveSmallIntegerField()),
                        ("sent", models.IntegerField(default=0)),
                        ("failed", models.IntegerField(default=0)),
                        ("unknown", models.IntegerField(default=0)),
                        ("delivered", models.IntegerField(default=0)),
                        ("clicked", models.IntegerField(default=0)),
                        (
                            "bounced",
                            models.IntegerField(default=0, help_text="Taken by the provider, and not delivered."),
                        ),
                        ("opened", models.IntegerField(default=0)),
                        ("responded", models.IntegerField(default=0)),
                        ("opted_out", models.IntegerField(default=0)),
                        ("scored", models.IntegerField(default=0)),
                        ("score_sum", models.IntegerField(default=0)),
                        ("events", models.IntegerField(default=0, help_text="Provider events that were stored.")),
                        (
                            "answers",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.IntegerField(),
                                help_text="Provider calls, by how long the answer took (engine/counters/answer_times.py).",
                                size=None,
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="ProviderEvent",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("provider_account_id", models.UUIDField()),
                        ("event_id", models.CharField(max_length=255)),
                        ("kind", models.CharField(max_length=15)),
                        (
                            "progress",
                            models.PositiveSmallIntegerField(
                                choices=[(0, "none"), (1, "sent"), (2, "delivered"), (3, "opened"), (4, "clicked")]
                            ),
                        ),
                        (
                            "trouble",
                            models.PositiveSmallIntegerField(
                                choices=[
                                    (0, "none"),
                                    (1, "delayed"),
                                    (2, "complained"),
                                    (3, "undelivered"),
                                    (4, "bounced"),
                                    (5, "dropped"),
                                ]
                            ),
                        ),
                        ("recipient_id", models.BigIntegerField(null=True)),
                        ("attempt_number", models.PositiveSmallIntegerField(null=True)),
                        ("address", models.CharField(blank=True, max_length=254)),
                        ("provider_message_id", models.CharField(blank=True, max_length=255)),
                        ("code", models.CharField(blank=True, max_length=63)),
                        ("detail", models.CharField(blank=True, max_length=500)),
                        ("is_machine", models.BooleanField(default=False)),
                        ("raw", models.JSONField(default=dict)),
                        ("occurred_at", models.DateTimeField()),
                        ("received_at", models.DateTimeField()),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("recipient_id__isnull", False)),
                                fields=["recipient_id"],
                                name="events_of_a_recipient",
                            ),
                            models.Index(
                                condition=models.Q(("trouble__gte", 3)),
                                fields=["provider_account_id", "-id"],
                                name="failures_of_an_account",
                            ),
                            models.Index(
                                condition=models.Q(("kind__in", ("stopped", "started"))),
                                fields=["address"],
                                name="wishes_of_an_address",
                            ),
                            models.Index(condition=models.Q(("kind", "replied")), fields=["id"], name="replies_by_id"),
                            models.Index(
                                condition=models.Q(("kind", "replied")),
                                fields=["provider_account_id", "id"],
                                name="replies_to_an_account",
                            ),
                            models.Index(
                                condition=models.Q(("kind__in", ("replied", "asked_help"))),
                                fields=["address"],
                                name="texts_of_an_address",
                            ),
                            models.Index(
                                condition=models.Q(("recipient_id", None), models.Q(("address", ""), _negated=True)),
                                fields=["address"],
                                name="events_of_an_address",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("provider_account_id", "event_id"), name="one_row_per_provider_event"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("attempt_number", None), ("recipient_id", None)),
                                    models.Q(("attempt_number__isnull", False), ("recipient_id__isnull", False)),
                                    _connector="OR",
                                ),
                                name="an_event_names_a_whole_attempt_or_none",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Reply",
                    fields=[],
                    options={
                        "verbose_name_plural": "replies",
                        "proxy": True,
                    },
                    bases=("distributor.providerevent",),
                ),
                migrations.CreateModel(
                    name="RecurringDistribution",
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
                                related_name="recurring_distributions",
                                to="contacts.organization",
                            ),
                        ),
                        (
                            "name",
                            models.CharField(
                                help_text="Each distribution gets this name and its date.", max_length=200
                            ),
                        ),
                        (
                            "survey",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="distributor.survey",
                            ),
                        ),
                        (
                            "mailing_list",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="contacts.mailinglist",
                            ),
                        ),
                        (
                            "mode",
                            models.CharField(
                                choices=[
                                    ("single", "single: the first channel that reaches the contact"),
                                    ("multi", "multi: also the next channel when one fails or brings no response"),
                                ],
                                default="single",
                                max_length=6,
                            ),
                        ),
                        (
                            "cron",
                            models.CharField(
                                help_text="Minute, hour, day of month, month, day of week. For example, 0 9 * * mon is every Monday at 9:00.",
                                max_length=100,
                            ),
                        ),
                        (
                            "time_zone",
                            models.CharField(
                                blank=True,
                                help_text="The time zone of the schedule, for example Europe/Warsaw. Empty: the organisation's.",
                                max_length=63,
                                validators=[contacts.models.organization.validate_time_zone],
                            ),
                        ),
                        (
                            "respect_frequency_rules",
                            models.BooleanField(
                                default=True,
                                help_text="Leave out contacts who were sent a survey too recently for the organisation's rule.",
                            ),
                        ),
                        (
                            "recent_contact_days",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                help_text="Leave out contacts who were sent any survey within this many days, for example 30. Empty: no limit.",
                                null=True,
                                validators=[
                                    django.core.validators.MinValueValidator(1),
                                    django.core.validators.MaxValueValidator(365),
                                ],
                            ),
                        ),
                        (
                            "links_expire_after_days",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                help_text="Links expire this many days after each start, for example 14. Empty: never.",
                                null=True,
                                validators=[django.core.validators.MinValueValidator(1)],
                            ),
                        ),
                        ("is_active", models.BooleanField(default=True)),
                        ("next_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ("name",),
                        "indexes": [
                            models.Index(
                                condition=models.Q(("is_active", True)),
                                fields=["next_at"],
                                name="due_recurring_distributions",
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("is_active", False), ("next_at__isnull", False), _connector="OR"),
                                name="who_is_active_knows_its_next_moment",
                            ),
                            contacts.organization_boundary.KeepsOrganization(
                                name="a_recurring_distribution_keeps_its_organization"
                            ),
                            contacts.organization_boundary.SameOrganizationKey(
                                field="survey", name="recurring_and_survey_are_of_one_organization"
                            ),
                            contacts.organization_boundary.SameOrganizationKey(
                                field="mailing_list", name="recurring_and_list_are_of_one_organization"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RecurringStep",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "priority",
                            models.PositiveSmallIntegerField(
                                default=1,
                                help_text="From 1 to 10. The lowest number goes first.",
                                validators=[
                                    django.core.validators.MinValueValidator(1),
                                    django.core.validators.MaxValueValidator(10),
                                ],
                            ),
                        ),
                        (
                            "provider_account",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="channels.provideraccount",
                            ),
                        ),
                        (
                            "template",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="channels.template"
                            ),
                        ),
                        (
                            "fallback_delay_minutes",
                            models.PositiveIntegerField(
                                blank=True,
                                help_text="Minutes without a response before the next step is sent, for example 1440 for a day. Empty: the next step is sent only if this one fails.",
                                null=True,
                            ),
                        ),
                        (
                            "recurring",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="steps",
                                to="distributor.recurringdistribution",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "recurring distributions",
                        "ordering": ("priority",),
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("recurring", "priority"),
                                name="one_recurring_step_per_priority",
                                violation_error_message="Each step needs a priority of its own.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("priority__gte", 1), ("priority__lte", 10)),
                                name="recurring_priority_is_1_to_10",
                                violation_error_message="The priority must be from 1 to 10.",
                            ),
                            contacts.organization_boundary.SameOrganization(
                                name="recurring_step_and_what_it_uses_are_of_one_organization",
                                paths=("recurring", "provider_account", "template"),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Occurrence",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "recurring",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="occurrences",
                                to="distributor.recurringdistribution",
                            ),
                        ),
                        ("occurs_at", models.DateTimeField()),
                        (
                            "distribution",
                            models.OneToOneField(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="occurrence",
                                to="distributor.distribution",
                            ),
                        ),
                        (
                            "fault",
                            models.CharField(
                                blank=True,
                                help_text="Why nothing was sent. Empty: a distribution was started.",
                                max_length=255,
                            ),
                        ),
                        (
                            "missed_from",
                            models.DateTimeField(
                                help_text="The first of the occurrences missed before this one, for example in downtime. They are skipped.",
                                null=True,
                            ),
                        ),
                        ("decided_at", models.DateTimeField()),
                    ],
                    options={
                        "ordering": ("-occurs_at",),
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("recurring", "occurs_at"), name="one_distribution_per_occurrence"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("missed_from", None), ("missed_from__lt", models.F("occurs_at")), _connector="OR"
                                ),
                                name="what_was_missed_came_before",
                            ),
                            contacts.organization_boundary.SameOrganization(
                                name="occurrence_and_distribution_are_of_one_organization",
                                paths=("recurring", "distribution"),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Response",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=contacts.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "survey",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="responses",
                                to="distributor.survey",
                            ),
                        ),
                        (
                            "recipient",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="responses",
                                to="distributor.recipient",
                            ),
                        ),
                        (
                            "ordinal",
                            models.PositiveIntegerField(
                                db_default=1,
                                help_text="The number of the response among the recipient's: 1 is the first.",
                            ),
                        ),
                        ("locale", models.CharField(blank=True, max_length=35)),
                        ("attributes", models.JSONField(default=dict)),
                        ("answers", models.JSONField()),
                        ("submitted_at", models.DateTimeField()),
                    ],
                    options={
                        "ordering": ("-id",),
                        "indexes": [
                            models.Index(fields=["survey", "-id"], name="responses_of_a_survey"),
                            django.contrib.postgres.indexes.GinIndex(
                                fields=["attributes"], name="responses_by_attribute", opclasses=["jsonb_path_ops"]
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("recipient", "ordinal"), name="one_response_per_recipient_and_ordinal"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("recipient__isnull", False),
                                    models.Q(
                                        django.db.models.lookups.Exact(
                                            django.db.models.functions.math.Mod(
                                                django.db.models.functions.datetime.Extract("submitted_at", "epoch"),
                                                86400,
                                            ),
                                            0,
                                        ),
                                        ("attributes", {}),
                                        ("locale", ""),
                                    ),
                                    _connector="OR",
                                ),
                                name="an_anonymous_response_tells_nothing_of_its_giver",
                            ),
                            contacts.organization_boundary.SameOrganization(
                                name="response_and_recipient_are_of_one_organization",
                                paths=("survey", "recipient__distribution"),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RetentionRun",
                    fields=[
                        ("due_at", models.DateTimeField()),
                        (
                            "failures",
                            models.PositiveIntegerField(
                                default=0, help_text="How often the next chunk has failed so far."
                            ),
                        ),
                        ("last_error", models.CharField(blank=True, max_length=500)),
                        ("kind", models.CharField(max_length=15, primary_key=True, serialize=False)),
                        ("after_id", models.CharField(blank=True, max_length=36)),
                        (
                            "deleted_count",
                            models.PositiveBigIntegerField(
                                default=0, help_text="How many rows were deleted so far, in all."
                            ),
                        ),
                        (
                            "finished_at",
                            models.DateTimeField(help_text="When the last pass through the table ended.", null=True),
                        ),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="StepAccount",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "step",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="accounts",
                                to="distributor.step",
                            ),
                        ),
                        (
                            "provider_account",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="channels.provideraccount",
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField()),
                        ("weight", models.PositiveSmallIntegerField(null=True)),
                    ],
                    options={
                        "ordering": ("position",),
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("step", "position"), name="one_account_per_position_of_a_step"
                            ),
                            models.UniqueConstraint(
                                fields=("step", "provider_account"), name="an_account_serves_a_step_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("weight", None), ("weight__gt", 0), _connector="OR"),
                                name="a_weight_is_above_zero",
                            ),
                            contacts.organization_boundary.SameOrganization(
                                name="step_and_further_accounts_are_of_one_organization",
                                paths=("step__distribution", "provider_account"),
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Touch",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "contact_id", "survey_id", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("contact_id", models.UUIDField()),
                        ("survey_id", models.UUIDField()),
                        ("recipient_id", models.BigIntegerField()),
                        ("last_sent_at", models.DateTimeField(null=True)),
                        ("previous_sent_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "verbose_name_plural": "touches",
                    },
                ),
            ]
        )
    ]
