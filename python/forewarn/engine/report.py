"""A report as a string that notebooks show as a page."""

from __future__ import annotations

from html import escape


class Report(str):
    """The HTML of a report, which loads nothing."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<report of {len(self):,} characters of HTML>"

    def _repr_html_(self) -> str:
        frame = "width:100%;height:720px;border:1px solid rgba(128,128,128,.4);border-radius:6px"
        return f'<iframe title="report" style="{frame}" srcdoc="{escape(self)}"></iframe>'
