"""Every URL of the product. Pages follow ux.md's map, JSON routes stand under ``/api/``."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
