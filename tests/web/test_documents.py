"""Documents of the installation: the API's own description, health, readiness, figures."""

import json
import os
from typing import Any, cast

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import checks
from schemathesis.core.result import Ok

from dashboard.config import Settings, from_environment
from dashboard.core.db import db
from dashboard.web.registry import registry_of
from tests.conftest import FULL, World, made_app
from tests.web.conftest import Suite
from tests.web.suite import PREFIX

Document = dict[str, Any]
ALL_CHECKS = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)


@pytest.fixture(scope="module")
def document(world: World) -> Document:
    """The description of the API as it is served."""
    answer = world.app.test_client().get("/openapi.json")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    found: Document = answer.get_json()
    return found


def test_the_document_is_valid_openapi_3_1(document: Document) -> None:
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


def test_the_document_of_all_five_dialects_is_valid_as_well(suite: Suite) -> None:
    found: Document = suite.app.test_client().get("/openapi.json").get_json()
    OpenAPIV31SpecValidator(found).validate()
    assert {tag["name"] for tag in found["tags"]} == set(PREFIX)
    ids = [operation["operationId"] for path in found["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids)) > 60


def schema_of(document: Document, method: str, path: str, status: int) -> Any:
    """What the document says of an answer."""
    content = document["paths"][path][method.lower()]["responses"][str(status)]["content"]
    schema = {**content["application/json"]["schema"], "components": document["components"]}
    return Draft202012Validator(schema, format_checker=FormatChecker())


ANSWERS = [
    ("/devices/{slug}", "/devices/iphone-16-pro-max", 200),
    ("/devices/{slug}", "/devices/no-such-device", 404),
    ("/devices", "/devices", 200),
    ("/devices", "/devices?per_page=200&sort=price&make=apple", 200),
    ("/devices", "/devices?page=0", 422),
    ("/autocomplete", "/autocomplete?q=iphone+16", 200),
    ("/autocomplete", "/autocomplete?q=zzzzzzzzzz", 200),
    ("/autocomplete", "/autocomplete?q=x", 422),
    ("/compare", "/compare?slugs=iphone-16-pro-max,samsung-galaxy-s25-ultra", 200),
    ("/compare", "/compare?slugs=iphone-16-pro-max", 422),
    ("/makes", "/makes", 200),
    ("/stats", "/stats", 200),
]


@pytest.mark.parametrize(("path", "address", "status"), ANSWERS)
def test_a_real_answer_of_the_catalogue_is_as_its_schema_says(
    world: World, document: Document, path: str, address: str, status: int
) -> None:
    answer = world.api().get(f"/api/catalog{address}")
    assert answer.status_code == status
    schema_of(document, "GET", f"/api/catalog{path}", status).validate(answer.get_json())


def test_the_schemas_refuse_what_is_not_documented(world: World, document: Document) -> None:
    schema = schema_of(document, "GET", "/api/catalog/devices/{slug}", 200)
    body = world.api().get("/api/catalog/devices/iphone-16-pro-max").get_json()
    assert schema.is_valid(body)
    wrongs: list[Document] = [{**body, "data": {}}, {"data": body["data"] | {"gtin": 195949770272}}, {}]
    for wrong in wrongs:
        assert not schema.is_valid(wrong)


def test_401_and_403_are_described_as_they_are_answered(suite: Suite) -> None:
    found: Document = suite.app.test_client().get("/openapi.json").get_json()
    for prefix in PREFIX.values():
        refused = suite.stranger().get(prefix + "/one")
        schema_of(found, "GET", prefix + "/one", 401).validate(refused.get_json())
        refused = suite.api(access="read-only").call("DELETE", prefix + "/empty")
        schema_of(found, "DELETE", prefix + "/empty", 403).validate(refused.get_json())


@pytest.mark.parametrize("dialect", list(PREFIX))
def test_every_dialects_answers_are_as_their_schemas_say(suite: Suite, dialect: str) -> None:
    found: Document = suite.app.test_client().get("/openapi.json").get_json()
    calls: list[tuple[str, str, int, Document | None]] = [
        ("GET", "/one", 200, None),
        ("GET", "/many", 200, None),
        ("GET", "/bare", 200, None),
        ("POST", "/things", 201, {"name": "a", "quantity": 1}),
        ("POST", "/things", 422, {}),
        ("GET", "/search", 400, None),
    ]
    for method, path, status, body in calls:
        answer = suite.api().call(method, PREFIX[dialect] + path, json=body)
        assert answer.status_code == status
        schema_of(found, method, PREFIX[dialect] + path, status).validate(answer.get_json())


def test_an_operation_documents_its_parameters_with_their_bounds(document: Document) -> None:
    parameters = {each["name"]: each for each in document["paths"]["/api/catalog/autocomplete"]["get"]["parameters"]}
    assert parameters["q"]["required"]
    assert not parameters["limit"]["required"]
    assert parameters["limit"]["schema"]["minimum"] == 1
    assert parameters["limit"]["schema"]["default"] == 10
    listed = {each["name"]: each for each in document["paths"]["/api/catalog/devices"]["get"]["parameters"]}
    assert {"page", "per_page", "make", "category", "sort"} <= set(listed)
    (slug,) = document["paths"]["/api/catalog/devices/{slug}"]["get"]["parameters"]
    assert (slug["in"], slug["required"]) == ("path", True)


@pytest.fixture
def described(world: World) -> Any:
    """The API as a caller reads it, for generated requests."""
    return cast(Any, schemathesis).openapi.from_wsgi("/openapi.json", world.app)


@pytest.mark.prove
def test_no_generated_request_to_the_catalogue_breaks_it(described: Any, world: World) -> None:
    key = world.described["keys"]["techfleet"]
    operations: list[Any] = [found.ok() for found in described.get_all_operations() if isinstance(found, Ok)]
    operations = [each for each in operations if each.path.startswith("/api/catalog/")]
    assert len(operations) == 6
    for operation in operations:

        @settings(
            max_examples=300 if FULL else 15,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=ALL_CHECKS,
        )
        @given(case=operation.as_strategy())
        def call(case: Any) -> None:
            answer = case.call(headers={"Authorization": f"Bearer {key}"})
            case.validate_response(answer, checks=[cast(Any, checks).not_a_server_error])

        call()


# Where the documents are served.
@pytest.mark.parametrize(("environment", "served"), [("demo", 200), ("development", 200), ("production", 404)])
def test_both_documentation_pages_are_on_except_in_production(
    empty_app: Flask, app: Flask, environment: str, served: int
) -> None:
    given: Settings = empty_app.extensions["settings"]
    chosen = from_environment({"ENVIRONMENT": environment, "SECRET_KEY": "x", "DATABASE_URL": given.database_url})
    other = made_app(given.overridden(environment=environment, api_docs=chosen.api_docs))
    client = other.test_client()
    assert [client.get(path).status_code for path in ("/openapi.json", "/api/docs")] == [served, served]
    assert client.get("/healthz").status_code == 200
    with other.app_context():
        db.engine.dispose()


def test_the_explorer_is_a_page_that_loads_nothing_from_elsewhere(client: FlaskClient) -> None:
    answer = client.get("/api/docs")
    assert answer.mimetype == "text/html"
    text = answer.get_data(as_text=True)
    assert "/openapi.json" in text
    assert "http://" not in text.replace("http://www.w3.org/", "")
    assert "https://" not in text
    assert "<script>" not in text
    assert "<style" not in text


def test_the_process_says_that_it_lives_without_asking_anything(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_readiness_names_each_part_and_is_503_while_one_is_not_ready(app: Flask, client: FlaskClient) -> None:
    readiness = registry_of(app).readiness
    readiness["planted"] = lambda: "is not there"
    try:
        answer = client.get("/readyz")
    finally:
        del readiness["planted"]
    assert answer.status_code == 503
    body = answer.get_json()
    assert body["status"] == "unavailable"
    assert body["checks"]["planted"] == "is not there"
    assert body["checks"]["database"] == "ok"


def test_the_figures_count_requests_by_endpoint_and_status_and_name_no_tenant(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ
    client.get("/api/catalog/makes")
    answer = client.get("/metrics")
    assert answer.mimetype == "text/plain"
    text = answer.get_data(as_text=True)
    assert 'tradecounter_requests_total{endpoint="catalog_api.make_list",method="GET",status="401"}' in text
    assert "tradecounter_request_seconds_bucket" in text
    assert "tenant=" not in text
    assert "FIRST" not in text


def test_the_document_is_the_same_at_every_call(client: FlaskClient) -> None:
    first, second = (client.get("/openapi.json").data for _ in range(2))
    assert first == second
    assert json.loads(first)["info"]["title"] == "Tradecounter API"
