from dataclasses import replace

from sqlalchemy import text

from nurture.db import make_engine
from nurture.web.health import what_is_missing


def test_the_process_says_that_it_lives(client):
    assert client.get("/healthz").text == "ok\n"
    assert client.head("/healthz").status_code == 200


def test_a_database_at_the_right_schema_is_ready(client):
    response = client.get("/readyz")
    assert (response.status_code, response.text) == (200, "ok\n")


def test_a_database_that_is_not_there_is_said_so(app):
    engine = make_engine("postgresql://nobody@127.0.0.1:1/nothing")
    assert what_is_missing(replace(app, engine=engine)) == "the database cannot be reached"
    engine.dispose()


def test_a_database_of_an_older_version_is_said_so(client, app):
    with app.engine.begin() as db:
        newest = db.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        db.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    try:
        response = client.get("/readyz")
    finally:
        with app.engine.begin() as db:
            db.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": newest})
    assert response.status_code == 503
    assert response.text == f"the database is at older, this version needs {newest}: run `nurture db upgrade`\n"
