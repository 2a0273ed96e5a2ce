"""Prints the largest files and functions; fails where a file is over 400 lines or a function over 60.

Run: python benchmarks/sizes.py
"""

import ast
import sys
from pathlib import Path

FILE_LINES, FUNCTION_LINES, SHOWN = 400, 60, 5


def main() -> int:
    """Prints what is largest and returns the exit code."""
    files, functions = [], []
    for path in sorted(part for top in ("src", "tests", "benchmarks") for part in Path(top).rglob("*.py")):
        text = path.read_text("utf-8")
        files.append((text.count("\n"), str(path)))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                functions.append(
                    ((node.end_lineno or node.lineno) - node.lineno + 1, f"{path}:{node.lineno} {node.name}")
                )
    files.sort(reverse=True)
    functions.sort(reverse=True)
    for lines, where in files[:SHOWN] + functions[:SHOWN]:
        print(f"{lines:5d}  {where}")
    print(f"{files[len(files) // 2][0]:5d}  the median of {len(files)} files")
    return int(files[0][0] > FILE_LINES or functions[0][0] > FUNCTION_LINES)


if __name__ == "__main__":
    sys.exit(main())
