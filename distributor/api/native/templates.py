"""/api/v1/templates: what an invitation says, per channel and locale."""

from http import HTTPStatus
from typing import ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from channels.models import Template
from channels.templates import NoVariantLeftError, change_template, create_template
from contacts.models.api_key import Scope
from distributor.api.authentication import caller_key
from distributor.api.native.owned import (
    CONFLICT,
    ERRORS_OF_A_BODY,
    ERRORS_OF_ONE,
    PAGE,
    answer_page,
    delete_one,
    find_one,
    own_rows,
)
from distributor.api.native.shapes import parse_checked
from distributor.api.native.template_wire import (
    TemplateBody,
    TemplateChanges,
    TemplateDocument,
    TemplatePage,
    channel_check,
    render_template,
)
from distributor.api.problems import Fault, invalid_request, not_found

_NO_VARIANT = Fault("/variants", "no_variant_left", "A template needs a variant in one locale at least.")


class Templates(APIView):
    """The organisation's templates."""

    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="list_templates",
        tags=["native"],
        parameters=PAGE,
        responses={200: TemplatePage} | ERRORS_OF_A_BODY,
    )
    def get(self, request: Request) -> Response:
        return answer_page(request, _own(request), render_template)

    @extend_schema(
        operation_id="create_template",
        tags=["native"],
        request=TemplateBody,
        responses={201: TemplateDocument} | ERRORS_OF_A_BODY,
    )
    def post(self, request: Request) -> Response:
        body = parse_checked(TemplateBody, request.body, channel_check(None))
        variants = {locale: variant.said() for locale, variant in body.variants.items()}
        made = create_template(caller_key(request).organization, body.name, body.channel, variants)
        return Response(render_template(made), HTTPStatus.CREATED)


class OneTemplate(APIView):
    """A template with its variants."""

    scopes: ClassVar = {"GET": Scope.READ, "PATCH": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(operation_id="read_template", tags=["native"], responses={200: TemplateDocument} | ERRORS_OF_ONE)
    def get(self, request: Request, template_id: str) -> Response:
        return Response(render_template(find_one(_own(request), template_id, "template")))

    @extend_schema(
        operation_id="change_template",
        tags=["native"],
        request=TemplateChanges,
        responses={200: TemplateDocument} | ERRORS_OF_ONE | ERRORS_OF_A_BODY,
    )
    def patch(self, request: Request, template_id: str) -> Response:
        """Change what is given, and nothing else. What is sent from now on reads as it says then."""
        template = find_one(_own(request), template_id, "template")
        body = parse_checked(TemplateChanges, request.body, channel_check(template.channel))
        variants = {locale: variant.said() if variant else None for locale, variant in body.variants.items()}
        said = {name: value for name, value in body.said().items() if name != "variants"}
        try:
            changed = change_template(template.pk, said, variants)
        except Template.DoesNotExist:
            raise not_found("template") from None
        except NoVariantLeftError:
            raise invalid_request([_NO_VARIANT]) from None
        return Response(render_template(changed))

    @extend_schema(operation_id="delete_template", tags=["native"], responses={204: None} | ERRORS_OF_ONE | CONFLICT)
    def delete(self, request: Request, template_id: str) -> Response:
        """Only a template that nothing was sent with: 409 otherwise."""
        return delete_one(_own(request), template_id, "template")


def _own(request: Request) -> QuerySet[Template]:
    return own_rows(request, Template).prefetch_related("variants")
