"""JSON routes of this app."""

from django.urls import path

from accounts import api

app_name = "accounts-api"

urlpatterns = [
    path("csrf", api.csrf, name="csrf"),
    path("auth/signup", api.signup, name="signup"),
    path("auth/verify-email", api.verify, name="verify-email"),
    path("auth/login", api.login, name="login"),
    path("auth/logout", api.logout, name="logout"),
    path("me", api.account, name="me"),
]
