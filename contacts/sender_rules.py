"""Which senders an organisation's messages may have."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SenderRules:
    """Domains of sender addresses, whose subdomains are allowed too, and reply-to addresses. Empty: any."""

    domains: Sequence[str] = ()
    reply_tos: Sequence[str] = ()

    def faults(self, from_email: str, reply_to_email: str) -> list[str]:
        """Return what is wrong with a sender, in sentences. "" is not judged: the account's own is used."""
        faults = []
        domain = from_email.rpartition("@")[2].lower()
        is_ours = any(f".{domain}".endswith(f".{allowed}") for allowed in self.domains)
        if from_email and self.domains and not is_ours:
            faults.append(f"Sender addresses must be at {' or '.join(self.domains)}, not at {domain}.")
        if reply_to_email and self.reply_tos and reply_to_email.lower() not in self.reply_tos:
            faults.append(f"Replies may only go to {' or '.join(self.reply_tos)}, not to {reply_to_email}.")
        return faults
