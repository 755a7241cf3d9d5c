"""The servers that are compared, each with a directory and a port of its own.

    with Faye() as server:
        server.arguments("fanout", "websocket")   # what bayeux bench has to be told

A class says in `missing()` what has to be installed before it can run.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "t" / "lib"))
import httpd_conf  # noqa: E402
from harness import free_port  # noqa: E402

HERE = Path(__file__).resolve().parent
# How long each server holds a connect: longer than any run.
HOLD_SECONDS = 300
START_SECONDS = 30

LONG_POLLING = "long-polling"
WEBSOCKET = "websocket"


class StartError(RuntimeError):
    pass


class Server:
    """A process that is started, asked for until it answers, and stopped."""

    name = ""
    transports = (LONG_POLLING, WEBSOCKET)
    scenarios = ("fanout", "publish", "idle")

    def __init__(self):
        self.root = None
        self.port = None
        self.process = None

    @classmethod
    def missing(cls):
        """What is not installed, as a sentence; None if nothing."""
        return None

    @classmethod
    def version(cls):
        raise NotImplementedError

    def command(self):
        raise NotImplementedError

    def path_that_answers(self):
        return "/"

    def arguments(self, _scenario, transport):
        return {"url": f"http://127.0.0.1:{self.port}/bayeux", "transport": transport}

    @property
    def pid(self):
        return self.process.pid

    def __enter__(self):
        self.root = Path(tempfile.mkdtemp(prefix="bx-bench-"))
        self.root.chmod(0o755)  # for children of another user
        self.port = free_port()
        try:
            with open(self.root / "output", "wb") as output:
                self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=output,
                                                stderr=output, cwd=self.root)  # fmt: skip
            self._wait_ready()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.root)

    def output(self):
        return (self.root / "output").read_text(encoding="utf-8", errors="replace")

    def _wait_ready(self):
        deadline = time.monotonic() + START_SECONDS
        while not self._ready():
            if self.process.poll() is not None:
                raise StartError(f"{self.name} ended with {self.process.returncode}:\n{self.output()}")
            if time.monotonic() > deadline:
                raise StartError(f"{self.name} does not answer within {START_SECONDS} s:\n{self.output()}")
            time.sleep(0.02)

    def _ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{self.path_that_answers()}", timeout=5):
                return True
        except urllib.error.HTTPError:
            return True  # an answer all the same
        except OSError:
            return False


class Httpd(Server):
    """httpd with mod_bayeux; also the yardstick."""

    name = "mod_bayeux"
    scenarios = ("fanout", "publish", "idle", "get")
    children = 3
    threads = 16

    @classmethod
    def missing(cls):
        module = httpd_conf.module_file()
        return None if module.exists() else f"{module}: run make, or set BAYEUX_BUILDDIR"

    @classmethod
    def version(cls):
        said = subprocess.run([httpd_conf.httpd_binary(), "-v"], capture_output=True, text=True, check=True).stdout
        httpd = re.search(r"Apache/(\S+)", said)
        package = (TOP / "configure.ac").read_text(encoding="utf-8")
        version = re.search(r"^AC_INIT\(\[mod_bayeux\], \[(.*)\]\)", package, re.MULTILINE)
        return (f"{version.group(1) if version else '?'}, httpd {httpd.group(1) if httpd else '?'}, event MPM, "
                f"{cls.children} children of {cls.threads} threads")  # fmt: skip

    def command(self):
        (self.root / "htdocs").mkdir()
        (self.root / "htdocs" / "100.txt").write_text("x" * 100, encoding="ascii")
        (self.root / "httpd.conf").write_text("\n".join(self._configuration()) + "\n", encoding="utf-8")
        return [httpd_conf.httpd_binary(), "-DFOREGROUND", "-d", str(self.root), "-f", str(self.root / "httpd.conf")]

    def _configuration(self):
        yield f'ServerRoot "{self.root}"'
        yield f'DefaultRuntimeDir "{self.root}"'
        yield f'PidFile "{self.root}/httpd.pid"'
        yield f"Listen 127.0.0.1:{self.port}"
        yield "ServerName localhost"
        yield from httpd_conf.load_module_lines(["mpm_event", "unixd", "authz_core", "status", "bayeux"])
        yield from httpd_conf.mpm_lines("event", self.children, self.threads, self.children, 1000)
        if httpd_conf.run_as():
            yield "User {}\nGroup {}".format(*httpd_conf.run_as())
        yield f'ErrorLog "{self.root}/error_log"'
        yield "LogLevel warn"
        yield "ListenBacklog 4096"
        yield f"KeepAliveTimeout {HOLD_SECONDS}"
        yield "MaxKeepAliveRequests 0"
        yield f'DocumentRoot "{self.root}/htdocs"'
        # As in any configuration in use: no .htaccess to look for on the way to a file.
        yield "<Directory />\nAllowOverride None\nOptions FollowSymLinks\n</Directory>"
        yield "<Location /server-status>\nSetHandler server-status\n</Location>"
        yield f"<Location /bayeux>\nSetHandler bayeux\nBayeuxTimeout {HOLD_SECONDS}s\n</Location>"

    def path_that_answers(self):
        return "/100.txt"

    def _ready(self):
        return super()._ready() and self._all_serving()

    def _all_serving(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/server-status?auto", timeout=5) as page:
            workers = re.findall(r"^(?:Idle|Busy)Workers: (\d+)", page.read().decode(), re.MULTILINE)
        return sum(map(int, workers)) >= self.children * self.threads

    def arguments(self, scenario, transport):
        if scenario == "get":
            return {"url": f"http://127.0.0.1:{self.port}/100.txt"}
        return super().arguments(scenario, transport)


class NodeServer(Server):
    """A program beside this file, which prints its port."""

    package = ""
    program = ""

    @classmethod
    def missing(cls):
        if shutil.which("node") is None:
            return "node: apt-get install nodejs npm"
        return None if cls._manifest().exists() else f"{cls.package}: npm ci"

    @classmethod
    def _manifest(cls):
        return TOP / "node_modules" / cls.package / "package.json"

    @classmethod
    def version(cls):
        node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
        version = json.loads(cls._manifest().read_text(encoding="utf-8"))["version"]
        return f"{version}, node {node.removeprefix('v')}"

    def command(self):
        return ["node", str(HERE / self.program), str(HOLD_SECONDS)]

    def _ready(self):
        found = re.match(r"(\d+)\n", self.output())
        if found:
            self.port = int(found.group(1))
        return found is not None


class Faye(NodeServer):
    name = "Faye"
    package = "faye"
    program = "faye.mjs"


class Cometd(NodeServer):
    name = "cometd-nodejs-server"
    package = "cometd-nodejs-server"
    program = "cometd.mjs"
    transports = (LONG_POLLING,)


class Nchan(Server):
    """nginx with Nchan: no Bayeux, payloads only. BAYEUX_NGINX and BAYEUX_NCHAN name other files than Debian's."""

    name = "Nchan"
    scenarios = ("fanout", "idle")
    workers = 1

    @staticmethod
    def _nginx():
        return os.environ.get("BAYEUX_NGINX") or shutil.which("nginx", path="/usr/sbin:" + os.environ.get("PATH", ""))

    @staticmethod
    def _module():
        return Path(os.environ.get("BAYEUX_NCHAN") or "/usr/lib/nginx/modules/ngx_nchan_module.so")

    @classmethod
    def missing(cls):
        there = cls._nginx() and cls._module().exists()
        return None if there else "nginx with Nchan: apt-get install libnginx-mod-nchan"

    @classmethod
    def version(cls):
        said = subprocess.run([cls._nginx(), "-v"], capture_output=True, text=True, check=True).stderr
        nginx = said.strip().rpartition("/")[2]
        package = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "libnginx-mod-nchan"], capture_output=True,
                                 text=True, check=False).stdout if shutil.which("dpkg-query") else ""  # fmt: skip
        nchan = re.sub(r"^\d+:|\+dfsg.*$", "", package)
        return f"{nchan or 'unknown version'}, nginx {nginx}, {cls.workers} worker{'s'[: cls.workers != 1]}"

    def command(self):
        (self.root / "nginx.conf").write_text(self._configuration(), encoding="utf-8")
        return [self._nginx(), "-p", str(self.root), "-c", str(self.root / "nginx.conf"),
                "-e", str(self.root / "error.log")]  # fmt: skip

    def _configuration(self):
        user = "user {} {};".format(*httpd_conf.run_as()) if httpd_conf.run_as() else ""
        temporary = "\n".join(f"    {kind}_temp_path {self.root}/{kind};"
                              for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))  # fmt: skip
        return f"""load_module {self._module()};
{user}
daemon off;
worker_processes {self.workers};
error_log {self.root}/error.log warn;
pid {self.root}/nginx.pid;
events {{ worker_connections 32768; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout {HOLD_SECONDS};
    nchan_shared_memory_size 256M;
{temporary}
    server {{
        listen 127.0.0.1:{self.port} backlog=4096;
        location = /status {{ nchan_stub_status; }}
        location ~ ^/pub/([0-9]+)$ {{
            nchan_publisher http websocket;
            nchan_channel_id $1;
            nchan_message_buffer_length 1000;
            nchan_message_timeout {HOLD_SECONDS}s;
        }}
        location ~ ^/sub/([0-9,]+)$ {{
            nchan_subscriber longpoll websocket;
            nchan_channel_id $1;
            nchan_channel_id_split_delimiter ",";
            nchan_subscriber_first_message newest;
        }}
    }}
}}
"""

    def path_that_answers(self):
        return "/status"

    def arguments(self, _scenario, transport):
        base = f"http://127.0.0.1:{self.port}"
        return {"dialect": "nchan", "url": f"{base}/sub/", "publish-url": f"{base}/pub/",
                "status-url": f"{base}/status", "transport": transport}  # fmt: skip


ALL = (Httpd, Faye, Cometd, Nchan)
