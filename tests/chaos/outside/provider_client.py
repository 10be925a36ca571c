"""Scripts the providers in their process, from the harness."""

import http.client
import json
from collections.abc import Iterable, Mapping
from typing import Any


class ProviderClient:
    """The control of outside/provider.py. `provider` is "sendgrid", "twilio" or "relay"."""

    def __init__(self, announcement: Mapping[str, Any]) -> None:
        self.ports: Mapping[str, int] = announcement["ports"]
        self.webhook_key: str = announcement["webhook_key"]

    def reset(self) -> None:
        """End all trouble."""
        self._order(do="reset")

    def script(self, provider: str, **settings: Any) -> None:
        """Set what happens from now on.

        `latency_seconds`; `fault` (a Fault of tests/support/standins/server.py) of a `share` of the requests; `strange`
        answers ("garbage", "gzip_bomb"); for the relay `replies` by stage, such as {"RCPT": "450 4.7.1 Later"}.
        """
        self._order(do="script", provider=provider, **settings)

    def webhooks(self, event: str, to: Iterable[str], **further: Any) -> list[dict[str, Any]]:
        """Return signed SendGrid requests, `headers` and `body`, that report an event of each address's mails."""
        webhooks: list[dict[str, Any]] = self._order(do="webhooks", event=event, to=list(to), further=further)
        return webhooks

    def _order(self, **order: Any) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["control"], timeout=30)
        connection.request("POST", "/", json.dumps(order))
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"the providers refused {order}: {answer.status}")
        return json.loads(body)
