from channels.models.provider_account import ProviderAccount
from channels.models.sandbox_message import SandboxMessage
from channels.models.template import Template, TemplateVariant

__all__ = ["ProviderAccount", "SandboxMessage", "Template", "TemplateVariant"]
