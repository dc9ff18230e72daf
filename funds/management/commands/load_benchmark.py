from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from funds.loading import ContentDiffers, load_calibration, load_taxonomy
from funds.shipped import benchmark_calibration, taxonomy


class Command(BaseCommand):
    help = "Loads the shipped taxonomy and benchmark calibration; running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                words = load_taxonomy(taxonomy())
                calibration = load_calibration(benchmark_calibration())
        except ContentDiffers as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Taxonomy {words} and calibration {calibration} are loaded.")
