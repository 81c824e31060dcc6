from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class MarketplaceConfig(AppConfig):
    """The top floor, for its management commands."""

    name = "marketplace"


class MarketplaceAdminConfig(AdminConfig):
    default_site = "marketplace.admin.MarketplaceAdminSite"
