"""`python -m ryumon.cli`, the same as `ryumon`."""

from ryumon.cli import main

main()
