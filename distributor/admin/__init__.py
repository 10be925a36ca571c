"""The admin, one module for each page of its index. Importing this package registers all of them.

The pages of the `contacts` and `channels` models are here too: they link to distributions, which those apps must not
import. `support` holds what the pages share.
"""

from distributor.admin import (
    api_keys,
    audit_log,
    consent_events,
    contacts,
    distributions,
    events,
    list_connections,
    mailing_lists,
    operators,
    organizations,
    providers,
    recipients,
    recurring_distributions,
    replies,
    responses,
    suppressions,
    surveys,
    templates,
)

__all__ = [
    "api_keys",
    "audit_log",
    "consent_events",
    "contacts",
    "distributions",
    "events",
    "list_connections",
    "mailing_lists",
    "operators",
    "organizations",
    "providers",
    "recipients",
    "recurring_distributions",
    "replies",
    "responses",
    "suppressions",
    "surveys",
    "templates",
]
