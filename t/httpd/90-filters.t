#!/usr/bin/env python3
"""BayeuxFilter: what is done to the strings of messages before anybody gets them, by whatever way they come."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from bayeux import Client  # noqa: E402
from harness import Httpd  # noqa: E402
from httpd_conf import config_test  # noqa: E402
from steps import clients, subscriber  # noqa: E402
from tap import check, equal, run, test  # noqa: E402
from websocket import WebSocketClient  # noqa: E402
from wire import connected, number, poll, refused, serves, session, succeeded  # noqa: E402

CONF = """
BayeuxMaxMessageSize 64K
<Location /filtered>
    SetHandler bayeux
    BayeuxDomain filtered
    BayeuxUnconnectedPublish On
    <BayeuxChannel "/escape/**">
        BayeuxFilter escape-markup
    </BayeuxChannel>
    <BayeuxChannel "/escape/raw/*">
        BayeuxFilter none
        BayeuxLazy Off
    </BayeuxChannel>
    <BayeuxChannel "/escape/lazy">
        BayeuxLazy Off
    </BayeuxChannel>
    <BayeuxChannel "/strip/**">
        BayeuxFilter strip-markup
    </BayeuxChannel>
    <BayeuxChannel "/size">
        BayeuxFilter max-size 10
    </BayeuxChannel>
    <BayeuxChannel "/deny/**">
        BayeuxFilter deny-regex /\\bdamn\\b/i
    </BayeuxChannel>
    <BayeuxChannel "/word">
        BayeuxFilter regex s/\\b(d)arn\\b/$1.../gi
    </BayeuxChannel>
    <BayeuxChannel "/once">
        BayeuxFilter regex "s|a b|\\$0=$0|"
    </BayeuxChannel>
    <BayeuxChannel "/empty">
        BayeuxFilter regex s/x*/-/g
    </BayeuxChannel>
    <BayeuxChannel "/bytes">
        BayeuxFilter regex s/^.//
    </BayeuxChannel>
    <BayeuxChannel "/characters">
        BayeuxFilter regex s/(*UTF)^.//
    </BayeuxChannel>
    <BayeuxChannel "/zero">
        BayeuxFilter regex s/z$/Z/
    </BayeuxChannel>
    <BayeuxChannel "/grow">
        BayeuxFilter regex s/./0123456789012345678901234567890123456789/g
        BayeuxFilter regex s/./0123456789012345678901234567890123456789/g
        BayeuxFilter regex s/./0123456789012345678901234567890123456789/g
    </BayeuxChannel>
    <BayeuxChannel "/chain">
        BayeuxFilter regex s/secret/<b>public<\\/b>/
        BayeuxFilter strip-markup
        BayeuxFilter deny-regex m#^no#
        BayeuxFilter max-size 20
    </BayeuxChannel>
    <BayeuxChannel "/bad">
        BayeuxFilter deny-regex /^(a+)+$/
    </BayeuxChannel>
    <BayeuxChannel "/service/**">
        BayeuxFilter deny-regex /rm -rf/
    </BayeuxChannel>
</Location>
<Location /plain>
    SetHandler bayeux
    BayeuxDomain filtered
</Location>
"""

BAD = "a" * 40 + "!"
# As many steps as PCRE itself would let pass: the limit of BayeuxFilter is lower.
COSTLY = "a" * 17 + "!"


def raw_publish(client, channel, data):
    """The reply, and the bytes of the event's data as they came to the publisher itself."""
    message = json.dumps(client.message(channel))
    response = client.post((message[:-1] + ', "data": ' + data + "}").join("[]").encode())
    batch = client.take_batch(response)
    succeeded(batch.reply)
    text = response.body.decode("utf-8")
    begin = text.index('"data":') + len('"data":')
    equal(len(batch.events), 1)
    for end in range(len(text), begin, -1):
        try:
            json.loads(text[begin:end])
        except ValueError:
            continue
        return text[begin:end]
    raise AssertionError(f"no data in {text}")


def data_of(client, channel, data):
    return client.publish(channel, data).data


@test("escape-markup: the strings that are values, at any depth; every other byte stays")
def _(server):
    with session(server, "/filtered", ["/escape/**"]) as client:
        sent = '{ "<k>" : "\\u003cb>" , "n":[ 1.50E+2, 12345678901234567890, {"q":"\\"it\'s\\" & \\u0041"}, "\\u0041\\/" ] }'
        wanted = '{ "<k>" : "&lt;b&gt;" , "n":[ 1.50E+2, 12345678901234567890, {"q":"&quot;it&#39;s&quot; &amp; A"}, "\\u0041\\/" ] }'
        equal(raw_publish(client, "/escape/a", sent), wanted)
        equal(raw_publish(client, "/escape/a", '"<"'), '"&lt;"')


@test("PB-1 what no filter changes is delivered byte for byte, half a surrogate pair included")
def _(server):
    with session(server, "/filtered", ["/escape/**", "/free"]) as client:
        for sent in ('{"a" :"\\u00e9\\/", "b":\t[0.10,-0,1e400,"\\ud800"]}', '"\\ud83d\\ude00"', "12", "null", '{"<b>":1}'):
            equal(raw_publish(client, "/escape/a", sent), sent)
        equal(raw_publish(client, "/free", '{"t":"<script>\\u0041"}'), '{"t":"<script>\\u0041"}')


@test("markup beside half a surrogate pair, or behind U+0000, is seen all the same")
def _(server):
    with session(server, "/filtered", ["/escape/**"]) as client:
        equal(data_of(client, "/escape/a", "\ud800<b>"), ["\ufffd&lt;b&gt;"])
        equal(data_of(client, "/escape/a", "\0<b>"), ["\0&lt;b&gt;"])


@test("the most specific section that has filters decides; none is an answer too")
def _(server):
    with session(server, "/filtered", ["/escape/**"]) as client:
        equal(data_of(client, "/escape/raw/x", "<b>"), ["<b>"])
        equal(data_of(client, "/escape/raw/x/y", "<b>"), ["&lt;b&gt;"])
        equal(data_of(client, "/escape/lazy", "<b>"), ["&lt;b&gt;"])


@test("a section belongs to the domain: another Location's messages are filtered as well")
def _(server):
    with session(server, "/plain", ["/escape/**"]) as client:
        equal(data_of(client, "/escape/a", "<b>"), ["&lt;b&gt;"])


@test("strip-markup: nested and cut off tags too")
def _(server):
    with session(server, "/filtered", ["/strip/**"]) as client:
        equal(data_of(client, "/strip/a", {"t": ["<b>bold</b>", "1 < 2", "<<b>script>x", "y<img src=z"]}),
              [{"t": ["bold", "1 < 2", "x", "y"]}])  # fmt: skip


@test("max-size: bytes of UTF-8 of each string")
def _(server):
    with session(server, "/filtered", ["/size"]) as client:
        equal(data_of(client, "/size", ["0123456789", "\u00e9" * 5]), [["0123456789", "\u00e9" * 5]])
        for data in ("0123456789x", {"a": ["\u00e9" * 6]}):
            refused(client.publish("/size", data).reply, "403:max-size,/size:refused_by_filter")


@test("deny-regex: the error says which filter of which section; nobody gets the message; the others of a batch pass")
def _(server):
    with session(server, "/filtered", ["/deny/**"]) as client:
        for data in ("Damn", {"x": {"y": ["well", "well damn it"]}}):
            reply = client.publish("/deny/a", data).reply
            refused(reply, "403:deny-regex,/deny/**:refused_by_filter")
            check("advice" not in reply, reply)
        batch = client.call([{**client.message("/deny/a"), "data": data} for data in ("one", "damn", "goddamned")])
        equal([reply["successful"] for reply in batch.replies], [True, False, True])
        equal(batch.data, ["one", "goddamned"])
        equal(data_of(client, "/deny/a", {"damn": 1}), [{"damn": 1}])


@test("regex: groups, flags, an escaped delimiter, a search that finds nothing at a place")
def _(server):
    with session(server, "/filtered", ["/word", "/once", "/empty", "/zero"]) as client:
        equal(data_of(client, "/word", "Darn, darn! darning"), ["D..., d...! darning"])
        equal(data_of(client, "/once", "a b a b"), ["$0=a b a b"])
        equal(data_of(client, "/empty", "axb\u00e9"), ["-a--b-\u00e9-"])
        equal(data_of(client, "/empty", ""), ["-"])
        equal(data_of(client, "/zero", "\0z"), ["\0Z"])


@test("regex: sees bytes, or characters with (*UTF); what comes out is UTF-8 either way")
def _(server):
    with session(server, "/filtered", ["/bytes", "/characters"]) as client:
        equal(data_of(client, "/bytes", "abc"), ["bc"])
        equal(data_of(client, "/bytes", "\u00e9b"), ["\ufffdb"])
        equal(data_of(client, "/characters", "\u00e9b"), ["b"])


@test("a chain runs in order and is refused by the one that refuses")
def _(server):
    with session(server, "/filtered", ["/chain"]) as client:
        equal(data_of(client, "/chain", ["a secret", "<i>no</i>"][:1]), [["a public"]])
        refused(client.publish("/chain", "<i>no</i>").reply, "403:deny-regex,/chain:refused_by_filter")
        refused(client.publish("/chain", "x" * 21).reply, "403:max-size,/chain:refused_by_filter")


@test("what filters make of a message stays within BayeuxMaxMessageSize")
def _(server):
    with session(server, "/filtered", ["/grow"]) as client:
        equal(len(data_of(client, "/grow", "")[0]), 0)
        refused(client.publish("/grow", "0123456789").reply, "403:regex,/grow:refused_by_filter")
    serves(server)


@test("an expression that would search for ever is ended: the message is refused, a line in the log says so")
def _(server):
    server.expect("BX0050")
    with session(server, "/filtered", ["/bad"]) as client:
        for data in (BAD, COSTLY, BAD):
            refused(client.publish("/bad", data).reply, "403:deny-regex,/bad:refused_by_filter")
        equal(data_of(client, "/bad", "b"), ["b"])
    lines = [line for line in server.error_log().splitlines() if "BX0050" in line]
    check(1 <= len(lines) <= 3, lines)
    check("httpd.conf:" in lines[0] and "aaaa" not in lines[0], lines)


@test("service channels: refused before any service sees it")
def _(server):
    with session(server, "/filtered") as client:
        succeeded(client.publish("/service/x", "ls").reply)
        refused(client.publish("/service/x", ["rm -rf /"]).reply, "403:deny-regex,/service/**:refused_by_filter")


@test("PB-10 publishing without a handshake is filtered as well")
def _(server):
    with session(server, "/filtered", ["/escape/**", "/deny/**"]) as reader:
        nobody = Client(server, "/filtered")
        succeeded(nobody.publish("/escape/a", "<b>").reply)
        refused(nobody.publish("/deny/a", "damn").reply, "403")
        nobody.close()
        equal(poll(reader).data, ["&lt;b&gt;"])


@test("the fast lane filters; what may take long goes to a worker, through httpd")
def _(server):
    with clients(subscriber(server, "/escape/**", path="/filtered")) as (client,):
        succeeded(client.subscribe("/deny/**").reply)
        equal(data_of(client, "/escape/a", 0), [0])
        before = number(server, "BayeuxFast")
        equal(data_of(client, "/escape/a", "<b>"), ["&lt;b&gt;"])
        equal(data_of(client, "/deny/a", "well"), ["well"])
        refused(client.publish("/deny/a", "damn").reply, "403:deny-regex,/deny/**:refused_by_filter")
        check(number(server, "BayeuxFast") >= before + 3, "not served by the fast lane")
        before = number(server, "BayeuxFast")
        refused(client.publish("/deny/a", "x" * 600 + " damn").reply, "403:deny-regex,/deny/**:refused_by_filter")
        equal(number(server, "BayeuxFast"), before)


@test("WebSocket: filtered in the loop, and on a worker where it may take long")
def _(server):
    with WebSocketClient(server, "/filtered") as client:
        client.handshake()
        client.subscribe("/escape/**")
        client.subscribe("/deny/**")
        client.connect()
        client.send([{**client.message("/escape/a"), "data": "<b>"}])
        equal(client.events(1)[0]["data"], "&lt;b&gt;")
        for long in ("", "x" * 600 + " "):
            reply = client.publish("/deny/a", long + "damn")
            refused(reply, "403:deny-regex,/deny/**:refused_by_filter")


@test("a loop is not held up by an expression that takes long: others are served meanwhile")
def _(server):
    server.expect("BX0050")
    with session(server, "/filtered") as client, connected(server) as other:
        slow = client.send([{**client.message("/bad"), "data": [BAD] * 100}])
        equal(other.publish("/x", 1).reply["successful"], True)
        refused(slow.wait(20).reply, "403")


WRONG = (
    ("escape", "escape-markup"), ("escape-markup now", "escape-markup"), ("strip-markup <b>", "none"),
    ("max-size", "max-size"), ("max-size many", "2K"), ("max-size 10 20", "2K"), ("none here", "none"),
    ("regex", "search"), ("regex /a/b/", "search"), ("regex s/a/b", "delimiter"), ("regex s/(/b/", "regular expression"),
    ("regex s/a/$1/", "group"), ("regex s/a/b/q", "flags"), ("deny-regex word", "/search/"),
    ("deny-regex /a", "delimiter"), ("deny-regex /[/", "regular expression"), ("deny-regex //", "empty"),
    ("deny-regex /a/g", "flag"), ('regex "s/a/b/" x', "search"),
)  # fmt: skip


@test("httpd -t refuses wrong filters, with a sentence that names the directive, the value and what is allowed")
def _(_):
    for value, wanted in WRONG:
        code, said = config_test(f'<BayeuxChannel "/x">\nBayeuxFilter {value}\n</BayeuxChannel>')
        check(code != 0 and "BayeuxFilter" in said and value.split()[0] in said and wanted in said, f"{value}: {said}")
    code, said = config_test("BayeuxFilter escape-markup")
    check(code != 0 and "BayeuxFilter" in said and "<BayeuxChannel>" in said, said)


@test("httpd -t: none stands alone, and two sections for one pattern do not both filter")
def _(_):
    for lines in ("BayeuxFilter none\nBayeuxFilter strip-markup", "BayeuxFilter strip-markup\nBayeuxFilter none"):
        code, said = config_test(f'<BayeuxChannel "/x">\n{lines}\n</BayeuxChannel>')
        check(code != 0 and "none" in said, said)
    section = '<BayeuxChannel "/x">\nBayeuxFilter strip-markup\n</BayeuxChannel>\n'
    code, said = config_test(section * 2)
    check(code != 0 and "BX0014" in said and "BayeuxFilter" in said, said)


run(lambda: Httpd(CONF))
