"""Mail kept in a folder, one ``.eml`` a mail: the demo's post box."""

import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage


class FolderBackend(BaseEmailBackend):
    """Write each mail to ``folder`` under a name that sorts by time; readable by the owner only."""

    def __init__(self, *, folder: str, **kwargs: Any) -> None:  # Any: the base class's own
        super().__init__(**kwargs)
        self.folder = Path(folder)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for message in email_messages:
            name = f"{time.time_ns()}-{uuid.uuid4().hex[:8]}"
            part = self.folder / f".{name}.part"
            part.touch(mode=0o600)
            part.write_bytes(message.message().as_bytes())
            part.rename(self.folder / f"{name}.eml")  # whoever watches the folder sees whole mails only
        return len(email_messages)
