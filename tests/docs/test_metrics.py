"""docs/reference/metrics.md, the alert rules and the dashboard name the metrics and labels that there are."""

import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml

from distributor.engine.metrics.backlog import REASONS
from distributor.engine.metrics.catalogue import METRICS
from distributor.engine.metrics.family import Kind
from tests.docs.test_paths import ROOT

_ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| (.*?) ?\| (.+) \|$", re.MULTILINE)
MONITORING = ROOT / "monitoring"
# Prometheus adds this one to what it scrapes.
OF_PROMETHEUS = {"up": {"job", "instance"}}


def known_series() -> dict[str, set[str]]:
    """Return the labels of each series: a histogram has three."""
    series = dict(OF_PROMETHEUS)
    for metric in METRICS:
        labels = set(metric.labels)
        if metric.kind is Kind.HISTOGRAM:
            series |= {f"{metric.name}_bucket": labels | {"le"}}
            series |= {f"{metric.name}_{part}": labels for part in ("sum", "count")}
        else:
            series[metric.name] = labels
    return series


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((MONITORING / "dashboards/distributor.json").read_text())
    return read


def queries() -> Iterator[tuple[str, str]]:
    for rule in alerts():
        yield rule["alert"], rule["expr"]
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"].replace("$__rate_interval", "5m")


def selectors(query: str) -> list[tuple[str, set[str]]]:
    """The series that a query reads, each with the labels that it is selected by."""
    found: list[tuple[str, set[str]]] = []

    def visit(node: Any) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            found.append((str(node.name), {matcher.name for matcher in node.matchers.matchers}))
        if isinstance(node, promql_parser.MatrixSelector):
            visit(node.vector_selector)
        return True

    promql_parser.walk(promql_parser.parse(query), visit)
    return found


def grouped_by(query: str) -> set[str]:
    return {label.strip() for labels in re.findall(r"\bby \(([^)]*)\)", query) for label in labels.split(",")}


def test_the_page_lists_every_metric_and_no_other() -> None:
    rows = _ROW.findall((ROOT / "docs/reference/metrics.md").read_text())
    documented = [(name, kind, tuple(re.findall(r"`(\w+)`", labels)), text) for name, kind, labels, text in rows]
    assert documented == [(metric.name, metric.kind.value, metric.labels, metric.help) for metric in METRICS]


def test_the_page_lists_every_reason_to_wait() -> None:
    page = (ROOT / "docs/reference/metrics.md").read_text()
    sentence = page[page.index("- `why`") :].partition("\n- ")[0]
    assert set(re.findall(r"`(\w+)`", sentence)) - {"why"} == set(REASONS)


@pytest.mark.parametrize(("where", "query"), list(queries()))
def test_queries_name_metrics_and_labels_that_exist(where: str, query: str) -> None:
    series, read = known_series(), selectors(query)
    assert read
    assert [name for name, labels in read if not labels <= series.get(name, set()) or name not in series] == []
    assert grouped_by(query) <= set[str]().union(*(series[name] for name, _ in read))


def test_counters_are_read_by_their_increase() -> None:
    growing = {metric.name for metric in METRICS if metric.kind is Kind.COUNTER}
    for where, query in queries():
        for name in growing:
            assert len(re.findall(rf"\b{name}\b", query)) == len(re.findall(rf"(?:rate|increase)\({name}\b", query)), (
                where
            )


def test_each_alert_has_a_chapter_and_a_sentence() -> None:
    page = (ROOT / "docs/operations.md").read_text()
    chapters = {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    }
    runbooks = {rule["annotations"]["runbook"].partition("#")[2] for rule in alerts()}
    assert runbooks <= chapters
    assert all(rule["annotations"]["summary"].endswith(".") for rule in alerts())
    assert {rule["labels"]["severity"] for rule in alerts()} == {"critical", "warning"}
    names = [rule["alert"] for rule in alerts()]
    assert len(names) == len(set(names)) > 10
    # And no chapter is about an alert that there is not.
    part = page.partition("## When an alert fires")[2].partition("\n## ")[0]
    assert len(re.findall(r"^### ", part, re.MULTILINE)) == len(runbooks)


def test_alerts_about_silence_fire_when_there_is_no_series() -> None:
    """A comparison with a series that is absent is never true."""
    expressions: dict[str, Any] = {rule["alert"]: promql_parser.parse(rule["expr"]) for rule in alerts()}
    down, silent = expressions["DistributorDown"], expressions["DistributorNoHeartbeat"]
    assert (str(down.op), str(down.rhs)) == ("or", 'absent(up{job="distributor"})')
    assert str(silent.op) == "or"
    never = '((max(distributor_database_up{}) == 1) unless on () distributor_heartbeat_age_seconds{task="sweep"})'
    assert str(silent.rhs) == never


def test_the_dashboard_shows_every_metric_but_what_the_alerts_are_for() -> None:
    shown = " ".join(query for _, query in queries())
    assert [metric.name for metric in METRICS if metric.name not in shown] == []


def test_the_panels_do_not_overlap() -> None:
    cells = [
        (x, y)
        for panel in dashboard()["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23


def test_prometheus_and_grafana_find_their_files() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    for name in ("prometheus", "grafana"):
        mounted = [volume.split(":")[0] for volume in compose[name]["volumes"] if volume.startswith("./")]
        assert mounted
        assert [path for path in mounted if not (ROOT / path).exists()] == []
    config = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
    assert config["scrape_configs"][0]["job_name"] == "distributor"
    source = yaml.safe_load((MONITORING / "grafana/datasource.yml").read_text())["datasources"][0]
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
