#!/usr/bin/env python3
"""Packages agree with the tree: version, what is installed, what is needed; the manual pages are readable and whole."""

import os
import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "t" / "lib"))
from tap import check, equal, run, test  # noqa: E402

BUILD = Path(os.environ.get("BAYEUX_BUILDDIR", TOP))
CONFIGURE = (TOP / "configure.ac").read_text(encoding="utf-8")
VERSION = re.search(r"^AC_INIT\(\[mod_bayeux\], \[(.*?)\]\)", CONFIGURE, re.M).group(1)
CONTROL = (TOP / "debian/control").read_text(encoding="utf-8")
SPEC = (TOP / "packaging/mod_bayeux.spec").read_text(encoding="utf-8")
PAGES = {"bayeux.1": "docs/cli.md", "mod_bayeux.8": "docs/directives.md"}


def first_line(name):
    """The first that is a version's."""
    lines = (TOP / name).read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if re.search(r"\d\.\d", line))


def said(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "MANWIDTH": "120"})
    check(done.returncode == 0, f"{' '.join(command)}: {done.stderr}")
    return done.stdout, done.stderr


def page(name):
    text, complaints = said("man", "--warnings", "-l", str(BUILD / name))
    equal(complaints, "", f"what man says of {name}")
    return re.sub(r".\x08", "", text).replace("\u2010", "-")


def options(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


def lacking(text, words):
    return sorted(word for word in words if word not in text)


@test("the checks find what is missing")
def _():
    equal(options("--data  print; a--b (--verbose)"), {"--data", "--verbose"})
    equal(lacking("--data", {"--data", "--count"}), ["--count"])


@test("one version: configure.ac, CHANGES, debian/changelog, the spec file")
def _():
    changes, changelog = first_line("CHANGES"), first_line("debian/changelog")
    equal(changes.split()[0], VERSION, "CHANGES")
    equal(re.search(r"\((.*?)\)", changelog).group(1), VERSION, "debian/changelog")
    equal("UNRELEASED" in changelog, "not released" in changes, "debian/changelog says UNRELEASED")
    equal(re.search(r"^Version:\s+(\S+)", SPEC, re.M).group(1), VERSION, "packaging/mod_bayeux.spec")


@test("one oldest httpd: configure.ac, debian/control, the spec file, the README")
def _():
    oldest = re.search(r"BX_APXS\(\[(.*?)\]\)", CONFIGURE).group(1)
    equal(re.search(r"apache2-bin \(>= (.*?)\)", CONTROL).group(1), oldest, "debian/control")
    equal(re.search(r"httpd-devel >= (\S+)", SPEC).group(1), oldest, "packaging/mod_bayeux.spec")
    check(f"httpd {oldest} or later" in (TOP / "README.md").read_text(encoding="utf-8"), "README.md")


@test("what make install installs is in the spec file, and debian/ takes its two of conf/")
def _():
    makefile = (TOP / "Makefile.am").read_text(encoding="utf-8")
    primaries = r"^(?:bin_PROGRAMS|man_MANS|dist_httpdconf_DATA|httpdinclude_HEADERS|httpdmodule_LTLIBRARIES) = (.*)$"
    installed = {Path(file).name for line in re.findall(primaries, makefile, re.M) for file in line.split()}
    equal(len(installed), 7, f"how many of {sorted(installed)}")
    listed = SPEC.partition("\n%files\n")[2]
    equal(lacking(listed, {name.replace(".la", ".so") for name in installed - {"bayeux.load"}}), [], "%files")
    registered = (TOP / "debian/libapache2-mod-bayeux.apache2").read_text(encoding="utf-8").split()
    equal(registered, ["mod", "conf/bayeux.load", "mod", "conf/bayeux.conf"])
    for name in ("docs", "examples"):
        for file in (TOP / f"debian/libapache2-mod-bayeux.{name}").read_text(encoding="utf-8").split():
            check((TOP / file).exists(), f"debian/libapache2-mod-bayeux.{name}: there is no {file}")


@test("an upgrade reloads: no maintainer script restarts, and dh_apache2 writes none")
def _():
    scripts = {path.name: path.read_text(encoding="utf-8") for path in TOP.glob("debian/*.p*[tm]") if "." in path.name}
    scripts = {name: text for name, text in scripts.items() if name.endswith(("postinst", "prerm", "postrm"))}
    equal(len(scripts), 3)
    for name, text in scripts.items():
        calls = re.findall(r"^\s*(apache2_\w+ .*bayeux\b.*) \|\| exit", text, re.M)
        equal([call for call in calls if not call.endswith(" reload")], [], name)
        check(calls, f"{name} does nothing")
        said("sh", "-n", str(TOP / "debian" / name))
    check("dh_apache2 --noscripts" in (TOP / "debian/rules").read_text(encoding="utf-8"), "debian/rules")


@test("the Containerfile fills in all of the demo's configuration")
def _():
    wanted = set(re.findall(r"@[A-Z_]+@", (TOP / "demo/httpd.conf.in").read_text(encoding="utf-8")))
    check("@SECRET@" in wanted, "no names between @ signs")
    container = (TOP / "packaging/Containerfile").read_text(encoding="utf-8")
    equal(lacking(container, {f"|{name}|" for name in wanted}), [])


@test("the manual pages can be read, without a warning, and say what the pages of docs/ say")
def _():
    for name, source in PAGES.items():
        text = page(name)
        headings = re.findall(r"^##+ (.*)$", (TOP / source).read_text(encoding="utf-8"), re.M)
        shown = [heading.replace("`", "") for heading in headings if not heading.startswith("In the virtual")]
        equal(lacking(text, shown), [], f"{name} lacks")
        for section in ("NAME", "DESCRIPTION", "SEE ALSO"):
            check(re.search(rf"^{section}$", text, re.M), f"{name} has no {section}")


@test("bayeux(1) has every tool and option of bayeux --help")
def _():
    program, text = str(BUILD / "bayeux"), page("bayeux.1")
    usage = said(program, "--help")[0]
    tools = re.findall(r"^([a-z]+)  ", usage, re.M)
    equal(tools, ["publish", "subscribe", "bench"])
    wanted = options(usage) | {f"bayeux {tool}" for tool in tools}
    for tool in tools:
        wanted |= options(said(program, tool, "--help")[0])
    check(len(wanted) > 20, f"few: {wanted}")
    equal(lacking(text, wanted), [])


run()
