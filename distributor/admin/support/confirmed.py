"""Pages whose changes need a password that was entered within the last ten minutes."""

from typing import TYPE_CHECKING, Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest

from distributor.sign_in.session import ask_password_again, is_confirmed

if TYPE_CHECKING:
    Page = ModelAdmin[Any]
else:
    Page = object


class ConfirmedAdmin(Page):
    """Asks before the form is shown, so that nothing typed is lost. Who may only read is not asked."""

    def needs_password(self, request: HttpRequest, object_id: str | None) -> bool:
        """Whether the page shows a form that changes something."""
        return self.has_add_permission(request) if object_id is None else self.has_change_permission(request)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        if self.needs_password(request, object_id) and not is_confirmed(request):
            return ask_password_again(request)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        if self.has_delete_permission(request) and not is_confirmed(request):
            return ask_password_again(request)
        return super().delete_view(request, object_id, extra_context)
