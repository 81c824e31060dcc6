from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    """Accounts can be closed; the database keeps a closed one shut. The next migration looks at the rows that are there."""

    dependencies = [("accounts", "0003_rights_are_told"), ("auth", "0012_alter_user_first_name_max_length")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="closed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="closed"),
        ),
        AddConstraintNotValid(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closed_at", None), models.Q(("is_active", False), ("is_staff", False)), _connector="OR"
                ),
                name="user_closed_stays_shut",
            ),
        ),
    ]
