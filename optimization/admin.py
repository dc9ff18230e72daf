from django.contrib import admin
from django.http import HttpRequest

from optimization.models import IdempotentResponse, OptimizationSession, SessionEvent
from optimization.ranges.models import AskedRanges
from optimization.validation.chunk import ValidationChunk
from outbox.admin import ReadOnlyAdmin


class SessionEventInline(admin.TabularInline):
    model = SessionEvent
    extra = 0
    can_delete = False
    ordering = ["at", "id"]

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(OptimizationSession)
class OptimizationSessionAdmin(ReadOnlyAdmin):
    """What staff look at when a session failed: the reason in words and the traceback."""

    list_display = [
        "name",
        "fund",
        "session_type",
        "status",
        "requested_by",
        "requested_at",
        "failure_reason",
    ]
    list_filter = ["session_type", "status", "requested_at"]
    list_select_related = ["fund", "requested_by"]
    search_fields = ["=id", "name", "fund__name"]
    ordering = ["-requested_at"]
    date_hierarchy = "requested_at"
    inlines = [SessionEventInline]


@admin.register(SessionEvent)
class SessionEventAdmin(ReadOnlyAdmin):
    list_display = ["session", "at", "from_status", "to_status"]
    list_filter = ["to_status", "at"]
    list_select_related = ["session"]
    search_fields = ["=session__id"]
    ordering = ["-id"]


@admin.register(IdempotentResponse)
class IdempotentResponseAdmin(ReadOnlyAdmin):
    list_display = ["user", "key", "status", "created_at"]
    list_select_related = ["user"]
    search_fields = ["=key", "user__username"]
    ordering = ["-created_at"]


@admin.register(ValidationChunk)
class ValidationChunkAdmin(ReadOnlyAdmin):
    list_display = ["session", "first_scenario", "scenarios", "status", "damages", "done_at"]
    list_filter = ["status", "created_at"]
    list_select_related = ["session"]
    search_fields = ["=session__id"]
    ordering = ["session", "first_scenario"]
    exclude = ["payload"]


@admin.register(AskedRanges)
class AskedRangesAdmin(ReadOnlyAdmin):
    list_display = ["fund", "digest", "status", "asked_at", "finished_at", "failure_reason"]
    list_filter = ["status", "asked_at"]
    list_select_related = ["fund"]
    search_fields = ["=id", "fund__name"]
    ordering = ["-asked_at"]
