"""Requests one optimization of the demo fund as a web client would and waits for its result."""

import json
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.test import Client

from funds.models import Fund, User
from funds.shipped import default_fund
from optimization.results.text_report import text_report

POLL_SECONDS = 0.2


class Command(BaseCommand):
    help = "Run the whole pipeline once on the default fund and print the result."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--username", default="demo")
        parser.add_argument("--timeout-seconds", type=float, default=300.0)

    def handle(self, **options: Any) -> None:
        if not settings.EMBEDDED_SERVICES:
            raise CommandError("run_demo works only with the embedded services of ./dev")
        started = time.perf_counter()
        client = Client(SERVER_NAME="localhost")
        client.force_login(User.objects.get(username=options["username"]))
        location = self._request(client)
        status = self._wait(client, location, timeout_seconds=options["timeout_seconds"])
        if status["status"] != "COMPLETED":
            raise CommandError(
                f"session {status['id']} {status['status']}: {status['failure_reason']}"
            )
        result = client.get(f"{location}/result").json()
        if options["json"]:
            waited_seconds = round(time.perf_counter() - started, 3)
            timings = {**result["timings_seconds"], "request_to_result": waited_seconds}
            self.stdout.write(json.dumps({"session": result, "timings_seconds": timings}))
        else:
            self.stdout.write(text_report(result))

    def _request(self, client: Client) -> str:
        fund = Fund.objects.get(name=default_fund()["name"], is_sample=True)
        body = {"fund": str(fund.pk), "name": "Demo", "limits": fund.default_limits}
        response = client.post("/api/v1/optimizations", body, content_type="application/json")
        if response.status_code != 202:
            raise CommandError(f"the request was refused: {response.content.decode()}")
        return response.headers["Location"]

    def _wait(self, client: Client, location: str, *, timeout_seconds: float) -> dict[str, Any]:
        deadline = time.monotonic() + timeout_seconds
        shown = None
        while time.monotonic() < deadline:
            status: dict[str, Any] = client.get(location).json()
            if status["status"] != shown:
                shown = status["status"]
                sys.stderr.write(
                    f"{status['progress_percent']:3d}%  {shown}: {status['current_step']}\n"
                )
                sys.stderr.flush()
            if status["is_finished"]:
                return status
            time.sleep(POLL_SECONDS)
        raise CommandError(f"no result after {timeout_seconds:.0f} s; the session is {shown}")
