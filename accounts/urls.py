"""Pages of this app. Those of allauth come under ``accounts/`` after these."""

from django.urls import URLPattern, URLResolver, path
from django.views.generic import RedirectView

from accounts import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("welcome/", views.Welcome.as_view(), name="welcome"),
    path("account/", views.Account.as_view(), name="account"),
    path("account/zone/", views.ChangeZone.as_view(), name="account-zone"),
    path("account/security/", views.Security.as_view(), name="security"),
    # allauth's own overview of second factors; ours shows that and more.
    path("accounts/2fa/", RedirectView.as_view(pattern_name="security"), name="second-factors"),
]
