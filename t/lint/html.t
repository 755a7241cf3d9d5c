#!/usr/bin/env python3
"""make docs: every link of the HTML leads to a page, a picture or a heading that is there."""

import html.parser
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "t" / "lib"))
from tap import check, equal, run, test  # noqa: E402


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.ids, self.styled = [], set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("href", "src"):
                self.links.append(value)
            elif name == "id":
                self.ids.add(value)
            elif name == "style":
                self.styled.append(tag)


def broken(root):
    pages = {path: Page(path) for path in root.rglob("*.html")}
    for path, page in pages.items():
        for link in page.links:
            target, _, anchor = link.partition("#")
            there = (path.parent / target).resolve() if target else path
            if re.match(r"[a-z]+:", link):
                continue
            if not there.is_file():
                yield f"{path.relative_to(root)}: {link}"
            elif anchor and there in pages and anchor not in pages[there].ids:
                yield f"{path.relative_to(root)}: {link} (no such heading)"
        if page.styled:
            yield f"{path.relative_to(root)}: style attributes in {set(page.styled)}"


def built(root):
    subprocess.run([TOP / "docs/html/build.py", root], check=True, stdout=subprocess.DEVNULL)


@test("the check finds a link to nowhere, a heading that is not there, and a style")
def _():
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        (root / "a.html").write_text('<h1 id="b">x</h1><a href="#b">1</a><a href="#c">2</a><img src="d.png" style="">')
        equal(len(list(broken(root))), 3)


@test("every link of every page leads somewhere, also when nothing had to be built again")
def _():
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        built(root)
        pages = {path: path.stat().st_mtime_ns for path in root.rglob("*.html")}
        check(len(pages) > 25 and root / "index.html" in pages, f"only {len(pages)} pages")
        equal(sorted(broken(root)), [])
        built(root)
        equal({path: path.stat().st_mtime_ns for path in pages}, pages)


run()
