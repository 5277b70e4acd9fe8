"""Asking the embedded servers something."""

import psycopg
import redis

from nurture.local.servers import LocalServers


def ask(servers: LocalServers) -> None:
    """See that both answer."""
    assert sql(servers, "SELECT 1") == 1
    with redis.Redis.from_url(servers.redis_url) as client:
        assert client.ping()


def sql(servers: LocalServers, statement: str) -> object:
    """Run a statement; the first value of its answer, if it has one."""
    with psycopg.connect(servers.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        answer = connection.execute(statement)
        row = answer.fetchone() if answer.description else None
        return row[0] if row else None
