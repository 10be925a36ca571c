"""Send surveys with Distributor.

with Distributor("https://surveys.example.com", api_key) as client:
    client.send(survey="Your stay", contacts=[{"email": "ann@example.com"}], channels=["email"])
"""

from distributor_client import models
from distributor_client._async.client import AsyncDistributor
from distributor_client._sync.client import Distributor
from distributor_client.errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    DistributorError,
    ExportFailedError,
    Fault,
    ForbiddenError,
    ImportFailedError,
    InvalidRequestError,
    NotFoundByNameError,
    NotFoundError,
    ServerError,
    TooManyRequestsError,
    UnexpectedAnswerError,
    UnreachableError,
    WaitTimeoutError,
)
from distributor_client.retry import RetryPolicy
from distributor_client.webhooks import WebhookVerificationError

__all__ = [
    "ApiError",
    "AsyncDistributor",
    "AuthenticationError",
    "ConflictError",
    "Distributor",
    "DistributorError",
    "ExportFailedError",
    "Fault",
    "ForbiddenError",
    "ImportFailedError",
    "InvalidRequestError",
    "NotFoundByNameError",
    "NotFoundError",
    "RetryPolicy",
    "ServerError",
    "TooManyRequestsError",
    "UnexpectedAnswerError",
    "UnreachableError",
    "WaitTimeoutError",
    "WebhookVerificationError",
    "models",
]
