"""What every view of the API has in common."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from rest_framework.authentication import SessionAuthentication
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.settings import DEFAULTS, APISettings
from rest_framework.views import APIView

from optimization.api.authentication import TokenAuthentication
from optimization.api.json_body import StrictJsonParser
from optimization.api.problem_responses import exception_handler
from optimization.api.problems import ProblemRaised, plain_problem
from optimization.api.request_id import HEADER as REQUEST_ID_HEADER
from optimization.api.request_id import request_id

NO_LENGTH = "A body needs a Content-Length header; it cannot be sent in chunks."
_NO_FORMAT_IN_QUERY: Any = {"URL_FORMAT_OVERRIDE": None}


class AcceptHeaderNegotiation(DefaultContentNegotiation):
    """By the Accept header alone; ``format`` in the query is a parameter like any other."""

    settings: Any = APISettings(_NO_FORMAT_IN_QUERY, DEFAULTS)


class ApiView(APIView):
    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [IsAuthenticated]
    parser_classes = [StrictJsonParser]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = AcceptHeaderNegotiation
    # No OPTIONS: the OpenAPI document describes the API.
    http_method_names = ["get", "head", "post"]

    def get_exception_handler(self) -> Callable[..., Any]:
        return exception_handler

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # Without a length Django takes the body as empty, whatever the client sent.
        if request.headers.get("Transfer-Encoding") and not request.headers.get("Content-Length"):
            raise ProblemRaised(plain_problem(411, detail=NO_LENGTH))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        response.headers[REQUEST_ID_HEADER] = request_id(request)
        response.headers.setdefault("Cache-Control", "no-store")
        patch_vary_headers(response, ["Authorization", "Cookie"])
        return response
