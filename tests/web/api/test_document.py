"""The description: sound, complete, and true. Its examples are sent, answers held to it, and calls made of it."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from nurture.web.api import examples, make_api
from nurture.web.api.problems import KINDS
from nurture.web.application import make_web
from tests.web.api.conftest import KEY, problem
from tests.web.people import add_handoff, add_lead, browser

GUIDE = (Path(__file__).parents[3] / "docs/api.md").read_text()
PATHS = {"email": "maria.rossi@acme.example", "name": "rejects"}


@pytest.fixture
def document(app):
    return make_api(app).openapi()


def operations(document):
    return {(method, path): said for path, methods in document["paths"].items() for method, said in methods.items()}


def held(document, name, value):
    """Hold a value to a schema of the document."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    jsonschema.validate(value, schema, cls=jsonschema.Draft202012Validator)


def schema_of(media):
    return media["schema"]["$ref"].rpartition("/")[2]


def test_it_is_sound_and_says_something_of_everything(document):
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    names = [said["operationId"] for said in operations(document).values()]
    assert len(names) == len(set(names)) == 18
    for (method, path), said in operations(document).items():
        assert said["summary"], path
        assert said["description"], path
        assert said["tags"], path
        for parameter in said.get("parameters", ()):
            assert "$ref" in parameter or parameter["description"], (path, parameter["name"])
        if method == "post":
            assert said["requestBody"]["content"]["application/json"]["examples"], path
        if path != "/api/openapi.json":
            assert {"401", "429", "500", "503"} <= said["responses"].keys(), path
    assert document["security"] == [{"bearer": []}]


def test_every_example_of_an_answer_is_of_its_shape(document):
    seen = 0
    for said in operations(document).values():
        for answer in said["responses"].values():
            for media in answer["content"].values():
                shown = [one["value"] for one in media.get("examples", {}).values()]
                for example in [*shown, *([media["example"]] if "example" in media else [])]:
                    held(document, schema_of(media), example)
                    seen += 1
    assert seen > 100
    told = {kind.name for kind in KINDS}
    assert told - {"wrong-method"} == set(re.findall(r"#problem-([a-z-]+)", str(document)))


def test_every_example_of_a_request_is_taken_and_answered_as_described(api, app, document):
    tried = set()
    for place, bodies in examples.BODIES.items():
        method, path = place.split()
        for number, (name, body) in enumerate(bodies.items()):
            state = "accepted" if "outcome" in path else "offered"
            lead = add_lead(app.engine, email=f"l{len(tried)}.{number}@b.example", key=f"k{len(tried)}.{number}")
            handoff = add_handoff(app.engine, lead, state=state, answered_by="rep.one@acme.example")
            filled = path.format(id=handoff, email=f"l{len(tried)}.{number}@b.example")
            response = api.request(method, filled, json=body)
            assert response.status_code in (200, 201), (place, name, response.text)
            described = document["paths"][path][method.lower()]["responses"][str(response.status_code)]
            held(document, schema_of(described["content"]["application/json"]), response.json())
        tried.add((method.lower(), path))
    assert tried == {place for place in operations(document) if place[0] == "post"}


def test_whatever_can_be_looked_at_is_as_described(api, app, document, handoff):
    api.post(f"/api/handoffs/{handoff}/accept")
    api.post(f"/api/handoffs/{handoff}/attempts", json={"kind": "call", "outcome": "reached"})
    for (method, path), said in operations(document).items():
        if method == "get" and path != "/api/openapi.json":
            response = api.get(path.format(id=handoff, **PATHS))
            held(document, schema_of(said["responses"]["200"]["content"]["application/json"]), response.json())


def test_every_problem_is_as_described(api, document):
    for response, status, code in (
        (api.get("/api/handoffs/4711"), 404, "not-found"),
        (api.get("/api/leads?limit=0"), 422, "invalid"),
        (api.post("/api/leads", content=b"{", headers={"content-type": "application/json"}), 400, "malformed"),
    ):
        held(document, "Problem", problem(response, status, code))


def test_people_see_every_call_and_every_problem_without_a_script(site, document):
    with browser(site) as client:
        response = client.get("/docs")
        assert client.get("/static/api.css").status_code == 200
    page = response.text
    for said in operations(document).values():
        assert f'id="{said["operationId"]}"' in page
    for kind in KINDS:
        assert f'id="problem-{kind.name}"' in page
    assert "<script" not in page
    assert " style=" not in page
    assert re.findall(r'(?:src|href)="(https?:[^"]*)"', page) == []
    assert "script-src" not in response.headers["content-security-policy"]
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert len(re.findall(r'id="([^"]+)"', page)) == len(set(re.findall(r'id="([^"]+)"', page)))


def test_the_guide_has_every_problem_and_every_call(document):
    assert {kind.name for kind in KINDS} <= set(re.findall(r"`([a-z-]+)`", GUIDE))
    told = set(re.findall(r"`(GET|POST) (/api/[^`?]+)`", GUIDE))
    assert told == {(method.upper(), path) for method, path in operations(document)}


CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
          response_schema_conformance]  # fmt: skip
QUIET = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False)


def ask_all(session: requests.Session, site: str, most: int, cases: SearchStrategy[Any]) -> None:
    @settings(QUIET, max_examples=most)
    @given(cases)
    def ask(case: Any) -> None:
        headers = {"authorization": f"Bearer {KEY}"}
        case.validate_response(case.call(base_url=site, session=session, headers=headers), checks=CHECKS)

    ask()


def generate_all(app, site: str, most: int, *modes: GenerationMode) -> None:
    """So many calls of every operation of the description, as it says or as it does not."""
    for number in range(1, 4):
        add_handoff(app.engine, add_lead(app.engine, email=f"l{number}@b.example", key=f"k{number}"))
    schema = schemathesis.openapi.from_dict(make_api(app).openapi())
    with requests.Session() as session:
        session.trust_env = False
        for found in schema.get_all_operations():
            operation = found.ok()
            for mode in modes:
                if mode is GenerationMode.POSITIVE or operation.definition.raw.get("parameters"):
                    ask_all(session, site, most, operation.as_strategy(generation_mode=mode))


def test_calls_that_are_not_as_described(app, site):
    generate_all(app, site, 1, GenerationMode.NEGATIVE)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_thousands_of_calls_made_of_the_description(app, serving):
    switch, address = serving
    switch.app = make_web(replace(app, settings=replace(app.settings, api_rate=0)))
    generate_all(app, address, 60, *GenerationMode)
