import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.lookups
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("optimization", "0003_keep_responses_for_repeats"),
    ]

    operations = [
        migrations.AddField(
            model_name="optimizationsession",
            name="validation_scenarios_done",
            field=models.PositiveIntegerField(default=0, db_default=0),
        ),
        migrations.CreateModel(
            name="ValidationChunk",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("first_scenario", models.PositiveIntegerField()),
                ("scenarios", models.PositiveIntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("done", "Done")],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("payload", models.BinaryField(null=True)),
                ("layout", models.CharField(blank=True, max_length=40)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("buckets", models.PositiveSmallIntegerField(null=True)),
                ("damages", models.PositiveSmallIntegerField(default=0, db_default=0)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="validation_chunks",
                        to="optimization.optimizationsession",
                    ),
                ),
            ],
            options={
                "db_table": "optimization_validation_chunk",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("session", "first_scenario"), name="one_validation_chunk_per_range"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("scenarios__gte", 1)),
                        name="validation_chunks_have_scenarios",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("buckets__isnull", False),
                                ("done_at__isnull", False),
                                ("payload__isnull", False),
                                ("sha256__regex", "^[0-9a-f]{64}$"),
                                ("status", "done"),
                            ),
                            models.Q(
                                ("buckets__isnull", True),
                                ("done_at__isnull", True),
                                ("payload__isnull", True),
                                ("sha256", ""),
                                ("status", "waiting"),
                            ),
                            _connector="OR",
                        ),
                        name="exactly_done_validation_chunks_have_a_payload",
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.LessThanOrEqual(
                            models.Func(
                                "payload",
                                function="octet_length",
                                output_field=models.IntegerField(),
                            ),
                            33554432,
                        ),
                        name="validation_chunk_payloads_are_bounded",
                    ),
                ],
            },
        ),
        # Simulated digits do not compress: the attempt would only cost time.
        migrations.RunSQL(
            "ALTER TABLE optimization_validation_chunk ALTER COLUMN payload SET STORAGE EXTERNAL",
            migrations.RunSQL.noop,
        ),
    ]
