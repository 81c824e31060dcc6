"""Who may open a stored file."""

from accounts.models import User
from uploads.models import Upload


def may_view(user: User, upload: Upload) -> bool:
    """Its owner, and whoever holds a grant on it, by name or through a group. A superuser needs one too."""
    return Upload.objects.visible_to(user).filter(pk=upload.pk).exists()
