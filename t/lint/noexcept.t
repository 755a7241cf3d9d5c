#!/usr/bin/env python3
"""Every function that C code can call is noexcept: an exception must not pass through httpd's frames."""

import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "t" / "lib"))
from tap import equal, run, test  # noqa: E402

# A definition or declaration of a function at the start of a line: type, name, arguments, what follows them.
FUNCTION = re.compile(
    r"^[ \t]*(?:\[\[\w+\]\]\s*)?(?:static\s+|inline\s+|extern\s+)*"
    r"(?:const\s+)?[\w:]+(?:\s*[*&]+\s*|\s+)(?:const\s+)?(\w+)\s*\(([^;{}]*?)\)\s*([\w\s()]*?)\s*[;{]",
    re.MULTILINE,
)
NOT_FUNCTIONS = {"if", "for", "while", "switch", "return", "sizeof", "static_assert"}
# Macros of httpd's that only look like one.
MACROS = re.compile(r"^(AP|APR|APLOG|APR_)\w*$")


def strip(text):
    """Without comments, strings and preprocessor lines, with the length of lines kept."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.DOTALL)
    text = re.sub(r'"(?:[^"\\\n]|\\.)*"', lambda m: m.group() if m.group() == '"C"' else '""', text)
    return re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", "", text, flags=re.MULTILINE)


def block_end(text, start):
    """The index after the brace that closes the one at `start`."""
    depth = 0
    for index in range(start, len(text)):
        if text[index] == "{":
            depth += 1
        elif text[index] == "}":
            depth -= 1
            if depth == 0:
                return index + 1
    return len(text)


def top_level(text):
    """Bodies of functions emptied, so that only what stands between them is looked at."""
    out = []
    index = 0
    while index < len(text):
        if text[index] == "{":
            end = block_end(text, index)
            out.append("{}" + "\n" * text.count("\n", index, end))
            index = end
        else:
            out.append(text[index])
            index += 1
    return "".join(out)


def c_functions(text):
    """(name, what follows the arguments) of each function with C linkage."""
    text = strip(text)
    for match in re.finditer(r'extern "C"\s*', text):
        if text[match.end() : match.end() + 1] == "{":
            inside = top_level(text[match.end() + 1 : block_end(text, match.end()) - 1])
        else:
            rest = text[match.end() :]
            ends = [place for place in (rest.find("{"), rest.find(";")) if place >= 0]
            inside = rest[: min(ends) + 1] if ends else ""
        for name, _, tail in FUNCTION.findall(inside):
            if name not in NOT_FUNCTIONS and not MACROS.match(name):
                yield name, tail


def violations(path, text):
    return [
        f'{path}: extern "C" {name} is not noexcept'
        for name, tail in c_functions(text)
        if "noexcept" not in tail and "NOEXCEPT" not in tail
    ]


@test("the check finds functions without noexcept")
def _():
    def names(text):
        return [line.split()[3] for line in violations("a.cc", text)]

    equal(names('extern "C" int f(int x) { return x; }'), ["f"])
    equal(names('extern "C" {\nstatic int f(request_rec* r, int (*g)(void))\n{\n  if (x(1)) { y(); }\n}\n}'), ["f"])
    equal(names('extern "C" {\nint f(int) noexcept { return g(1); }\nvoid* g(int)\n{\n}\n}'), ["g"])
    equal(names('extern "C" {\nconst char* set(cmd_parms* cmd, void*, const char* v) {}\n}'), ["set"])


@test("the check leaves alone what is noexcept, or not C")
def _():
    equal(violations("a.cc", 'extern "C" int f(int) noexcept { return g(); }\nint h() { return 1; }'), [])
    equal(violations("a.cc", 'extern "C" {\nint f(int) noexcept;\nint g(void) BAYEUX_NOEXCEPT;\n}'), [])
    equal(violations("a.cc", 'extern "C" {\n#include <httpd.h>\nAPLOG_USE_MODULE(bayeux);\n}'), [])
    equal(violations("a.cc", '// extern "C" int f(int) {}'), [])


@test('each extern "C" function in src/httpd is noexcept')
def _():
    found = []
    files = [TOP / "src" / "bayeux_module.h", *sorted((TOP / "src" / "httpd").glob("*"))]
    for path in files:
        if path.suffix in (".cc", ".hpp", ".h"):
            found += violations(path.relative_to(TOP), path.read_text(encoding="utf-8"))
    equal(found, [], "violations")


@test("each function of bayeux_module.h is declared noexcept")
def _():
    text = (TOP / "src" / "bayeux_module.h").read_text(encoding="utf-8")
    declared = re.findall(r"\b(bayeux_\w+)\s*\([^;]*?\)\s*(\w*)\s*;", strip(text))
    equal([name for name, tail in declared if "NOEXCEPT" not in tail], [], "without BAYEUX_NOEXCEPT")


run()
