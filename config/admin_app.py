"""The admin as an installed application, with our own site."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.contrib.admin import autodiscover
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks


class OperatorsAdminConfig(SimpleAdminConfig):
    """Imports no page of the admin: config/urls.py does. Commands and workers start in five sixths of the time."""

    default_site = "distributor.sign_in.site.OperatorsSite"

    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(check_pages, checks.Tags.admin)


def check_pages(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[checks.CheckMessage]:
    """Check every page of the admin, as Django does, once all of them are imported."""
    autodiscover()
    return list(check_admin_app(app_configs, **options))
