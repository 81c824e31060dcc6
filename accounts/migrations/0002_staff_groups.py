"""The three desks of the staff, and what each may look at in Django admin. Changing anything is an operation."""

from django.db import migrations

LOOK = {
    "reviewer": ["mentors.mentor", "mentors.mentorevent", "mentors.subject", "mentors.verificationdocument"],
    "support": [
        "accounts.user",
        "bookings.booking",
        "bookings.bookingevent",
        "bookings.review",
        "chat.threadreport",
        "mentors.mentor",
        "mentors.mentorevent",
        "payments.payment",
        "payments.refund",
    ],
    "finance": [
        "bookings.booking",
        "bookings.bookingevent",
        "payments.payment",
        "payments.paymentevent",
        "payments.refund",
        "payments.webhookevent",
    ],
}
EVERY_DESK = ["common.analyticsevent", "common.auditevent"]


def make_groups(apps, schema_editor):
    """Permissions may not exist yet (Django adds them after the last migration), so they are made where missing."""
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ContentType = apps.get_model("contenttypes", "ContentType")
    for name, models in LOOK.items():
        group, _created = Group.objects.get_or_create(name=name)
        for label in [*models, *EVERY_DESK]:
            app_label, model = label.split(".")
            kind, _created = ContentType.objects.get_or_create(app_label=app_label, model=model)
            permission, _created = Permission.objects.get_or_create(
                content_type=kind, codename=f"view_{model}", defaults={"name": f"Can view {model}"}
            )
            group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
