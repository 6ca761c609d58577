"""Opens XML files of annotations, bounded and without entities, and takes numbers out of them."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from config.errors import InputError
from datasets.json_files import LARGEST
from datasets.paths import require_size


def read_xml(path: Path, root: str, *, max_bytes: int = 1 << 24) -> Element:
    """Read an XML file.

    Args:
        path: XML file without entities.
        root: name of the outermost element.
        max_bytes: largest size allowed.

    Returns:
        The outermost element.

    Raises:
        InputError: no such file, too large, not XML, with entities, or of another kind.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.xml"
        >>> _ = path.write_text("<annotation><size/></annotation>")
        >>> [element.tag for element in read_xml(path, "annotation")]
        ['size']
    """
    require_size(path, max_bytes)
    try:
        element = ElementTree.parse(path).getroot()
    except DefusedXmlException as error:
        raise InputError(
            f"`{path}` must be XML without entities, which annotations do not need. "
            f"Received: {error}"
        ) from error
    except (ParseError, ValueError, LookupError) as error:  # the latter two: its encoding
        raise InputError(f"`{path}` must be whole XML. Reading says: {error}") from error
    if element.tag != root:
        raise InputError(f"`{path}` must hold <{root}>. It holds <{element.tag[:80]}>.")
    return element


def parse_number(text: str | None, where: str) -> float:
    """Turn the text of an element or attribute into a sane number: finite, below 1e9 in size.

    Args:
        text: the text; None when the element or attribute is absent.
        where: the file, record and name, for messages.

    Returns:
        The number.

    Raises:
        InputError: absent, or no such number.

    Example:
        >>> parse_number(" 12.5 ", "`a.xml` object 0: `xmin`")
        12.5
    """
    try:
        number = float(text)
    except (TypeError, ValueError):
        number = math.nan
    if not abs(number) < LARGEST:  # true for NaN, too
        received = "nothing" if text is None else repr(text[:80])
        raise InputError(f"{where} must be a finite number below 1e9. Received {received}.")
    return number
