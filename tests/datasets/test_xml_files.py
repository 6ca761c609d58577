import pytest

from config.errors import InputError
from datasets.xml_files import parse_number, read_xml

LAUGHS = """<!DOCTYPE a [<!ENTITY l "ha"><!ENTITY m "&l;&l;&l;&l;">]><a>&m;</a>"""
OUTSIDE = """<!DOCTYPE a [<!ENTITY l SYSTEM "file:///etc/hostname">]><a>&l;</a>"""


def write(tmp_path, text):
    (tmp_path / "a.xml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return tmp_path / "a.xml"


@pytest.mark.parametrize("text", [LAUGHS, OUTSIDE])
def test_read_xml_refuses_entities(tmp_path, text):
    with pytest.raises(InputError, match=r"a\.xml` must be XML without entities"):
        read_xml(write(tmp_path, text), "a")


@pytest.mark.parametrize(
    "text", ["", "<a>", "<a></b>", b"\xff\x00<a/>", '<?xml version="1.0" encoding="no-such"?><a/>']
)
def test_read_xml_names_a_file_that_is_no_xml(tmp_path, text):
    with pytest.raises(InputError, match=r"a\.xml` must be whole XML"):
        read_xml(write(tmp_path, text), "a")


def test_read_xml_names_another_kind_and_bounds_the_size(tmp_path):
    path = write(tmp_path, "<html/>")
    with pytest.raises(InputError, match="must hold <annotation>. It holds <html>"):
        read_xml(path, "annotation")
    with pytest.raises(InputError, match="at most 6 bytes"):
        read_xml(path, "html", max_bytes=6)


@pytest.mark.parametrize("text", [None, "", "many", "nan", "inf", "1e999", "-1e9"])
def test_parse_number_refuses_what_is_no_finite_number(text):
    with pytest.raises(InputError, match="`xmin` must be a finite number"):
        parse_number(text, "`xmin`")
