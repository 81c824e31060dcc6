"""Taking one's data along and leaving for good: the copy comes while one waits, and nothing opens the account again."""

from __future__ import annotations

import io
import json
import re
import uuid
import zipfile

import pytest
from playwright.sync_api import expect

from tests.e2e import steps
from tests.e2e.hands import Keyboard, Mouse, Touch
from tests.e2e.house import House, wait_until
from tests.e2e.people import Door

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("hands", [Keyboard, Touch])
def test_somebody_takes_their_data_along_and_closes_their_account(come: Door, house: House, hands: type[Mouse]) -> None:
    person = come(hands=hands)
    person.complaints.foresee("status of 422")  # of the box that is not ticked, and the account that is not there
    person.email = f"leaving.{uuid.uuid4().hex[:8]}@e2e.test"
    person.goto("/accounts/signup/")
    steps.sign_up(person, person.email)
    steps.say_who(person, "Leo Varga", role="I want to learn")
    person.goto("/account/privacy/")
    person.press(person.control("request-export"))
    steps.said(person, "It takes a few minutes")
    house.wait_for_mail("export_ready", to=person.email)

    def copy_is_there() -> bool:
        person.goto("/account/privacy/")
        return person.page.get_by_test_id("open-export").is_visible()

    wait_until(copy_is_there, what="the copy")
    with person.page.expect_download() as download:
        person.press(person.control("open-export"))
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as copy:
        account = json.loads(copy.read(next(name for name in copy.namelist() if name.endswith("account.json"))))
    assert person.email in json.dumps(account)

    person.press(person.control("close-account"))
    steps.heading(person, "Close your account?")
    person.press(person.control("confirm-close"))
    steps.said(person, "Tick this box if you want to close your account for good.")
    person.hands.choose(person.page.get_by_label(re.compile("^I understand that this")))
    person.press(person.control("confirm-close"))
    steps.heading(person, "Your account is closed")
    house.wait_for_mail("account_closed", to=person.email)

    person.goto("/account/privacy/")
    expect(person.page).to_have_url(re.compile("/accounts/login/"))
    person.fill("E-mail", person.email)
    person.fill("Password", "whatever it was")
    person.press(person.control("log-in"))
    steps.said(person, "There is a problem")
