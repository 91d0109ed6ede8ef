"""Where things are on a page, by the words a person reads: XPath for both browsers."""

from __future__ import annotations

TEXT = """
const log = document.querySelector('#log'), text = document.body ? document.body.innerText : '';
return log ? text.replace(log.innerText, () => log.textContent) : text;
"""
"""What the page says; of the log also what is scrolled out of sight, which browsers leave out of ``innerText``."""

MARKED = "return Array.from(document.querySelectorAll('mark'), mark => mark.innerText)"


def button(words: str) -> str:
    """The button with exactly these words."""
    return f"//button[normalize-space()='{words}']"


def link(words: str) -> str:
    """The first link with exactly these words."""
    return f"(//a[normalize-space()='{words}'])[1]"


def field(label: str) -> str:
    """What the label with these words is for: by its id, or inside of it."""
    return (
        f"//*[@id=//label[normalize-space()='{label}']/@for]"
        f" | //label[starts-with(normalize-space(),'{label}')]//*[self::input or self::select]"
    )


def option(label: str, words: str) -> str:
    """One choice of the drop-down with this label."""
    return (
        f"//select[@id=//label[normalize-space()='{label}']/@for]//option[normalize-space()='{words}']"
        f" | //label[starts-with(normalize-space(),'{label}')]//option[normalize-space()='{words}']"
    )
