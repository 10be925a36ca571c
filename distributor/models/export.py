"""Exports: files of rows that operators and callers asked for, kept for a week."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from contacts.ids import new_id
from contacts.models import Organization
from contacts.organization_boundary import KeepsOrganization
from distributor.models.chunked_work import ChunkedWork
from distributor.rules.exports import ExportState, export_state


class ExportKind(models.TextChoices):
    RECIPIENTS = "recipients"
    RESPONSES = "responses"
    CONTACTS = "contacts"
    SUPPRESSIONS = "suppressions"
    LINKS = "links"
    AUDIT = "audit"


class ExportFormat(models.TextChoices):
    CSV = "csv", "CSV"
    XLSX = "xlsx", "Excel (XLSX)"
    NDJSON = "ndjson", "NDJSON"


class Export(ChunkedWork):
    """Rows of one kind in one format, and how far workers have written them.

    `after_key` is the position of the last row read, in the words of the kind (engine/exports). A part of the file and
    the new position are one transaction. An XLSX file is made of the written rows in one go, once all are read.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="exports", db_index=False)
    kind = models.CharField(max_length=12, choices=ExportKind)
    format = models.CharField(max_length=6, choices=ExportFormat)
    filters = models.JSONField(default=dict, help_text="Which rows: by the names of the API.")
    columns = ArrayField(models.CharField(max_length=300), help_text="The columns in their order.")
    row_limit = models.BigIntegerField(null=True, help_text="At most so many rows, the first ones. Empty: all.")
    rendering = models.JSONField(
        default=dict,
        db_default={},
        help_text="How an API with other words shows the file (decision 59). Empty: as it is.",
    )
    requested_by = models.CharField(max_length=255, help_text="Who asked for it: the API key or the operator.")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True, help_text="When the file was deleted for a person's erasure.")
    expires_at = models.DateTimeField()
    after_key = models.CharField(max_length=400, blank=True)
    is_read = models.BooleanField(default=False, help_text="Whether all rows are read.")
    scanned_count = models.BigIntegerField(default=0, help_text="Rows looked at, of `total_count`.")
    total_count = models.BigIntegerField(null=True, help_text="About how many rows there are to look at.")
    row_count = models.BigIntegerField(default=0, help_text="Rows written.")
    part_count = models.IntegerField(default=0)
    byte_count = models.BigIntegerField(default=0, help_text="The size of the file in bytes.")
    checksum = models.BigIntegerField(default=0, help_text="The CRC-32 of what was compressed.")
    data_keys = models.JSONField(
        default=dict, db_default={}, help_text="For `rendering`: the keys that the rows' data has, by column."
    )

    class Meta:
        ordering = ("-id",)
        indexes = [
            models.Index(fields=("organization", "-id"), name="exports_of_an_organization"),
            models.Index(fields=("due_at",), name="exports_to_write", condition=Q(finished_at=None, withdrawn_at=None)),
            models.Index(fields=("expires_at",), name="exports_by_expiry"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(finished_at=None) | Q(is_read=True), name="a_ready_export_has_all_rows"),
            models.CheckConstraint(
                condition=Q(row_limit=None) | Q(row_limit__gte=F("row_count")), name="an_export_keeps_its_row_limit"
            ),
            KeepsOrganization(name="an_export_keeps_its_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} as {self.format}"

    def state_at(self, now: datetime) -> ExportState:
        return export_state(
            now=now,
            expires_at=self.expires_at,
            finished_at=self.finished_at,
            withdrawn_at=self.withdrawn_at,
            failures=self.failures,
            part_count=self.part_count,
        )

    @property
    def progress(self) -> float:
        """How much is done, from 0 to 1. Making a workbook of the rows is the last tenth."""
        if self.finished_at is not None:
            return 1.0
        share = 0.9 if self.format == ExportFormat.XLSX else 0.99
        if self.is_read:
            return share
        return round(share * min(self.scanned_count / self.total_count, 1), 3) if self.total_count else 0.0

    @property
    def file_name(self) -> str:
        """The name of the file, such as recipients-20260305-0800-4b5c.csv (UTC)."""
        return f"{self.kind}-{self.created_at:%Y%m%d-%H%M}-{self.pk.hex[-4:]}.{self.format}"


class ExportPart(models.Model):
    """A piece of an export's file, in the order of `number`, compressed unless the file is XLSX.

    `contact_ids` are the people in it, whose erasure withdraws the file. Negative numbers hold only people: those of an
    XLSX file, whose pieces are not made of rows.
    """

    pk = models.CompositePrimaryKey("export_id", "number")
    export = models.ForeignKey(Export, models.CASCADE, related_name="parts", db_index=False)
    number = models.IntegerField()
    content = models.BinaryField()
    contact_ids = ArrayField(models.UUIDField(), default=list)

    def __str__(self) -> str:
        return f"{self.export_id}/{self.number}"
