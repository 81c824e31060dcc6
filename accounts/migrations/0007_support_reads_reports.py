"""Support may list in Django admin what people wrote to it. Reading one is a page of its own, closing it an operation."""

from django.db import migrations


def let_look(apps, schema_editor):
    """The permission may not exist yet (Django adds it after the last migration), so it is made where missing."""
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ContentType = apps.get_model("contenttypes", "ContentType")
    kind, _created = ContentType.objects.get_or_create(app_label="accounts", model="supportrequest")
    permission, _created = Permission.objects.get_or_create(
        content_type=kind, codename="view_supportrequest", defaults={"name": "Can view report to support"}
    )
    group, _created = Group.objects.get_or_create(name="support")
    group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_support_request"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(let_look, migrations.RunPython.noop)]
