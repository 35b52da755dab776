#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hostile IKE, DNS and reflector servers on loopback of a namespace of their own.

kadomori must end by itself, in time, with an exit code of its own, write no
file, and put no control character on the terminal but the line feed.
usage: hostile.py KADOMORI (as root; enters a new network namespace by unshare)
"""
import os, random, select, socket, struct, subprocess, sys, tempfile, threading, time

if os.geteuid() != 0:
    print("skip: needs root for network namespaces"); sys.exit(77)
if os.environ.get("KD_HOSTILE") != "1":
    os.environ["KD_HOSTILE"] = "1"
    os.execvp("unshare", ["unshare", "-n", "sh", "-c", "ip link set lo up; exec \"$@\"", "sh", sys.executable] + sys.argv)

kadomori = os.path.abspath(sys.argv[1])
rnd = random.Random(7)
ESC = b"\x1b[2J\x1b]0;owned\x07\r\n\x9b31m\x7f" + "\u009b31m".encode()

def payload(nxt, body):
    return struct.pack(">BBH", nxt, 0, 4 + len(body)) + body

def answer(q, first, payloads, flags=0x20, exch=34, ver=0x20, msgid=0, length=None):
    n = 28 + len(payloads)
    return q[:8] + b"\1" * 8 + struct.pack(">BBBBII", first, ver, exch, flags, msgid, length if length is not None else n) + payloads

def notify(nxt, t, data):
    return payload(nxt, struct.pack(">BBH", 0, 0, t) + data)

def noise(q): return bytes(rnd.randrange(256) for _ in range(rnd.randrange(1500)))
kinds = {
    "noise": lambda q: noise(q),
    "empty": lambda q: b"",
    "head only": lambda q: answer(q, 33, b""),
    "length too long": lambda q: answer(q, 33, b"", length=0xffffffff),
    "payload longer than message": lambda q: answer(q, 41, struct.pack(">BBH", 0, 0, 0xffff)),
    "payload of length 0": lambda q: answer(q, 41, b"\x29\0\0\0" * 50),
    "vendor ids that steer terminals": lambda q: answer(q, 43, payload(43, ESC) * 20 + payload(0, ESC)),
    "notify 65535 and escapes": lambda q: answer(q, 41, notify(0, 16383, ESC)),
    "ever new cookies": lambda q: answer(q, 41, notify(0, 16390, os.urandom(20))),
    "cookie too long": lambda q: answer(q, 41, notify(0, 16390, b"x" * 400)),
    "group unknown": lambda q: answer(q, 41, notify(0, 17, b"\xff\xff")),
    "group again and again": lambda q: answer(q, 41, notify(0, 17, b"\0\x13" if rnd.random() < .5 else b"\0\x0e")),
    "IKEv1": lambda q: answer(q, 1, b"", ver=0x10),
    "SA of 255 transforms": lambda q: answer(q, 33, payload(0, struct.pack(">BBHBBBB", 0, 0, 8, 1, 1, 0, 255) + b"\0\0\0\4" * 300)),
    "mutated echo": lambda q: bytes(b ^ (1 << rnd.randrange(8)) if rnd.random() < .02 else b for b in q),
    "refusal with a vendor id that steers": lambda q: answer(q, 41, notify(43, 14, b"") + payload(43, ESC) + payload(0, b"\x1b]0;x\x07")),
    "big": lambda q: answer(q, 43, payload(0, b"\x1b" * 60000)),
    "good head, noise behind": lambda q: answer(q, 33, noise(q)),
    "four thousand at once": None,
    "dns reply with error 15 and escapes": lambda q: q[:2] + b"\x81\x8f" + ESC * 20,
}
now = [None]

def bound(port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", port))
    return s

def serve(s):
    while True:
        q, a = s.recvfrom(65535)
        f = kinds[now[0]]
        try:
            if f is None:
                for _ in range(4000):
                    s.sendto(noise(q), a)
            else:
                s.sendto(f(q), a)
        except OSError:
            pass

for p in (500, 53, 40500):
    threading.Thread(target=serve, args=(bound(p),), daemon=True).start()
d = tempfile.mkdtemp()
key = os.path.join(d, "key")
with open(os.open(key, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
    f.write("0123456789abcdef0123456789abcdef\n")
work = os.path.join(d, "work"); os.mkdir(work)
runs = [
    ["probe", "ike", "127.0.0.1", "--sport", "5000", "--wait", "1"],
    ["--json", "probe", "ike", "127.0.0.1", "--sport", "5000", "--wait", "1"],
    ["--lang", "ja", "doctor", "--peer", "127.0.0.1", "--dns", "127.0.0.1", "--line", "U0"],
    ["reflect", "ask", "127.0.0.1", "--key", key],
]
bad = n = 0
for name in kinds:
    now[0] = name
    ps = [(r, subprocess.Popen([kadomori] + r, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)) for r in runs[:1]]
    for r in runs[1:]:
        if "--sport" not in r:
            ps.append((r, subprocess.Popen([kadomori] + r, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)))
    for r, p in ps:
        n += 1
        try:
            out = p.communicate(timeout=30)[0]
        except subprocess.TimeoutExpired:
            p.kill(); out = b""; print("FAIL - %s: %s does not end" % (name, r)); bad += 1; continue
        text = out.decode("utf-8", "replace")
        ctl = [c for c in text if (ord(c) < 32 and c != "\n") or 0x7f <= ord(c) < 0xa0 or c == "\ufffd"]
        if not 0 <= p.returncode <= 5 or ctl or os.listdir(work):
            print("FAIL - %s: %s: exit %s, control %r, files %r\n%r" % (name, r, p.returncode, ctl, os.listdir(work), out)); bad += 1
    # the second form by itself: the same source port
    p = subprocess.run([kadomori] + runs[1], cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
    n += 1
    if not 0 <= p.returncode <= 5 or b"\x1b" in p.stdout:
        print("FAIL - %s: JSON: exit %s %r" % (name, p.returncode, p.stdout)); bad += 1
for code in (ESC, b"KM-\x1b[31m-E09-1B", b"\xff\xfe", b"A" * 5000):
    p = subprocess.run([kadomori.encode(), b"explain-code", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    n += 1
    if p.returncode != 1 or any(c < 32 and c != 10 or c == 127 for c in p.stdout):
        print("FAIL - explain-code %r: %r" % (code, p.stdout)); bad += 1
os.unlink(key); os.rmdir(work); os.rmdir(d)
print("%d hostile answers x commands tried, %d bad" % (n, bad))
sys.exit(1 if bad else 0)
