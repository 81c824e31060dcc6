"""What somebody was told, which of it they want by mail, and the link that switches one mail off without a sign-in."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from accounts.models import User
from accounts.views import AccountPage
from marketplace.common import notifications
from marketplace.common.events import switches_of
from marketplace.common.forms import Switch
from marketplace.common.guards import PublicMixin
from marketplace.common.refused_addresses import refusal_of, try_again
from marketplace.common.unsubscribing import Unsubscribing, read_token
from marketplace.common.views import OperationView, PageView


class MailForm(forms.Form):
    """One switch for each mail that this account's role may switch off; on means that it is sent."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:  # Any: Form's own
        super().__init__(*args, **kwargs)
        off = notifications.switched_off(user) if not self.is_bound else set()
        for event in switches_of(user.role):
            self.fields[event.name] = forms.BooleanField(
                label=str(event.switch), required=False, initial=event.name not in off, widget=Switch
            )

    @property
    def wanted(self) -> set[str]:
        return {name for name, is_on in self.cleaned_data.items() if is_on}


class Notifications(AccountPage, PageView):
    """``/notifications/``: the feed, and the switches of the mails."""

    template_name = "accounts/notifications.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        page = Paginator(notifications.feed(self.user), notifications.FEED_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            account=self.user,
            page=page,
            form=MailForm(user=self.user),
            refusal=refusal_of(self.user.email),
            **kwargs,
        )


class OpenNotification(AccountPage, OperationView):
    """Mark a line as read and go where it leads. A POST, because it changes something."""

    http_method_names = ["post"]

    def load(self) -> None:
        super().load()
        self.notification = get_object_or_404(notifications.feed(self.user), pk=self.kwargs["notification_id"])

    def form_valid(self, form: Form) -> HttpResponse:
        notifications.mark_read(notification=self.notification)
        return HttpResponseRedirect(self.notification.path)


class MarkAllRead(AccountPage, OperationView):
    http_method_names = ["post"]

    def form_valid(self, form: Form) -> HttpResponse:
        notifications.mark_all_read(by=self.user)
        return redirect("notifications")


class SaveMail(AccountPage, OperationView):
    http_method_names = ["post"]

    def get_form(self, form_class: type[Form] | None = None) -> MailForm:
        return MailForm(**self.get_form_kwargs(), user=self.user)

    def form_valid(self, form: Form) -> HttpResponse:
        assert isinstance(form, MailForm)
        notifications.save_switches(by=self.user, wanted=form.wanted)
        messages.success(self.request, _("Saved."))
        return redirect(reverse("notifications") + "#mail")


class TryAddressAgain(AccountPage, OperationView):
    """Send mail to the account's address again, which a mail server had refused."""

    http_method_names = ["post"]

    def form_valid(self, form: Form) -> HttpResponse:
        try_again(self.user.email)
        messages.success(self.request, _("The next mail goes to %(address)s again.") % {"address": self.user.email})
        return redirect("notifications")


# Mail programs post without a cookie (RFC 8058); the signed link is what says that they may.
@method_decorator(csrf_exempt, name="dispatch")
class Unsubscribe(PublicMixin, PageView):
    """``/notifications/off/<token>/``: switch one mail off. Looking changes nothing, the button does."""

    template_name = "accounts/unsubscribe.html"
    about: Unsubscribing

    def load(self) -> None:
        about = read_token(self.kwargs["token"])
        if about is None:
            raise Http404
        self.about = about

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        notifications.switch_off(user_id=self.about.user_id, event=self.about.event.name)
        return self.render_to_response(self.get_context_data(is_off=True))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(what=self.about.event.switch, **kwargs)
