"""Paper: PDF documents from a typst template and plain data.

Data goes in as JSON, so what somebody typed is text and never markup. Documents are tagged (PDF/UA-1), their text can
be selected, and their only fonts are the shipped ones.
"""

import importlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dashboard.core.errors import Unavailable

FONTS = Path(__file__).parent / "fonts"
COMMON = Path(__file__).parent / "common.typ"

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


def print_pdf(template: Path, data: Mapping[str, Any], *, color: str = "", logo: bytes | None = None) -> bytes:
    """The PDF that `template` (typst) makes of `data` (plain JSON values), with the sender's colour and picture.

    A picture that cannot be read is left out; letters that the shipped font lacks are taken from the fonts of the
    machine. Raises Unavailable where the extra `pdf` is not installed.
    """
    try:
        typst: Any = importlib.import_module("typst")  # 77 MB, which a process that prints nothing need not carry
    except ImportError as error:
        raise Unavailable("Documents cannot be printed here: install Tradecounter with its extra 'pdf'.") from error
    source = (COMMON.read_text("utf-8") + template.read_text("utf-8")).encode()
    common = {**data, "color": color if _COLOR.fullmatch(color) else "#2563eb"}
    ways = [(picture, strict) for strict in (True, False) for picture in ([logo, None] if logo else [None])]
    for number, (picture, strict) in enumerate(ways, 1):
        try:
            made: bytes = typst.compile(
                source,
                sys_inputs={"data": json.dumps({**common, "logo": list(picture or b"")}, ensure_ascii=False)},
                font_paths=[str(FONTS)],
                ignore_system_fonts=strict,
                pdf_standards="ua-1" if strict else None,
            )
        except typst.TypstError:
            if number == len(ways):
                raise
        else:
            return made
    raise AssertionError("There is always one way to try.")
