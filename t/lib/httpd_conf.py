"""What apxs says about the httpd under test, and the httpd.conf of a private server."""

import functools
import grp
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

SRCDIR = Path(__file__).resolve().parent.parent.parent


def builddir():
    return Path(os.environ.get("BAYEUX_BUILDDIR") or SRCDIR / "build").resolve()


def module_file():
    return builddir() / ".libs" / "mod_bayeux.so"


@functools.cache
def apxs(variable):
    """One variable per call: several at once come joined by ';;'."""
    program = os.environ.get("BAYEUX_APXS") or shutil.which("apxs")
    if not program:
        raise RuntimeError("no apxs: apt-get install apache2-dev, or name it in BAYEUX_APXS")
    return subprocess.run(
        [program, "-q", variable], check=True, capture_output=True, text=True
    ).stdout.strip()


@functools.cache
def httpd_binary():
    return os.path.join(apxs("SBINDIR"), apxs("progname"))


@functools.cache
def static_modules():
    listing = subprocess.run(
        [httpd_binary(), "-l"], check=True, capture_output=True, text=True
    ).stdout
    return set(re.findall(r"mod_(\w+)\.c", listing))


def load_module_lines(names):
    """LoadModule lines for those of the names ('ssl', not 'mod_ssl') that are not linked into httpd."""
    lines = []
    for name in names:
        if name == "bayeux":
            lines.append(f'LoadModule bayeux_module "{module_file()}"')
        elif name not in static_modules():
            lines.append(f'LoadModule {name}_module "{apxs("LIBEXECDIR")}/mod_{name}.so"')
    return lines


def run_as():
    """(user, group) that the children run as, or None when the tests do not run as root."""
    if os.geteuid() != 0:
        return None
    for user in ("www-data", "apache", "daemon", "nobody"):
        try:
            entry = pwd.getpwnam(user)
        except KeyError:
            continue
        return user, grp.getgrgid(entry.pw_gid).gr_name
    raise RuntimeError("no user to run httpd's children as: www-data, apache, daemon and nobody are missing")


def mpm_lines(mpm, children, threads, server_limit, async_factor):
    """Process counts that never change by themselves.

    MaxSpareThreads is the maximum, so that httpd never reaps a child that it takes for idle (adopted connections are
    invisible to it); MinSpareThreads is so high that a killed child is replaced at once.
    """
    if mpm == "prefork":
        return [
            f"StartServers {children}",
            f"ServerLimit {server_limit}",
            f"MaxRequestWorkers {children}",
            f"MinSpareServers {max(1, children - 1)}",
            f"MaxSpareServers {children + 1}",
        ]
    workers = children * threads
    lines = [
        f"StartServers {children}",
        f"ServerLimit {server_limit}",
        f"ThreadLimit {max(threads, 64)}",
        f"ThreadsPerChild {threads}",
        f"MaxRequestWorkers {workers}",
        f"MinSpareThreads {max(1, workers - threads + 1)}",
        f"MaxSpareThreads {workers}",
    ]
    if mpm == "event":
        lines.append(f"AsyncRequestWorkerFactor {async_factor}")
    return lines


# One line a request, fields parted by tabs: see Httpd.access_log().
ACCESS_FORMAT = r"%{%s}t.%{usec_frac}t\t%P\t%{remote}p\t%k\t%>s\t%O\t%D\t%X\t%r"


def httpd_conf(server):
    """The whole configuration of a harness.Httpd."""
    root = server.root
    modules = [f"mpm_{server.mpm}", "log_config", "unixd", "authz_core", "authz_host", "status"]
    if server.tls:
        modules += ["socache_shmcb", "ssl"]
    modules += [name for name in server.modules if name not in modules]
    lines = [
        f'ServerRoot "{root}"',
        f'DefaultRuntimeDir "{root}"',
        f'PidFile "{root}/httpd.pid"',
        f'CoreDumpDirectory "{root}/cores"',
        f"Listen 127.0.0.1:{server.port}",
        "ServerName localhost",
        # A connection belongs to a child as soon as it is made, not only when its first bytes come.
        "AcceptFilter http none",
        "AcceptFilter https none",
        *load_module_lines(modules),
        f'LoadModule crash_trace_module "{builddir()}/t/lib/.libs/mod_crash_trace.so"',
        *mpm_lines(server.mpm, server.children_wanted, server.threads, server.server_limit, server.async_factor),
        f'ErrorLog "{root}/error_log"',
        "LogLevel info bayeux:debug" if "bayeux" in modules else "LogLevel info",
        f'LogFormat "{ACCESS_FORMAT}" harness',
        f'CustomLog "{root}/access_log" harness',
        f'DocumentRoot "{root}/htdocs"',
        "KeepAliveTimeout 30",
        "ExtendedStatus On",
        "<Location /server-status>",
        "    SetHandler server-status",
        "</Location>",
    ]
    if run_as():
        user, group = run_as()
        lines += [f"User {user}", f"Group {group}"]
    if "bayeux" in modules:
        lines += ["<Location /bayeux>", "    SetHandler bayeux", server.location, "</Location>"]
    lines.append(server.conf)
    if server.tls:
        lines += _tls_lines(server)
    if server.sanitize == "thread":
        # Memory that threads hand to each other by way of APR's free lists looks as if they raced for it.
        lines.append("MaxMemFree 1")
    return "\n".join(lines) + "\n"


def _tls_lines(server):
    return [
        f"Listen 127.0.0.1:{server.tls_port}",
        f'SSLSessionCache "shmcb:{server.root}/ssl_cache"',
        f"<VirtualHost 127.0.0.1:{server.tls_port}>",
        "    ServerName localhost",
        "    SSLEngine on",
        f'    SSLCertificateFile "{server.root}/tls.pem"',
        server.tls_conf.replace("{root}", str(server.root)).replace("{tls_port}", str(server.tls_port)),
        "</VirtualHost>",
    ]


def make_certificate(root):
    """A throw-away key and self-signed certificate in one file."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,DNS:*.test,IP:127.0.0.1",
         "-addext", "basicConstraints=critical,CA:FALSE",
         "-keyout", f"{root}/key.pem", "-out", f"{root}/cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    with open(f"{root}/tls.pem", "w", encoding="ascii") as both:
        for part in ("cert.pem", "key.pem"):
            both.write(Path(root, part).read_text(encoding="ascii"))


def config_test(conf="", modules=("bayeux",), location=""):
    """httpd -t with this configuration: (exit code, what it said)."""
    import harness

    server = harness.Httpd(conf=conf, modules=list(modules), location=location)
    server.port = 9
    server.make_root()
    try:
        result = subprocess.run(
            [httpd_binary(), "-t", "-d", str(server.root), "-f", str(server.root / "httpd.conf")],
            capture_output=True, text=True, timeout=60, env=server.environment(), check=False,
        )  # fmt: skip
        return result.returncode, result.stdout + result.stderr
    finally:
        shutil.rmtree(server.root)
