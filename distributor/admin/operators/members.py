"""Members of organisations: managers add users, change their roles and remove them."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from contacts.models import Organization, OrganizationMember
from distributor.admin.support.base import BaseAdmin
from distributor.admin.support.confirmed import ConfirmedAdmin
from distributor.admin.support.typed_classes import ModelForm
from distributor.sign_in.new_users import find_users, is_known_to, make_user, may_get_link, set_password_url
from distributor.sign_in.session import ask_password_again, is_confirmed


class NewMemberForm(ModelForm[OrganizationMember]):
    """Names a user who exists, or makes one."""

    adder: Any  # the user who sends the form; set in get_form
    login = forms.CharField(
        label="user",
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text="User name or e-mail address, for example ann@example.com. If nobody has it, a user is made, and you"
        " get a link for them that sets their password.",
    )

    def clean_login(self) -> str:
        login: str = self.cleaned_data["login"]
        found = find_users(login)
        if len(found) > 1:
            raise ValidationError("Several users have this e-mail address. Enter the user name.")
        if found and not is_known_to(self.adder, found[0]):
            raise ValidationError("This user is in none of your organisations yet. Ask a superuser to add them.")
        self.found = found[0] if found else None
        return login

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        organization: Organization | None = cleaned.get("organization")
        if organization and getattr(self, "found", None):
            # Locked until the member is saved: of two forms at once, the second sees the first one's member.
            members = Organization.objects.select_for_update().get(pk=organization.pk).members
            if members.filter(user=self.found).exists():
                raise ValidationError({"login": "This user is already a member of the organisation."})
        return cleaned

    def save(self, commit: bool = True) -> OrganizationMember:
        member = self.instance
        member.user = self.found or make_user(self.cleaned_data["login"])
        if not member.user.is_staff:
            member.user.is_staff = True
            member.user.save(update_fields=["is_staff"])
        return super().save(commit)


@admin.register(OrganizationMember)
class MemberAdmin(ConfirmedAdmin, BaseAdmin[OrganizationMember]):
    list_display = ("user", "organization", "role", "last_login", "created_at")
    list_select_related = ("organization", "user")
    list_filter = ("organization", "role")
    search_fields = ("user__username", "user__email")
    autocomplete_fields = ("organization",)
    add_only_fields = ("organization", "user")
    readonly_fields = ("created_at",)
    actions = ("make_link",)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None:
            return super().get_form(request, obj, change, **kwargs)
        form = super().get_form(request, obj, change, form=NewMemberForm, **kwargs)
        return type("MemberForm", (form,), {"adder": request.user})

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("organization", "login", "role") if obj is None else ("organization", "user", "role", "created_at")

    def response_add(
        self, request: HttpRequest, obj: OrganizationMember, post_url_continue: str | None = None
    ) -> HttpResponse:
        if may_get_link(request.user, obj.user):
            return self._show_link(request, obj)
        return super().response_add(request, obj, post_url_continue)

    @admin.action(description="Make a new link that sets the first password", permissions=["change"])
    def make_link(self, request: HttpRequest, selected: QuerySet[OrganizationMember]) -> HttpResponse | None:
        if not is_confirmed(request):
            return ask_password_again(request)
        members = list(selected[:2])
        if len(members) != 1:
            self.message_user(request, "Select one member.", messages.ERROR)
            return None
        if not may_get_link(request.user, members[0].user):
            self.message_user(
                request, f"{members[0].user} has signed in before, or belongs to others, too.", messages.ERROR
            )
            return None
        self.log_change(request, members[0], "Made a link that sets the password.")
        return self._show_link(request, members[0])

    def _show_link(self, request: HttpRequest, member: OrganizationMember) -> HttpResponse:
        """Show the link on its own page. A message would keep it in a cookie until it is shown."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Link that sets the password",
            "opts": self.opts,
            "member": member,
            "link": set_password_url(member.user),
        }
        return TemplateResponse(request, "admin/contacts/organizationmember/link.html", context)

    @admin.display(description="last signed in (UTC)")
    def last_login(self, member: OrganizationMember) -> str:
        user: User = member.user
        return f"{user.last_login:%Y-%m-%d %H:%M}" if user.last_login else "never"
