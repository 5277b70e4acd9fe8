"""Files for ourselves alone: whole, private, made once."""

import os
import stat
import threading
from pathlib import Path

import pytest

from nurture.private import give_to_owner_of, kept_secret, make_data_directory, write_private


def test_a_file_is_replaced_as_a_whole_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_a_kept_file_is_not_replaced(tmp_path: Path) -> None:
    write_private(tmp_path / "file", "first", keep=True)
    write_private(tmp_path / "file", "second", keep=True)
    assert (tmp_path / "file").read_text() == "first"
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_all_who_ask_for_a_secret_at_once_get_the_same(tmp_path: Path) -> None:
    barrier, found = threading.Barrier(8), []

    def ask() -> None:
        barrier.wait()
        found.append(kept_secret(tmp_path / "secret"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found[0]) == 48


def test_a_data_directory_shows_its_contents_to_nobody_else(tmp_path: Path) -> None:
    make_data_directory(tmp_path / "a/b")
    assert stat.S_IMODE((tmp_path / "a/b").stat().st_mode) & 0o066 == 0


def test_a_directory_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    make_data_directory(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_root_gives_what_it_writes_to_the_directorys_owner(tmp_path: Path) -> None:
    os.chown(tmp_path, 1, 1)
    write_private(tmp_path / "file", "x")
    (tmp_path / "other").touch()
    give_to_owner_of(tmp_path, tmp_path / "other")
    assert {(tmp_path / name).stat().st_uid for name in ("file", "other")} == {1}


def test_a_file_system_without_links_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    assert kept_secret(tmp_path / "secret") == kept_secret(tmp_path / "secret")
    assert [found.name for found in tmp_path.iterdir()] == ["secret"]
