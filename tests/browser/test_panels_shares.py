"""Share links in a foreign page, and start forms in frames, where somebody is asked who they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, Request, StorageState, expect

from tests.support.embedder import embedder, frame, page_of
from tests.support.notes import Notes
from tests.support.signing import EVERYTHING, serve_to_people
from tests.web.people import PASSWORD

pytestmark = pytest.mark.usefixtures("left_alone")

ALLOWED = "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox"
SANDBOX = f'sandbox="{ALLOWED} allow-top-navigation"'
GREET = """
[commands.greet]
argv = ["echo", "hello", "{name}"]
parameters.name = { type = "text", label = "Name", max_length = 5 }
"""
NEWS_MS = 12_000


@dataclass(frozen=True, slots=True)
class Site:
    """A server on ``localhost`` at which Ada is signed in; her links for her running job, and for its command.

    ``same`` is another origin of the same site, ``foreign`` one of another site.
    """

    server: str
    same: str
    foreign: str
    notes: Notes
    links: dict[str, str]
    ada: StorageState


@pytest.fixture(scope="module")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The server, with a job and its links."""
    folder = tmp_path_factory.mktemp("shares")
    notes = Notes.made("notes", folder)
    with embedder("localhost") as same, embedder("127.0.0.1") as foreign:
        config = f'[server]\nframe_ancestors = ["{same}", "{foreign}"]\n{notes.toml()}{GREET}'
        with serve_to_people(config, folder, ada=[*EVERYTHING, "share"]) as server:
            url = server.url.replace("127.0.0.1", "localhost")
            page = browser.new_context().new_page()
            sign_in(page, url)
            links = {what: link_for(page, what) for what in ("job", "latest")}
            yield Site(url, same, foreign, notes, links, page.context.storage_state())


def sign_in(page: Page, url: str) -> None:
    """Sign in as Ada, start the notes, and open the box of their job."""
    page.goto(f"{url}/commands/notes")
    page.fill("#name", "ada")
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/jobs/*")
    page.goto(f"{page.url}?embed=1")


def link_for(page: Page, what: str) -> str:
    """Make a share link for this, and read it."""
    page.select_option("select[name=what]", what)
    page.get_by_role("button", name="Make a link").click()
    words = {"job": "This job", "latest": "The latest of this command"}[what]
    return page.locator(".share", has_text=words).first.locator("input[readonly]").input_value()


def shown(browser: Browser, host: str, url: str, ada: StorageState | None = None) -> Page:
    """A page at ``host`` with the address in a frame, in a fresh browser, or in that of Ada."""
    page = browser.new_context(storage_state=ada).new_page()
    page.goto(page_of(host, frame(url, "panel", SANDBOX)))
    return page


@pytest.mark.parametrize(("what", "size"), [("job", "tail"), ("latest", "full"), ("latest", "line")])
def test_a_link_is_live_on_a_foreign_site_without_cookies(browser: Browser, site: Site, what: str, size: str) -> None:
    page = browser.new_context().new_page()
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))  # noqa: PLW0108 - Playwright marks what it calls
    page.goto(page_of(site.foreign, frame(f"{site.links[what]}&size={size}", "panel", SANDBOX)))
    panel = page.frame_locator("iframe")
    expect(panel.locator("body")).to_contain_text("the first line" if size != "line" else "Running")
    news = f"news of {what} for {size}"
    site.notes.add(news)
    expect(panel.locator("body")).to_contain_text(news, timeout=NEWS_MS)
    assert panel.locator("form, button, a").count() == 0
    asked = [request.all_headers() for request in requests if request.url.startswith(site.server)]
    assert len(asked) > 3
    assert not [
        headers for headers in asked if "cookie" in headers or site.links[what][-43:] in headers.get("referer", "")
    ]


def test_a_link_goes_on_without_script(browser: Browser, site: Site) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{site.links['job']}&size=tail")
    site.notes.add("news without script")
    expect(page.locator("body")).to_contain_text("news without script", timeout=NEWS_MS)
    assert re.search(r"share=[\w.-]+&r=\d", page.url)


def test_a_link_starts_and_stops_nothing(browser: Browser, site: Site) -> None:
    page = shown(browser, site.foreign, site.links["latest"])
    (inner,) = page.main_frame.child_frames
    share, job = site.links["latest"].partition("?")[2], site.links["job"].split("/")[-2]
    post = "path => fetch(path, {method: 'POST', body: new FormData()}).then(answer => answer.status)"
    for path in (
        "/commands/notes/panel",
        "/jobs",
        f"/jobs/{job}/stop",
        f"/jobs/{job}/shares",
        f"/api/v1/jobs/{job}/stop",
    ):
        assert inner.evaluate(post, f"{path}?{share}") == 401
    page.goto(page_of(site.foreign, frame(f"{site.links['latest']}&form=1", "panel", SANDBOX)))
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("for looking only")
    assert page.frame_locator("iframe").locator("form").count() == 0


def test_a_way_out_of_a_link_does_not_give_it_away(browser: Browser, site: Site) -> None:
    page = shown(browser, site.foreign, site.links["job"])
    (inner,) = page.main_frame.child_frames
    out = page_of(site.foreign, "<p>out")
    with page.expect_navigation(url=out), page.expect_request(out) as asked:
        inner.evaluate(
            "url => { const out = document.createElement('a'); out.href = url; out.target = '_top';"
            " document.body.append(out); out.click() }",
            out,
        )
    assert "referer" not in asked.value.all_headers()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_start_form_in_a_frame_of_the_same_site_takes_the_readers_sign_in(
    browser: Browser, site: Site, script: bool
) -> None:
    page = browser.new_context(storage_state=site.ada, java_script_enabled=script).new_page()
    page.goto(page_of(site.same, frame(f"{site.server}/commands/greet/panel?form=1&size=tail", "panel", SANDBOX)))
    panel = page.frame_locator("iframe")
    panel.get_by_label("Name").fill("world")
    panel.get_by_role("button", name="Start").click()
    expect(panel.locator(".lines")).to_contain_text("hello world", timeout=NEWS_MS)
    expect(panel.locator(".state")).to_contain_text("Succeeded", timeout=NEWS_MS)


def test_the_frame_that_is_copied_from_a_jobs_page_works(browser: Browser, site: Site) -> None:
    page = browser.new_context(storage_state=site.ada).new_page()
    page.goto(f"{site.links['job'].partition('/panel')[0]}?embed=1")
    copied = page.get_by_label("Frame", exact=True).input_value()
    assert ALLOWED in copied
    page.goto(page_of(site.same, copied))
    panel = page.frame_locator("iframe")
    expect(panel.locator(".lines")).to_contain_text("the first line")
    with page.expect_popup() as opening:
        panel.get_by_role("link", name="Full page").click()
    expect(opening.value.get_by_role("heading", name="notes")).to_be_visible()


def test_a_form_with_a_mistake_keeps_what_was_typed(browser: Browser, site: Site) -> None:
    page = shown(browser, site.same, f"{site.server}/commands/greet/panel?form=1", site.ada)
    panel = page.frame_locator("iframe")
    panel.get_by_label("Name").evaluate("field => { field.removeAttribute('maxlength'); field.value = 'everybody' }")
    panel.get_by_role("button", name="Start").click()
    expect(panel.get_by_role("alert")).to_contain_text("Nothing was started")
    expect(panel.get_by_label("Name")).to_have_value("everybody")


def test_on_a_foreign_site_the_sign_in_does_not_count_and_the_form_says_so(browser: Browser, site: Site) -> None:
    page = shown(browser, site.foreign, f"{site.server}/commands/greet/panel?form=1", site.ada)
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("only a share link shows anything")
    with page.expect_popup() as opening:
        page.frame_locator("iframe").get_by_role("link", name="Sign in").click()
    expect(opening.value.get_by_role("heading", name="Run a command")).to_be_visible()  # there it does


@pytest.mark.parametrize(("change", "words"), [("x", "not right"), ("", "revoked")], ids=["changed", "revoked"])
def test_a_link_that_does_not_count_says_why_in_the_frame(
    browser: Browser, site: Site, change: str, words: str
) -> None:
    page = browser.new_context(storage_state=site.ada).new_page()
    page.goto(f"{site.links['job'].split('/panel')[0]}?embed=1")
    link = link_for(page, "job")
    page.get_by_role("button", name="Revoke").first.click()
    framed = shown(browser, site.foreign, link + change).frame_locator("iframe")
    expect(framed.locator("main")).to_contain_text(words)
    expect(framed.locator("body")).not_to_contain_text("the first line")
