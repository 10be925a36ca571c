"""URLs of signing in, below `/admin/` and before the admin's own."""

from django.conf import settings
from django.contrib.auth.views import PasswordResetConfirmView
from django.urls import include, path, reverse_lazy
from django.views.decorators.cache import never_cache

from distributor.sign_in import factor_pages
from distributor.sign_in.confirmation import confirm_password

set_password = PasswordResetConfirmView.as_view(
    template_name="registration/password_reset_confirm.html", success_url=reverse_lazy("admin:login")
)

urlpatterns = [
    path("confirm/", confirm_password, name="confirm_password"),
    path("second-factor/", factor_pages.show_devices, name="second_factor"),
    path("second-factor/prove/", factor_pages.prove_second_factor, name="prove_second_factor"),
    path("second-factor/app/", factor_pages.add_app, name="add_app"),
    path("second-factor/codes/", factor_pages.make_codes, name="make_recovery_codes"),
    path("second-factor/remove/", factor_pages.remove_device, name="remove_device"),
    path("passkeys/", include("distributor.sign_in.passkey_urls")),
    *([path("oidc/", include("distributor.sign_in.oidc_urls"))] if settings.OIDC_RP_CLIENT_ID else []),
    path("set-password/<uidb64>/<token>/", never_cache(set_password), name="set_password"),
]
