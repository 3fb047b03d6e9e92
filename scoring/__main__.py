"""``python -m scoring``."""

from scoring.standalone.commands import main

main()
