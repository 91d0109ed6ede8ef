"""DNS rebinding in a real browser: a page whose name suddenly means this machine reads, keeps and starts nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page

from tests.support.api import Api
from tests.support.browser import launched
from tests.support.server import command_toml, serve

OURS = "only-for-readers-of-this-machine"
HOSTS = [
    "evil.example", "evil.example.", "localhost.evil.example", "127.0.0.1.evil.example", "127-0-0-1.evil.example",
    "evil-localhost", "localhost.", "linefeed.localhost", "localhost.localdomain", "ip6-localhost", "intranet",
    "a.b.c.d.e.evil.example", "evil_host.example", "7f000001.c0a80001.evil.example", "xn--localhost-9o0h.example",
    "1.evil.example", "127.0.0.2", "0.0.0.0", "10.0.0.1", "192.168.1.1", "[::2]", "[::ffff:127.0.0.1]",
]  # fmt: skip
FLAGS = (
    "--host-resolver-rules=MAP * 127.0.0.1",
    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
)
"""Every name is this machine; and the browser is one that does not keep pages from it by itself."""

ATTACK = """async ([ours, job, command]) => {
    const form = {'Content-Type': 'application/x-www-form-urlencoded'};
    const asked = [
        ['/'], ['/jobs'], [`/jobs/${job}`], [`/jobs/${job}/lines?after=0`], [`/jobs/${job}/log`], ['/commands/wait'],
        ['/api/v1/commands'], ['/api/v1/jobs'], ['/static/app.css'], ['/healthz'],
        ['/jobs', {method: 'POST', headers: form, body: `command=${command}`}],
        ['/api/v1/jobs', {method: 'POST', body: JSON.stringify({command})}],
        [`/jobs/${job}/stop`, {method: 'POST', headers: form, body: '_form=stop'}],
        [`/api/v1/jobs/${job}/stop`, {method: 'POST', body: '{"force": true}'}],
    ];
    return Promise.all(asked.map(async each => {
        const answer = await fetch(...each);
        return [answer.status, (await answer.text()).includes(ours)];
    }));
}"""
SUBMIT = """path => {
    document.body.innerHTML = `<form method=post action="${path}"><input name=command value=wait></form>`;
    document.forms[0].submit();
}"""


@dataclass(frozen=True, slots=True)
class Target:
    """A server that asks nobody who they are; its one job runs."""

    api: Api
    job: str

    def at(self, host: str) -> str:
        """Its address under another name."""
        return f"http://{host}:{self.api.url.rpartition(':')[2]}"

    def is_untouched(self) -> bool:
        """Whether nothing was started and nothing stopped."""
        return [(job["id"], job["state"]) for job in self.api.jobs()] == [(self.job, "running")]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """It says in every page, fragment and log that these are its own."""
    wait = command_toml("wait", "sh", "-c", f"echo {OURS}; exec sleep 600", title=OURS, stop_grace="1s")
    with serve(wait, tmp_path_factory.mktemp("rebinding")) as server, closing(Api(server.url)) as api:
        job = api.start("wait")
        api.written(job, 1)
        yield Target(api, job)


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser for which every name is this machine."""
    with launched(browser.browser_type, *FLAGS) as rebound:
        yield rebound.new_page()


def test_there_are_twenty() -> None:
    assert len(set(HOSTS)) == len(HOSTS) >= 20


@pytest.mark.parametrize("host", HOSTS)
def test_a_page_under_another_name_gets_nothing(page: Page, target: Target, host: str) -> None:
    answer = page.goto(f"{target.at(host)}/jobs/{target.job}")
    assert answer is not None
    assert answer.status == 421
    assert page.inner_text("body").startswith("This server does not answer to this host name.")
    # The page of somebody who had this name a moment ago: its policy is theirs.
    page.route("**/attack", lambda route: route.fulfill(body="<body>mine</body>", content_type="text/html"))
    page.goto(f"{target.at(host)}/attack")
    assert page.evaluate(ATTACK, [OURS, target.job, "wait"]) == [[421, False]] * 14
    for path in ("/jobs", f"/jobs/{target.job}/stop"):
        page.goto(f"{target.at(host)}/attack")
        with page.expect_navigation() as leaving:
            page.evaluate(SUBMIT, path)
        assert leaving.value.status == 421
    assert page.context.cookies() == []
    assert target.is_untouched()


def test_its_own_name_is_answered_by_the_same_browser(page: Page, target: Target) -> None:
    page.goto(f"{target.at('localhost')}/jobs/{target.job}")
    assert OURS in page.title()
    answers: list[list[object]] = page.evaluate(ATTACK, [OURS, target.job, "none"])
    assert [has_ours for _, has_ours in answers[:8]] == [True] * 8
    page.context.clear_cookies()
