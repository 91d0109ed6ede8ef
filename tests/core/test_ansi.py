"""The hot line renderer: what a command wrote, as HTML text."""

from __future__ import annotations

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from runner.web.ansi import STYLED_ESCAPES, render

TEXTS = [
    b"a",
    b"<b>",
    b"&",
    b'"',
    b"'",
    b"\xc3\xa9",
    b"\xff",
    b"\xe2\x80\xae",
    b"\xc2\x85",
    b"\t",
    b"\x00",
    b"\x07",
    b"\n",
]
COLOURS = [b"\x1b[31m", b"\x1b[0m", b"\x1b[38;5;200m", b"\x1b[48:2:1:2:3m", b"\x1b[7;1;38m"]
OTHERS = [
    b"\r",
    b"\x1b[K",
    b"\x1b[?25l",
    b"\x1b]0;t\x07",
    b"\x1b]8;;x\x1b\\",
    b"\x1bP1\x1b\\",
    b"\x1b(B",
    b"\x1b",
    b"\x1b[",
]
PIECES = st.sampled_from([*TEXTS, *COLOURS, *OTHERS])
OUTPUT = st.lists(PIECES, max_size=40).map(b"".join) | st.binary(max_size=80)


class Reader(HTMLParser):
    """Collects the text and refuses anything but spans with a class, each of them closed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.depth = "", 0
        self.feed(html)
        self.close()
        assert self.depth == 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag == "span"
        assert [name for name, _ in attributes] == ["class"]
        self.depth += 1

    def handle_endtag(self, tag: str) -> None:
        assert tag == "span"
        self.depth -= 1

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(
    ("written", "html"),
    [
        (b"plain\n", "plain\n"),
        (b"<script>&\"'\n", "&lt;script&gt;&amp;&#34;&#39;\n"),
        (b"10%\r20%\r\n", "20%\n"),
        (b"dos\r\nlines\r\n", "dos\nlines\n"),
        (b"\x1b[31mred\x1b[0m.\n", '<span class="f1">red</span>.\n'),
        (b"\x1b[31mred\nplain\n", '<span class="f1">red</span>\nplain\n'),
        (b"\x1b[32m1\r2\n", '<span class="f2">2</span>\n'),
        (b"\x1b[1;7;34mx\n", '<span class="fi k4 sb">x</span>\n'),
        (b"\x1b[91;102mx\n", '<span class="f9 k10">x</span>\n'),
        (b"\x1b[38;5;196mx\x1b[38;2;0;0;255my\n", '<span class="fx300">x</span><span class="fx003">y</span>\n'),
        (b"\x1b]0;title\x07\x1b[2K\x1b[?25l\x1b(Bx\n", "x\n"),
        (b"\x1b]8;;http://a/\x1b\\link\x1b]8;;\x1b\\\n", "link\n"),
        (b"a\x00b\x07\x7f\n", "a␀b␇␡\n"),
        ("\u202egnp.exe\u2028\x85\n".encode(), "⟨U+202E⟩gnp.exe⟨U+2028⟩⟨U+0085⟩\n"),
        (b"caf\xc3\xa9 \xff\n", "café �\n"),
        (b"\x1b[38;5mx\x1b[999my\n", "xy\n"),
    ],
)
def test_lines_look_as_in_a_terminal(written: bytes, html: str) -> None:
    assert render(written) == html


@given(OUTPUT)
def test_html_is_well_formed_and_has_no_control_characters(written: bytes) -> None:
    text = Reader(render(written)).text
    assert all(character >= " " or character in "\t\n" for character in text)
    assert text.count("\n") == written.count(b"\n")


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"])))
def test_text_without_controls_is_only_escaped(text: str) -> None:
    assert render(text.encode()) == str(escape(text))


@given(st.lists(OUTPUT.map(lambda line: line.replace(b"\n", b"")), max_size=8))
def test_a_line_looks_the_same_alone_and_among_others(lines: list[bytes]) -> None:
    assert render(b"\n".join(lines)) == "\n".join(map(render, lines))


def test_a_line_of_nothing_but_colours_loses_them() -> None:
    assert render(b"\x1b[31mx" * (STYLED_ESCAPES + 1)) == "x" * (STYLED_ESCAPES + 1)


@pytest.mark.parametrize("piece", [b"\x1b[", b"\x1b]", b"\x1b[1;", b"\x1b[m", b"\x1bP", b"\r", b"\xe2\x80\xae"])
def test_hostile_lines_take_linear_time(piece: bytes) -> None:
    began = time.perf_counter()
    render(piece * (1_000_000 // len(piece)))
    assert time.perf_counter() - began < 5
