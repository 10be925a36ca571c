"""The page that asks for the password again, before a key is made or a credential or role is changed."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import authenticate
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from distributor.sign_in.second_factor import may_enrol
from distributor.sign_in.session import note_confirmation


class PasswordForm(forms.Form):
    password = forms.CharField(
        strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True})
    )

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_password(self) -> str:
        """Count a wrong password like a failed login."""
        password: str = self.cleaned_data["password"]
        name = self.request.user.get_username()
        if authenticate(self.request, username=name, password=password) != self.request.user:
            raise ValidationError("This is not your password.")
        return password


def next_page(request: HttpRequest) -> str:
    """Return where to go on: a page of ours named by `next`, or the index."""
    named = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(named, allowed_hosts=None) and named.startswith("/")
    return named if is_ours else reverse("admin:index")


@never_cache
def confirm_password(request: HttpRequest) -> HttpResponse:
    if not may_enrol(request):
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))
    form = PasswordForm(request, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        note_confirmation(request)
        return HttpResponseRedirect(next_page(request))
    context = {
        **admin.site.each_context(request),
        "title": "Confirm that it is you",
        "form": form,
        "next": next_page(request),
    }
    return TemplateResponse(request, "sign_in/confirm.html", context)
