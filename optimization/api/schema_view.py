"""The OpenAPI document. It says nothing that is secret, so it needs no log-in."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from optimization.api.api_view import ApiView


class Schema(ApiView):
    authentication_classes = []
    permission_classes = [AllowAny]
    # The first answers a client with no preference: JSON, which is YAML as well.
    renderer_classes = [
        OpenApiJsonRenderer,
        OpenApiJsonRenderer2,
        OpenApiYamlRenderer,
        OpenApiYamlRenderer2,
    ]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(openapi_document(), headers={"Cache-Control": "public, max-age=3600"})


@cache
def openapi_document() -> dict[str, Any]:
    """Depends on the code alone, so it is made once per process."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    document: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return document
