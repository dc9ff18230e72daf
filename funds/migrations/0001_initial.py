import uuid
from decimal import Decimal

import django.contrib.auth.models
import django.contrib.auth.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.db.models.lookups
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="CalibrationSnapshot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.CharField(max_length=100, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("benchmark", "Benchmark"), ("fund", "Fund")], max_length=10
                    ),
                ),
                ("label", models.CharField(max_length=200)),
                (
                    "parameters",
                    models.JSONField(
                        help_text="A scenario configuration without its buckets and seed."
                    ),
                ),
                ("sample_size", models.PositiveIntegerField()),
                ("window_start", models.DateField()),
                ("window_end", models.DateField()),
                ("method", models.TextField()),
                (
                    "citations",
                    models.JSONField(
                        default=list,
                        help_text="A list of objects with claim, source, year and sometimes url.",
                    ),
                ),
                ("content_sha256", models.CharField(max_length=64, verbose_name="content SHA-256")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Sector",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=80)),
                ("label", models.CharField(max_length=80)),
            ],
        ),
        migrations.CreateModel(
            name="Stage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        choices=[
                            ("pre_seed", "Pre Seed"),
                            ("seed", "Seed"),
                            ("series_a", "Series A"),
                            ("series_b", "Series B"),
                            ("series_c", "Series C"),
                            ("late", "Late"),
                        ],
                        max_length=10,
                    ),
                ),
                ("label", models.CharField(max_length=40)),
                (
                    "position",
                    models.PositiveSmallIntegerField(help_text="Order on pages, earliest first."),
                ),
            ],
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                (
                    "last_login",
                    models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                ),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                (
                    "first_name",
                    models.CharField(blank=True, max_length=150, verbose_name="first name"),
                ),
                (
                    "last_name",
                    models.CharField(blank=True, max_length=150, verbose_name="last name"),
                ),
                (
                    "email",
                    models.EmailField(blank=True, max_length=254, verbose_name="email address"),
                ),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                (
                    "date_joined",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="date joined"
                    ),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "user",
                "verbose_name_plural": "users",
                "abstract": False,
            },
            managers=[
                ("objects", django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name="Fund",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                (
                    "size_usd",
                    models.DecimalField(decimal_places=2, max_digits=17, verbose_name="size (USD)"),
                ),
                (
                    "is_sample",
                    models.BooleanField(
                        default=False, help_text="Made-up data for demonstration, not a real fund."
                    ),
                ),
                (
                    "default_limits",
                    models.JSONField(
                        blank=True, default=dict, help_text="Limits a new request starts from."
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "default_calibration",
                    models.ForeignKey(
                        blank=True,
                        help_text="A benchmark, or a calibration of this very fund.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="default_for_funds",
                        to="funds.calibrationsnapshot",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="calibrationsnapshot",
            name="fund",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="calibrations",
                to="funds.fund",
            ),
        ),
        migrations.CreateModel(
            name="Organisation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=100, unique=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=django.db.models.lookups.GreaterThan(
                            django.db.models.functions.text.Length(
                                django.db.models.functions.text.Trim(models.F("name"))
                            ),
                            models.Value(0),
                        ),
                        name="funds_organisation_name_not_blank",
                        violation_error_message="Name must not be blank.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("viewer", "Viewer"), ("analyst", "Analyst"), ("admin", "Admin")],
                        max_length=10,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="funds.organisation",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="fund",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="funds",
                to="funds.organisation",
            ),
        ),
        migrations.CreateModel(
            name="BucketPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "initial_cheque_usd",
                    models.DecimalField(
                        decimal_places=2, max_digits=17, verbose_name="initial cheque (USD)"
                    ),
                ),
                (
                    "reserve_ratio",
                    models.DecimalField(
                        decimal_places=6,
                        help_text="Follow-on dollars kept per initial dollar.",
                        max_digits=8,
                    ),
                ),
                (
                    "reference_deals",
                    models.DecimalField(
                        decimal_places=6,
                        help_text="Number of deals the bucket is simulated with.",
                        max_digits=10,
                    ),
                ),
                (
                    "cheque_variation",
                    models.DecimalField(
                        decimal_places=6,
                        help_text="Standard deviation of cheque sizes divided by their mean.",
                        max_digits=8,
                    ),
                ),
                (
                    "risk_multiplier",
                    models.DecimalField(
                        decimal_places=6,
                        default=Decimal("1"),
                        help_text="Scales failure rates.",
                        max_digits=8,
                    ),
                ),
                (
                    "return_multiplier",
                    models.DecimalField(
                        decimal_places=6,
                        default=Decimal("1"),
                        help_text="Scales exit multiples.",
                        max_digits=8,
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                (
                    "fund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bucket_policies",
                        to="funds.fund",
                    ),
                ),
                (
                    "sector",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="funds.sector",
                    ),
                ),
                (
                    "stage",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="funds.stage",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "bucket policies",
            },
        ),
        migrations.CreateModel(
            name="Taxonomy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.CharField(max_length=40, unique=True)),
            ],
            options={
                "verbose_name_plural": "taxonomies",
                "constraints": [
                    models.CheckConstraint(
                        condition=django.db.models.lookups.GreaterThan(
                            django.db.models.functions.text.Length(
                                django.db.models.functions.text.Trim(models.F("version"))
                            ),
                            models.Value(0),
                        ),
                        name="funds_taxonomy_version_not_blank",
                        violation_error_message="Version must not be blank.",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="stage",
            name="taxonomy",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="stages",
                to="funds.taxonomy",
            ),
        ),
        migrations.AddField(
            model_name="sector",
            name="taxonomy",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sectors",
                to="funds.taxonomy",
            ),
        ),
        migrations.AddField(
            model_name="fund",
            name="taxonomy",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="funds",
                to="funds.taxonomy",
            ),
        ),
        migrations.AddConstraint(
            model_name="calibrationsnapshot",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.GreaterThan(
                    django.db.models.functions.text.Length(
                        django.db.models.functions.text.Trim(models.F("version"))
                    ),
                    models.Value(0),
                ),
                name="funds_calibrationsnapshot_version_not_blank",
                violation_error_message="Version must not be blank.",
            ),
        ),
        migrations.AddConstraint(
            model_name="calibrationsnapshot",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.GreaterThan(
                    django.db.models.functions.text.Length(
                        django.db.models.functions.text.Trim(models.F("label"))
                    ),
                    models.Value(0),
                ),
                name="funds_calibrationsnapshot_label_not_blank",
                violation_error_message="Label must not be blank.",
            ),
        ),
        migrations.AddConstraint(
            model_name="calibrationsnapshot",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.GreaterThan(
                    django.db.models.functions.text.Length(
                        django.db.models.functions.text.Trim(models.F("method"))
                    ),
                    models.Value(0),
                ),
                name="funds_calibrationsnapshot_method_not_blank",
                violation_error_message="Method must not be blank.",
            ),
        ),
        migrations.AddConstraint(
            model_name="calibrationsnapshot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("fund", None), ("kind", "benchmark")),
                    models.Q(("fund__isnull", False), ("kind", "fund")),
                    _connector="OR",
                ),
                name="funds_calibrationsnapshot_kind_matches_fund",
                violation_error_message="Exactly the calibrations of kind fund name a fund.",
            ),
        ),
        migrations.AddConstraint(
            model_name="calibrationsnapshot",
            constraint=models.CheckConstraint(
                condition=models.Q(("window_start__lte", models.F("window_end"))),
                name="funds_calibrationsnapshot_window_ordered",
                violation_error_message="The window ends before it starts.",
            ),
        ),
        migrations.AddConstraint(
            model_name="calibrationsnapshot",
            constraint=models.CheckConstraint(
                condition=models.Q(("content_sha256__regex", "^[0-9a-f]{64}$")),
                name="funds_calibrationsnapshot_content_sha256_hex",
            ),
        ),
        migrations.AddConstraint(
            model_name="calibrationsnapshot",
            constraint=models.CheckConstraint(
                condition=models.Q(("sample_size__gte", 1), ("sample_size__lte", 2147483647)),
                name="funds_calibrationsnapshot_sample_size_range",
                violation_error_message="Sample size must be at least 1 and at most 2147483647.",
            ),
        ),
        migrations.AddConstraint(
            model_name="calibrationsnapshot",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.Exact(
                    models.Func(
                        models.F("parameters"),
                        function="jsonb_typeof",
                        output_field=models.TextField(),
                    ),
                    models.Value("object"),
                ),
                name="funds_calibrationsnapshot_parameters_object",
                violation_error_message="Parameters must be a JSON object.",
            ),
        ),
        migrations.AddConstraint(
            model_name="calibrationsnapshot",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.Exact(
                    models.Func(
                        models.F("citations"),
                        function="jsonb_typeof",
                        output_field=models.TextField(),
                    ),
                    models.Value("array"),
                ),
                name="funds_calibrationsnapshot_citations_array",
                violation_error_message="Citations must be a JSON array.",
            ),
        ),
        migrations.AddConstraint(
            model_name="calibrationsnapshot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("parameters__has_any_keys", ["buckets", "seed"]), _negated=True
                ),
                name="funds_calibrationsnapshot_parameters_without_buckets_and_seed",
                violation_error_message="Buckets and seed come from the fund and the request.",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                fields=("user", "organisation"), name="funds_membership_once_per_user"
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["viewer", "analyst", "admin"])),
                name="funds_membership_role_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="bucketpolicy",
            constraint=models.UniqueConstraint(
                fields=("fund", "stage", "sector"), name="funds_bucketpolicy_bucket_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="bucketpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("initial_cheque_usd__gt", 0),
                    ("initial_cheque_usd__lte", Decimal("999999999999999.99")),
                ),
                name="funds_bucketpolicy_initial_cheque_usd_range",
                violation_error_message="Initial cheque usd must be above 0 and at most 999999999999999.99.",
            ),
        ),
        migrations.AddConstraint(
            model_name="bucketpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("reserve_ratio__gte", 0), ("reserve_ratio__lte", 5)),
                name="funds_bucketpolicy_reserve_ratio_range",
                violation_error_message="Reserve ratio must be at least 0 and at most 5.",
            ),
        ),
        migrations.AddConstraint(
            model_name="bucketpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("reference_deals__gte", 1), ("reference_deals__lte", 1000)),
                name="funds_bucketpolicy_reference_deals_range",
                violation_error_message="Reference deals must be at least 1 and at most 1000.",
            ),
        ),
        migrations.AddConstraint(
            model_name="bucketpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("cheque_variation__gte", 0), ("cheque_variation__lte", 5)),
                name="funds_bucketpolicy_cheque_variation_range",
                violation_error_message="Cheque variation must be at least 0 and at most 5.",
            ),
        ),
        migrations.AddConstraint(
            model_name="bucketpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("risk_multiplier__gte", Decimal("0.01")), ("risk_multiplier__lte", 20)
                ),
                name="funds_bucketpolicy_risk_multiplier_range",
                violation_error_message="Risk multiplier must be at least 0.01 and at most 20.",
            ),
        ),
        migrations.AddConstraint(
            model_name="bucketpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("return_multiplier__gte", Decimal("0.01")), ("return_multiplier__lte", 20)
                ),
                name="funds_bucketpolicy_return_multiplier_range",
                violation_error_message="Return multiplier must be at least 0.01 and at most 20.",
            ),
        ),
        migrations.AddConstraint(
            model_name="stage",
            constraint=models.UniqueConstraint(
                fields=("taxonomy", "key"), name="funds_stage_key_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="stage",
            constraint=models.UniqueConstraint(
                fields=("taxonomy", "position"), name="funds_stage_position_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="stage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("key__in", ["pre_seed", "seed", "series_a", "series_b", "series_c", "late"])
                ),
                name="funds_stage_key_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="stage",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.GreaterThan(
                    django.db.models.functions.text.Length(
                        django.db.models.functions.text.Trim(models.F("label"))
                    ),
                    models.Value(0),
                ),
                name="funds_stage_label_not_blank",
                violation_error_message="Label must not be blank.",
            ),
        ),
        migrations.AddConstraint(
            model_name="sector",
            constraint=models.UniqueConstraint(
                fields=("taxonomy", "key"), name="funds_sector_key_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="sector",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.GreaterThan(
                    django.db.models.functions.text.Length(
                        django.db.models.functions.text.Trim(models.F("key"))
                    ),
                    models.Value(0),
                ),
                name="funds_sector_key_not_blank",
                violation_error_message="Key must not be blank.",
            ),
        ),
        migrations.AddConstraint(
            model_name="sector",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.GreaterThan(
                    django.db.models.functions.text.Length(
                        django.db.models.functions.text.Trim(models.F("label"))
                    ),
                    models.Value(0),
                ),
                name="funds_sector_label_not_blank",
                violation_error_message="Label must not be blank.",
            ),
        ),
        migrations.AddConstraint(
            model_name="fund",
            constraint=models.UniqueConstraint(
                fields=("organisation", "name"), name="funds_fund_name_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="fund",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.GreaterThan(
                    django.db.models.functions.text.Length(
                        django.db.models.functions.text.Trim(models.F("name"))
                    ),
                    models.Value(0),
                ),
                name="funds_fund_name_not_blank",
                violation_error_message="Name must not be blank.",
            ),
        ),
        migrations.AddConstraint(
            model_name="fund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("size_usd__gt", 0), ("size_usd__lte", Decimal("999999999999999.99"))
                ),
                name="funds_fund_size_usd_range",
                violation_error_message="Size usd must be above 0 and at most 999999999999999.99.",
            ),
        ),
        migrations.AddConstraint(
            model_name="fund",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.Exact(
                    models.Func(
                        models.F("default_limits"),
                        function="jsonb_typeof",
                        output_field=models.TextField(),
                    ),
                    models.Value("object"),
                ),
                name="funds_fund_default_limits_object",
                violation_error_message="Default limits must be a JSON object.",
            ),
        ),
    ]
