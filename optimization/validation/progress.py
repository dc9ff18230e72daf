"""How far a running validation is, told to its session while the worker still may."""

from dataclasses import dataclass, field
from time import monotonic

from django.db import transaction

from optimization.models import OptimizationSession
from outbox.leases import Lease

# Pages ask once a second; more often would cost writes that nobody sees.
SECONDS_BETWEEN_LOOKS = 1.0


class SessionEnded(Exception):
    """The session is no longer validating, so nobody waits for what is being simulated."""


@dataclass(slots=True, kw_only=True)
class SessionWatch:
    """Looks at the session once in a while; ``of_all`` if the job has all of its scenarios."""

    session: OptimizationSession
    lease: Lease
    of_all: bool
    _looked_at: float = field(default_factory=lambda: monotonic())

    def __call__(self, scenarios_done: int) -> None:
        """:raises SessionEnded: it was cancelled, or has failed
        :raises StaleLease: another has taken the job, and shows how far it is itself
        """
        now = monotonic()
        if now - self._looked_at < SECONDS_BETWEEN_LOOKS:
            return
        self._looked_at = now
        if not (self._record(scenarios_done) if self.of_all else self._is_validating()):
            raise SessionEnded(f"session {self.session.pk} is no longer validating")

    @transaction.atomic
    def _record(self, scenarios_done: int) -> bool:
        self.lease.confirm()
        return self.session.record_validated(scenarios_done)

    def _is_validating(self) -> bool:
        return OptimizationSession.objects.filter(
            pk=self.session.pk, status=OptimizationSession.Status.VALIDATING
        ).exists()
