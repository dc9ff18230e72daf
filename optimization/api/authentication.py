"""Who is calling: a bearer token, or the session of someone logged in to the site."""

import re

from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from rest_framework.exceptions import AuthenticationFailed

_TOKEN = re.compile(rb"[!-~]{1,128}")


class TokenAuthentication(KnoxTokenAuthentication):  # type: ignore[misc]  # knox has no types
    """Refuses what no token looks like before it is decoded and looked up."""

    def authenticate_credentials(self, token: bytes) -> object:
        if not _TOKEN.fullmatch(token):
            raise AuthenticationFailed("Invalid token.")
        return super().authenticate_credentials(token)


class TokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]
    """How the OpenAPI document describes these tokens."""

    target_class = "optimization.api.authentication.TokenAuthentication"
    name = "token"
