"""The endpoint as an OpenAI client meets it, over loopback."""

import http.client
import json
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ryumon.errors import BadInput
from ryumon.improvers.chat.server import MODEL, MOST_BYTES, server
from tests.improvers.chat.test_answer import OPENEVOLVE, PROGRAM, asking, read

CHAT = [{"role": message.role, "content": message.text} for message in asking(PROGRAM, "diff")]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Gives the port of an endpoint that is serving."""
    with server(0, "arithmetic") as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield serving.server_address[1]
        serving.shutdown()
        thread.join()


def ask(port: int, body: object, path: str = "/v1/chat/completions", **headers: str) -> tuple[int, str]:
    """Returns the status and the text of what a request gets; text is sent as it is, anything else as JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    sent = body if isinstance(body, str | bytes | None) else json.dumps(body)
    connection.request("GET" if body is None else "POST", path, sent, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def chat(port: int, **more: Any) -> Any:
    """Returns the completion that a well-formed request gets."""
    status, text = ask(port, {"model": "any", "messages": CHAT, **more})
    assert status == 200, text
    return json.loads(text)


def test_a_completion_has_the_shape_of_openais_and_an_edit_in_it(port: int) -> None:
    found = chat(port, temperature=0.7, max_tokens=4096, seed=3)
    assert set(found) == {"id", "object", "created", "model", "choices", "usage"}
    assert (found["object"], found["model"]) == ("chat.completion", "any")
    (choice,) = found["choices"]
    assert (choice["index"], choice["finish_reason"], choice["message"]["role"]) == (0, "stop", "assistant")
    assert read(choice["message"]["content"], PROGRAM, OPENEVOLVE) != PROGRAM
    assert found["usage"]["total_tokens"] == found["usage"]["prompt_tokens"] + found["usage"]["completion_tokens"] > 0


def test_nothing_is_remembered_from_one_request_to_the_next(port: int) -> None:
    first = chat(port, seed=1)
    assert chat(port, seed=2)["choices"] != first["choices"]
    assert chat(port, seed=1) == first


def test_several_choices_differ(port: int) -> None:
    found = chat(port, n=4)["choices"]
    assert [choice["index"] for choice in found] == [0, 1, 2, 3]
    assert len({choice["message"]["content"] for choice in found}) > 2


def test_a_stream_is_the_same_answer_in_pieces(port: int) -> None:
    whole = chat(port, seed=5)
    status, text = ask(
        port, {"messages": CHAT, "seed": 5, "model": "any", "stream": True, "stream_options": {"include_usage": True}}
    )
    assert status == 200
    events = text.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-2]]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    assert deltas[0]["role"] == "assistant"
    assert "".join(delta.get("content", "") for delta in deltas) == whole["choices"][0]["message"]["content"]
    assert [choice["finish_reason"] for choice in chunks[-2]["choices"]] == ["stop"]
    assert chunks[-1]["usage"] == whole["usage"]


def test_content_may_come_in_parts(port: int) -> None:
    text = CHAT[1]["content"]
    parts = [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": "x"}}]
    found = chat(port, messages=[{"role": "user", "content": parts}])
    assert read(found["choices"][0]["message"]["content"], PROGRAM, OPENEVOLVE) != PROGRAM


def test_the_one_model_is_listed(port: int) -> None:
    status, text = ask(port, None, "/v1/models")
    assert (status, [model["id"] for model in json.loads(text)["data"]]) == (200, [MODEL])
    assert ask(port, None, f"/v1/models/{MODEL}")[0] == 200


REFUSED: dict[str, tuple[object, str, int]] = {
    "not JSON": ("{", "/v1/chat/completions", 400),
    "too deep": ("[" * 5000, "/v1/chat/completions", 400),
    "no messages": ({"model": "m"}, "/v1/chat/completions", 400),
    "empty messages": ({"messages": []}, "/v1/chat/completions", 400),
    "a message of another type": ({"messages": ["hi"]}, "/v1/chat/completions", 400),
    "too many choices": ({"messages": CHAT, "n": 10_000}, "/v1/chat/completions", 400),
    "half a surrogate pair": ('{"messages": [{"role": "user", "content": "\\ud800"}]}', "/v1/chat/completions", 400),
    "another path": ({"messages": CHAT}, "/v1/completions", 404),
    "another look": (None, "/metrics", 404),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_answered_gets_an_error_object(port: int, what: str) -> None:
    body, path, expected = REFUSED[what]
    status, text = ask(port, body, path)
    assert status == expected, text
    assert set(json.loads(text)["error"]) == {"message", "type", "param", "code"}


def test_a_request_too_long_or_of_no_length_is_not_read(port: int) -> None:
    for header, expected in ((f"Content-Length: {MOST_BYTES + 1}", 413), ("Content-Length: x", 411), ("A: b", 411)):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
            raw.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n\r\n".encode())
            assert re.match(rb"HTTP/1.1 %d " % expected, raw.recv(4096))


def test_a_page_elsewhere_cannot_use_it_by_another_name(port: int) -> None:
    assert ask(port, {"messages": CHAT}, Host="example.org")[0] == 403
    assert ask(port, {"messages": CHAT}, Host=f"localhost:{port}")[0] == 200


def test_it_listens_on_loopback_alone_and_says_what_is_wrong(port: int) -> None:
    with server(0, "arithmetic") as other:
        assert other.server_address[0] == "127.0.0.1"
    with pytest.raises(BadInput, match="cannot be used"):
        server(port, "arithmetic")
    with pytest.raises(BadInput, match="cannot be used"):
        server(70_000, "arithmetic")
    with pytest.raises(BadInput, match="alchemy"):
        server(0, "alchemy")
