"""What web does not need is not in its memory: a small dyno has 512 MB for all."""

import subprocess
import sys

import pytest

HEAVY = ("cryptography.hazmat", "holidays.countries", "lxml", "boto3", "numpy", "pytest", "hypothesis")


@pytest.mark.parametrize("module", ["workers.web", "workers.actors"])
def test_a_process_starts_without_what_few_need(module: str) -> None:
    script = f"import sys, {module}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    environment = {"DATABASE_URL": "postgresql://127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False,
        env={**environment, "SECRET_KEY": "a secret that is long enough for anybody", "MAIL_URL": "smtp://127.0.0.1:1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
