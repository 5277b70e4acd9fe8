"""Where `nurture up` listens, as other commands find it."""

import socket
from pathlib import Path

from nurture.local.web_address import left_beside, mail_address, web_address


def test_an_address_is_found_while_somebody_listens_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        assert web_address(tmp_path) is None
        with left_beside(tmp_path, f"{address}/"):
            assert web_address(tmp_path) == address
        assert web_address(tmp_path) is None


def test_what_one_who_was_killed_left_behind_is_not_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with left_beside(tmp_path, f"http://127.0.0.1:{port}"):
        assert web_address(tmp_path) is None


def test_the_mailbox_is_found_beside_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        smtp = f"smtp://127.0.0.1:{listening.getsockname()[1]}"
        with left_beside(tmp_path, "http://127.0.0.1:1"):
            assert mail_address(tmp_path) is None
        with left_beside(tmp_path, "http://127.0.0.1:1", smtp):
            assert mail_address(tmp_path) == smtp
            assert web_address(tmp_path) is None
        assert mail_address(tmp_path) is None
