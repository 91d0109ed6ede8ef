"""A browser page, and all that shows that a text on it was taken for more than text."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Error, Frame, Request

from tests.support.hostile_text import CANARY

LISTEN = """
document.addEventListener('securitypolicyviolation',
    event => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
"""
LOOK = """canary => {
    const tags = new Set(`html head meta title link script noscript body header nav main section div span pre code p a
        h1 h2 h3 ul li table caption thead tbody tr th td dl dt dd time strong mark i form label input select optgroup
        option button`.split(/\\s+/));
    const attributes = new Set(`lang charset name content rel href type src defer class id for action method enctype
        value autocomplete required aria-invalid aria-describedby aria-label aria-labelledby aria-hidden aria-live
        aria-disabled role min max maxlength selected label placeholder tabindex data-lines data-gutter data-text
        data-state data-outcome datetime title scope formmethod formaction target autocapitalize spellcheck colspan
        checked hx-get hx-trigger hx-swap hx-sync hx-config hx-include hx-swap-oob`.split(/\\s+/));
    const own = new Set(['poll', 'jobs', 'status', 'live', 'stop', 'keep']);
    const spoken = new Set(['value', 'label', 'content']);  // they may say anything; what they say does nothing
    const fault = (element, attribute) => {
        const {name, value} = attribute;
        if (name === 'data-htmx-powered') return !own.has(element.id);
        if (!attributes.has(name)) return true;
        if (name === 'href' && /^#[a-z-]+$/.test(value)) return false;
        if (name.startsWith('hx-') && !own.has(element.id)) return true;
        if (['href', 'src', 'action', 'formaction', 'hx-get'].includes(name)) {
            const url = new URL(value, location);
            return url.origin !== location.origin || url.pathname.includes(canary);
        }
        return !spoken.has(name) && value.toLowerCase().includes(canary);
    };
    const found = [];
    for (const element of document.querySelectorAll('*')) {
        const panel = element.matches('base[target="_blank"]:not([href])');
        if (!tags.has(element.localName) && !panel) found.push('element ' + element.localName);
        for (const attribute of element.attributes)
            if (fault(element, attribute)) found.push(`${element.localName} ${attribute.name}="${attribute.value}"`);
    }
    for (const script of document.scripts)
        if (!script.src.includes('/static/htmx.') || script.textContent) found.push('script ' + script.outerHTML);
    for (const one of ['title', 'h1', 'main', 'body', '#poll', '#log', '#status'])
        if (document.querySelectorAll(`${one}:not(svg *)`).length > 1) found.push('more than one ' + one);
    if (document.querySelector('meta[http-equiv]')) found.push('meta http-equiv');
    if (canary in window) found.push('window.' + canary);
    if (origin !== 'null' && document.cookie.includes(canary)) found.push('cookie ' + document.cookie);
    return found;
}"""
"""Whatever stands in a page of ours that none of our templates puts there."""

_OF_A_STATUS = "Failed to load resource: the server responded with a status of 4"
"""The browser says so of every page that is an error by its status, as it should be."""


class Witness:
    """A page with script in a profile of its own, at the site ``url``; ``found`` is what got through."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.url = url
        self._noted: list[str] = []
        self._on_its_way = False
        self._place = url
        context = browser.new_context(viewport={"width": 1200, "height": 700})
        context.add_init_script(LISTEN)
        self.page = context.new_page()
        context.on("request", self._see_request)
        context.on("page", self._note("another page"))
        self.page.on("console", self._hear)
        self.page.on("pageerror", self._catch)
        self.page.on("dialog", self._dismiss)
        self.page.on("download", self._note("a download"))
        self.page.on("frameattached", self._see_frame)

    def visit(self, path: str) -> int:
        """Go there; the status of the answer."""
        self._on_its_way = True
        answer = self.page.goto(self.url + path)
        assert answer is not None
        return answer.status

    def found(self) -> list[str]:
        """What came of texts up to now: on the page, and in all that it did."""
        if self._is_wrong(self.page.url):
            self._noted.append(f"at {self.page.url}")
        return self._noted + list[str](self.page.evaluate(LOOK, CANARY))

    def text(self, selector: str) -> list[str]:
        """The text of each of these elements, as it is in the page."""
        return list[str](self.page.eval_on_selector_all(selector, "found => found.map(each => each.textContent)"))

    def attribute(self, selector: str, name: str) -> list[str]:
        """This attribute of each of these elements, as it is in the page."""
        script = "(found, name) => found.map(each => each.getAttribute(name))"
        return list[str](self.page.eval_on_selector_all(selector, script, name))

    def forget(self) -> None:
        """Begin anew: what was done up to now counts no more."""
        self._noted.clear()

    def close(self) -> None:
        """Forget the profile."""
        self.page.context.close()

    def _note(self, words: str) -> Callable[[object], None]:
        return lambda what: self._noted.append(f"{words}: {what}")

    def _see_request(self, request: Request) -> None:
        if self._on_its_way and request.is_navigation_request():
            self._on_its_way, self._place = False, request.url
        elif self._is_wrong(request.url):
            self._noted.append(f"request of {request.url}")

    def _is_wrong(self, url: str) -> bool:
        place = urlsplit(url)
        elsewhere = f"{place.scheme}://{place.netloc}" != self.url
        return elsewhere or (CANARY in place.path.lower() and url != self._place)

    def _see_frame(self, frame: Frame) -> None:
        self._noted.append(f"frame {frame.url}")

    def _hear(self, message: ConsoleMessage) -> None:
        if not message.text.startswith(_OF_A_STATUS):
            self._noted.append(f"{message.type}: {message.text}")

    def _catch(self, error: Error) -> None:
        self._noted.append(f"error: {error}")

    def _dismiss(self, dialog: Dialog) -> None:
        self._noted.append(f"dialog: {dialog.message}")
        dialog.dismiss()
