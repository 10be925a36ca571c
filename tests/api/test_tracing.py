"""Traces: one from the call to the provider's request, sent to a real receiver; and nothing at all without them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from structlog.testing import capture_logs

from config import tracing as config_tracing
from config.celery import app
from config.logging import _add_trace_id
from config.otel import OpenTelemetryTracer
from distributor.engine.infrastructure import tracing
from distributor.engine.reports.timeline import timelines_of
from distributor.models import Distribution, Recipient
from distributor.tasks import dispatch
from tests.api.conftest import Post
from tests.production.compose import PROJECT
from tests.stack.running import clean_environment
from tests.support.standins.server import Answer, Fault, Request, StandIn

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Collector(StandIn):
    """Takes spans by OTLP over HTTP, as an OpenTelemetry collector does."""

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[Span] = []

    def take(self, request: Request) -> Answer:
        assert request.path == "/v1/traces"
        told = ExportTraceServiceRequest.FromString(request.body)
        for resource in told.resource_spans:
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)
        return Answer(200)

    def word_fault(self, fault: Fault) -> Answer:
        return Answer(503)

    def named(self, name: str) -> Span:
        return next(span for span in self.spans if span.name == name)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector().running() as collector:
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{collector.url}/v1/traces")))
        config_tracing.trace_with(OpenTelemetryTracer(provider))
        config_tracing._watch_connection(connection)
        yield collector
        config_tracing.trace_with(None)
        with suppress(ValueError):
            connection.execute_wrappers.remove(config_tracing._trace_statement)
        provider.shutdown()


def run_dispatch() -> None:
    """Run the task as Celery does, but for closing the test's connection."""
    config_tracing._begin_task("1", dispatch)
    dispatch("urgent")
    config_tracing._end_task("1")


def attributes(span: Span) -> dict[str, Any]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


@pytest.mark.django_db
def test_one_trace_leads_from_the_call_to_the_providers_request(
    collector: Collector, post: Post, body: dict[str, Any]
) -> None:
    assert post(body, traceparent=CALLER).status_code == 201
    run_dispatch()
    request = collector.named("POST /api/surveys/<str:survey_id>/distributions/quick")
    batch, call = collector.named("dispatch batch"), collector.named("send by email")
    assert {span.trace_id.hex() for span in (request, batch, call)} == {CALLER.split("-")[1]}
    assert request.parent_span_id.hex() == CALLER.split("-")[2]
    assert batch.parent_span_id == request.span_id
    assert call.parent_span_id == batch.span_id
    assert attributes(request)["http.response.status_code"] == 201
    assert attributes(call) == {
        "distributor.provider": "sandbox",
        "distributor.messages": 1,
        "distributor.accepted": 1,
    }
    # The task that happened to do it is a trace of its own, and linked.
    task = collector.named("run distributor.dispatch")
    assert batch.links[0].span_id == task.span_id
    assert task.trace_id != batch.trace_id
    statements = [span for span in collector.spans if "db.query.text" in attributes(span)]
    assert {request.span_id, batch.span_id} <= {span.parent_span_id for span in statements}
    assert not any(b"ann@example.com" in span.SerializeToString() for span in collector.spans)
    timeline = timelines_of([Recipient.objects.select_related("contact").get()])[0]
    assert timeline.events[0].detail == f"trace {CALLER.split('-')[1]}"


@pytest.mark.django_db
def test_a_call_that_fails_is_a_failed_span_without_the_errors_text(collector: Collector) -> None:
    with pytest.raises(ValueError, match="ann@"), tracing.span("work"):
        raise ValueError("ann@example.com")
    span = collector.named("work")
    assert (span.status.code, span.status.message) == (2, "ValueError")
    assert b"ann@" not in span.SerializeToString()


def test_a_task_that_fails_is_a_failed_span_without_the_errors_text(collector: Collector) -> None:
    @app.task(name="tests.fail")
    def fail() -> None:
        raise ValueError("ann@example.com")

    try:
        assert fail.apply().failed()
    finally:
        app.tasks.pop("tests.fail")
    span = collector.named("run tests.fail")
    assert (span.status.code, span.status.message) == (2, "ValueError")
    assert attributes(span)["error.type"] == "ValueError"
    assert b"ann@" not in span.SerializeToString()


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["", "00-0-0-01", "ann@example.com", CALLER[:-1], CALLER.replace("4bf9", "4BF9")])
def test_a_malformed_traceparent_begins_a_new_trace(collector: Collector, given: str) -> None:
    Client().get("/healthz", headers={"traceparent": given})
    Client().get("/api/v1/contacts", headers={"traceparent": given})
    [span] = [span for span in collector.spans if span.name.startswith("GET ")]
    assert span.name == "GET /api/v1/contacts"
    assert not span.parent_span_id
    assert span.trace_id.hex() not in CALLER


@pytest.mark.django_db
def test_log_lines_have_the_trace(collector: Collector) -> None:
    assert _add_trace_id(None, "", {"event": "x"}) == {"event": "x"}
    with tracing.span("work"):
        line = _add_trace_id(None, "", {"event": "x"})
    assert line["trace_id"] == collector.named("work").trace_id.hex()


@pytest.mark.django_db
def test_later_messages_do_not_join_the_trace(collector: Collector, post: Post, body: dict[str, Any]) -> None:
    post(body)
    assert Distribution.objects.get().traceparent
    with connection.cursor() as cursor:
        cursor.execute("UPDATE distributor_distribution SET created_at = created_at - interval '61 minutes'")
    run_dispatch()
    request = collector.named("POST /api/surveys/<str:survey_id>/distributions/quick")
    assert collector.named("send by email").trace_id != request.trace_id


@pytest.mark.django_db
def test_without_a_tracer_nothing_is_kept(post: Post, body: dict[str, Any]) -> None:
    assert post(body, traceparent=CALLER).status_code == 201
    assert Distribution.objects.get().traceparent == ""


@pytest.mark.parametrize(
    ("variables", "is_wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_the_environment_switches_it_on(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], is_wanted: bool
) -> None:
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert config_tracing.is_wanted() is is_wanted


def test_without_the_dependency_group_it_says_so_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "config.otel", None)
    with capture_logs() as lines:
        config_tracing.start_tracing("web")
    assert [line["event"] for line in lines] == ["tracing_not_installed"]
    assert not tracing.is_tracing()


def test_without_the_variable_it_is_not_needed() -> None:
    """The client of Redis imports parts of it where it is installed, so it is hidden here."""
    program = "import sys; sys.modules['opentelemetry'] = None; import config.celery, config.tracing; "
    program += "config.tracing.start_tracing('worker'); "
    program += "print([name for name in sys.modules if name == 'config.otel' or name.startswith('opentelemetry.')])"
    environment = clean_environment(
        SECRET_KEY="x", CREDENTIAL_KEYS="", DATABASE_URL="postgresql:///unused", REDIS_URL="redis://unused"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert ran.stdout.strip() == "[]", ran.stderr
