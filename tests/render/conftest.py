import pytest

from gateway.render.catalog import Catalog


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The shipped texts."""
    return Catalog.from_folder()
