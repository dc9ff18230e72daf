import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("funds", "0005_citations_complete"),
        ("optimization", "0006_trace_frontiers"),
        ("scenarios", "0006_cash_flows"),
    ]

    operations = [
        migrations.CreateModel(
            name="AskedRanges",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("policy", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Generating scenarios"),
                            ("working", "Searching"),
                            ("complete", "Complete"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("ranges", models.JSONField(null=True)),
                ("failure_reason", models.CharField(blank=True, max_length=4000)),
                (
                    "asked_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "last_asked_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "status_since",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "fund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="asked_ranges",
                        to="funds.fund",
                    ),
                ),
                (
                    "matrix",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="asked_ranges",
                        to="scenarios.scenariomatrix",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "asked ranges",
                "db_table": "optimization_asked_ranges",
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "waiting")),
                        fields=["matrix"],
                        name="ranges_waiting",
                    ),
                    models.Index(fields=["last_asked_at"], name="ranges_last_asked"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("matrix", "digest"),
                        name="one_question_of_ranges_per_matrix_and_policy",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("digest__regex", "^[0-9a-f]{64}$")),
                        name="ranges_digest_is_sha256_hex",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("failure_reason", ""),
                                ("finished_at__isnull", True),
                                ("ranges__isnull", True),
                                ("status__in", ["waiting", "working"]),
                            ),
                            models.Q(
                                ("failure_reason", ""),
                                ("finished_at__isnull", False),
                                ("ranges__isnull", False),
                                ("status", "complete"),
                            ),
                            models.Q(
                                ("finished_at__isnull", False),
                                ("ranges__isnull", True),
                                ("status", "failed"),
                                models.Q(("failure_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="exactly_complete_ranges_have_an_answer",
                    ),
                ],
            },
        ),
    ]
