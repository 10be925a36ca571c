"""The upload of a file to import."""

import hashlib
from typing import Any, BinaryIO, Final, cast

from django import forms
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.utils.translation import gettext as _

from contacts.ids import new_id
from contacts.models import MailingList, Organization
from distributor.control_room.layout.files import takes_files
from distributor.engine.imports.start import StoredUpload
from distributor.models.file_import import ExistingContacts
from tables.reading.limits import MAX_FILE_BYTES

_PIECE_BYTES: Final = 256 * 1024
_SHOWN_LISTS: Final = 500

takes_large_file = takes_files(TemporaryFileUploadHandler)


class UploadForm(forms.Form):
    """A file, and where its people go. The key makes one import, however often the form is posted."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=new_id)
    file = forms.FileField()
    mailing_list = forms.ModelChoiceField(MailingList.objects.none(), required=False)
    new_list = forms.CharField(required=False, max_length=255)
    existing = forms.ChoiceField(choices=ExistingContacts.choices, initial=ExistingContacts.UPDATE.value)

    def __init__(self, organization: Organization, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lists = MailingList.objects.filter(organization=organization, is_automatic=False).order_by("name", "pk")
        shown = list(lists.values_list("pk", flat=True)[:_SHOWN_LISTS])
        field = self.fields["mailing_list"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = MailingList.objects.filter(pk__in=shown).order_by("name", "pk")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        file = given.get("file")
        if file is not None and file.size > MAX_FILE_BYTES:
            self.add_error("file", _("The file is too large: at most %(limit)s MB.") % {"limit": 50})
        if given.get("mailing_list") and given.get("new_list"):
            self.add_error("new_list", _("Choose a list or name a new one, not both."))
        return given

    def upload(self) -> StoredUpload:
        """Return the file with its size and hash."""
        file = self.cleaned_data["file"]
        digest = hashlib.sha256()
        for piece in file.chunks(_PIECE_BYTES):
            digest.update(piece)
        return StoredUpload(cast(BinaryIO, file.file), file.size, digest.hexdigest(), file.name)
