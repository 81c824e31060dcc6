"""Pages of bookings. Search and the public profile stand under ``/mentors/`` because they need live bookings."""

from django.urls import path

from bookings import change_views, file_views, mentor_views, search, views

app_name = "bookings"

urlpatterns = [
    path("mentors/", search.Search.as_view(), name="search"),
    path("mentors/<slug:handle>/", mentor_views.MentorPage.as_view(), name="mentor"),
    path("bookings/", views.HoldSlot.as_view(), name="hold"),
    path("bookings/resume/", views.ResumeHold.as_view(), name="resume"),
    path("bookings/<uuid:booking_id>/", views.Session.as_view(), name="session"),
    path("bookings/<uuid:booking_id>/calendar.ics", views.CalendarFile.as_view(), name="calendar"),
    path("bookings/<uuid:booking_id>/files/", file_views.SendSessionFile.as_view(), name="files"),
    path("bookings/<uuid:booking_id>/files/<uuid:upload_id>/", file_views.SessionFileSteps.as_view(), name="file"),
    path("bookings/<uuid:booking_id>/extend/", views.ExtendHold.as_view(), name="extend"),
    path("bookings/<uuid:booking_id>/cancel/", change_views.CancelBooking.as_view(), name="cancel"),
    path("bookings/<uuid:booking_id>/move/", change_views.MoveBooking.as_view(), name="move"),
    path("bookings/<uuid:booking_id>/proposal/accept/", change_views.AcceptProposal.as_view(), name="accept-proposal"),
    path(
        "bookings/<uuid:booking_id>/proposal/decline/", change_views.DeclineProposal.as_view(), name="decline-proposal"
    ),
    path("bookings/<uuid:booking_id>/let-go/", views.LetHoldGo.as_view(), name="let-go"),
    path("sessions/", views.Sessions.as_view(), name="sessions"),
    path("mentor/sessions/", views.MentorSessions.as_view(), name="mentor-sessions"),
]
