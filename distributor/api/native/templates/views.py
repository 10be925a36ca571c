"""Create, read, change and delete templates."""

from http import HTTPStatus
from typing import ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from channels.models import Template
from channels.templates import NoVariantLeftError, change_template, create_template
from contacts.models.api_key import Scope
from distributor.api.answers.problems import Fault, invalid_request, not_found
from distributor.api.bodies.validation import parse_body
from distributor.api.calls.authentication import caller_key
from distributor.api.native.operations import (
    CONFLICT,
    ERRORS,
    ERRORS_OF_BODY,
    ERRORS_OF_DETAIL,
    INVALID,
    PAGE,
    TEMPLATES,
)
from distributor.api.native.rows import answer_page, delete_row, find_row, own_rows
from distributor.api.native.templates.wire import (
    TemplateBody,
    TemplateChanges,
    TemplateDocument,
    TemplatePage,
    channel_faults,
    render_template,
)
from distributor.api.native.view import NativeView
from distributor.api.request_body import json_body
from distributor.engine.infrastructure.audit import actor_of_key

_NO_VARIANT_LEFT = Fault("/variants", "no_variant_left", "A template needs at least one variant.")


class Templates(NativeView):
    """The organisation's templates."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="listTemplates",
        summary="List templates",
        tags=TEMPLATES,
        parameters=PAGE,
        responses={200: TemplatePage} | INVALID | ERRORS,
    )
    def get(self, request: Request) -> Response:
        """List the organisation's templates with their variants, newest first."""
        return answer_page(request, _with_variants(request), render_template)

    @extend_schema(
        operation_id="createTemplate",
        summary="Create a template",
        tags=TEMPLATES,
        request=TemplateBody,
        responses={201: TemplateDocument} | ERRORS_OF_BODY,
    )
    def post(self, request: Request) -> Response:
        """Create a template for one channel, with one variant per locale."""
        body = parse_body(TemplateBody, json_body(request), channel_faults)
        variants = {locale: variant.given_values() for locale, variant in body.variants.items()}
        key = caller_key(request)
        template = create_template(
            key.organization,
            body.name,
            body.channel,
            variants,
            body.on_missing_value,
            saved_by=actor_of_key(key).name,
        )
        return Response(render_template(template), HTTPStatus.CREATED)


class TemplateDetail(NativeView):
    """One template."""

    scopes: ClassVar = {"GET": Scope.READ, "PATCH": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="getTemplate",
        summary="Get a template",
        tags=TEMPLATES,
        responses={200: TemplateDocument} | ERRORS_OF_DETAIL,
    )
    def get(self, request: Request, template_id: str) -> Response:
        """Return one template with its variants."""
        return Response(render_template(find_row(_with_variants(request), template_id, "template")))

    @extend_schema(
        operation_id="updateTemplate",
        summary="Change a template",
        tags=TEMPLATES,
        request=TemplateChanges,
        responses={200: TemplateDocument} | ERRORS_OF_DETAIL | ERRORS_OF_BODY,
    )
    def patch(self, request: Request, template_id: str) -> Response:
        """Change the given fields and no others. Messages that leave from now on have the new texts."""
        template = find_row(_with_variants(request), template_id, "template")
        body = parse_body(TemplateChanges, json_body(request), lambda given: channel_faults(given, template.channel))
        variants = {locale: variant.given_values() if variant else None for locale, variant in body.variants.items()}
        values = {name: value for name, value in body.given_values().items() if name != "variants"}
        try:
            changed = change_template(template.pk, values, variants, saved_by=actor_of_key(caller_key(request)).name)
        except Template.DoesNotExist:
            raise not_found("template") from None
        except NoVariantLeftError:
            raise invalid_request([_NO_VARIANT_LEFT]) from None
        return Response(render_template(changed))

    @extend_schema(
        operation_id="deleteTemplate",
        summary="Delete a template",
        tags=TEMPLATES,
        responses={204: None} | ERRORS_OF_DETAIL | CONFLICT,
    )
    def delete(self, request: Request, template_id: str) -> Response:
        """Delete a template that nothing was sent with. A template that was used cannot be deleted: 409."""
        return delete_row(_with_variants(request), template_id, "template")


def _with_variants(request: Request) -> QuerySet[Template]:
    return own_rows(request, Template).prefetch_related("variants")
