"""Writers of annotation files that the tests of several readers share."""

import pytest


@pytest.fixture(scope="session")
def write_voc():
    """Give (path, [(class name, (xmin, ymin, xmax, ymax), difficult)], size=(H, W) or None)."""

    def write(path, objects, *, size=(6, 8)):
        text = "<annotation><folder>x</folder>"
        if size is not None:
            text += f"<size><width>{size[1]}</width><height>{size[0]}</height></size>"
        for name, box, difficult in objects:
            sides = zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
            inside = "".join(f"<{side}>{value}</{side}>" for side, value in sides)
            text += f"<object><name>{name}</name><difficult>{difficult}</difficult>"
            text += f"<bndbox>{inside}</bndbox></object>"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "</annotation>")

    return write
