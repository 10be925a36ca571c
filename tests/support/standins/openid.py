"""Imitates an OpenID Connect provider: https://openid.net/specs/openid-connect-core-1_0.html"""

import json
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.standins.server import Answer, Fault, Request, StandIn

CLIENT, SECRET = "distributor", "client-secret"


class OpenIdStandIn(StandIn):
    """Signs everybody in as `person`, whose claims the test chooses. `token_changes` are laid over each ID token."""

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.signing_key = self.key
        self.person: dict[str, Any] = {"sub": "1", "email": "ann@example.com", "email_verified": True}
        self.token_changes: dict[str, Any] = {}
        self.userinfo_changes: dict[str, Any] = {}
        self._asked: dict[str, dict[str, str]] = {}  # what was asked for, by code

    def take(self, request: Request) -> Answer:
        url = urlsplit(request.path)
        match url.path:
            case "/authorize":
                return self._authorize(_first(url.query))
            case "/token":
                return self._give_tokens(_first(request.body.decode()))
            case "/jwks":
                public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
                return _say(200, keys=[public | {"kid": "1", "alg": "RS256", "use": "sig"}])
            case "/userinfo" if request.headers.get("authorization") == "Bearer access":
                return _say(200, **(self.person | self.userinfo_changes))
        return _say(404, error="not_found")

    def _authorize(self, asked: dict[str, str]) -> Answer:
        if (asked["client_id"], asked["response_type"]) != (CLIENT, "code") or "openid" not in asked["scope"].split():
            return _say(400, error="invalid_request")
        code = token_urlsafe()
        self._asked[code] = asked
        query = urlencode({"code": code, "state": asked["state"]})
        return Answer(302, headers={"Location": f"{asked['redirect_uri']}?{query}"})

    def _give_tokens(self, given: dict[str, str]) -> Answer:
        asked = self._asked.pop(given.get("code", ""), None)
        if asked is None or (given.get("client_id"), given.get("client_secret")) != (CLIENT, SECRET):
            return _say(400, error="invalid_grant")
        challenge = urlsafe_b64encode(sha256(given["code_verifier"].encode()).digest()).decode().rstrip("=")
        if challenge != asked["code_challenge"] or given["redirect_uri"] != asked["redirect_uri"]:
            return _say(400, error="invalid_grant")
        now = int(time.time())
        token = {"iss": self.url, "aud": CLIENT, "sub": self.person["sub"], "iat": now, "exp": now + 60}
        token = {**token, "nonce": asked["nonce"], **self.token_changes}
        token = {name: value for name, value in token.items() if value is not None}
        signed = jwt.encode(token, self.signing_key, "RS256", headers={"kid": "1"})
        return _say(200, access_token="access", token_type="Bearer", id_token=signed)

    def word_fault(self, fault: Fault) -> Answer:
        return _say(503, error="temporarily_unavailable")


def _first(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


def _say(status: int, **said: Any) -> Answer:
    return Answer(status, json.dumps(said).encode(), {"Content-Type": "application/json"})
