"""The versioned words a fund is described with: its stages and its sectors.

A version that a fund uses is frozen by triggers: new words need a new version, so that a bucket
key keeps its meaning.
"""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q

from funds.models.checks import not_blank
from funds.taxonomy import LONGEST_SECTOR_KEY, LONGEST_SECTOR_LABEL


class Taxonomy(models.Model):
    version = models.CharField(max_length=40, unique=True)

    class Meta:
        verbose_name_plural = "taxonomies"
        constraints = [not_blank("version")]

    def __str__(self) -> str:
        return self.version

    def is_used(self) -> bool:
        return self.funds.exists()

    def refuse_new_words_once_used(self) -> None:
        if self.is_used():
            raise ValidationError(f"A fund uses taxonomy {self}: add words to a new version.")


class Stage(models.Model):
    class Key(models.TextChoices):
        """In the order in which a company passes through them."""

        PRE_SEED = "pre_seed"
        SEED = "seed"
        SERIES_A = "series_a"
        SERIES_B = "series_b"
        SERIES_C = "series_c"
        LATE = "late"

    taxonomy = models.ForeignKey(Taxonomy, on_delete=models.CASCADE, related_name="stages")
    key = models.CharField(max_length=10, choices=Key.choices)
    label = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField(help_text="Order on pages, earliest first.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["taxonomy", "key"], name="%(app_label)s_%(class)s_key_once"
            ),
            models.UniqueConstraint(
                fields=["taxonomy", "position"], name="%(app_label)s_%(class)s_position_once"
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_key_known",
                condition=Q(
                    key__in=["pre_seed", "seed", "series_a", "series_b", "series_c", "late"]
                ),
            ),
            not_blank("label"),
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.taxonomy})"

    def clean(self) -> None:
        if self.taxonomy_id is not None:
            self.taxonomy.refuse_new_words_once_used()


class Sector(models.Model):
    taxonomy = models.ForeignKey(Taxonomy, on_delete=models.CASCADE, related_name="sectors")
    key = models.CharField(max_length=LONGEST_SECTOR_KEY)
    label = models.CharField(max_length=LONGEST_SECTOR_LABEL)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["taxonomy", "key"], name="%(app_label)s_%(class)s_key_once"
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_key_normalized",
                condition=Q(key=Func(F("key"), function="normalize_sector")),
                violation_error_message=(
                    "A sector key has lower-case ASCII letters and digits only, with single"
                    " underscores between words."
                ),
            ),
            not_blank("key"),
            not_blank("label"),
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.taxonomy})"

    def clean(self) -> None:
        if self.taxonomy_id is not None:
            self.taxonomy.refuse_new_words_once_used()
