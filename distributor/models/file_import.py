"""Imports of files: what was asked for, how far workers have come, and what is wrong with which row."""

from enum import StrEnum

from django.db import models
from django.db.models import F, Q

from contacts.ids import new_id
from contacts.models import ApiKey, MailingList, Organization
from contacts.organization_boundary import KeepsOrganization, SameOrganization
from distributor.models.chunked_work import ChunkedWork
from distributor.models.distribution import Distribution

# In a row, with pauses that grow to a minute: about a quarter of an hour. Then the import has failed.
MAX_FAILURES = 20


class ImportKind(models.TextChoices):
    CONTACTS = "contacts", "Contacts"
    RECIPIENTS = "recipients", "Recipients of a send"


class ExistingContacts(models.TextChoices):
    """What becomes of contacts that are there already."""

    UPDATE = "update", "Update them"
    SKIP = "skip", "Leave them as they are"


class FaultyRows(models.TextChoices):
    """What becomes of a file in which some rows have faults."""

    REFUSE = "refuse", "Import nothing"
    SKIP = "skip", "Import the other rows"


class UnknownColumns(models.TextChoices):
    """What becomes of columns whose names mean no field of ours."""

    DATA = "data", "Store them as embedded data"
    IGNORE = "ignore", "Leave them out"


class ImportState(StrEnum):
    """Where an import stands. Stable: callers read it."""

    UPLOADED = "uploaded"  # waits for somebody to say what the columns mean
    READING = "reading"
    WRITING = "writing"
    DONE = "done"
    FAILED = "failed"  # nothing was written, or nothing more
    CANCELLED = "cancelled"


class FileImport(ChunkedWork):
    """A file of people. Workers first read all of it into pieces of checked rows, then write piece by piece.

    People who come as the body of a call are checked by the call: such an import has the format json and no file.

    While it is read, `due_at` is the end of the reader's lease and `fence` its number. While it is written, `after_id`
    is the last piece that was written.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    api_key = models.ForeignKey(ApiKey, models.SET_NULL, null=True, related_name="+")
    source = models.CharField(max_length=63, help_text="Who asked for it: the API key or the operator.")
    created_at = models.DateTimeField()
    file_name = models.CharField(max_length=255, blank=True)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)

    kind = models.CharField(max_length=10, choices=ImportKind.choices)
    existing = models.CharField(max_length=6, choices=ExistingContacts.choices)
    on_fault = models.CharField(max_length=6, choices=FaultyRows.choices)
    unknown_columns = models.CharField(max_length=6, choices=UnknownColumns.choices)
    mapping = models.JSONField(null=True, help_text="Fields by the names of columns; null until somebody has said so.")
    is_dry_run = models.BooleanField(default=False)
    mailing_list = models.ForeignKey(MailingList, models.SET_NULL, null=True, related_name="+")
    is_into_list = models.BooleanField(default=False, help_text="Whether the people are put on a list.")
    # Forgotten with the content: the distribution has it then.
    request = models.JSONField(null=True, help_text="The send that follows, if the rows are its recipients.")
    distribution = models.ForeignKey(Distribution, models.SET_NULL, null=True, related_name="+")

    format = models.CharField(max_length=4, blank=True)
    details = models.JSONField(default=dict, help_text="How the file was read: encoding, separator, sheet.")
    header = models.JSONField(default=list)
    fence = models.PositiveIntegerField(default=0)
    last_row = models.PositiveIntegerField(default=0, help_text="The last row of the file that was read.")
    piece_count = models.PositiveIntegerField(default=0)
    after_id = models.PositiveIntegerField(default=0)
    row_count = models.PositiveIntegerField(default=0, help_text="How many rows were read.")
    faulty_count = models.PositiveIntegerField(default=0)
    new_count = models.PositiveIntegerField(default=0, help_text="How many contacts are new.")
    updated_count = models.PositiveIntegerField(default=0)
    skipped_count = models.PositiveIntegerField(default=0, help_text="How many contacts were left as they are.")

    is_content_kept = models.BooleanField(default=True, help_text="Whether its file or its checked rows are kept.")
    is_running = models.BooleanField(help_text="Whether workers have something to do.")
    read_at = models.DateTimeField(null=True, help_text="When the whole file had been read.")
    finished_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    fault = models.JSONField(null=True, help_text="Why it failed: `code`, and `values` for its sentence.")

    class Meta:
        ordering = ("-id",)
        verbose_name = "import"
        indexes = [
            models.Index(fields=("organization", "-id"), name="imports_of_organization"),
            models.Index(fields=("due_at",), name="imports_to_do", condition=Q(is_running=True)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_running=False)
                | Q(mapping__isnull=False, finished_at=None, cancelled_at=None, fault__isnull=True),
                name="an_import_that_is_over_does_not_run",
                violation_error_message="An import that is over does not run.",
            ),
            models.CheckConstraint(
                condition=Q(
                    row_count__gte=F("faulty_count") + F("new_count") + F("updated_count") + F("skipped_count")
                ),
                name="an_import_counts_each_row_once",
                violation_error_message="An import counts each row once.",
            ),
            KeepsOrganization(name="an_import_keeps_its_organization"),
            SameOrganization(
                paths=("organization", "api_key", "mailing_list", "distribution"),
                name="import_and_what_it_leads_to_are_of_one_organization",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name or f"import {self.pk}"

    @property
    def state(self) -> ImportState:
        if self.cancelled_at is not None:
            return ImportState.CANCELLED
        if self.fault is not None:
            return ImportState.FAILED
        if self.finished_at is not None:
            return ImportState.DONE
        if self.mapping is None:
            return ImportState.UPLOADED
        return ImportState.READING if self.read_at is None else ImportState.WRITING

    @property
    def is_over(self) -> bool:
        return self.state in (ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED)

    @property
    def done_count(self) -> int:
        """Return how many rows are done with: written, left out, or faulty."""
        return self.new_count + self.updated_count + self.skipped_count + self.faulty_count


class ImportFileChunk(models.Model):
    """A part of an import's file. Web and workers may be on different machines, so PostgreSQL keeps it meanwhile."""

    id = models.BigAutoField(primary_key=True)
    file_import = models.ForeignKey(FileImport, models.CASCADE, related_name="file_chunks")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("file_import", "number"), name="a_file_has_each_of_its_chunks_once")
        ]

    def __str__(self) -> str:
        return f"chunk {self.number} of {self.file_import_id}"


class ImportPiece(models.Model):
    """Checked rows that wait to be written: a list of the row's number and the contact's fields.

    A third value, true, says that the person opts out.
    """

    id = models.BigAutoField(primary_key=True)
    file_import = models.ForeignKey(FileImport, models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField(help_text="From 1.")
    rows = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("file_import", "number"), name="an_import_has_each_piece_once")]

    def __str__(self) -> str:
        return f"piece {self.number} of {self.file_import_id}"


class ImportFault(models.Model):
    """A row that was not imported: its cells, and each fault with column, value (up to 80 characters) and code."""

    id = models.BigAutoField(primary_key=True)
    file_import = models.ForeignKey(FileImport, models.CASCADE, related_name="faults")
    row = models.PositiveIntegerField(help_text="The row's number in the file, from 1.")
    cells = models.JSONField()
    faults = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("file_import", "row"), name="a_row_is_faulty_once")]

    def __str__(self) -> str:
        return f"row {self.row} of {self.file_import_id}"
