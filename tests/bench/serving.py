"""The product's own server with the floors beside its pages: `python -m tests.bench.serving`.

The product knows nothing of it. The supervisor asks for `app.create_app` late, so the one put in
its place here adds the floors, counts statements, and says in one header of each answer which
process gave it. `BENCH_SLOW` ("learning.lesson=5") makes views sleep for some milliseconds: the
proof that a slow page is seen.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event

from tests.bench import floors

HEADER = "X-Bench"
"""Process id and number of statements, for example "4711 5"."""

_counted = threading.local()


@event.listens_for(Engine, "before_cursor_execute")
def _count(
    _connection: Any, _cursor: Any, statement: str, _values: Any, _context: Any, _many: bool
) -> None:
    if not statement.startswith("BEGIN"):
        _counted.statements = getattr(_counted, "statements", 0) + 1


def with_floors(app: Flask) -> Flask:
    """Add the floors and the header to an application."""
    app.register_blueprint(floors.pages)
    for slow in filter(None, os.environ.get("BENCH_SLOW", "").split(",")):
        endpoint, milliseconds = slow.split("=")
        app.view_functions[endpoint] = _slowed(app.view_functions[endpoint], float(milliseconds))
    inner, bare = app.wsgi_app, floors.bare()

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        _counted.statements = 0

        def started(status: str, headers: list[tuple[str, str]], problem: Any = None) -> Any:
            headers.append((HEADER, f"{os.getpid()} {_counted.statements}"))
            return start(status, headers, problem) if problem else start(status, headers)

        application = bare if environ["PATH_INFO"] == floors.BARE else inner
        return application(environ, started)

    app.wsgi_app = answer  # type: ignore[method-assign]
    return app


def _slowed(view: Callable[..., Any], milliseconds: float) -> Callable[..., Any]:
    @wraps(view)
    def slow(*values: Any, **named: Any) -> Any:
        time.sleep(milliseconds / 1000)
        return view(*values, **named)

    return slow


def main(given: list[str]) -> int:
    """Run `bin/serve` with the floors; returns its exit code."""
    import app
    from app.kernel import supervisor

    build = app.create_app
    app.create_app = lambda settings=None: with_floors(build(settings))
    return supervisor.main(given)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
