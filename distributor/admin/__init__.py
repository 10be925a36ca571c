"""The operators' rooms: Django's admin with a thin layer of ours. Importing them registers them.

The rooms of contacts and channels are here too, because they lead to distributions and those apps know of none.
"""

from django.contrib import admin

from distributor.admin import (
    api_keys,
    contacts,
    distributions,
    list_connections,
    mailing_lists,
    organizations,
    provider_accounts,
    recipients,
    recurring_distributions,
    responses,
    suppressions,
    surveys,
    templates,
)

__all__ = [
    "api_keys",
    "contacts",
    "distributions",
    "list_connections",
    "mailing_lists",
    "organizations",
    "provider_accounts",
    "recipients",
    "recurring_distributions",
    "responses",
    "suppressions",
    "surveys",
    "templates",
]

admin.site.site_header = admin.site.site_title = "Distributor"
admin.site.site_url = None  # there is no other site to view
admin.site.index_title = "Operators’ rooms"
