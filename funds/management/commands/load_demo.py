import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from funds.demo import DemoRefused, load_demo
from funds.loading import ContentDiffers


class Command(BaseCommand):
    help = "Loads the sample fund with a demo log-in; refuses unless services are embedded."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            access = load_demo()
        except (DemoRefused, ContentDiffers) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(access.as_json()))
        else:
            self.stdout.write(
                f"Log in as {access.username} with password {access.password}.\n"
                f"API token: {access.token}"
            )
