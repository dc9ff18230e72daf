"""`/metrics`: what a monitoring system reads, in the text format of Prometheus.

Everything comes from the database, so it does not matter which process answers.
"""

from collections.abc import Iterable, Iterator

from django.http import HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from rest_framework.permissions import IsAdminUser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from optimization import metrics as session_metrics
from optimization.api.api_view import AcceptHeaderNegotiation, ApiView
from outbox import metrics as job_metrics
from scenarios import metrics as matrix_metrics


class DatabaseCollector(Collector):
    def collect(self) -> Iterator[Metric]:
        for app in (session_metrics, matrix_metrics, job_metrics):
            yield from app.families()


REGISTRY = CollectorRegistry()
REGISTRY.register(DatabaseCollector())


class OneFormat(AcceptHeaderNegotiation):
    """Whoever asks for another format is better served with this one than with a 406."""

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


class Metrics(ApiView):
    """For staff alone: by their session, or by a token of the API."""

    permission_classes = [IsAdminUser]
    content_negotiation_class = OneFormat
    schema = None

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)
