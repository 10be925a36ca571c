"""The calls that a browser makes to add and use passkeys: django-otp-webauthn's, with our rules around them."""

from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest, JsonResponse
from django_otp_webauthn import exceptions, views
from django_otp_webauthn.models import AbstractWebAuthnCredential

from distributor.sign_in import second_factor
from distributor.sign_in.session import is_confirmed


class _ObjectsOnly:
    """Refuses bodies that are no JSON object, on which the library would fail."""

    def _parse_request_data(self, request: HttpRequest) -> Any:
        try:
            data = super()._parse_request_data(request)  # type: ignore[misc]
        except ValueError as error:
            raise exceptions.MalformedRequest from error
        if not hasattr(data, "keys"):
            raise exceptions.MalformedRequest
        return data


class _MayEnrol(_ObjectsOnly):
    request: HttpRequest

    def check_can_register(self) -> None:
        """As for the page: signed in, with a password entered within ten minutes."""
        if not second_factor.may_enrol(self.request) or not is_confirmed(self.request):
            raise exceptions.NotVerified


class BeginRegistration(_MayEnrol, views.BeginCredentialRegistrationView):  # type: ignore[misc]
    pass


class CompleteRegistration(_MayEnrol, views.CompleteCredentialRegistrationView):  # type: ignore[misc]
    def post(self, *args: Any, **kwargs: Any) -> JsonResponse:
        answer: JsonResponse = super().post(*args, **kwargs)
        second_factor.note_change(self.request.user, "passkey_added")
        return answer


class BeginAuthentication(_ObjectsOnly, views.BeginCredentialAuthenticationView):  # type: ignore[misc]
    pass


class CompleteAuthentication(_ObjectsOnly, views.CompleteCredentialAuthenticationView):  # type: ignore[misc]
    def check_device_usable(self, device: AbstractWebAuthnCredential) -> None:
        super().check_device_usable(device)
        if not get_user_model().objects.filter(pk=device.user_id, is_staff=True).exists():
            raise exceptions.UserDisabled
