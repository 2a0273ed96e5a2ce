"""From plain data to a page. Every value goes through one gate: keys out, control characters visible, then escaped.

The pages carry a content security policy that lets nothing run and nothing load, so that even text that got past the
escaping would be inert.
"""

from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ryumon.errors import BadInput
from ryumon.printable import printable
from ryumon.redaction import Redactor


def page(template: str, **values: Any) -> str:
    """Returns the page that a template of this package makes of `values`."""
    return _environment().get_template(template).render(values)


def write(path: Path, text: str) -> None:
    """Writes a page, in the place of an earlier one; raises `BadInput` where that is impossible."""
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise BadInput(f"{path}: cannot be written: {error.strerror}; name another with --html") from error


def _environment() -> Environment:
    redactor = Redactor()

    def once(text: str) -> str:
        return printable(text, redactor)

    def shown(value: Any) -> Any:
        return value if isinstance(value, Markup) else once(str(value))

    environment = Environment(
        loader=PackageLoader("ryumon.pages", "templates"),
        autoescape=True,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["number"] = number
    environment.filters["interval"] = interval
    environment.filters["p"] = p_value
    environment.filters["once"] = once  # over several lines, where one line alone would not be known as a key
    return environment


def number(value: float | None, digits: int = 4) -> str:
    """Returns a number for a table; a dash for None."""
    return "–" if value is None else f"{value:.{digits}g}"


def interval(bounds: tuple[float, float] | None) -> str:
    """Returns an interval for a table; nothing for None."""
    return "" if bounds is None else f"[{bounds[0]:.4g}, {bounds[1]:.4g}]"


def p_value(value: float) -> str:
    """Returns a p-value for a table."""
    return "< 0.0001" if value < 1e-4 else f"{value:.2g}" if value < 0.0995 else f"{value:.2f}"
