"""Pages of the mentor's workspace."""

from django.urls import path

from mentors.views import availability, calendars, documents, photo, profile, review, suspension, workspace

app_name = "mentors"

urlpatterns = [
    path("mentor/", workspace.Overview.as_view(), name="overview"),
    path("mentor/appeal/", suspension.Appeal.as_view(), name="appeal"),
    path("mentor/start/", workspace.Start.as_view(), name="start"),
    path("mentor/start/check/", workspace.CheckAndSend.as_view(), name="check"),
    path("mentor/profile/", profile.EditProfile.as_view(), name="profile"),
    path("mentor/profile/photo/", photo.SendPhoto.as_view(), name="photo-upload"),
    path("mentor/profile/photo/remove/", photo.RemovePhoto.as_view(), name="remove-photo"),
    path("mentor/profile/photo/<uuid:upload_id>/", photo.PhotoFile.as_view(), name="photo-file"),
    path("mentor/documents/", documents.Documents.as_view(), name="documents"),
    path("mentor/documents/send/", documents.SendDocument.as_view(), name="send-document"),
    path("mentor/documents/<uuid:document_id>/", documents.DocumentFile.as_view(), name="document-file"),
    path(
        "mentor/documents/<uuid:document_id>/withdraw/", documents.WithdrawDocument.as_view(), name="withdraw-document"
    ),
    path("photos/<str:sha256>/", photo.Photo.as_view(), name="photo"),
    path("mentor/profile/subjects/", profile.SubjectsAndRate.as_view(), name="subjects"),
    path("mentor/availability/", availability.WeeklyHours.as_view(), name="availability"),
    path("mentor/availability/dates/", availability.Dates.as_view(), name="dates"),
    path("mentor/availability/dates/remove/", availability.RemoveDates.as_view(), name="remove-dates"),
    path("mentor/availability/rules/", availability.BookingRules.as_view(), name="rules"),
    path("mentor/availability/calendars/", calendars.Calendars.as_view(), name="calendars"),
    path("mentor/availability/calendars/read/", calendars.ReadCalendars.as_view(), name="read-calendars"),
    path(
        "mentor/availability/calendars/<uuid:calendar_id>/remove/",
        calendars.RemoveCalendar.as_view(),
        name="remove-calendar",
    ),
    # The review desk stands among the staff's pages; it is asked for before Django admin's own addresses.
    path("admin/mentors/review/", review.Queue.as_view(), name="review"),
    path("admin/mentors/review/<uuid:document_id>/", review.ReviewDocument.as_view(), name="review-document"),
    path("admin/mentors/review/<uuid:document_id>/let-go/", review.LetGo.as_view(), name="review-let-go"),
    path("admin/mentors/review/<uuid:document_id>/<int:number>/", review.PageImage.as_view(), name="review-page"),
    path(
        "admin/mentors/review/applications/<slug:handle>/",
        review.ReviewApplication.as_view(),
        name="review-application",
    ),
    path("admin/mentors/review/applications/<slug:handle>/suspend/", suspension.Suspend.as_view(), name="suspend"),
    path(
        "admin/mentors/review/applications/<slug:handle>/reinstate/", suspension.Reinstate.as_view(), name="reinstate"
    ),
    path(
        "admin/mentors/review/applications/<slug:handle>/decline-appeal/",
        suspension.DeclineAppeal.as_view(),
        name="decline-appeal",
    ),
    path("admin/mentors/review/undo/<int:event_id>/", review.UndoDecision.as_view(), name="review-undo"),
]
