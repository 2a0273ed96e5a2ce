"""The endpoint: POST /v1/chat/completions and GET /v1/models, on loopback alone, in OpenAI's form of 2024.

Holds no state between requests. A request that cannot be read gets `{"error": {...}}` and a status of 4xx.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from ryumon.errors import BadInput
from ryumon.improvers.chat.answer import answered
from ryumon.improvers.chat.prompt import Message
from ryumon.improvers.mutate.vocabularies import vocabulary as known_vocabulary

MODEL = "ryumon-mutate"
MOST_BYTES = 8_000_000
MOST_CHOICES = 16
PIECE = 200  # characters of a streamed answer at a time
TOKEN_CHARACTERS = 4  # an estimate, for the usage that clients count
IDLE_S = 60


class Part(msgspec.Struct, frozen=True):
    """A part of a message's content; what is not text is left out."""

    type: str
    text: str = ""


class Turn(msgspec.Struct, frozen=True):
    """A message as it is sent."""

    role: str
    content: str | list[Part] | None = None


class Options(msgspec.Struct, frozen=True):
    """Options of a stream."""

    include_usage: bool = False


class Request(msgspec.Struct, frozen=True):
    """What of a request is looked at; all else (temperature, limits, tools) is left alone."""

    messages: list[Turn]
    model: str = MODEL
    seed: int | None = None
    n: int | None = None
    stream: bool | None = None
    stream_options: Options | None = None


class Refused(Exception):
    """A request that cannot be answered: its status, and what to say."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def completion(request: Request, vocabulary: str) -> dict[str, Any]:
    """Returns the answer to a request as a `chat.completion`; raises `Refused`."""
    choices = 1 if request.n is None else request.n
    if not request.messages or not 1 <= choices <= MOST_CHOICES:
        raise Refused(400, f"messages must hold one at least, and n be from 1 to {MOST_CHOICES}")
    messages = [Message(turn.role, _text(turn)) for turn in request.messages]
    answers = [answered(messages, request.seed or 0, choice, vocabulary).text for choice in range(choices)]
    prompt, said = (sum(map(len, texts)) // TOKEN_CHARACTERS for texts in ((m.text for m in messages), answers))
    digest = hashlib.sha256("\0".join([*(m.text for m in messages), *answers]).encode("utf-8", "replace"))
    return {
        "id": f"chatcmpl-{digest.hexdigest()[:24]}",
        "object": "chat.completion",
        "created": 0,
        "model": request.model,
        "choices": [
            {
                "index": index,
                "message": {"role": "assistant", "content": answer},
                "logprobs": None,
                "finish_reason": "stop",
            }
            for index, answer in enumerate(answers)
        ],
        "usage": {"prompt_tokens": prompt, "completion_tokens": said, "total_tokens": prompt + said},
    }


def streamed(whole: dict[str, Any], *, usage: bool) -> Iterator[bytes]:
    """Yields a completion as server-sent events: the role, the answer in pieces, the end, the usage if asked for."""
    base = {name: whole[name] for name in ("id", "created", "model")} | {"object": "chat.completion.chunk"}

    def event(choices: list[dict[str, Any]], **more: Any) -> bytes:
        return b"data: " + msgspec.json.encode({**base, "choices": choices, **more}) + b"\n\n"

    for choice in whole["choices"]:
        text, index = choice["message"]["content"], choice["index"]
        deltas = [{"role": "assistant", "content": ""}]
        deltas += [{"content": text[place : place + PIECE]} for place in range(0, len(text), PIECE)]
        for delta in deltas:
            yield event([{"index": index, "delta": delta, "finish_reason": None}])
        yield event([{"index": index, "delta": {}, "finish_reason": "stop"}])
    if usage:
        yield event([], usage=whole["usage"])
    yield b"data: [DONE]\n\n"


def _text(turn: Turn) -> str:
    if isinstance(turn.content, list):
        return "\n".join(part.text for part in turn.content if part.type == "text")
    return turn.content or ""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE_S
    vocabulary = "arithmetic"
    lock = threading.Lock()  # the parser's cache is one for all threads

    def do_GET(self) -> None:
        """Lists the one model."""
        self._answer(self._models)

    def do_POST(self) -> None:
        """Answers a chat."""
        self._answer(self._chat)

    def complete(self, request: Request) -> dict[str, Any]:
        """Returns the answer to a request; raises `Refused`. One request at a time."""
        return completion(request, self.vocabulary)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing; prompts are not logged."""

    def _models(self) -> None:
        model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "ryumon"}
        if self.path.rstrip("/") == "/v1/models":
            return self._json(200, {"object": "list", "data": [model]})
        if self.path == f"/v1/models/{MODEL}":
            return self._json(200, model)
        raise Refused(404, f"there is no GET {self.path[:80]}; there is /v1/models and POST /v1/chat/completions")

    def _chat(self) -> None:
        body = self._body()
        if self.path.split("?")[0].rstrip("/") != "/v1/chat/completions":
            raise Refused(404, f"there is no POST {self.path[:80]}; there is /v1/chat/completions")
        try:
            request = msgspec.json.decode(body, type=Request)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Refused(400, f"the request cannot be read: {error}") from error
        with self.lock:
            whole = self.complete(request)
        if not request.stream:
            return self._json(200, whole)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for event in streamed(whole, usage=bool(request.stream_options and request.stream_options.include_usage)):
            self.wfile.write(event)
        self.close_connection = True

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            self.close_connection = True
            raise Refused(411, "the request needs a Content-Length")
        if len(length) > 12 or int(length) > MOST_BYTES:
            self.close_connection = True
            raise Refused(413, f"the request is longer than {MOST_BYTES} bytes")
        return self.rfile.read(int(length))

    def _answer(self, work: Callable[[], None]) -> None:
        try:
            host = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
            if host not in ("127.0.0.1", "localhost", "[::1]"):  # a page elsewhere whose name was pointed here
                raise Refused(403, "this endpoint answers on loopback alone")
            work()
        except Refused as error:
            self.close_connection = True  # what is left of the body is not read
            kind = "invalid_request_error"
            self._json(error.status, {"error": {"message": str(error), "type": kind, "param": None, "code": None}})
        except (ConnectionError, TimeoutError):
            self.close_connection = True  # whoever asked has gone

    def _json(self, status: int, value: Any) -> None:
        body = msgspec.json.encode(value)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def server(port: int, vocabulary: str, kind: type[Handler] = Handler) -> ThreadingHTTPServer:
    """Returns a server on 127.0.0.1, not yet serving; port 0 takes a free one. Raises `BadInput`."""
    known_vocabulary(vocabulary)
    handler = type("Serving", (kind,), {"vocabulary": vocabulary})
    try:
        made = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except (OSError, OverflowError) as error:
        raise BadInput(f"port {port} cannot be used: {error}; name another with --port") from error
    made.daemon_threads = True
    return made
