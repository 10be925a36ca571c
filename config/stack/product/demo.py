"""What is shown after the start: demo.json for scripts, a banner for people, and a curl command to paste."""

import json
from pathlib import Path
from typing import Any


def render_banner(demo: dict[str, Any], demo_path: Path) -> str:
    base_url = demo["baseUrl"]
    return f"""
  Distributor is ready.

    API docs   {base_url}/api/docs/
    Sandbox    {base_url}/sandbox/
    Admin      {base_url}/admin/   {demo["adminUser"]} / {demo["adminPassword"]}
    API key    {demo["apiKey"]}
    Ids        {demo_path}

  Send a survey: paste this, then look into the sandbox.

{render_curl(demo)}

  Ctrl-C stops everything. The data stays in {demo_path.parent}.
"""


def render_curl(demo: dict[str, Any]) -> str:
    """Return a quick call for one patient as a shell command. The body contains no single quote."""
    survey_id = demo["surveyId"]
    body = {
        "surveyId": survey_id,
        "contacts": [
            {
                "externalId": "PAT-12345",
                "email": "john.doe@example.com",
                "firstName": "John",
                "lastName": "Doe",
                "embeddedData": {
                    "department": "Cardiology",
                    "visitDate": "2026-03-05",
                    "attendingDoctor": "Dr. Smith",
                    "dischargeDate": "2026-03-05",
                },
            }
        ],
        "channels": [
            {"channel": "email", "providerId": demo["providers"]["email"], "templateId": demo["templates"]["email"]}
        ],
        "name": "Post-discharge CSAT - March 2026",
    }
    return (
        f"curl -X POST '{demo['baseUrl']}/api/surveys/{survey_id}/distributions/quick' \\\n"
        f"  -H 'x-api-key: {demo['apiKey']}' \\\n"
        f"  -H 'Content-Type: application/json' \\\n"
        f"  -d '{json.dumps(body, indent=2)}'"
    )
