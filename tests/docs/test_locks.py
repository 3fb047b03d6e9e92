"""The lock files hold every dependency that pyproject.toml names, at a version that it allows."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = PROJECT["dependency-groups"]
LOCKS = {
    "requirements.txt": PROJECT["project"]["dependencies"],
    "requirements-dev.txt": PROJECT["project"]["dependencies"] + GROUPS["dev"],
    "requirements-browser.txt": PROJECT["project"]["dependencies"] + GROUPS["dev"] + GROUPS["browser"],
    "requirements-bench.txt": PROJECT["project"]["dependencies"] + GROUPS["dev"] + GROUPS["bench"],
    "requirements-sequence.txt": [
        *(PROJECT["project"]["dependencies"] + GROUPS["dev"] + GROUPS["bench"]),
        *PROJECT["project"]["optional-dependencies"]["sequence"],
    ],
}


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_file_holds_what_pyproject_names(lock: str) -> None:
    pinned = dict(re.findall(r"^([a-z0-9.-]+)==([^ ;]+)", (ROOT / lock).read_text(), re.MULTILINE))

    for wanted in map(Requirement, LOCKS[lock]):
        assert wanted.name in pinned, f"{wanted.name} is missing in {lock}: run make lock"
        assert pinned[wanted.name] in wanted.specifier, f"{wanted.name} is out of bounds in {lock}: run make lock"
