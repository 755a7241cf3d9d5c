"""A server with more on it than Bayeux: pages, CGI programs, a proxied backend, hosts with short patience."""

import http.server
import threading

from harness import Httpd

MODULES = ("bayeux", "alias", "dir", "mime", "headers", "env", "cgi", "proxy", "proxy_http", "deflate", "filter",
           "include", "rewrite", "reqtimeout", "setenvif")  # fmt: skip

BIG_SIZE = 6 << 20

SITE = """
ScriptAlias /cgi/ "{root}/cgi/"
<Directory "{root}">
    Require all granted
    Options +Includes +FollowSymLinks
    AllowOverride None
</Directory>
Redirect 302 /old /static.txt
ProxyPass /backend/ http://127.0.0.1:{backend}/ keepalive=On
RequestReadTimeout header=20-40,MinRate=500 body=20,MinRate=500
<VirtualHost 127.0.0.1:{port}>
    ServerName localhost
    MaxKeepAliveRequests 0
</VirtualHost>
<VirtualHost 127.0.0.1:{port}>
    ServerName brief.test
    KeepAliveTimeout 1
    MaxKeepAliveRequests 0
</VirtualHost>
<VirtualHost 127.0.0.1:{port}>
    ServerName few.test
    MaxKeepAliveRequests 5
</VirtualHost>
<VirtualHost 127.0.0.1:{port}>
    ServerName single.test
    KeepAlive Off
</VirtualHost>
"""

HELLO = """#!/bin/sh
echo "Content-Type: text/plain"
echo
echo "cgi $REQUEST_METHOD $QUERY_STRING"
cat
"""

# Until somebody makes the file that it is told: a program that is slow for as long as a test likes.
SLOW = """#!/bin/sh
touch "$(dirname "$0")/../marks/begun-$QUERY_STRING"
while [ ! -e "$(dirname "$0")/../marks/go" ]; do sleep 0.05; done
echo "Content-Type: text/plain"
echo
echo done
"""


class Backend(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for part in (b"one,", b"two,", b"three"):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.write(b"0\r\n\r\n")
            return
        self.answer(b"backend " + self.path.encode())

    def do_POST(self):
        self.answer(b"got " + self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Site(Httpd):
    """`extra` is configuration in which {root}, {port} and {backend} are replaced."""

    def __init__(self, extra="", **options):
        super().__init__(modules=MODULES, **options)
        self._template = SITE + extra
        self._backend = None

    def make_root(self):
        if self._backend is None:
            self._backend = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
            threading.Thread(target=self._backend.serve_forever, kwargs={"poll_interval": 0.05},
                             daemon=True).start()  # fmt: skip
        # Twice: the root is made while the configuration is written.
        self.conf = ""
        super().make_root()
        self.conf = (
            self._template.replace("{root}", str(self.root))
            .replace("{port}", str(self.port))
            .replace("{backend}", str(self._backend.server_address[1]))
        )
        self._fill_root()
        self.write_conf()

    def write_conf(self):
        from httpd_conf import httpd_conf

        (self.root / "httpd.conf").write_text(httpd_conf(self), encoding="utf-8")

    def _fill_root(self):
        for name in ("cgi", "marks"):
            (self.root / name).mkdir()
        (self.root / "marks").chmod(0o777)
        (self.root / "mime.types").write_text("text/plain txt\ntext/html html shtml\n", encoding="ascii")
        for name, text in (("hello", HELLO), ("slow", SLOW)):
            program = self.root / "cgi" / name
            program.write_text(text, encoding="ascii")
            program.chmod(0o755)
        with open(self.root / "htdocs" / "big.bin", "wb") as big:
            for number in range(BIG_SIZE // 1024):
                big.write(b"%08d" % number + b"x" * 1016)

    def let_slow_programs_go(self):
        (self.root / "marks" / "go").touch()

    def slow_programs_begun(self):
        return len(list((self.root / "marks").glob("begun-*")))

    def rearm_slow_programs(self):
        for mark in (self.root / "marks").iterdir():
            mark.unlink()

    def __exit__(self, *details):
        self.let_slow_programs_go()
        try:
            super().__exit__(*details)
        finally:
            self._backend.shutdown()
            self._backend.server_close()
