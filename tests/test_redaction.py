"""Keys are neither stored nor shown, and what a program says cannot steer a terminal."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from ryumon.archive.history import History
from ryumon.archive.journal import stored_evaluations
from ryumon.cli import main
from ryumon.cli.live import Display
from ryumon.cli.options import json_line
from ryumon.printable import printable
from ryumon.program import Program, Proposal
from ryumon.redaction import REDACTED, Redactor, held_key
from ryumon.store import SqlStore
from tests.conftest import SEED
from tests.test_run_order import child, go, started

Make = Callable[..., Path]
TAIL = "Zk3vQ9_x7LmPaR2tYw8NbC5dFh1JgUeS"
# Put together here, so that no scanner takes this file for a leak.
KEYS = {
    "OpenAI": "sk-" + TAIL,
    "OpenAI project": "sk-" + "proj-" + TAIL,
    "Anthropic": "sk-" + "ant-api03-" + TAIL,
    "one letter": "sk-" + "a" * 40,
    "Google": "AIza" + "SyD-" + TAIL,
    "GitHub": "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "GitHub, fine-grained": "github_pat_" + "11ABCDEFG0_" + "a1B2c3D4e5F6g7H8i9J0",
    "Slack": "xoxb-" + "123456789012-abcdefABCDEF",
    "AWS": "AKIA" + "IOSFODNN7EXAMPLE",
    "Hugging Face": "hf_" + "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789",
    "bearer": "Bearer " + "eyJhbGciOiJIUzI1NiJ9.e30.abc-def_ghi",
    "PEM": "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA " + "PRIVATE KEY-----",
    "PEM, cut short": "-----BEGIN " + "PRIVATE KEY-----\nMIIEowIBAAKCAQEA",
}
HARMLESS = (
    "sk-learn-extra-estimators", "task-0123456789abcdef0123", "the bearer of news", "hf_hub_download", "xoxo",
    "AKIA", "skip", "BEGIN PUBLIC KEY", "disk-usage-0123456789abcdef",
)  # fmt: skip


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_of_a_known_shape_is_taken_out_and_the_rest_stays(kind: str) -> None:
    key = KEYS[kind]
    for before, after in (
        ("key=", ""),
        ("'", "'") if "cut" not in kind else ("'", ""),
        ("\\n", "\n" * ("cut" not in kind)),
    ):
        assert Redactor({}).text(f"said {before}{key}{after}") == f"said {before}{REDACTED}{after}"
    assert Redactor({}).kind(f"x = '{key}'")


@pytest.mark.parametrize("text", HARMLESS)
def test_words_that_only_resemble_keys_stay(text: str) -> None:
    assert Redactor({}).text(text) == text
    assert Redactor({}).kind(text) is None


def test_the_values_of_this_process_s_own_secrets_are_taken_out_whatever_their_shape() -> None:
    environment = {
        "LOCAL_API_KEY": "lm.studio!pass", "HOME": "/home/someone", "CI_TOKEN": "lm.studio!pass and more",
        "DEBUG_TOKEN": "none", "TOKENIZERS": "parallel!",
    }  # fmt: skip
    redactor = Redactor(environment)
    assert redactor.text("<lm.studio!pass> <lm.studio!pass and more>") == f"<{REDACTED}> <{REDACTED}>"
    assert redactor.text("none /home/someone parallel!") == "none /home/someone parallel!"


@settings(max_examples=40)
@given(st.recursive(st.text() | st.integers() | st.binary(max_size=9), lambda inner: st.lists(inner, max_size=3)))
def test_data_without_keys_is_left_as_it_is(value: object) -> None:
    assert Redactor({"A_TOKEN": "0123456789abcdef"}).plain(value) == value


def test_a_key_in_any_text_of_an_event_is_out_of_the_store_of_what_is_told_and_of_every_page(
    tiny: Make, store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "a-value-without-shape")
    texts = [KEYS["Anthropic"], KEYS["AWS"], "a-value-without-shape"]

    def propose(i: int) -> Proposal:
        if i == 0:
            return Proposal(None, note=f"the model said {' '.join(texts)}")
        return Proposal(Program({"fit.py": f"{50 - i} n{i}\n"}), (), f"operator {texts[i % 3]}")

    improver, _, _ = go(tiny, store, propose, budget="4ev")
    assert all(text not in repr(improver.told[1:]) for text in texts)
    events = b"".join(event.body for event in store.events("r"))
    assert all(text.encode() not in events for text in texts)
    raw = b"".join(path.read_bytes() for path in (tmp_path / "store").iterdir())
    assert all(text.encode() not in raw for text in texts)
    for command in (["show", "r"], ["show", "r", "--json"], ["export", "r"], ["export", "r", "--json"]):
        with pytest.raises(SystemExit):
            main([*command, "--store", str(tmp_path / "store")])
    shown = capsys.readouterr().out
    assert REDACTED in shown
    assert all(text not in shown for text in texts)


def test_a_program_that_holds_a_key_is_refused_before_it_is_judged(tiny: Make, store: SqlStore) -> None:
    key = KEYS["OpenAI"]
    improver, engine, history = go(
        tiny, store, lambda i: child(f"1 {key}\n") if i == 0 else child(f"{50 - i} n{i}\n"), budget="3ev"
    )
    refused = next(record for record in stored_evaluations(store, "r") if record.index == 0)
    assert (refused.status, refused.files) == ("no_program", None)
    assert "fit.py holds what looks like an API key" in refused.reason
    assert key not in repr(improver.told)
    assert not any(key in text for text in engine.evaluated)
    assert history.evaluations == 3


def test_a_seed_that_holds_a_key_starts_no_run(tiny: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tiny(seed=f"KEY = '{KEYS['AWS']}'\n{SEED}")
    with pytest.raises(SystemExit) as ended:
        main(["run", str(folder), "--budget", "2ev", "--store", str(tmp_path / "s")])
    complaint = capsys.readouterr().err
    assert ended.value.code == 2
    assert "fit.py holds what looks like an AWS access key" in complaint
    assert KEYS["AWS"] not in complaint


def test_a_whole_hostile_program_is_looked_through_at_once() -> None:
    for text in ("sk-" * 80_000, "-----BEGIN " * 20_000, "Bearer " * 40_000, "sk-a-" * 50_000, "gh" * 120_000):
        held_key({"a.py": text}, Redactor({}))  # one that is quadratic here would take minutes


STEERING = "\x1b[2J\x1b]0;title\x07\r\x9b31m\x7f\u202eevil\u2066[red]"


def test_what_a_program_says_reaches_a_terminal_with_its_control_characters_made_visible() -> None:
    shown = printable(STEERING)
    assert shown.isprintable()
    assert "[red]" in shown


def test_json_keeps_the_text_and_holds_no_character_that_steers_a_terminal() -> None:
    line = json_line({"text": STEERING + "\U000e0001", "plain": "é漢"})
    assert line.isprintable()
    assert json.loads(line) == {"text": STEERING + "\U000e0001", "plain": "é漢"}


def test_no_page_of_a_run_passes_on_what_a_program_and_its_improver_say_to_the_terminal(
    tiny: Make, store: SqlStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def propose(i: int) -> Proposal:
        text = f"{50 - i} {STEERING}\n"
        return Proposal(Program({"fit.py": text}), (child("").parents), f"operator {STEERING}", STEERING)

    go(tiny, store, propose, budget="3ev")
    for command in ("runs", "show", "diff", "export", "audit"):
        for form in ([], ["--json"]):
            with pytest.raises(SystemExit):
                main([command, *([] if command == "runs" else ["r"]), *form, "--store", str(tmp_path / "store")])
            shown = capsys.readouterr()
            assert (shown.out + shown.err).replace("\n", "").isprintable(), command


def test_the_live_panel_shows_markup_and_control_characters_as_they_are() -> None:
    history = History("r")
    history.apply(msgspec.structs.replace(started("5ev"), tier="[red]A\x1b[2J"), b"")
    drawn = io.StringIO()
    console = Console(file=drawn, force_terminal=False, width=100)
    display = Display(console, None, quiet=True)
    display.update(history)
    console.print(display._panel(history))
    assert "tier [red]A\\x1b[2J" in drawn.getvalue()
    assert "\x1b" not in drawn.getvalue()


def test_an_event_without_keys_stays_byte_by_byte_as_it_was() -> None:
    body = b"\x81\xa1a\xa1b"
    assert Redactor({}).body(body) is body
