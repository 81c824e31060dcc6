"""What mentors hears from accounts and uploads, inside the transaction that made it true."""

from typing import Any

from django.dispatch import receiver

from accounts.models import User
from accounts.signals import account_closing, account_locked, account_unlocked, role_chosen
from marketplace.common.personal_data import Chapter
from mentors import personal_data, services
from mentors.services import documents
from uploads.models import Upload
from uploads.signals import data_wanted, upload_completed, upload_ready, upload_refused


@receiver(role_chosen)
def someone_became_a_mentor(user: User, **_kwargs: Any) -> None:  # Any: what every signal carries
    if user.role == User.Role.MENTOR:
        services.start_application(by=user)


@receiver(account_locked)
def account_was_locked(user: User, by: User, **_kwargs: Any) -> None:  # Any: what every signal carries
    services.close_for_lock(user=user, by=by)


@receiver(account_unlocked)
def account_was_unlocked(user: User, by: User, **_kwargs: Any) -> None:  # Any: what every signal carries
    services.open_after_lock(user=user, by=by)


@receiver(account_closing)
def somebody_leaves(user: User, **_kwargs: Any) -> None:  # Any: what every signal carries
    services.forget_mentor(user=user)


@receiver(data_wanted)
def what_we_keep(user: User, **_kwargs: Any) -> list[Chapter]:  # Any: what every signal carries
    return personal_data.chapters_of(user)


@receiver(upload_completed)
def file_arrived(upload: Upload, **_kwargs: Any) -> None:  # Any: what every signal carries
    if upload.purpose == Upload.Purpose.VERIFICATION:
        documents.receive_document(upload=upload)


@receiver(upload_refused)
def file_did_not_pass(upload: Upload, **_kwargs: Any) -> None:  # Any: what every signal carries
    if upload.purpose == Upload.Purpose.VERIFICATION:
        documents.drop_unusable_document(upload=upload)


@receiver(upload_ready)
def photo_is_ready(upload: Upload, **_kwargs: Any) -> None:  # Any: what every signal carries
    if upload.purpose == Upload.Purpose.PHOTO:
        services.show_checked_photo(upload=upload)
