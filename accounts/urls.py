"""Pages of this app. Those of allauth come under ``accounts/`` after these."""

from allauth.account.decorators import reauthentication_required
from allauth.account.views import password_set
from django.urls import URLPattern, URLResolver, path
from django.views.generic import RedirectView

from accounts import closing_views, notification_views, support_views, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("welcome/", views.Welcome.as_view(), name="welcome"),
    path("account/", views.Account.as_view(), name="account"),
    path("account/zone/", views.ChangeZone.as_view(), name="account-zone"),
    path("account/security/", views.Security.as_view(), name="security"),
    path("account/confirmed/", views.Confirmed.as_view(), name="confirmed"),
    path("account/privacy/close/", closing_views.CloseAccount.as_view(), name="close-account"),
    path("account/closed/", closing_views.AccountClosed.as_view(), name="account-closed"),
    path("notifications/", notification_views.Notifications.as_view(), name="notifications"),
    path("notifications/read/", notification_views.MarkAllRead.as_view(), name="notifications-read"),
    path("notifications/mail/", notification_views.SaveMail.as_view(), name="notifications-mail"),
    path("notifications/mail/again/", notification_views.TryAddressAgain.as_view(), name="notifications-mail-again"),
    path("notifications/off/<str:token>/", notification_views.Unsubscribe.as_view(), name="unsubscribe"),
    path("notifications/<uuid:notification_id>/", notification_views.OpenNotification.as_view(), name="notification"),
    # Among the staff's pages; it is asked for before Django admin's own addresses.
    path(
        "admin/accounts/supportrequest/<str:reference>/read/",
        support_views.ReadSupportRequest.as_view(),
        name="support-request",
    ),
    # allauth asks nothing of who sets a first password: a sign-in that somebody left open could be kept for good.
    path(
        "accounts/password/set/",
        reauthentication_required(password_set, app="allauth.account"),
        name="account_set_password",
    ),
    # allauth's own overview of second factors; ours shows that and more.
    path("accounts/2fa/", RedirectView.as_view(pattern_name="security"), name="second-factors"),
]
