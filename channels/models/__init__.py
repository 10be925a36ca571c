from channels.models.account_score import AccountScore
from channels.models.kept_text import KeptText, key_of_text
from channels.models.pace import Pace
from channels.models.provider_account import ProviderAccount
from channels.models.refused_sender import RefusedSender
from channels.models.sandbox_message import SandboxMessage
from channels.models.template import OnMissingValue, Template, TemplateVariant
from channels.models.template_version import TemplateVersion

__all__ = [
    "AccountScore",
    "KeptText",
    "OnMissingValue",
    "Pace",
    "ProviderAccount",
    "RefusedSender",
    "SandboxMessage",
    "Template",
    "TemplateVariant",
    "TemplateVersion",
    "key_of_text",
]
