"""The product's URLs, and pages and routes that only the guards' tests know."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import path

from marketplace import urls as product
from marketplace.common.api import Answer, json_route, methods
from marketplace.common.guards import (
    FINANCE,
    MENTOR,
    STAFF,
    STUDENT,
    SUPPORT,
    GuardMixin,
    PublicMixin,
    Who,
    freshly,
)
from marketplace.common.views import OperationView, PageView


def page(whose: Who) -> type[GuardMixin]:
    class Page(GuardMixin, OperationView):
        who = whose
        form_class = NoteForm
        template_name = "403.html"  # any page will do

        def form_valid(self, form: forms.Form) -> HttpResponse:
            return HttpResponse(f"done: {form.cleaned_data['note']}")

    return Page


class NoteForm(forms.Form):
    note = forms.CharField(required=False)


class OpenPage(PublicMixin, PageView):
    template_name = "403.html"


@json_route(who=freshly(SUPPORT), answers={204: None})
def decide(request: HttpRequest) -> Answer:
    return Answer(status=204)


@json_route(who=STAFF, answers={204: None})
def look(request: HttpRequest) -> Answer:
    return Answer(status=204)


urlpatterns = [
    *product.urlpatterns,
    path("t/open/", OpenPage.as_view()),
    path("t/student/", page(STUDENT).as_view()),
    path("t/mentor/", page(MENTOR).as_view()),
    path("t/staff/", page(STAFF).as_view()),
    path("t/support/", page(SUPPORT).as_view()),
    path("t/finance/", page(FINANCE).as_view()),
    path("t/decision/", page(freshly(SUPPORT)).as_view()),
    path("api/t/decision", methods(POST=decide, GET=look)),
]

handler429 = product.handler429
