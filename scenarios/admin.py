"""Staff look at matrices and incidents, drop copies and have matrices generated again.

Nothing is edited by hand: what a matrix is follows from its config.
"""

from collections.abc import Callable

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.utils.timesince import timeuntil
from django.utils.timezone import now

from outbox.admin import ReadOnlyAdmin
from scenarios import upkeep
from scenarios.bounded_redis import OutOfReach
from scenarios.matrix_cache import drop_hot_copy, hot_copy
from scenarios.models import MatrixIncident, OtherKernel, ScenarioMatrix, StatusChanged

Refusals = (OutOfReach, OtherKernel, StatusChanged)


class MatrixIncidentInline(admin.TabularInline):
    model = MatrixIncident
    extra = 0
    can_delete = False
    ordering = ["at"]

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(ScenarioMatrix)
class ScenarioMatrixAdmin(ReadOnlyAdmin):
    list_display = [
        "short_key",
        "fund",
        "status",
        "shape",
        "payload_size",
        "generation",
        "created_at",
        "last_read_at",
    ]
    list_filter = ["status", "kernel_version", "created_at"]
    list_select_related = ["fund__organisation"]
    search_fields = ["matrix_key", "sha256", "fund__name"]
    ordering = ["-created_at"]
    actions = ["drop_copies", "generate_again"]
    inlines = [MatrixIncidentInline]
    fields = [
        "matrix_key",
        "fund",
        "status",
        "failure_reason",
        "generation",
        "shape",
        "payload_size",
        "codec",
        "layout",
        "sha256",
        "cash_flows_size",
        "copy_in_redis",
        "last_read_at",
        "created_at",
        "completed_at",
        "generation_seconds",
        "kernel_version",
        "warnings",
        "variance_shares",
        "buckets",
        "config",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScenarioMatrix]:
        rows: QuerySet[ScenarioMatrix] = super().get_queryset(request)
        return rows.defer("payload").annotate(
            payload_bytes=Length("payload"), cash_flows_bytes=Length("cash_flows__payload")
        )

    def has_maintain_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("scenarios.maintain_scenariomatrix")

    @admin.display(description="key", ordering="matrix_key")
    def short_key(self, matrix: ScenarioMatrix) -> str:
        return matrix.matrix_key[:12]

    @admin.display(description="buckets x scenarios")
    def shape(self, matrix: ScenarioMatrix) -> str | None:
        return f"{len(matrix.buckets)} x {matrix.scenarios}" if matrix.buckets else None

    @admin.display(description="payload", ordering="payload_bytes")
    def payload_size(self, matrix: ScenarioMatrix) -> str | None:
        return _size(getattr(matrix, "payload_bytes", None))

    @admin.display(description="cash flows")
    def cash_flows_size(self, matrix: ScenarioMatrix) -> str | None:
        return _size(getattr(matrix, "cash_flows_bytes", None))

    @admin.display(description="copy in Redis")
    def copy_in_redis(self, matrix: ScenarioMatrix) -> str:
        try:
            found = hot_copy(matrix)
        except OutOfReach as error:
            return f"unknown: {error}"
        if found is None:
            return "none"
        return f"{filesizeformat(found.size_bytes)}, expires in {timeuntil(now() + found.lives)}"

    @admin.action(permissions=["maintain"], description="Drop the copies in Redis")
    def drop_copies(
        self, request: HttpRequest, matrices: QuerySet[ScenarioMatrix]
    ) -> TemplateResponse | None:
        return self._confirmed(
            request,
            matrices,
            act=drop_hot_copy,
            name="drop_copies",
            question="Drop the copies of these matrices in Redis?",
            consequence="They are read from PostgreSQL the next time they are needed.",
            done="Dropped the copy in Redis",
        )

    @admin.action(permissions=["maintain"], description="Generate again")
    def generate_again(
        self, request: HttpRequest, matrices: QuerySet[ScenarioMatrix]
    ) -> TemplateResponse | None:
        return self._confirmed(
            request,
            matrices,
            act=upkeep.regenerate,
            name="generate_again",
            question="Generate these matrices again?",
            consequence="The stored numbers are dropped and generated anew by a worker; they must"
            " come out the same. Sessions that need them meanwhile wait or generate their own.",
            done="To be generated again",
        )

    def _confirmed(
        self,
        request: HttpRequest,
        matrices: QuerySet[ScenarioMatrix],
        *,
        act: Callable[[ScenarioMatrix], object],
        name: str,
        question: str,
        consequence: str,
        done: str,
    ) -> TemplateResponse | None:
        """Ask first; once confirmed, act on each matrix by itself and say what came of it."""
        if "confirmed" not in request.POST:
            context = {
                **self.admin_site.each_context(request),
                "title": question,
                "consequence": consequence,
                "matrices": matrices,
                "action": name,
                "checkbox": ACTION_CHECKBOX_NAME,
                "opts": self.opts,
            }
            return TemplateResponse(request, "admin/scenarios/confirm_action.html", context)
        for matrix in matrices:
            try:
                act(matrix)
            except Refusals as error:
                self.message_user(request, f"Nothing done: {error}", messages.ERROR)
            else:
                self.log_change(request, matrix, done)
                self.message_user(request, f"{done}: {matrix}", messages.SUCCESS)
        return None


def _size(size_bytes: int | None) -> str | None:
    return None if size_bytes is None else filesizeformat(size_bytes)


@admin.register(MatrixIncident)
class MatrixIncidentAdmin(ReadOnlyAdmin):
    list_display = ["at", "matrix", "generation", "found", "outcome"]
    list_filter = ["outcome", "at"]
    search_fields = ["matrix__matrix_key", "found"]
    ordering = ["-at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[MatrixIncident]:
        rows = super().get_queryset(request).select_related("matrix")
        return rows.defer("matrix__payload", "matrix__config", "matrix__buckets")
