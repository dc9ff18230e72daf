"""Staff pages of the funds app. What the database freezes is read-only here."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import BaseModelAdmin, InlineModelAdmin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from funds.models import (
    BucketPolicy,
    CalibrationSnapshot,
    Fund,
    Membership,
    Organisation,
    Sector,
    Stage,
    Taxonomy,
    User,
)
from funds.rounds_import import PERMISSION, import_rounds

admin.site.register(User, UserAdmin)


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ["user"]


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):
    list_display = ["name", "id"]
    search_fields = ["name"]
    ordering = ["name"]
    inlines = [MembershipInline]


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    list_display = ["user", "organisation", "role"]
    list_filter = ["role", "organisation"]
    list_select_related = ["user", "organisation"]
    search_fields = ["user__username", "organisation__name"]
    autocomplete_fields = ["user", "organisation"]
    ordering = ["organisation__name", "user__username"]


class FrozenOnceUsed(BaseModelAdmin):
    """A taxonomy that a fund uses, and its words, can be looked at but not changed."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _is_used(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _is_used(obj) and super().has_delete_permission(request, obj)


def _is_used(taxonomy_or_word: Taxonomy | Stage | Sector | None) -> bool:
    match taxonomy_or_word:
        case None:
            return False
        case Taxonomy():
            return taxonomy_or_word.is_used()
        case Stage() | Sector():
            return taxonomy_or_word.taxonomy.is_used()


class WordInline(FrozenOnceUsed, admin.TabularInline):
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _is_used(obj) and super().has_add_permission(request, obj)


class StageInline(WordInline):
    model = Stage
    ordering = ["position"]


class SectorInline(WordInline):
    model = Sector
    ordering = ["key"]


@admin.register(Taxonomy)
class TaxonomyAdmin(FrozenOnceUsed, admin.ModelAdmin):
    list_display = ["version"]
    search_fields = ["version"]
    ordering = ["-version"]
    inlines = [StageInline, SectorInline]


@admin.register(Stage)
class StageAdmin(FrozenOnceUsed, admin.ModelAdmin):
    list_display = ["key", "label", "position", "taxonomy"]
    list_filter = ["taxonomy"]
    list_select_related = ["taxonomy"]
    search_fields = ["key", "label"]
    ordering = ["-taxonomy__version", "position"]


@admin.register(Sector)
class SectorAdmin(FrozenOnceUsed, admin.ModelAdmin):
    list_display = ["key", "label", "taxonomy"]
    list_filter = ["taxonomy"]
    list_select_related = ["taxonomy"]
    search_fields = ["key", "label"]
    ordering = ["-taxonomy__version", "key"]


class BucketPolicyInline(admin.TabularInline):
    model = BucketPolicy
    extra = 0
    ordering = ["stage__position", "sector__key"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BucketPolicy]:
        return super().get_queryset(request).select_related("stage", "sector", "fund__organisation")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        stages = Stage.objects.filter(taxonomy=obj.taxonomy_id).order_by("position")
        sectors = Sector.objects.filter(taxonomy=obj.taxonomy_id).order_by("label")
        _offer(formset.form.base_fields["stage"], stages)
        _offer(formset.form.base_fields["sector"], sectors)
        return formset


def _offer(field: Any, words: QuerySet[Stage] | QuerySet[Sector]) -> None:
    field.queryset = words
    # A list instead of the queryset, which would be read again for every row.
    field.choices = [("", "---------"), *((word.pk, word.label) for word in words)]


@admin.register(Fund)
class FundAdmin(admin.ModelAdmin):
    list_display = ["name", "organisation", "size_usd", "taxonomy", "is_sample", "created_at"]
    list_filter = ["is_sample", "taxonomy", "organisation"]
    list_select_related = ["organisation", "taxonomy"]
    search_fields = ["name", "organisation__name", "=id"]
    autocomplete_fields = ["organisation"]
    readonly_fields = ["id", "created_at"]
    ordering = ["organisation__name", "name"]

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[type[InlineModelAdmin]]:
        """Buckets take their words from the taxonomy of the fund, so the fund comes first."""
        return [BucketPolicyInline] if obj else []

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj and obj.bucket_policies.exists():
            return [*self.readonly_fields, "taxonomy"]
        return [*self.readonly_fields]


@admin.register(BucketPolicy)
class BucketPolicyAdmin(admin.ModelAdmin):
    list_display = ["key", "fund", "initial_cheque_usd", "reserve_ratio", "is_active"]
    list_filter = ["is_active", "stage__key", "sector__key"]
    list_select_related = ["fund__organisation", "stage", "sector"]
    search_fields = ["fund__name", "stage__key", "sector__key"]
    autocomplete_fields = ["fund", "stage", "sector"]
    ordering = ["fund__name", "stage__position", "sector__key"]


@admin.register(CalibrationSnapshot)
class CalibrationSnapshotAdmin(admin.ModelAdmin):
    """Calibrations come from load_benchmark and from a fund's rounds, and never change."""

    list_display = ["version", "kind", "fund", "sample_size", "window_start", "window_end"]
    list_filter = ["kind"]
    list_select_related = ["fund__organisation"]
    search_fields = ["version", "label", "=content_sha256"]
    ordering = ["-created_at", "-id"]
    change_list_template = "admin/funds/calibrationsnapshot/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.import_rounds)
        own = [path("import/", page, name="funds_calibrationsnapshot_import")]
        return [*own, *super().get_urls()]

    def import_rounds(self, request: HttpRequest) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts}
        return import_rounds(request, admin_context=context)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        may_import = request.user.has_perm(PERMISSION)
        return super().changelist_view(request, {**(extra_context or {}), "may_import": may_import})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
