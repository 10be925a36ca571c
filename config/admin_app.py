"""The admin as an installed application, with our own site."""

from django.contrib.admin.apps import AdminConfig


class OperatorsAdminConfig(AdminConfig):
    default_site = "distributor.sign_in.site.OperatorsSite"
