"""A call's own query stands behind the endpoint's, and cannot break out of the request line."""

import pytest

from providers.base.endpoint import Endpoint, EndpointError


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("https://vendor.example", b"POST /?A=1&B=%E5%9B%9B HTTP/1.1"),
        ("https://vendor.example/send", b"POST /send?A=1&B=%E5%9B%9B HTTP/1.1"),
        ("https://vendor.example/send?v=2", b"POST /send?v=2&A=1&B=%E5%9B%9B HTTP/1.1"),
    ],
)
def test_it_stands_behind_what_the_url_asks_for(url: str, line: bytes) -> None:
    request = Endpoint.of("POST", url).request(b"{}", query=b"A=1&B=%E5%9B%9B")
    assert request.partition(b"\r\n")[0] == line
    assert request.endswith(b"Content-Length: 2\r\n\r\n{}")


def test_without_one_the_request_is_as_before() -> None:
    endpoint = Endpoint.of("POST", "https://vendor.example/send?v=2")
    assert endpoint.request(b"") == endpoint.head + b"Content-Length: 0\r\n\r\n"


@pytest.mark.parametrize("query", [b"a=1 HTTP/1.1\r\nX: y", b"a=1\n", b"a=\xe5", b"a=1#x", b'a="1"'])
def test_what_would_leave_the_request_line_is_refused_and_not_repeated(query: bytes) -> None:
    with pytest.raises(EndpointError) as caught:
        Endpoint.of("POST", "https://vendor.example").request(b"", query=query)
    assert caught.value.key == "query"
    assert "a=" not in str(caught.value)
