"""JSON routes of this app."""

from django.urls import path

from payments import api

urlpatterns = [
    path("payments/create-intent", api.create_intent, name="api_create_intent"),
    path("payments/webhook", api.webhook, name="api_payment_webhook"),
]
