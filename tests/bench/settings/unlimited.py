"""The benchmark's settings without what counts requests: not even the question whether there is a limit."""

from tests.bench.settings import *  # noqa: F403
from tests.bench.settings import MIDDLEWARE, REST_FRAMEWORK

MIDDLEWARE = [name for name in MIDDLEWARE if not name.endswith("RateLimitHeadersMiddleware")]
REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_THROTTLE_CLASSES": []}
