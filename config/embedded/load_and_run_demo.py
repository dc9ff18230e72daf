"""Loads the sample fund and requests its optimization, in one process: Django loads slowly.

python -m config.embedded.load_and_run_demo [--json]
"""

import io
import os
import sys

import django
from django.core.management import CommandError, call_command


def main(arguments: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    try:
        # What it prints is a log-in, and nothing is served that one could log in to.
        call_command("load_demo", stdout=io.StringIO())
        call_command("run_demo", *arguments)
    except CommandError as error:
        sys.stderr.write(f"{error}\n")
        return error.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
