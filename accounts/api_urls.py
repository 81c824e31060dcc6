"""JSON routes of this app."""

from django.urls import URLPattern, URLResolver, path

from accounts import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("csrf", api.csrf, name="api-csrf"),
    path("auth/signup", api.signup, name="api-signup"),
    path("auth/verify-email", api.verify, name="api-verify-email"),
    path("auth/login", api.login, name="api-login"),
    path("auth/logout", api.logout, name="api-logout"),
    path("me", api.account, name="api-me"),
]
