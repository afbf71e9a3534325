"""A request's headers, found at one look-up."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Scope


class IndexedHeaders(Headers):
    """Like Starlette's, which decode and compare all names at each look-up.

    We look for about ten of them in every changing request.
    """

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope=scope)
        self._first: dict[str, str] = {}
        for name, value in scope["headers"]:
            self._first.setdefault(name.decode("latin-1"), value.decode("latin-1"))

    def get(self, key: str, default: Any = None) -> Any:
        """The first value of a header, by its name in any case."""
        return self._first.get(key.lower(), default)


class IndexedRequest(Request):
    """A request with such headers."""

    @property
    def headers(self) -> Headers:
        """All headers of the request."""
        if not hasattr(self, "_headers"):
            self._headers = IndexedHeaders(self.scope)
        return self._headers
