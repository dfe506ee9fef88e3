"""The stubs say what the compiled module has, and the package is fully typed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PROJECT = TESTS.parent
CONFIGURATION = str(PROJECT / "pyproject.toml")

COMMANDS = {
    "stubs": ["mypy.stubtest", "forewarn._core"],
    "package": ["mypy", "--strict", str(PROJECT / "forewarn")],
    "tests": ["mypy", "--strict", "--config-file", CONFIGURATION, str(TESTS)],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_types(name: str, tmp_path: Path) -> None:
    """From an empty folder: what is checked is the installed package, as its users get it."""
    command = [sys.executable, "-m", *COMMANDS[name]]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
