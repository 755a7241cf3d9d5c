#!/usr/bin/env python3
"""docs/ as HTML, by pandoc: build.py DIRECTORY. `make docs` runs it.

Each page of Markdown becomes one of HTML at the same place below DIRECTORY; links between pages follow. The pages
outside of docs/ that are listed here, and the files that are linked to, go below DIRECTORY/project. A page is built
again only when it, this program or the template has changed.
"""

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent
TOP = DOCS.parent
OUTSIDE = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "demo/README.md")
TEMPLATE = HERE / "template.html"
STYLES = (HERE / "style.css", TOP / "demo/htdocs/css/palette.css")
FENCED = re.compile(r"(^ *```.*?^ *```[ \t]*$)", re.M | re.S)


def pages():
    return [*(TOP / name for name in OUTSIDE), *sorted(DOCS.rglob("*.md"))]


def place(path):
    """Where a file of the tree goes, relative to the root of the HTML."""
    name = path.relative_to(DOCS) if path.is_relative_to(DOCS) else Path("project") / path.relative_to(TOP)
    if path in (DOCS / "README.md", TOP / "demo/README.md"):
        return name.with_name("index.html")
    return name.with_suffix(".html") if name.suffix == ".md" else name


def linked(text):
    """Targets of relative links in a page's prose."""
    for prose in FENCED.split(text)[::2]:
        yield from (found for found in re.findall(r"\]\(([^)\s#]+)[^)\s]*\)", prose) if not re.match(r"[a-z]+:", found))


def with_links(page, text):
    """The page with links to where things are in the HTML."""

    def moved(link):
        target, mark, anchor = link.group(1).partition("#")
        if re.match(r"[a-z]+:", target) or not target:
            return link.group(0)
        there = place((page.parent / target).resolve())
        return f"]({os.path.relpath(there, place(page).parent)}{mark}{anchor})"

    parts = FENCED.split(text)
    parts[::2] = [re.sub(r"\]\(([^)\s]+)\)", moved, prose) for prose in parts[::2]]
    return "".join(parts)


def build(page, root):
    out = root / place(page)
    newest = max(path.stat().st_mtime for path in (page, TEMPLATE, Path(__file__)))
    if out.exists() and out.stat().st_mtime > newest:
        return False
    text = page.read_text(encoding="utf-8")
    title = re.search(r"^# (.*)$", text, re.M).group(1).replace("`", "")
    home = os.path.relpath(root, out.parent)
    out.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["pandoc", "--from=gfm", "--to=html5", "--standalone", "--no-highlight", "--toc", "--toc-depth=2",
         f"--template={TEMPLATE}", f"--metadata=title:{title}", f"--variable=home:{home}"],
        input=with_links(page, text), stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    # Widths of columns, after those of the source: of no use, and style attributes, which the demo's policy forbids.
    out.write_text(re.sub(r"<colgroup>.*?</colgroup>\n", "", done.stdout, flags=re.S), encoding="utf-8")
    return True


def copy_files(root):
    """Pictures, the stylesheets, and whatever else a page links to."""
    files = set(STYLES)
    for page in pages():
        files |= {(page.parent / target).resolve() for target in linked(page.read_text(encoding="utf-8"))}
    for path in sorted(files):
        if path.suffix != ".md" and path.is_file():
            out = root / (path.name if path in STYLES else place(path))
            out.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, out)


def main(root):
    if not shutil.which("pandoc"):
        sys.exit("pandoc is missing: apt-get install pandoc")
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        built = sum(pool.map(lambda page: build(page, root), pages()))
    copy_files(root)
    print(f"{built} of {len(pages())} pages built in {root}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]).resolve())
