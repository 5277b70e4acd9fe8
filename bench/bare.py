"""The least that a web process can do with events: decode, one COPY into a plain table, commit, answer.

python -m bench.bare DATABASE PORT — raw ASGI under uvicorn with the same settings as ours; a connection a request that
waits, twenty at most. No keys, no checks, no leads, no duplicates: what is left is the floor.
"""

import asyncio
import sys

import orjson
import psycopg
import uvicorn

CONNECTIONS = 20
TABLE = "CREATE TABLE IF NOT EXISTS bare (message_id text, kind text, who text, event jsonb)"
COPY = "COPY bare (message_id, kind, who, event) FROM STDIN"
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"17")]


class Bare:
    """The application."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.free: asyncio.LifoQueue[psycopg.AsyncConnection] = asyncio.LifoQueue()
        self.made = 0

    async def __call__(self, scope, receive, send) -> None:
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            if not message.get("more_body"):
                break
        said = orjson.loads(body)
        await self.store(said.get("batch", [said]))
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": b'{"success": true}'})

    async def store(self, events) -> None:
        db = await self.connection()
        async with db.transaction(), db.cursor() as cursor, cursor.copy(COPY) as copy:
            for event in events:
                await copy.write_row(
                    (event["messageId"], event["type"], event.get("anonymousId"), orjson.dumps(event).decode())
                )
        self.free.put_nowait(db)

    async def connection(self) -> psycopg.AsyncConnection:
        if self.free.empty() and self.made < CONNECTIONS:
            self.made += 1
            return await psycopg.AsyncConnection.connect(self.database, autocommit=True)
        return await self.free.get()


if __name__ == "__main__":
    database, port = sys.argv[1:]
    with psycopg.connect(database, autocommit=True) as db:
        db.execute(TABLE)
    uvicorn.run(Bare(database), port=int(port), log_config=None, access_log=False, lifespan="off")
