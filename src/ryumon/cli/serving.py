"""`serve-model`: a proposer for other systems, with no model in it."""

from typing import Annotated

from cyclopts import Parameter

from ryumon.cli.options import DEFAULTS, Common, say


def serve_model(
    *,
    port: Annotated[int, Parameter(help="A port of 127.0.0.1; 0 takes a free one.")] = 8311,
    vocabulary: Annotated[str, Parameter(help="What the edits are made of, as in task.toml.")] = "arithmetic",
    common: Common = DEFAULTS,
) -> int:
    """Serve mutate's operators as an OpenAI-compatible chat model on loopback, until Ctrl-C.

    Each answer is one random edit of the Python program in the prompt, as SEARCH/REPLACE blocks or in full, as asked.
    It depends on the prompt and on the request's seed alone.
    """
    import sys

    from ryumon.improvers.chat.server import MODEL, server

    with server(port, vocabulary) as serving:
        base = f"http://127.0.0.1:{serving.server_address[1]}/v1"
        text = f"{base} serves {MODEL}; any key will do; Ctrl-C ends it"
        say(common, {"base_url": base, "model": MODEL}, text)
        sys.stdout.flush()
        try:
            serving.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0
