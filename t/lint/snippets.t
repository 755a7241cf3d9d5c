#!/usr/bin/env python3
"""Configuration that the documentation prints is accepted by the program that it is for."""

import concurrent.futures
import re
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "t" / "lib"))
from snippets import Checker, Snippet, snippets_of  # noqa: E402
from tap import check, equal, run, test  # noqa: E402

PAGES = [TOP / "README.md", *sorted((TOP / "docs").rglob("*.md"))]


def all_snippets():
    return [
        snippet
        for page in PAGES
        for snippet in snippets_of(str(page.relative_to(TOP)), page.read_text(encoding="utf-8"))
    ]


def complaints(snippets):
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(4) as pool:
        return [said for said in pool.map(Checker(folder).complaint, snippets) if said]


def complaint(text):
    return "\n".join(complaints(snippets_of("a.md", text)))


def uncommented(sample):
    """conf/bayeux.conf with all that stands behind a single #, the sample at the end as well."""
    lines, inside = [], False
    for line in sample.splitlines():
        inside = inside or line.startswith("#<Location")
        lines.append(re.sub(r"^#(?=.)", "", line) if inside or re.match(r"#[A-Z]", line) else line)
        inside = inside and not line.startswith("#</Location>")
    return "\n".join(lines) + "\n"


@test("the check finds a snippet, what it is for, and where it stands")
def _():
    page = "a2enmod ssl http2\n- x\n\n  ```apache location\n  Foo\n    Bar\n  ```\n```js\nx\n```\n"
    found = snippets_of("a.md", page)
    equal(found, [Snippet("a.md", 5, ["apache", "location"], "Foo\n  Bar\n", ["ssl", "http2"], [])])


@test("the check names the line that httpd refuses, and says why")
def _():
    said = complaint("# A\n```apache\nTimeout 5\nBayeuxTimeout soon\n```\n")
    check(said.startswith("a.md:3: line 4: BayeuxTimeout"), said)
    equal(complaint("```apache\nBayeuxTimeout 5s\n```\n"), "")


@test("the check knows the sections that a snippet stands in")
def _():
    check("not allowed" in complaint("```apache\nRequire all granted\n```\n"), "Require outside of a section")
    equal(complaint("```apache location\nRequire all granted\n```\n"), "")


@test("the check refuses a directive of a module that the page does not enable")
def _():
    check("ProxyPass is no directive" in complaint('```apache\nProxyPass "/" "http://127.0.0.1/"\n```\n'), "refused")
    equal(complaint('    a2enmod proxy_http   # and proxy\n```apache\nProxyPass "/" "http://127.0.0.1/"\n```\n'), "")


@test("the check refuses a module that is not installed, and says which package has it")
def _():
    text = "    a2enmod nosuch\n```apache%s\nTimeout 5\n```\n"
    check("mod_nosuch is not installed; if" in complaint(text % ""), "no package")
    check("apt-get install libnosuch" in complaint(text % " package=libnosuch"), "its package")


@test("the check asks haproxy and nginx")
def _():
    check("a.md:2: " in complaint("```haproxy\nfrontend in\n    bind nowhere\n```\n"), "haproxy")
    check("a.md:2: " in complaint("```nginx\nserver { proxy_buffring off; }\n```\n"), "nginx")
    equal(complaint("```nginx\nserver { listen 443; }\n```\n"), "")


@test("every snippet of the documentation is accepted")
def _():
    snippets = all_snippets()
    check(len(snippets) > 50, f"only {len(snippets)} snippets")
    equal(complaints(snippets), [])


@test("packages that snippets need are installed by runtests")
def _():
    machine = (TOP / "t/lib/machine.sh").read_text(encoding="utf-8")
    wanted = {package for snippet in all_snippets() for package in snippet.packages}
    equal([name for name in sorted(wanted) if f"need {name} " not in machine], [])


@test("the sample configuration is accepted, as it is and with all that it has in comments")
def _():
    sample = (TOP / "conf/bayeux.conf").read_text(encoding="utf-8")
    check("\nBayeuxSharedMemory 64M" in uncommented(sample), "nothing is uncommented")
    kinds = (Snippet("conf/bayeux.conf", 1, ["apache"], text) for text in (sample, uncommented(sample)))
    equal(complaints(list(kinds)), [])


run()
