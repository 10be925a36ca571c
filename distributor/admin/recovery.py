"""What a restored database had forgotten, and the button that lets sending go on. For superusers."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from distributor.engine.infrastructure.clock import database_now
from distributor.engine.recovery.status import read_memory_status, release


@admin.site.admin_view
@require_http_methods(["GET", "HEAD", "POST"])
def recovery_page(request: HttpRequest) -> HttpResponse:
    """Show the findings; a POST releases."""
    if not (request.user.is_active and request.user.is_superuser):
        raise PermissionDenied
    now = database_now()
    if request.method == "POST":
        if release(now, by=f"operator {request.user.get_username()}"):
            messages.success(request, "Sending goes on.")
        return HttpResponseRedirect(request.path)
    context = {**admin.site.each_context(request), "title": "Recovery", "memory": read_memory_status(now)}
    return TemplateResponse(request, "admin/recovery.html", context)
