"""Help texts in plain English. Nothing changes in the database."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import contacts.models.organization
from contacts.migrations._state_only import StateOnly


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0003_defaults"),
        ("contacts", "0008_lists_by_name"),
        ("distributor", "0015_list_connections"),
    ]

    operations = [
        StateOnly(
            [
                migrations.AlterField(
                    model_name="batch",
                    name="claims",
                    field=models.PositiveSmallIntegerField(
                        default=0, help_text="Claims by workers since it last made progress."
                    ),
                ),
                migrations.AlterField(
                    model_name="batch",
                    name="held_by",
                    field=models.UUIDField(
                        help_text="The provider account that the batch waits for. Empty: none.", null=True
                    ),
                ),
                migrations.AlterField(
                    model_name="connectionstep",
                    name="fallback_delay_minutes",
                    field=models.PositiveIntegerField(
                        blank=True,
                        help_text="Minutes without a response before the next step is sent, for example 1440 for a day. Empty: the next step is sent only if this one fails.",
                        null=True,
                    ),
                ),
                migrations.AlterField(
                    model_name="connectionstep",
                    name="priority",
                    field=models.PositiveSmallIntegerField(
                        default=1,
                        help_text="From 1 to 10. The lowest number goes first.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10),
                        ],
                    ),
                ),
                migrations.AlterField(
                    model_name="distribution",
                    name="arming_count",
                    field=models.PositiveIntegerField(
                        default=0, help_text="How many of the added steps are still being assigned to recipients."
                    ),
                ),
                migrations.AlterField(
                    model_name="distribution",
                    name="deleted_at",
                    field=models.DateTimeField(
                        blank=True, help_text="When it was deleted over the API, which cancels and hides it.", null=True
                    ),
                ),
                migrations.AlterField(
                    model_name="distribution",
                    name="duplicate_risk_count",
                    field=models.PositiveIntegerField(
                        default=0,
                        help_text="Messages sent again because the first attempt's outcome was unknown. Each may have arrived twice.",
                    ),
                ),
                migrations.AlterField(
                    model_name="distribution",
                    name="expires_at",
                    field=models.DateTimeField(
                        blank=True,
                        help_text="From this time on nothing is sent and links are closed. Empty: never.",
                        null=True,
                    ),
                ),
                migrations.AlterField(
                    model_name="distribution",
                    name="follow_up_count",
                    field=models.PositiveIntegerField(
                        default=0, help_text="Reminders and thank-yous added to the distribution after it was accepted."
                    ),
                ),
                migrations.AlterField(
                    model_name="distribution",
                    name="is_preparing",
                    field=models.BooleanField(
                        db_default=False, help_text="Whether the audience is still being turned into recipients."
                    ),
                ),
                migrations.AlterField(
                    model_name="distribution",
                    name="mode",
                    field=models.CharField(
                        choices=[
                            ("single", "single: the first channel that reaches the contact"),
                            ("multi", "multi: also the next channel when one fails or brings no response"),
                        ],
                        default="single",
                        max_length=6,
                    ),
                ),
                migrations.AlterField(
                    model_name="distribution",
                    name="not_after",
                    field=models.DateTimeField(
                        blank=True,
                        help_text="Recipients not sent to by this time are never sent to. Empty: no limit.",
                        null=True,
                    ),
                ),
                migrations.AlterField(
                    model_name="distribution",
                    name="reached_count",
                    field=models.PositiveIntegerField(
                        default=0,
                        help_text="Recipients with at least one message that counts as sent, even if they wait for another one.",
                    ),
                ),
                migrations.AlterField(
                    model_name="distribution",
                    name="registered_count",
                    field=models.PositiveIntegerField(
                        default=0, help_text="Recipients who only got a link: nothing is sent to them."
                    ),
                ),
                migrations.AlterField(
                    model_name="distribution",
                    name="scheduled_at",
                    field=models.DateTimeField(
                        blank=True, help_text="When to start sending. Empty: at once.", null=True
                    ),
                ),
                migrations.AlterField(
                    model_name="distribution",
                    name="source",
                    field=models.CharField(
                        help_text="The API dialect of the call, such as native or quick.", max_length=31
                    ),
                ),
                migrations.AlterField(
                    model_name="distribution",
                    name="stops_on",
                    field=models.CharField(
                        choices=[("response", "response"), ("opened", "opened"), ("delivered", "delivered")],
                        default="response",
                        help_text="What ends the fallbacks to further channels, besides a response, which always does.",
                        max_length=9,
                    ),
                ),
                migrations.AlterField(
                    model_name="distribution",
                    name="throttle_minutes",
                    field=models.PositiveIntegerField(
                        blank=True,
                        help_text="The least minutes between two sends of the survey to a contact, for example 1440. Empty: none.",
                        null=True,
                    ),
                ),
                migrations.AlterField(
                    model_name="distribution",
                    name="throttle_policy",
                    field=models.CharField(
                        choices=[("defer", "defer"), ("skip", "skip"), ("reject", "reject")],
                        default="defer",
                        help_text="For contacts sent the survey too recently: defer sends later, skip leaves them out, reject refuses the call.",
                        max_length=6,
                    ),
                ),
                migrations.AlterField(
                    model_name="expansion",
                    name="failures",
                    field=models.PositiveIntegerField(
                        default=0, help_text="How often the next chunk has failed so far."
                    ),
                ),
                migrations.AlterField(
                    model_name="expansion",
                    name="is_sent",
                    field=models.BooleanField(
                        help_text="Whether to send to the recipients. If not, they only get links."
                    ),
                ),
                migrations.AlterField(
                    model_name="followup",
                    name="armed_count",
                    field=models.PositiveIntegerField(
                        default=0, help_text="How many recipients were set to wait for the step."
                    ),
                ),
                migrations.AlterField(
                    model_name="followup",
                    name="failures",
                    field=models.PositiveIntegerField(
                        default=0, help_text="How often the next chunk has failed so far."
                    ),
                ),
                migrations.AlterField(
                    model_name="idempotencykey",
                    name="body",
                    field=models.BinaryField(help_text="The bytes of the response body."),
                ),
                migrations.AlterField(
                    model_name="idempotencykey",
                    name="fingerprint",
                    field=models.BinaryField(help_text="SHA-256 of the call's method, path and body.", max_length=32),
                ),
                migrations.AlterField(
                    model_name="listconnection",
                    name="is_active",
                    field=models.BooleanField(
                        default=True, help_text="If off, contacts are added to the list but not sent the survey."
                    ),
                ),
                migrations.AlterField(
                    model_name="listconnection",
                    name="mode",
                    field=models.CharField(
                        choices=[
                            ("single", "single: the first channel that reaches the contact"),
                            ("multi", "multi: also the next channel when one fails or brings no response"),
                        ],
                        default="single",
                        max_length=6,
                    ),
                ),
                migrations.AlterField(
                    model_name="occurrence",
                    name="fault",
                    field=models.CharField(
                        blank=True, help_text="Why nothing was sent. Empty: a distribution was started.", max_length=255
                    ),
                ),
                migrations.AlterField(
                    model_name="occurrence",
                    name="missed_from",
                    field=models.DateTimeField(
                        help_text="The first of the occurrences missed before this one, for example in downtime. They are skipped.",
                        null=True,
                    ),
                ),
                migrations.AlterField(
                    model_name="recipient",
                    name="attributes",
                    field=models.JSONField(
                        default=dict, help_text="Embedded data that the call gave for this recipient."
                    ),
                ),
                migrations.AlterField(
                    model_name="recipient",
                    name="code",
                    field=models.CharField(help_text="The code of the personal link, /p/{code}.", max_length=12),
                ),
                migrations.AlterField(
                    model_name="recipient",
                    name="wording",
                    field=models.JSONField(
                        blank=True,
                        help_text="Texts that the call gave for this recipient: subject, intro and thank-you. Empty: none.",
                        null=True,
                    ),
                ),
                migrations.AlterField(
                    model_name="recurringdistribution",
                    name="cron",
                    field=models.CharField(
                        help_text="Minute, hour, day of month, month, day of week. For example, 0 9 * * mon is every Monday at 9:00.",
                        max_length=100,
                    ),
                ),
                migrations.AlterField(
                    model_name="recurringdistribution",
                    name="links_expire_after_days",
                    field=models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Links expire this many days after each start, for example 14. Empty: never.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                    ),
                ),
                migrations.AlterField(
                    model_name="recurringdistribution",
                    name="mode",
                    field=models.CharField(
                        choices=[
                            ("single", "single: the first channel that reaches the contact"),
                            ("multi", "multi: also the next channel when one fails or brings no response"),
                        ],
                        default="single",
                        max_length=6,
                    ),
                ),
                migrations.AlterField(
                    model_name="recurringdistribution",
                    name="name",
                    field=models.CharField(help_text="Each distribution gets this name and its date.", max_length=200),
                ),
                migrations.AlterField(
                    model_name="recurringdistribution",
                    name="recent_contact_days",
                    field=models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Leave out contacts who were sent any survey within this many days, for example 30. Empty: no limit.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(365),
                        ],
                    ),
                ),
                migrations.AlterField(
                    model_name="recurringdistribution",
                    name="respect_frequency_rules",
                    field=models.BooleanField(
                        default=True,
                        help_text="Leave out contacts who were sent a survey too recently for the organisation's rule.",
                    ),
                ),
                migrations.AlterField(
                    model_name="recurringdistribution",
                    name="time_zone",
                    field=models.CharField(
                        blank=True,
                        help_text="The time zone of the schedule, for example Europe/Warsaw. Empty: the organisation's.",
                        max_length=63,
                        validators=[contacts.models.organization.validate_time_zone],
                    ),
                ),
                migrations.AlterField(
                    model_name="recurringstep",
                    name="fallback_delay_minutes",
                    field=models.PositiveIntegerField(
                        blank=True,
                        help_text="Minutes without a response before the next step is sent, for example 1440 for a day. Empty: the next step is sent only if this one fails.",
                        null=True,
                    ),
                ),
                migrations.AlterField(
                    model_name="recurringstep",
                    name="priority",
                    field=models.PositiveSmallIntegerField(
                        default=1,
                        help_text="From 1 to 10. The lowest number goes first.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10),
                        ],
                    ),
                ),
                migrations.AlterField(
                    model_name="response",
                    name="ordinal",
                    field=models.PositiveIntegerField(
                        db_default=1, help_text="The number of the response among the recipient's: 1 is the first."
                    ),
                ),
                migrations.AlterField(
                    model_name="step",
                    name="contact",
                    field=models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="The only person the step is for. Empty: everybody.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="contacts.contact",
                    ),
                ),
                migrations.AlterField(
                    model_name="step",
                    name="delay_minutes",
                    field=models.PositiveIntegerField(
                        blank=True,
                        help_text="For a reminder, minutes after the last message. For a thank-you, minutes after the response.",
                        null=True,
                    ),
                ),
                migrations.AlterField(
                    model_name="step",
                    name="fallback_delay_minutes",
                    field=models.PositiveIntegerField(
                        blank=True,
                        help_text="Minutes without a response before the next invitation is sent, for example 1440 for a day. Empty: the next invitation is sent only if this one fails.",
                        null=True,
                    ),
                ),
                migrations.AlterField(
                    model_name="step",
                    name="priority",
                    field=models.PositiveSmallIntegerField(
                        default=1, help_text="From 1 to 10. Among steps of a kind, the lowest number goes first."
                    ),
                ),
                migrations.AlterField(
                    model_name="step",
                    name="scheduled_at",
                    field=models.DateTimeField(
                        blank=True,
                        help_text="When a step that was added later is sent. Empty: after its delay.",
                        null=True,
                    ),
                ),
                migrations.AlterField(
                    model_name="step",
                    name="subject",
                    field=models.CharField(
                        blank=True,
                        help_text="The e-mail subject; may contain placeholders. Empty: the template's.",
                        max_length=255,
                    ),
                ),
                migrations.AlterField(
                    model_name="survey",
                    name="default_locale",
                    field=models.CharField(
                        default="en",
                        help_text="For recipients of unknown language. BCP 47, for example pt-BR.",
                        max_length=35,
                    ),
                ),
                migrations.AlterField(
                    model_name="survey",
                    name="question",
                    field=models.CharField(
                        blank=True,
                        help_text="The question on the built-in page. Empty: how likely the person is to recommend us.",
                        max_length=500,
                    ),
                ),
                migrations.AlterField(
                    model_name="survey",
                    name="target_url",
                    field=models.URLField(
                        blank=True,
                        help_text="Where personal links lead, for example https://survey.example/visit; ?code=… is added. The host must be one of the organisation's allowed redirect hosts. Empty: the built-in page (0–10 and a comment).",
                        max_length=2000,
                    ),
                ),
                migrations.AlterField(
                    model_name="survey",
                    name="thank_you_link_text",
                    field=models.CharField(
                        blank=True,
                        help_text="The label of the link below the message, for example Back to our shop.",
                        max_length=255,
                    ),
                ),
                migrations.AlterField(
                    model_name="survey",
                    name="thank_you_link_url",
                    field=models.URLField(
                        blank=True, help_text="Where that link leads. Empty: no link.", max_length=2000
                    ),
                ),
                migrations.AlterField(
                    model_name="survey",
                    name="thank_you_message",
                    field=models.TextField(blank=True, help_text="Shown after a response. Empty: a standard text."),
                ),
                migrations.AlterField(
                    model_name="survey",
                    name="throttle_minutes",
                    field=models.PositiveIntegerField(
                        blank=True,
                        help_text="The least minutes between two sends of this survey to a contact, for example 1440 for a day. Empty: the organisation's rule. 0: no limit.",
                        null=True,
                    ),
                ),
                migrations.AlterConstraint(
                    model_name="connectionstep",
                    name="one_connection_step_per_priority",
                    constraint=models.UniqueConstraint(
                        fields=("connection", "priority"),
                        name="one_connection_step_per_priority",
                        violation_error_message="Each step needs a priority of its own.",
                    ),
                ),
                migrations.AlterConstraint(
                    model_name="connectionstep",
                    name="connection_priority_is_1_to_10",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("priority__gte", 1), ("priority__lte", 10)),
                        name="connection_priority_is_1_to_10",
                        violation_error_message="The priority must be from 1 to 10.",
                    ),
                ),
                migrations.AlterConstraint(
                    model_name="recurringstep",
                    name="one_recurring_step_per_priority",
                    constraint=models.UniqueConstraint(
                        fields=("recurring", "priority"),
                        name="one_recurring_step_per_priority",
                        violation_error_message="Each step needs a priority of its own.",
                    ),
                ),
                migrations.AlterConstraint(
                    model_name="recurringstep",
                    name="recurring_priority_is_1_to_10",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("priority__gte", 1), ("priority__lte", 10)),
                        name="recurring_priority_is_1_to_10",
                        violation_error_message="The priority must be from 1 to 10.",
                    ),
                ),
            ]
        )
    ]
