"""What a person with nothing but curl makes of a page: its text, links and forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_UNSEEN = {"head", "script", "style", "noscript", "template"}
_BLOCKS = {"p", "div", "h1", "h2", "h3", "li", "tr", "dt", "section", "form", "pre", "table", "nav", "label"}
_CELLS = {"td", "th", "dd", "button", "a", "option", "summary"}


@dataclass
class Field:
    """A field of a form. ``options`` are the values of a drop-down by their words."""

    name: str
    value: str = ""
    options: dict[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The value, or the words of what is chosen."""
        return next((words for words, value in self.options.items() if value == self.value), self.value)


@dataclass
class Form:
    """A form: where it goes, its fields by their id or name, its buttons' words with what each overrides."""

    action: str
    method: str
    fields: dict[str, Field] = field(default_factory=dict)
    buttons: dict[str, dict[str, str]] = field(default_factory=dict)


class Document(HTMLParser):
    """A page that was parsed."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.labels: dict[str, str] = {}
        self.marked: list[str] = []
        self._text: list[str] = []
        self._open: list[tuple[str, dict[str, str], int]] = []
        self._field: Field | None = None
        self.feed(source)
        self.close()

    @property
    def text(self) -> str:
        """What is there to read."""
        return re.sub(r"\n\s*\n+", "\n", "".join(self._text))

    def link(self, words: str) -> str:
        """Where the first link with these words leads."""
        return next(address for text, address in self.links if text == words)

    def form(self, button: str) -> Form:
        """The form that has this button."""
        return next(form for form in self.forms if button in form.buttons)

    def field(self, label: str) -> Field:
        """The field with this label."""
        identity = self.labels[label]
        return next(form.fields[identity] for form in self.forms if identity in form.fields)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _BLOCKS:
            self._text.append("\n")
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        if tag in {"input", "select"} and self.forms and "name" in given:
            self._field = Field(given["name"], given.get("value", ""))
            self.forms[-1].fields[given.get("id", given["name"])] = self._field
        if tag not in {"input", "meta", "link", "br", "hr", "img"}:
            self._open.append((tag, given, len(self._text)))

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            opened, given, begun = self._open.pop()
            if opened == tag:
                self._ended(tag, given, "".join(self._text[begun:]))
                return

    def handle_data(self, data: str) -> None:
        inside = {tag for tag, _, _ in self._open}
        if not inside & _UNSEEN:
            self._text.append(data if "pre" in inside else re.sub(r"\s+", " ", data))

    def _ended(self, tag: str, given: dict[str, str], words: str) -> None:
        words = words if tag == "mark" else words.strip()
        match tag:
            case "a" if "href" in given:
                self.links.append((words, given["href"]))
            case "label" if "for" in given:
                self.labels.setdefault(words, given["for"])
            case "button" if self.forms:
                self.forms[-1].buttons[words] = given
            case "option" if self._field:
                self._choice(self._field, given.get("value", words), words, "selected" in given)
            case "mark":
                self.marked += words.splitlines()
        if tag in _CELLS:
            self._text.append(" ")

    @staticmethod
    def _choice(select: Field, value: str, words: str, selected: bool) -> None:
        if selected or not select.options:
            select.value = value
        select.options[words] = value


def pairs(form: Form, button: str) -> Iterator[tuple[str, str]]:
    """What the form sends when this button is pressed."""
    yield from ((each.name, each.value) for each in form.fields.values())
    pressed = form.buttons[button]
    if "name" in pressed:
        yield pressed["name"], pressed.get("value", "")
