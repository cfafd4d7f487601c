"""A token server of the tests: gives tokens, remembers who asked for what, and tells Dovecot which are good."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs


class TokenServer:
    """`script` holds answers (status, body) that come before those that are right; `life` is how long a token is said to live."""

    def __init__(self, user: str = "support@example.org") -> None:
        self.user = user
        self.asked: list[dict[str, str]] = []
        self.script: list[tuple[int, Any]] = []
        self.life: object = 3600
        self.more: dict[str, object] = {}  #: further keys of the answer
        self.good: set[str] = set()
        self.given = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="tokens")

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def token_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/token"

    @property
    def introspection(self) -> str:
        return f"http://127.0.0.1:{self.port}/introspect"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take_back(self) -> None:
        """No token that was given is good any more."""
        self.good.clear()

    def _answer(self, path: str, form: dict[str, str]) -> tuple[int, Any]:
        if path.startswith("/introspect"):
            return 200, {"active": form.get("token", "") in self.good, "username": self.user}
        self.asked.append(form)
        if self.script:
            return self.script.pop(0)
        self.given += 1
        token = f"token-{self.given}-of-the-tests"
        self.good.add(token)
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": self.life, **self.more}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
                status, said = server._answer(self.path, {key: values[0] for key, values in parse_qs(body).items()})
                self.send_response(status)
                if status in (301, 302, 307):
                    self.send_header("Location", str(said))
                    said = {}
                data = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        return Handler
