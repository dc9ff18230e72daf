from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from outbox.models import JobEvent, OutboxJob


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that only the pipeline writes."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class JobEventInline(admin.TabularInline):
    model = JobEvent
    extra = 0
    can_delete = False
    ordering = ["at", "id"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(OutboxJob)
class OutboxJobAdmin(ReadOnlyAdmin):
    list_display = [
        "kind",
        "status",
        "subject_id",
        "attempts",
        "crashes",
        "created_at",
        "error_class",
    ]
    list_filter = ["status", "kind", "created_at"]
    search_fields = ["=job_id", "=subject_id"]
    ordering = ["-id"]
    inlines = [JobEventInline]


@admin.register(JobEvent)
class JobEventAdmin(ReadOnlyAdmin):
    list_display = ["job", "at", "from_status", "to_status", "lease_token", "lease_owner"]
    list_filter = ["to_status", "at"]
    list_select_related = ["job"]
    search_fields = ["=job__job_id"]
    ordering = ["-id"]
