"""Bounds how many answers an anonymous link takes: it is shared, so anybody who has it could fill the survey.

Answers are counted in Valkey, not in PostgreSQL: a row that is written beside a response could be linked to it by its
transaction's number (decision 15), and nothing of these counts is worth keeping for more than a minute.
"""

from typing import Final

import structlog
from django.conf import settings
from redis.exceptions import RedisError

from distributor.engine.infrastructure.valkey import valkey
from distributor.models import Recipient

logger = structlog.get_logger(__name__)

PERIOD_SECONDS: Final = 60


def seconds_until_next_answer(recipient: Recipient) -> int:
    """Count an answer through the link. Returns 0 if it may be taken, else for how many seconds it may not.

    Of simultaneous answers each gets its own number from Valkey, so no more than the limit are taken in a period. The
    period begins with its first answer. If Valkey cannot be asked, or there is none, the answer is taken.
    """
    if not settings.REDIS_URL:
        return 0
    key = f"distributor:answers:{recipient.pk or recipient.distribution_id}"  # a link of nobody has no recipient
    try:
        with valkey(settings.REDIS_URL).pipeline(transaction=True) as pipeline:
            pipeline.set(key, 0, ex=PERIOD_SECONDS, nx=True)
            pipeline.incr(key)
            pipeline.ttl(key)
            _, count, seconds_left = pipeline.execute()
    except (RedisError, OSError) as error:
        logger.warning("answers_not_counted", error=str(error))
        return 0
    return 0 if count <= settings.ANONYMOUS_ANSWERS_PER_MINUTE else max(seconds_left, 1)
