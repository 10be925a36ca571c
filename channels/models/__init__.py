from channels.models.account_score import AccountScore
from channels.models.pace import Pace
from channels.models.provider_account import ProviderAccount
from channels.models.refused_sender import RefusedSender
from channels.models.sandbox_message import SandboxMessage
from channels.models.template import OnMissingValue, Template, TemplateVariant

__all__ = [
    "AccountScore",
    "OnMissingValue",
    "Pace",
    "ProviderAccount",
    "RefusedSender",
    "SandboxMessage",
    "Template",
    "TemplateVariant",
]
