"""The admin site: what it shows besides the pages of the models."""

from collections import defaultdict
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from distributor.sign_in import throttling  # noqa: F401  it listens to failed logins
from distributor.sign_in.second_factor import has_given_password, is_signed_in

LATEST = 50


class OperatorsSite(admin.AdminSite):
    site_header = site_title = "Distributor"
    site_url = None  # There is no public site to link to.
    index_title = "Administration"
    index_template = "admin/front_page.html"
    login_template = "sign_in/login.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the user is signed in, as every page of the admin and of a closed sandbox asks."""
        return is_signed_in(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Lead users who have given the password on to the second factor, which they owe."""
        if request.method == "GET" and has_given_password(request) and not is_signed_in(request):
            query = urlencode({"next": request.GET.get("next", "")})
            return HttpResponseRedirect(f"{reverse('prove_second_factor')}?{query}")
        start = "oidc_authentication_init"
        provider = {"oidc_url": reverse(start)} if settings.OIDC_RP_CLIENT_ID else {}
        return super().login(request, {**provider, **(extra_context or {})})

    def get_log_entries(self, request: HttpRequest) -> QuerySet[LogEntry]:
        """Return what the user did lately, to rows that they may still see: they may have left an organisation."""
        entries = LogEntry.objects.filter(user=request.user.pk)
        if request.user.is_superuser:
            return entries
        latest: defaultdict[Any, list[LogEntry]] = defaultdict(list)
        for entry in entries.select_related("content_type")[:LATEST]:
            latest[entry.content_type.model_class() if entry.content_type else None].append(entry)
        visible: list[int] = []
        for model, of_model in latest.items():
            page = self._registry.get(model)
            if page is None or not page.has_view_permission(request):
                continue
            rows = page.get_queryset(request).filter(pk__in=[entry.object_id for entry in of_model])
            keys = set(map(str, rows.values_list("pk", flat=True)))
            visible += [entry.pk for entry in of_model if entry.object_id in keys]
        return entries.filter(pk__in=visible)
