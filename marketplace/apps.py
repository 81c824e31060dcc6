from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class MarketplaceConfig(AppConfig):
    """The top floor, for its management commands."""

    name = "marketplace"


class MarketplaceAdminConfig(SimpleAdminConfig):
    """Its pages are looked for by the URLs, not at start: the worker has no use for them."""

    default_site = "marketplace.admin.MarketplaceAdminSite"
