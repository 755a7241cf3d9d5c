"""Configuration as the documentation prints it, and whether the program that it is for accepts it.

A fenced block marked `apache`, `haproxy` or `nginx` is such a snippet. Words behind the mark say more:

    apache                what may stand outside of all sections
    apache location       what stands in a <Location>
    apache whole          a whole httpd.conf: nothing is added
    apache package=NAME   needs a module of this Debian package, besides

httpd gets the modules that Debian enables by itself, mod_bayeux, and what the page itself says in `a2enmod` lines.
So a page that forgets to name a module fails as it would fail its reader.
"""

import itertools
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from httpd_conf import apxs, httpd_binary, load_module_lines, make_certificate, module_file

LANGUAGES = ("apache", "haproxy", "nginx")
# What apt-get install apache2 enables.
ENABLED = """mpm_event access_compat alias auth_basic authn_core authn_file authz_core authz_host authz_user autoindex
    deflate dir env filter mime negotiation reqtimeout setenvif status""".split()
_AVAILABLE = Path("/etc/apache2/mods-available")
_FENCE = re.compile(r"^( *)```(.*?)\s*$")


@dataclass
class Snippet:
    page: str
    line: int  # of its first line of text
    words: list
    text: str = ""
    modules: list = field(default_factory=list)  # that the page enables
    packages: list = field(default_factory=list)  # that the page needs

    @property
    def language(self):
        return self.words[0]


def snippets_of(page, text):
    """The snippets of a page of Markdown."""
    modules = [
        name for names in re.findall(r"^ *(?:# *)?a2enmod (.*?)(?: *#.*)?$", text, re.M) for name in names.split()
    ]
    packages = re.findall(r"^ *```apache .*\bpackage=(\S+)", text, re.M)
    found, opened, indent = [], None, ""
    for number, line in enumerate(text.splitlines(), 1):
        fence = _FENCE.match(line)
        if opened is None and fence:
            indent, opened = fence.group(1), Snippet(page, number + 1, fence.group(2).split() or [""])
            opened.modules, opened.packages = modules, packages
        elif fence and fence.group(1) == indent and not fence.group(2):
            if opened.language in LANGUAGES:
                found.append(opened)
            opened = None
        elif opened is not None:
            opened.text += line.removeprefix(indent) + "\n"
    return found


def with_what_they_need(names):
    """The modules and those that Debian loads with them, each after those that it needs."""
    ordered = []

    def add(name):
        load = _AVAILABLE / f"{name}.load"
        depends = re.search(r"^# Depends: (.*)$", load.read_text(), re.M) if load.exists() else None
        for other in depends.group(1).split() if depends else []:
            add(other)
        if name not in ordered:
            ordered.append(name)

    for name in names:
        add(name)
    return ordered


class Checker:
    """Asks httpd, haproxy and nginx, in a directory of its own."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self._numbers = itertools.count()
        for part in ("logs", "htdocs"):
            (self.folder / part).mkdir()
        make_certificate(self.folder)
        self.pem = self.folder / "tls.pem"

    def complaint(self, snippet):
        """A sentence on what is wrong with it, or None."""
        ask = {"apache": self._ask_httpd, "haproxy": self._ask_haproxy, "nginx": self._ask_nginx}[snippet.language]
        said = ask(snippet)
        return said and f"{snippet.page}:{snippet.line}: {said}"

    def _file(self, snippet, text):
        """Where the snippet is now, with what must be there: certificates, roots, a place to listen for anybody."""
        path = self.folder / f"{next(self._numbers)}-{snippet.page.replace('/', '-')}-{snippet.line}.conf"
        text = re.sub(r'(?<=[ "])/[^ "]+\.pem\b', str(self.pem), text)
        text = re.sub(r'^(ServerRoot) .*$', rf'\1 "{self.folder}"', text, flags=re.M)
        text = text.replace("/var/www/html", str(self.folder / "htdocs"))
        text = re.sub(r"\blisten 443\b", f"listen unix:{path.with_suffix('.sock')}", text)  # nginx -t does bind
        text = re.sub(r"^(LoadModule bayeux_module) .*$", rf'\1 "{module_file()}"', text, flags=re.M)
        path.write_text(text)
        return path

    def _ask_httpd(self, snippet):
        modules = with_what_they_need([*ENABLED, *snippet.modules, "bayeux"])
        for name in modules:
            if name != "bayeux" and not Path(apxs("LIBEXECDIR"), f"mod_{name}.so").exists():
                return missing_module(name, snippet)
        path = self._file(snippet, snippet.text)
        if "whole" not in snippet.words:
            inner = f'Include "{path}"'
            if "location" in snippet.words:
                inner = f'<Location "/bayeux">\n{inner}\n</Location>'
            head = [f'ServerRoot "{self.folder}"', "ServerName localhost", *load_module_lines(modules)]
            main = self.folder / f"main-{path.name}"
            main.write_text("\n".join([*head, inner]) + "\n")
        else:
            main = path
        said = _run([httpd_binary(), "-t", "-f", str(main)])
        return said and httpd_sentence(said, path, snippet)

    def _ask_haproxy(self, snippet):
        if not shutil.which("haproxy", path="/usr/sbin:/usr/bin"):
            return "haproxy is not installed: ./runtests installs it"
        return _run(["/usr/sbin/haproxy", "-c", "-f", str(self._file(snippet, snippet.text))])

    def _ask_nginx(self, snippet):
        if not shutil.which("nginx", path="/usr/sbin:/usr/bin"):
            return "nginx is not installed: ./runtests installs it"
        text = snippet.text
        if "whole" not in snippet.words:
            text = f"events {{}}\nhttp {{\naccess_log off;\n{text}}}\n"
        path = self._file(snippet, f"pid {self.folder}/nginx.pid;\nerror_log {self.folder}/nginx.log;\n{text}")
        return _run(["/usr/sbin/nginx", "-t", "-q", "-e", f"{self.folder}/nginx.log", "-c", str(path)])


def missing_module(name, snippet):
    if snippet.packages:
        return f"mod_{name} is not installed: apt-get install {' '.join(snippet.packages)}, as ./runtests does"
    return f"mod_{name} is not installed; if a package has it, say ```apache package=NAME"


def httpd_sentence(said, path, snippet):
    place = re.search(rf"on line (\d+) of {re.escape(str(path))}:\s*(.*)", said, re.S)
    if not place:
        return said
    line, text = snippet.line - 1 + int(place.group(1)), place.group(2).strip()
    unknown = re.match(r"Invalid command '([^']+)'", text)
    if unknown:
        text = f"{unknown.group(1)} is no directive of a module that the page enables: say a2enmod there, or mend it"
    return f"line {line}: {text}"


def _run(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == 0:
        return None
    said = "".join(line for line in (done.stderr + done.stdout).splitlines(True) if not line.startswith("[NOTICE]"))
    return said.strip() or f"{command[0]} says no, and nothing more"
