#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hostile routers, DHCP, PPPoE, DNS, provisioning and STUN servers on the wire.

kadomori line must end by itself, in time, with an exit code of its own, write
no file, and put no control character on the terminal but the line feed.
usage: hostile.py KADOMORI
"""
import concurrent.futures, os, random, socket, struct, subprocess, sys, tempfile, threading, time

ESC = b"\x1b[2J\x1b]0;owned\x07\r\n\x9b31m\x7f" + "\u009b31m\u202e".encode()
D6, PFX = "2404:1a8:7f01:a::3", "240b:10:a5c0:1900::"
HOST = b"\x03vne\x07example\x02jp\x00"

def csum(b):
    if len(b) % 2: b += b"\0"
    s = sum(struct.unpack(f">{len(b) // 2}H", b))
    while s >> 16: s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff
def ip6(src, dst, nxt, body, hop=255): return struct.pack(">IHBB", 6 << 28, len(body), nxt, hop) + src + dst + body
def sum6(src, dst, nxt, body): return csum(src + dst + struct.pack(">II", len(body), nxt) + body)
def udp6(src, dst, sp, dp, data):
    u = struct.pack(">HHHH", sp, dp, 8 + len(data), 0) + data
    return ip6(src, dst, 17, u[:6] + struct.pack(">H", sum6(src, dst, 17, u) or 0xffff) + u[8:])
def opt6(c, b): return struct.pack(">HH", c, len(b)) + b
def label(*parts): return b"".join(bytes([len(p)]) + p for p in parts) + b"\0"

# ---- what each server says when it says it well, with poison in every string
def ra_body():
    pio = struct.pack(">BBBBIII", 3, 4, 64, 0xc0, 86400, 14400, 0) + socket.inet_pton(socket.AF_INET6, PFX)
    rdnss = struct.pack(">BBHI", 25, 3, 0, 600) + socket.inet_pton(socket.AF_INET6, D6)
    names = label(ESC[:40], b"flets-east", b"jp"); names += b"\0" * (-len(names) % 8)
    return struct.pack(">BBHBBHII", 134, 0, 0, 64, 0xc0, 1800, 0, 0) + pio + rdnss + struct.pack(">BBHI", 31, 1 + len(names) // 8, 0, 600) + names
def dhcp6_body(q):
    prefix = struct.pack(">IIB", 3600, 7200, 56) + socket.inet_pton(socket.AF_INET6, PFX)
    rule = bytes([1, 16, 24]) + bytes([198, 51, 100, 0]) + bytes([40]) + socket.inet_pton(socket.AF_INET6, "240b:10:a500::")[:5] + opt6(93, bytes([15, 16, 0xff, 0xff]))
    return (bytes([2 if q[0] == 1 else 7]) + q[1:4] + opt6(2, b"\0\3\0\1" + bytes(6)) + opt6(25, bytes(12) + opt6(26, prefix)) + opt6(13, b"\0\6" + ESC)
        + opt6(23, socket.inet_pton(socket.AF_INET6, D6)) + opt6(24, label(ESC[:30], b"flets-east", b"jp")) + opt6(64, label(ESC[:50], b"aftr", b"jp")) + opt6(94, opt6(89, rule) + opt6(90, bytes(16))))
def dhcp4_body(q):
    return (b"\2\1\6\0" + q[4:8] + bytes(8) + bytes([192, 168, 1, 66]) + bytes(8) + q[28:44] + bytes(192) + b"\x63\x82\x53\x63" + b"\x35\1\2" + b"\x36\4" + bytes([192, 168, 1, 1])
        + b"\x0f" + bytes([len(ESC)]) + ESC + b"\x06\4" + bytes([192, 168, 1, 1]) + b"\x1a\2\0\0" + b"\xff")
def pado_body(q):
    uniq, i = b"", 6
    while i + 4 <= len(q):
        t, n = struct.unpack(">HH", q[i:i + 4])
        if t == 0x103: uniq = q[i:i + 4 + n]
        i += 4 + n
        if t == 0: break
    tags = uniq + opt6(0x102, ESC) + opt6(0x101, ESC)
    return bytes([0x11, 7, 0, 0]) + struct.pack(">H", len(tags)) + tags
def dns_body(q, txt):
    qtype = struct.unpack(">H", q[-4:-2])[0] if len(q) > 16 else 0
    i = 12
    while i < len(q) and q[i]: i += q[i] + 1
    name, tail = q[12:i + 1], q[i + 1:i + 5]; qtype = struct.unpack(">H", tail[:2])[0] if len(tail) == 4 else 0
    if name.startswith(b"\x11k"): return q[:2] + b"\x81\x83" + q[4:6] + bytes(6) + name + tail
    data = {16: b"".join(bytes([len(txt[k:k + 255])]) + txt[k:k + 255] for k in range(0, len(txt), 255)), 28: socket.inet_pton(socket.AF_INET6, "2001:db8:e::80"),
        1: bytes([192, 168, 1, 1]), 12: label(ESC[:20], b"rev", ESC[:30], b"jp")}.get(qtype, b"")
    return q[:2] + b"\x81\x80" + q[4:6] + b"\0\1\0\0\0\0" + name + tail + b"\xc0\x0c" + tail + struct.pack(">IH", 60, len(data)) + data

def twist(mood, rnd, b, keep=0):
    """What the mood makes of an answer; the first keep bytes make it ours."""
    if mood == "noise": return b[:keep] + bytes(rnd.randrange(256) for _ in range(rnd.randrange(1200)))
    if mood == "cut": return b[:rnd.randrange(max(keep, 1), len(b) + 1)]
    if mood == "bits": return b[:keep] + bytes(x ^ (1 << rnd.randrange(8)) if rnd.random() < 0.03 else x for x in b[keep:])
    return b

def wire(ifname, mood):
    rnd = random.Random(mood)
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)); s.bind((ifname, 0))
    mac = s.getsockname()[4]
    ll = b"\xfe\x80" + bytes(6) + bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]
    while True:
        f, who = s.recvfrom(2048)
        if who[2] == socket.PACKET_OUTGOING: continue
        src, typ, out = f[6:12], f[12:14], []
        back = lambda t, p: out.append(src + mac + t + p)
        if typ == b"\x86\xdd" and f[20] == 58 and f[54] == 133:
            dst = f[22:38]; b = twist(mood, rnd, ra_body(), 4); b = b[:2] + b"\0\0" + b[4:]
            back(typ, ip6(ll, dst, 58, b[:2] + struct.pack(">H", sum6(ll, dst, 58, b)) + b[4:]))
        elif typ == b"\x86\xdd" and f[20] == 17 and f[56:58] == b"\x02\x23":
            q = f[62:]; back(typ, udp6(ll, f[22:38], 547, 546, twist(mood, rnd, dhcp6_body(q), 4)))
        elif typ == b"\x08\0" and f[23] == 17 and f[36:38] == b"\0\x43":
            b = twist(mood, rnd, dhcp4_body(f[42:]), 8)
            u = struct.pack(">HHHH", 67, 68, 8 + len(b), 0) + b
            h = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(u), 1, 0, 64, 17, 0, bytes([192, 168, 1, 1]), b"\xff" * 4)
            out.append(b"\xff" * 6 + mac + typ + h[:10] + struct.pack(">H", csum(h)) + h[12:] + u)
        elif typ == b"\x88\x63" and f[15] == 9:
            back(typ, twist(mood, rnd, pado_body(f[14:]), 6))
        for o in out:
            for _ in range(3000 if mood == "flood" else 1):
                try: s.send(o[:1514])
                except OSError: pass

HTTP = {
    "escapes": (b"200 OK\r\nX: " + ESC.replace(b"\r\n", b""), b'{"enabler_name":"\\u001b[2J\\u009b31m\\u202e","service_name":"\\r\\n\\u0007","ttl":1e99,"order":["dslite"],"dslite":{"aftr":"\\u001b]0;x\\u0007"}}'),
    "noise": (b"999 \x1b[2J", b"\x1b" * 3000), "cut": (b"200 OK", b'{"order":["map_e"'), "bits": (b"200 OK", b'{"order":{"a":' * 2000),
    "flood": (b"200 OK", None), "redirect": (b"307 x\r\nLocation: file:///etc/passwd", b""), "redirect home": (b"307 x\r\nLocation: http://[::1]:80/", b""),
    "circle": (b"307 x\r\nLocation: http://vne.example.jp/again", b""),
}
def http(mood):
    s = socket.socket(socket.AF_INET6); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("2001:db8:e::80", 80)); s.listen(16)
    head, body = HTTP.get(mood, HTTP["escapes"])
    def one(c):
        try:
            c.recv(4096); c.sendall(b"HTTP/1.1 " + head + b"\r\n" + (b"" if body is None else b"Content-Length: %d\r\n" % len(body)) + b"\r\n" + (body or b""))
            while body is None: c.sendall(b" " * 65536)
        except OSError: pass
        c.close()
    while True: threading.Thread(target=one, args=(s.accept()[0],), daemon=True).start()

TXT = b"v=v6mig-1 url=http://vne.example.jp/rule.cgi t=a"
TXTS = {"txt escapes": b"v=v6mig-1 url=http://vne.example.jp/" + ESC + b" t=a", "txt file": b"v=v6mig-1 url=file:///etc/passwd t=a", "txt long": b"v=v6mig-1 url=http://" + b"a" * 900 + b"/ t=a", "txt home": b"v=v6mig-1 url=http://[fe80::1]/ t=a"}
def udp(addr, port, mood):
    rnd = random.Random(mood + addr); s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.bind((addr, port))
    while True:
        q, a = s.recvfrom(4096)
        b = dns_body(q, TXTS.get(mood, TXT)) if port == 53 else b"\1\1" + struct.pack(">H", 24) + q[4:20] + struct.pack(">HHBB", 0x20, 20, ESC[0], 2) + ESC[:18]
        for _ in range(2000 if mood == "flood" else 1):
            try: s.sendto(twist(mood, rnd, b, 2 if port == 53 else 20), a)
            except OSError: break

# what the processes that hear strangers may: seen while a server keeps them waiting
def rights(pid, seen):
    while os.path.exists(f"/proc/{pid}"):
        try:
            for c in open(f"/proc/{pid}/task/{pid}/children").read().split():
                st = dict(l.split(":\t", 1) for l in open(f"/proc/{c}/status").read().splitlines() if ":\t" in l)
                lim = next(l.split()[3] for l in open(f"/proc/{c}/limits") if l.startswith("Max file size"))
                fds = sorted(os.readlink(f"/proc/{c}/fd/{f}").split(":")[0] for f in os.listdir(f"/proc/{c}/fd"))
                seen[c] = (st["Uid"].split()[1], st["CapEff"].strip("0").strip(), st["NoNewPrivs"].strip(), lim, tuple(sorted(set(fds))), seen.get(c, (0,) * 6)[5] + 1)
        except (OSError, StopIteration, KeyError): pass
        time.sleep(0.02)

MOODS = ["escapes", "noise", "cut", "bits", "flood", "redirect", "redirect home", "circle"] + list(TXTS)
if len(sys.argv) > 2 and sys.argv[1] == "--serve":
    mood = sys.argv[2]
    for f, args in ((wire, ("acc", mood)), (http, (mood,)), (udp, (D6, 53, mood)), (udp, ("2001:db8:e::80", 3478, mood))):
        threading.Thread(target=f, args=args, daemon=True).start()
    time.sleep(120); sys.exit()

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import net
net.need("ip")
kadomori = os.path.abspath(sys.argv[1])

def run(mood):
    bad, seen = [], b""
    with net.Net(mood) as n:
        n.node("L", "G"); n.wire("L", "acc", "G", "wan0")
        n.sh("L", f"ip -6 addr add {D6}/128 dev lo; ip -6 addr add 2001:db8:e::80/128 dev lo; ip -6 route add {PFX}/56 dev acc")
        n.sh("G", f"ip -6 addr add {PFX}9/64 dev wan0; ip -6 route add default via {n.ll('L', 'acc')} dev wan0"); n.ll("G", "wan0")
        n.spawn("L", sys.executable, os.path.abspath(__file__), "--serve", mood)
        n.wait("L", "ss -Hlun 'sport = 53' | grep -q .", 10)
        work = os.path.join(n.dir, "work"); os.mkdir(work)
        env = dict(os.environ, HOME=work, TMPDIR=work)
        for words in (["--stun", "[2001:db8:e::80]:3478"], ["--host", "--json"]):
            t, kids = time.time(), {}
            try:
                p = subprocess.Popen(["ip", "netns", "exec", n.ns("G"), kadomori, "--lang", "ja", "line", "wan0", *words], cwd=work, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                threading.Thread(target=rights, args=(p.pid, kids), daemon=True).start()
                out, err = p.communicate(timeout=45)
            except subprocess.TimeoutExpired:
                p.kill(); bad.append("did not end"); continue
            r = subprocess.CompletedProcess([], p.returncode, out, err)
            text = r.stdout + r.stderr; seen += text
            # one that has just begun has rights for a moment
            kids = {c: k for c, k in kids.items() if k[5] > 3}
            free = [k for k in kids.values() if k[:4] != ("65534", "", "1", "0") or any(f not in ("/dev/null", "pipe", "socket") for f in k[4])]
            if not kids: bad.append("no process of its own was seen")
            if free: bad.append(f"a process that hears strangers has rights: {free}")
            if r.returncode not in (0, 4): bad.append(f"exit {r.returncode}: {r.stderr[-200:]!r}")
            if any(c < 32 and c != 10 or c == 127 for c in text) or any(0x80 <= ord(c) < 0xa0 or ord(c) == 0x202e for c in text.decode("utf-8", "replace")): bad.append("a control character: " + repr([text[max(0, i - 40):i + 8] for i, c in enumerate(text) if c < 32 and c != 10][:2]))
            if "外への問い合わせが途中で終わりました" in text.decode("utf-8", "replace"): bad.append("a step ended early: it crashed, or was late")
            if os.listdir(work): bad.append(f"wrote {os.listdir(work)}")
            if time.time() - t > 30: bad.append(f"took {time.time() - t:.0f} s")
    return mood, bad, seen

with concurrent.futures.ThreadPoolExecutor(6) as pool:
    done = list(pool.map(run, MOODS))
for mood, bad, _ in done:
    print("ok  " if not bad else "FAIL", mood, "; ".join(bad))
# a test that cannot fail is a defect: the poison did get as far as the words
poisoned = next(t for m, b, t in done if m == "escapes")
if os.environ.get("KD_SHOW"): print(poisoned.decode("utf-8", "replace"))
for word in (b"?[2J", b"vne.example.jp", b"PPPoE"):
    if word not in poisoned:
        print(f"FAIL: {word} did not arrive, the test tests nothing"); sys.exit(1)
sys.exit(1 if any(b for _, b, _ in done) else 0)
