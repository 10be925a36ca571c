"""The admin, one module for each page of its index. Importing this package registers all of them.

The pages of the `contacts` and `channels` models are here too: they link to distributions, which those apps must not
import. `support` holds what the pages share.
"""

from django.contrib import admin

from distributor.admin import (
    api_keys,
    consent_events,
    contacts,
    distributions,
    list_connections,
    mailing_lists,
    organizations,
    provider_accounts,
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
    "consent_events",
    "contacts",
    "distributions",
    "list_connections",
    "mailing_lists",
    "organizations",
    "provider_accounts",
    "recipients",
    "recurring_distributions",
    "replies",
    "responses",
    "suppressions",
    "surveys",
    "templates",
]

admin.site.site_header = admin.site.site_title = "Distributor"
admin.site.site_url = None  # There is no public site to link to.
admin.site.index_title = "Administration"
admin.site.index_template = "admin/front_page.html"  # says whether a restored database waits for its release
