"""URLs of signing in, below `/admin/` and before the admin's own."""

from django.contrib import admin
from django.contrib.auth.views import PasswordResetConfirmView
from django.urls import path, reverse_lazy
from django.views.decorators.cache import never_cache

from distributor.sign_in.confirmation import confirm_password

urlpatterns = [
    path("confirm/", admin.site.admin_view(confirm_password), name="confirm_password"),
    path(
        "set-password/<uidb64>/<token>/",
        never_cache(
            PasswordResetConfirmView.as_view(
                template_name="registration/password_reset_confirm.html", success_url=reverse_lazy("admin:login")
            )
        ),
        name="set_password",
    ),
]
