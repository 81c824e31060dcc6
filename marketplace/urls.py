"""Every URL of the product. Pages first, JSON routes stand under ``/api/``."""

from django.contrib import admin
from django.urls import include, path

apps = ("accounts", "uploads", "mentors", "bookings", "payments", "chat")

urlpatterns = [
    *(path("", include(f"{app}.urls")) for app in apps),
    *(path("api/", include(f"{app}.api_urls")) for app in apps),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
