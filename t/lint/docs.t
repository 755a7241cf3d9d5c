#!/usr/bin/env python3
"""The documentation holds together: links, directives, log ids, and the sample configuration."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "t/lib"))
import tap  # noqa: E402

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "demo/README.md")]
PAGES += sorted((ROOT / "docs").rglob("*.md"))
ROWS = ["Description", "Syntax", "Default", "Context", "Status", "Module", "Compatibility"]
FENCED = re.compile(r"```.*?```", re.S)


def prose(text):
    return FENCED.sub("", text)


def slug(heading):
    heading = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def anchors(text):
    return {slug(heading) for heading in re.findall(r"^#+ (.*)$", prose(text), re.M)}


def broken_links(page, text):
    """Relative links of a page whose file or heading does not exist."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path) if path else page
        if not linked.exists():
            yield f"{page.name}: {target}"
        elif anchor and anchor not in anchors(linked.read_text(encoding="utf-8") if path else text):
            yield f"{page.name}: {target} (no such heading)"


def directives(source):
    return {name.strip("<") for name in re.findall(r'AP_INIT_\w+\(\s*"(<?Bayeux\w+)"', source)}


def documented(text):
    return set(re.findall(r"^## `?<?(Bayeux\w+)", text, re.M))


def allowed_outside_only(source):
    """Directives that may stand outside of all sections and nowhere else."""
    return set(re.findall(r'AP_INIT_\w+\(\s*"(Bayeux\w+)",[^"]*\bRSRC_CONF\b', source))


def formless(text, source):
    """What keeps a directive's section from having the form of httpd's manual."""
    outside_only = allowed_outside_only(source)
    for section in re.split(r"^(?=## )", text, flags=re.M):
        name = re.match(r"## `?(<?Bayeux\w+)", section)
        if not name:
            continue
        rows = dict(re.findall(r"^\| (\w+) \| (.*) \|$", section.split("\n\n")[1], re.M))
        wanted = [row for row in ROWS if row != "Default" or not name.group(1).startswith("<")]
        if list(rows) != wanted:
            yield f"{name.group(1)}: its table has {list(rows)}"
        elif (rows["Context"] == "server config") != (name.group(1) in outside_only):
            yield f"{name.group(1)}: Context is not what the code says"
        example = section.partition("\n**Example**\n\n```apache\n")[2]
        if name.group(1) not in example:
            yield f"{name.group(1)}: no example of it at the end"


@tap.test("the check finds a link to nowhere and a heading that is not there")
def _():
    text = "# One\n[a](nowhere.md) [b](#two) [c](#one) [d](https://example.org/)\n"
    tap.equal(len(list(broken_links(ROOT / "README.md", text))), 2)


@tap.test("the check finds directives")
def _():
    tap.equal(directives('AP_INIT_TAKE1("BayeuxA", f)\nAP_INIT_RAW_ARGS("<BayeuxB", g)'),
              {"BayeuxA", "BayeuxB"})
    tap.equal(documented("## `<BayeuxB>`\n## BayeuxA\n"), {"BayeuxA", "BayeuxB"})


@tap.test("every relative link leads somewhere")
def _():
    tap.equal([link for page in PAGES for link in broken_links(page, page.read_text(encoding="utf-8"))],
              [])


@tap.test("every directive is documented, and only those")
def _():
    tap.equal(documented((ROOT / "docs/directives.md").read_text(encoding="utf-8")),
              directives((ROOT / "mod_bayeux.c").read_text(encoding="utf-8")))


@tap.test("the check finds a directive that is not described in httpd's form")
def _():
    table = "\n".join(f"| {row} | x |" for row in ROWS)
    good = f"## BayeuxA\n\n{table}\n\nText.\n\n**Example**\n\n```apache\nBayeuxA 1\n```\n"
    source = 'AP_INIT_TAKE1("BayeuxA", f, NULL, ANYWHERE, "text")'
    tap.equal(list(formless(good, source)), [])
    for bad in (good.replace("| Status", "| State"), good.replace("| Default | x |\n", ""), good.replace("**Ex", "Ex")):
        tap.equal(len(list(formless(bad, source))), 1)
    tap.equal(len(list(formless(good, source.replace("ANYWHERE", "RSRC_CONF")))), 1)


@tap.test("every directive is described in the form of httpd's manual")
def _():
    tap.equal(list(formless((ROOT / "docs/directives.md").read_text(encoding="utf-8"),
                            (ROOT / "mod_bayeux.c").read_text(encoding="utf-8"))), [])


@tap.test("the sample configuration names every directive")
def _():
    sample = (ROOT / "conf/bayeux.conf").read_text(encoding="utf-8")
    wanted = directives((ROOT / "mod_bayeux.c").read_text(encoding="utf-8"))
    tap.equal([name for name in sorted(wanted) if name not in sample], [])


tap.run()
