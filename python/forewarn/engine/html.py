"""What notebooks show: a few elements that are legible on light and dark pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["bar", "card", "escape", "table"]

_FONT = "font-family:system-ui,sans-serif;font-size:13px;line-height:1.5"
_CARD = (
    f"{_FONT};display:inline-block;"
    "border:1px solid rgba(128,128,128,.4);border-radius:6px;padding:8px 12px;max-width:100%;"
    "overflow-x:auto"
)
_CELL = "text-align:left;padding:2px 10px 2px 0;border-top:1px solid rgba(128,128,128,.3)"
_HEAD = "text-align:left;padding:2px 10px 2px 0;font-weight:600"


def card(title: str, body: str) -> str:
    """A framed box; the title is text, the body is HTML."""
    return f'<div style="{_CARD}"><div><b>{escape(title)}</b></div>{body}</div>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the head is text, the cells are HTML."""
    above = "".join(f'<th style="{_HEAD}">{escape(name)}</th>' for name in head)
    below = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    # Some pages do not let tables inherit their font.
    return f'<table style="border-collapse:collapse;{_FONT}"><tr>{above}</tr>{below}</table>'


def bar(share: float) -> str:
    """A share from 0 to 1 as a bar, with its number."""
    width = 60.0 * min(max(share, 0.0), 1.0)
    return (
        '<span style="white-space:nowrap"><span style="display:inline-block;width:60px;height:8px;'
        'margin-right:6px;background:rgba(128,128,128,.25)"><span style="display:block;height:8px;'
        f'width:{width:.1f}px;background:#D55E00"></span></span>{100.0 * share:.1f} %</span>'
    )
