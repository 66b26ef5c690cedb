"""docs/templates.md says what the code does."""

from pathlib import Path

import pytest

from gateway.render.catalog import SHIPPED, Catalog
from gateway.render.front import FrontMatter
from gateway.render.sandbox import FILTERS
from gateway.render.select import ADDRESSEES
from gateway.render.values import OFFERED

DOCS = (Path(__file__).parents[2] / "docs/templates.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*OFFERED, *(field for field in FrontMatter.__struct_fields__ if field != "parameters"), *FILTERS])
def test_every_value_field_and_filter_stands_in_the_docs(name: str) -> None:
    assert f"`{name}`" in DOCS


def test_every_cause_and_parameter_of_a_shipped_notice_stands_in_the_docs(catalog: Catalog) -> None:
    words = {cause for _, cause in ADDRESSEES if cause}
    words |= {name for template in catalog if template.front.kind == "requested" for name in template.front.parameters}
    assert {word for word in words if f"`{word}`" not in DOCS} == set()


def test_the_example_of_the_docs_is_a_shipped_file() -> None:
    example = DOCS.split("```")[1].lstrip("\n")
    assert example == (SHIPPED / "sms/suspension.payment_failed.self.j2").read_text(encoding="utf-8")
