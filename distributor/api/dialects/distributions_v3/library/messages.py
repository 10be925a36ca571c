"""Views of `/libraries/{id}/messages` and `/libraries/{id}/messages/{id}`."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar

from django.db import transaction
from django.db.models import ProtectedError
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from channels.models import Template
from channels.template_versions import lock_texts
from channels.templates import NoVariantLeftError, Texts, change_template, create_template
from contacts.models.api_key import Scope
from distributor.api.answers.problems import Fault, Problem, invalid_request, not_found
from distributor.api.calls.authentication import caller_key
from distributor.api.dialects.distributions_v3.documentation import LIBRARY_ID, MESSAGE_ID, TAGS
from distributor.api.dialects.distributions_v3.envelope import (
    BODY_ERRORS,
    PATH_ERRORS,
    QUERY_ERRORS,
    DialectView,
    Done,
    ErrorDocument,
    answer_done,
    answer_made,
    answer_result,
    enveloped,
    paged,
)
from distributor.api.dialects.distributions_v3.faults import read_body
from distributor.api.dialects.distributions_v3.ids import Kind, public_id
from distributor.api.dialects.distributions_v3.library.categories import (
    KEPT,
    NOT_KEPT,
    channel_of,
    has_category,
    purpose_of,
)
from distributor.api.dialects.distributions_v3.library.message_shapes import (
    LibraryMessageElement,
    MessageChanges,
    MessageMade,
    MessageToCreate,
    WholeMessageElement,
    render_message,
    render_whole_message,
    variant_of,
)
from distributor.api.dialects.distributions_v3.paging import OFFSET, PAGE, key_parser, page_of_rows, read_page
from distributor.api.dialects.distributions_v3.references import find_by_id, require_own
from distributor.api.request_body import json_body
from distributor.engine.infrastructure.audit import actor_of_key

_CATEGORIES = (*KEPT, *NOT_KEPT)
_CATEGORY = OpenApiParameter(
    "category", {"type": "string", "enum": [*_CATEGORIES]}, description="Only messages of this category."
)
_UNKNOWN_CATEGORY = Fault("?category", "literal_error", f"Use one of {', '.join(_CATEGORIES)}.")
_NO_TEXT_LEFT = Fault("/messages", "no_variant_left", "A message needs at least one language.")
_IN_USE = "Distributions, connected lists or recurring distributions use this message."


class LibraryMessages(DialectView):
    scopes: ClassVar = {"GET": Scope.READ, "POST": Scope.MANAGE}

    @extend_schema(
        operation_id="v3ListMessages",
        summary="List messages of a library",
        tags=TAGS,
        parameters=[LIBRARY_ID, _CATEGORY, *PAGE, OFFSET],
        responses={200: paged(LibraryMessageElement)} | PATH_ERRORS | QUERY_ERRORS,
    )
    def get(self, request: Request, library_id: str) -> Response:
        """Return the library's messages, which are the organisation's templates, newest first."""
        category = request.query_params.get("category") or None
        faults = [] if category in (None, *_CATEGORIES) else [_UNKNOWN_CATEGORY]
        page = read_page(request, key_parser(Kind.MESSAGE), faults)
        organization = caller_key(request).organization
        require_own(organization, Kind.LIBRARY, library_id)
        templates = Template.objects.filter(organization=organization)
        if category is not None:
            templates = templates.filter(has_category(category))
        return page_of_rows(
            request,
            templates,
            page,
            lambda template: public_id(Kind.MESSAGE, template.pk),
            lambda shown: [render_message(template) for template in shown],
        )

    @extend_schema(
        operation_id="v3CreateMessage",
        summary="Create a message in a library",
        tags=TAGS,
        parameters=[LIBRARY_ID],
        request=MessageToCreate,
        responses={200: enveloped(MessageMade)} | PATH_ERRORS | BODY_ERRORS,
    )
    def post(self, request: Request, library_id: str) -> Response:
        """Create a template with a variant for each language. The plain text of an e-mail is made from its HTML."""
        key = caller_key(request)
        require_own(key.organization, Kind.LIBRARY, library_id)
        body, _keys = read_body(MessageToCreate, json_body(request), key.organization, {})
        channel = channel_of(body.category)
        template = create_template(
            key.organization,
            body.description,
            channel,
            {language: variant_of(channel, text, body.description) for language, text in body.messages.items()},
            saved_by=actor_of_key(key).name,
            purpose=purpose_of(body.category),
        )
        return answer_made(MessageMade(id=public_id(Kind.MESSAGE, template.pk)))


class LibraryMessageDetail(DialectView):
    scopes: ClassVar = {"GET": Scope.READ, "PUT": Scope.MANAGE, "DELETE": Scope.MANAGE}

    @extend_schema(
        operation_id="v3GetMessage",
        summary="Show a message of a library",
        tags=TAGS,
        parameters=[LIBRARY_ID, MESSAGE_ID],
        responses={200: enveloped(WholeMessageElement)} | PATH_ERRORS,
    )
    def get(self, request: Request, library_id: str, message_id: str) -> Response:
        """Return a message with its texts."""
        return answer_result(render_whole_message(_find(request, library_id, message_id)))

    @extend_schema(
        operation_id="v3UpdateMessage",
        summary="Change a message of a library",
        tags=TAGS,
        parameters=[LIBRARY_ID, MESSAGE_ID],
        request=MessageChanges,
        responses={200: Done} | PATH_ERRORS | BODY_ERRORS,
    )
    def put(self, request: Request, library_id: str, message_id: str) -> Response:
        """Change the description and the given languages; others stay. Messages that leave from now on have the new
        texts, and the earlier ones are kept as a version.
        """
        template = _find(request, library_id, message_id)
        key = caller_key(request)
        body, _keys = read_body(MessageChanges, json_body(request), key.organization, {})
        columns = {"name": body.description} if body.description else {}
        try:
            with transaction.atomic():
                # Read under the lock: what is written of the subjects has the texts as another call has left them.
                locked = lock_texts(template.pk)
                change_template(template.pk, columns, _variants(locked, body), saved_by=actor_of_key(key).name)
        except Template.DoesNotExist:
            raise not_found("message") from None
        except NoVariantLeftError:
            raise invalid_request([_NO_TEXT_LEFT]) from None
        return answer_done()

    @extend_schema(
        operation_id="v3DeleteMessage",
        summary="Delete a message of a library",
        tags=TAGS,
        parameters=[LIBRARY_ID, MESSAGE_ID],
        responses={200: Done, 409: ErrorDocument} | PATH_ERRORS,
    )
    def delete(self, request: Request, library_id: str, message_id: str) -> Response:
        """Delete a message that nothing was sent with. A message that was used cannot be deleted: 409."""
        template = _find(request, library_id, message_id)
        try:
            with transaction.atomic():
                # The lock makes calls that are about to use it wait; they then find no template.
                for locked in Template.objects.select_for_update().filter(pk=template.pk):
                    locked.delete()
        except ProtectedError:
            raise Problem(HTTPStatus.CONFLICT, "template_in_use", _IN_USE) from None
        return answer_done()


def _variants(template: Template, body: MessageChanges) -> Mapping[str, Texts | None]:
    """Return the variants to write, by the locales that the template has, each with the subject that it had.

    A subject that is the old description becomes the new one.
    """
    known = {variant.locale.lower(): variant for variant in template.variants.all()}
    name = body.description or template.name
    written: dict[str, Texts | None] = {}
    for language, variant in known.items():
        subject = name if variant.subject == template.name else variant.subject
        text = body.messages.get(language)
        if text is not None:
            written[variant.locale] = variant_of(template.channel, text, subject)
        elif language in body.messages:
            written[variant.locale] = None
        elif subject != variant.subject:
            written[variant.locale] = {"subject": subject, "html": variant.html, "text": variant.text}
    for language, text in body.messages.items():
        if language not in known:
            written[language] = None if text is None else variant_of(template.channel, text, name)
    return written


def _find(request: Request, library_id: str, message_id: str) -> Template:
    organization = caller_key(request).organization
    require_own(organization, Kind.LIBRARY, library_id)
    templates = Template.objects.filter(organization=organization).prefetch_related("variants")
    return find_by_id(templates, Kind.MESSAGE, message_id)
