"""The one kind of body that the API reads."""

from collections.abc import Mapping
from typing import IO, Any

from django.core.exceptions import RequestDataTooBig
from rest_framework.parsers import BaseParser

from optimization.api.strict_json import LARGEST_BODY_BYTES, parse_strict_json


class StrictJsonParser(BaseParser):
    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        # The stream is read past Django's own limit, so the limit is kept here; a length that
        # the client states is not trusted.
        body = stream.read(LARGEST_BODY_BYTES + 1)
        if len(body) > LARGEST_BODY_BYTES:
            raise RequestDataTooBig
        return parse_strict_json(body)
