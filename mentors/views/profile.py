"""The profile editor, subjects and rate, each with a preview beside the form."""

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _

from marketplace.common.formatting import percent
from mentors import services
from mentors.forms.profile import ProfileForm, SubjectsAndRateForm
from mentors.languages import language_name
from mentors.models import Level, Mentor
from mentors.prices import length_prices
from mentors.queries import Application, all_subjects, application_of, own_photo_url
from mentors.services.profiles import ProfileChanges
from mentors.views.base import MentorOperation
from uploads.csp import may_upload


class PreviewMixin(MentorOperation):
    """A form whose preview is drawn from what is typed: by a button, and by htmx while typing. Neither saves."""

    partial_name = "preview"
    tab = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        tabs = [
            {"label": _("About you"), "url": reverse("mentors:profile"), "current": self.tab == "profile"},
            {"label": _("Subjects and rate"), "url": reverse("mentors:subjects"), "current": self.tab == "subjects"},
        ]
        return super().get_context_data(tabs=tabs, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        if "preview" not in request.POST:
            return super().post(request, *args, **kwargs)
        context = self.get_context_data(form=self.get_form())
        if getattr(request, "htmx", None):
            self.template_name = f"{self.template_name}#{self.partial_name}"
        response = self.render_to_response(context)
        response["Vary"] = "HX-Request"
        return response


@method_decorator(may_upload, name="dispatch")
class EditProfile(PreviewMixin):
    template_name = "mentors/profile.html"
    tab = "profile"

    def get_form(self, form_class: Any = None) -> ProfileForm:  # Any: Django's own
        return ProfileForm(self.request.POST if self.request.method == "POST" else None, mentor=self.mentor)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        form = kwargs.get("form") or self.get_form()
        application = application_of(self.mentor)
        return super().get_context_data(
            **{**kwargs, "form": form},
            preview=profile_preview(application, form),
            photo=own_photo_url(self.mentor),
        )

    def form_valid(self, form: Form) -> HttpResponse:
        services.update_profile(mentor=self.mentor, by=self.mentor.user, **cast("ProfileChanges", form.cleaned_data))
        messages.success(self.request, saved_message(self.mentor))
        return redirect("mentors:start" if self.mentor.status in services.SENDABLE else "mentors:profile")


class SubjectsAndRate(PreviewMixin):
    template_name = "mentors/subjects.html"
    tab = "subjects"

    def get_form(self, form_class: Any = None) -> SubjectsAndRateForm:  # Any: Django's own
        data = self.request.POST if self.request.method == "POST" else None
        return SubjectsAndRateForm(data, application=application_of(self.mentor), subjects=all_subjects())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        form = kwargs.get("form") or self.get_form()
        assert isinstance(form, SubjectsAndRateForm)
        rate, fixed = form.typed_prices()
        return super().get_context_data(
            **{**kwargs, "form": form},
            own_prices=form.own_prices(),
            prices=length_prices(hourly_rate_minor=rate, fixed=fixed),
            fee=percent(settings.PLATFORM_FEE_BPS),
        )

    def form_valid(self, form: Form) -> HttpResponse:
        assert isinstance(form, SubjectsAndRateForm)
        services.update_profile(mentor=self.mentor, by=self.mentor.user, **form.changes())
        messages.success(self.request, saved_message(self.mentor))
        return redirect("mentors:start" if self.mentor.status in services.SENDABLE else "mentors:subjects")


def saved_message(mentor: Mentor) -> str:
    if mentor.status == Mentor.Status.APPROVED:
        return _("Saved. Students see it from now on.")
    return _("Saved.")


def profile_preview(application: Application, form: ProfileForm) -> dict[str, Any]:  # Any: template data
    """What students will see, from what stands in the form however far it got."""

    def typed(name: str) -> Any:  # Any: text or a list of codes
        return form[name].value() or ""

    known = {code for code, _name in form.fields["languages"].choices}  # type: ignore[attr-defined]
    first = application.subjects[0].subject if application.subjects else None
    return {
        "headline": typed("headline"),
        "bio": typed("bio"),
        "languages": ", ".join(language_name(code) for code in typed("languages") if code in known),
        "levels": [Level(level).label for level in typed("levels") if level in Level.values],
        "subjects": [each.subject.name for each in application.subjects],
        "glyph": first.symbol if first else "",
        "prices": [
            price
            for price in length_prices(
                hourly_rate_minor=application.mentor.hourly_rate_minor,
                fixed={package.minutes: package.price_minor for package in application.packages},
            )
            if price.price_minor is not None and price.minutes in {package.minutes for package in application.packages}
        ],
    }
