"""XML from outside: what is read, and what is turned away."""

import pytest

from providers.base.safe_xml import MAX_BYTES, MAX_DEPTH, XmlError, parsed

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]><xml><Content>&d;</Content></xml>"""
EXTERNAL = b'<!DOCTYPE xml [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><Content>&e;</Content></xml>'
PARAMETER = b'<!DOCTYPE xml [<!ENTITY % p SYSTEM "http://127.0.0.1:9/evil.dtd">%p;]><xml/>'


def test_it_reads_elements_texts_and_repetitions() -> None:
    root = parsed("<xml><A><![CDATA[一 & 二]]></A><B><C> 1 </C><C>2</C></B></xml>".encode())
    assert (root.name, root.get("A"), root.get("B", "C"), root.get("nothing")) == ("xml", "一 & 二", "1", None)
    assert [element.text for element in root.all("B", "C")] == ["1", "2"]


@pytest.mark.parametrize("document", [LAUGHS, EXTERNAL, PARAMETER, b"<!DOCTYPE xml><xml/>"])
def test_a_doctype_is_refused_whatever_it_declares(document: bytes) -> None:
    with pytest.raises(XmlError, match="DOCTYPE"):
        parsed(document)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"hello",
        b"<xml>",
        b"<xml></lmx>",
        b"<xml/><xml/>",
        b"<xml>&unknown;</xml>",
        b"<xml>\x00</xml>",
        b"<xml>\xff</xml>",
        b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1),
        b"<xml>" + b"<a>" * 100_000,
        b"<xml>" + b" " * MAX_BYTES + b"</xml>",
    ],
)
def test_what_is_no_xml_or_too_much_of_it_is_refused(document: bytes) -> None:
    with pytest.raises(XmlError):
        parsed(document)


def test_it_reads_down_to_where_it_stops() -> None:
    assert parsed(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH).name == "a"


def test_a_declared_encoding_cannot_change_what_the_bytes_say() -> None:
    assert parsed('<?xml version="1.0" encoding="utf-16"?><xml><A>认证</A></xml>'.encode()).get("A") == "认证"
