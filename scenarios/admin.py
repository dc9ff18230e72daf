from django.contrib import admin

from outbox.admin import ReadOnlyAdmin
from scenarios.models import ScenarioMatrix


@admin.register(ScenarioMatrix)
class ScenarioMatrixAdmin(ReadOnlyAdmin):
    list_display = ["short_key", "fund", "status", "scenarios", "generation", "created_at"]
    list_filter = ["status", "kernel_version", "created_at"]
    list_select_related = ["fund"]
    search_fields = ["matrix_key", "fund__name"]
    ordering = ["-created_at"]
    exclude = ["payload"]

    @admin.display(description="key", ordering="matrix_key")
    def short_key(self, matrix: ScenarioMatrix) -> str:
        return matrix.matrix_key[:12]
