"""Plays scenes with the clients of other people, as they come: scenes in as JSON, what the clients said of them out.

Run by itself, so that a client's threads and its manners stay out of the tests. A scene names its client; all of them
play at once.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import customerio.analytics.client
import rudderstack.analytics.client
import segment.analytics.client

CLIENTS: dict[str, Any] = {
    "segment-python": segment.analytics.client.Client,
    "rudderstack-python": rudderstack.analytics.client.Client,
    "customerio-python": customerio.analytics.client.Client,
}
NAMES = {
    "userId": "user_id",
    "anonymousId": "anonymous_id",
    "previousId": "previous_id",
    "groupId": "group_id",
}


def stay_at_home(event: str, arguments: tuple[Any, ...]) -> None:
    """Connect to nobody but this machine."""
    if event == "socket.connect" and arguments[1][0] != "127.0.0.1":
        raise PermissionError(f"a client tried to reach {arguments[1]}")


def play(scene: dict[str, Any]) -> dict[str, Any]:
    """One client, one scene."""
    errors: list[str] = []
    began = time.monotonic()
    client = CLIENTS[scene["client"]](
        scene["key"],
        host=scene["host"],
        on_error=lambda error, _: errors.append(str(error)),
        gzip=scene["gzip"],
        timeout=scene["timeout"],
        max_retries=scene["retries"],
        upload_size=scene["batch"],
        upload_interval=0.1,
    )
    for call in scene["calls"]:
        verb = call.pop("call")
        if verb == "flush":
            client.flush()
            continue
        said = {NAMES.get(name, name): value for name, value in call.items()}
        getattr(client, verb)(**{**said, "timestamp": datetime.fromisoformat(said["timestamp"])})
    client.shutdown()
    return {"errors": errors, "seconds": time.monotonic() - began}


def main() -> None:
    """Play what is read."""
    sys.addaudithook(stay_at_home)
    scenes = json.load(sys.stdin)
    with ThreadPoolExecutor(len(scenes)) as stage:
        json.dump(list(stage.map(play, scenes)), sys.stdout)


if __name__ == "__main__":
    main()
