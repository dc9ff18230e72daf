from pathlib import Path

import pytest

from config.embedded.dependency_lock import lock
from config.embedded.refusal import Refusal


def test_both_locks_are_hashed_and_the_second_follows_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uv = tmp_path / "uv"
    uv.write_text('#!/bin/sh\necho "$@" >> calls\n')
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    lock(tmp_path, upgrade=False)
    runtime, developer = (tmp_path / "calls").read_text().splitlines()
    for call in (runtime, developer):
        assert "--universal" in call
        assert "--generate-hashes" in call
        assert "--no-emit-index-url" in call
        assert "--upgrade" not in call
    assert runtime.endswith("pyproject.toml --output-file requirements.lock")
    assert "--group dev --constraints requirements.lock" in developer


def test_missing_uv_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refusal, match="needs uv on PATH"):
        lock(tmp_path, upgrade=False)
