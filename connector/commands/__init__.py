"""Groups of commands. Each command reads its options and calls one service."""
