"""A scripted model: an OpenAI-compatible server on loopback whose n-th answer is a program given beforehand.

It answers at once, whatever is asked, and notes when each question came.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

ANSWER = """<NAME>
step_{number}
</NAME>

<DESCRIPTION>
Answer {number} of a scripted model.
</DESCRIPTION>

<CODE>
```python
{program}
```
</CODE>
"""


class Model:
    """The script and the record of one run. `base` is what a client takes for its base URL."""

    def __init__(self, program: Callable[[int], str]) -> None:
        self.program = program
        self.times: list[float] = []
        self.base = ""
        self._numbers = count()

    def answer(self) -> bytes:
        """Returns the next answer as a chat completion."""
        number = next(self._numbers)
        self.times.append(time.monotonic())
        text = ANSWER.format(number=number, program=self.program(number).strip())
        message = {"role": "assistant", "content": text}
        usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
        said = {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "created": 0,
            "model": "scripted",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": usage,
        }
        return json.dumps(said).encode()


@contextmanager
def served(program: Callable[[int], str]) -> Iterator[Model]:
    """Gives a model that answers on a free port of loopback until the end."""
    model = Model(program)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = model.answer()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    model.base = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()
