"""What support and finance may look at in Django admin beside bookings. Deciding is an operation."""

from django.db import migrations

LOOK = {
    "support": ["problemreport", "strike"],
    "finance": ["problemreport"],
}


def let_look(apps, schema_editor):
    """Permissions may not exist yet (Django adds them after the last migration), so they are made where missing."""
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ContentType = apps.get_model("contenttypes", "ContentType")
    for name, models in LOOK.items():
        group, _created = Group.objects.get_or_create(name=name)
        for model in models:
            kind, _created = ContentType.objects.get_or_create(app_label="bookings", model=model)
            permission, _created = Permission.objects.get_or_create(
                content_type=kind, codename=f"view_{model}", defaults={"name": f"Can view {model}"}
            )
            group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0006_problem_findings"),
        ("accounts", "0002_staff_groups"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(let_look, migrations.RunPython.noop)]
