"""Build what the image holds in a clean folder, with a fresh environment, and start it: ``make image-check``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from connector.crypto import new_key
from tests.image.recipe import build, copied

_CHECKS = (
    ["python", "-m", "connector", "migrate"],
    ["python", "-c", "import connector.app, workers.app, scoring.train, lightgbm"],
    ["gunicorn", "--check-config", "connector.app:create_app()"],
    ["celery", "-A", "workers.app", "report"],
)


def main() -> None:
    """Carry out the steps, then each check in the environment that they made."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        environ = build(folder) | {
            "CONNECTOR_SECRET_KEY": "only-for-this-check-" * 2,
            "CONNECTOR_ENCRYPTION_KEYS": new_key(),
            "REDIS_URL": "redis://127.0.0.1:1/0",
        }
        for command in _CHECKS:
            program = folder / "opt/venv/bin" / command[0]
            subprocess.run([program, *command[1:]], cwd=folder / "app", env=environ, check=True, stdout=sys.stderr)
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
        sys.stdout.write(f"{len(copied())} COPY steps, {size / 2**20:.0f} MiB beside the base image: it starts\n")
    if shutil.which("docker") and not subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        subprocess.run(["docker", "build", "--tag", "lead-scoring-connector", "."], check=True, env=dict(os.environ))


if __name__ == "__main__":
    main()
