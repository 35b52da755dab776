#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Can the reflector be turned against a third party? On the wire.

	a (attacker, has the key) --+
	                            +-- br0 s (reflector)
	v (victim, never asks)    --+

The attacker knows the key, forges the victim's source address, and has cookies
of his own address. What reaches the victim is counted on its interface.
usage: reflect.py KADOMORI (root)
"""
import hashlib, hmac, os, select, socket, struct, subprocess, sys, tempfile, time

if os.geteuid() != 0:
    print("skip: needs root for network namespaces"); sys.exit(77)
kadomori = os.path.abspath(sys.argv[1])
me = "kddoctor%d" % os.getpid()
A, V, S = "185.220.101.66", "185.220.101.77", "185.220.101.10"
PORT = 40500
bad = 0

def sh(c): subprocess.run(c, shell=True, check=True)
def ns(n): return "%s-%s" % (me, n)
def inside(n, fn):
    """Run fn in a node: a forked child sends its result back."""
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        fd = os.open("/run/netns/" + ns(n), os.O_RDONLY)
        import ctypes
        ctypes.CDLL(None).setns(fd, 0x40000000)
        os.write(w, repr(fn()).encode()); os._exit(0)
    os.close(w)
    out = b""
    while True:
        b = os.read(r, 65536)
        if not b: break
        out += b
    os.waitpid(pid, 0)
    return eval(out)
def need(ok, what):
    global bad
    print("ok  " if ok else "FAIL", "-", what)
    bad += not ok

def msg(kind, nonce, body, least, key):
    m = b"KRF1" + bytes([kind, 0]) + b"\0\0" + nonce + body
    m += b"\0" * max(0, least - len(m) - 32)
    m = m[:6] + struct.pack(">H", len(m) + 32) + m[8:]
    return m + hmac.new(key, m, hashlib.sha256).digest()
def hello(nonce, key): return msg(1, nonce, b"", 256, key)
def order(nonce, cookie, number, items, key):
    body = cookie + struct.pack(">IH", number, len(items))
    for kind, port, size, tag in items:
        body += struct.pack(">BBHHHIIH", kind, 0, port, size, tag, 0x01020304, 0, 0)
    return msg(3, nonce, body, 256, key)
ITEMS = [(4, 0, 3000, 1), (2, 500, 3000, 2), (1, 7, 3000, 3), (5, 80, 0, 4)] * 5

def udp(src, sport, data):
    u = struct.pack(">HHHH", sport, PORT, 8 + len(data), 0) + data
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(u), 0, 0, 64, 17, 0, socket.inet_aton(src), socket.inet_aton(S)) + u

def counters(n):
    f = lambda k: int(subprocess.check_output(["ip", "netns", "exec", ns(n), "cat", "/sys/class/net/eth0/statistics/" + k]))
    return {k: f(k) for k in ("rx_bytes", "rx_packets", "tx_bytes")}

def attack(key):
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); mine.bind((A, 4000)); mine.settimeout(1)
    nonce = b"n" * 16
    mine.sendto(hello(nonce, key), (S, PORT))
    ch = mine.recv(2000)
    cookie = ch[24:40]
    sent = 0
    def forge(sport, data):
        nonlocal sent
        raw.sendto(udp(V, sport, data), (S, 0)); sent += 20 + 8 + len(data)
    for i in range(2000):
        forge(4000, hello(nonce, key))				# 1: hellos
        forge(4000, order(nonce, cookie, i + 1, ITEMS, key))	# 2: my cookie, your address
        forge(4000, order(nonce, os.urandom(16), i + 1, ITEMS, key))	# 3: guessed cookie
        forge(4000, order(nonce, cookie, i + 1, ITEMS, b"wrong key wrong key"))	# 4: no key
    time.sleep(1)
    return sent, len(ch)

def honest(key):
    """The same order from an address that proves itself: the control group."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((V, 4000)); s.settimeout(10)
    nonce = b"v" * 16
    s.sendto(hello(nonce, key), (S, PORT)); cookie = s.recv(2000)[24:40]
    o = order(nonce, cookie, 1, ITEMS, key)
    s.sendto(o, (S, PORT)); s.recv(2000)
    time.sleep(1)
    s.settimeout(1)
    s.sendto(o, (S, PORT))	# said again: nothing
    try: s.recv(2000); again = True
    except TimeoutError: again = False
    return again

d = tempfile.mkdtemp(); key = b"0123456789abcdef0123456789abcdef"
kf = os.path.join(d, "key")
with os.fdopen(os.open(kf, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as f: f.write(key)
srv = None
try:
    for n in "avs": sh("ip netns add %s; ip -n %s link set lo up" % (ns(n), ns(n)))
    sh("ip -n %s link add br0 type bridge; ip -n %s link set br0 up; ip -n %s addr add %s/24 dev br0" % (ns("s"), ns("s"), ns("s"), S))
    for n, a in (("a", A), ("v", V)):
        sh("ip link add eth0 netns %s type veth peer name p%s netns %s" % (ns(n), n, ns("s")))
        sh("ip -n %s link set p%s master br0 up; ip -n %s link set eth0 up; ip -n %s addr add %s/24 dev eth0" % (ns("s"), n, ns(n), ns(n), a))
        sh("ip netns exec %s sysctl -qw net.ipv6.conf.all.disable_ipv6=1" % ns(n))
    srv = subprocess.Popen(["ip", "netns", "exec", ns("s"), kadomori, "reflect", "serve", "--key", kf, "--listen", S], stderr=subprocess.PIPE)
    for _ in range(100):	# until it listens
        if subprocess.run("ip netns exec %s ss -Hlun 'sport = %d' | grep -q ." % (ns("s"), PORT), shell=True).returncode == 0: break
        time.sleep(0.1)
    before = counters("v")
    sent, challenge = inside("a", lambda: attack(key))
    after = counters("v")
    got, packets = after["rx_bytes"] - before["rx_bytes"], after["rx_packets"] - before["rx_packets"]
    print("forged: %d bytes sent in the victim's name, %d bytes in %d packets reached it (factor %.4f)" % (sent, got, packets, got / sent))
    need(sent > 2000 * 4 * 256, "the attack was sent")
    need(challenge <= 256, "the answer to a hello (%d bytes) is no longer than the hello" % challenge)
    need(got <= sent * 0.05, "less than a twentieth of what was sent reaches the victim")
    need(packets <= 40 + 8 * 10 + 10, "and only as many answers as one home is granted")
    before = counters("v")
    again = inside("v", lambda: honest(key))
    after = counters("v")
    got = after["rx_bytes"] - before["rx_bytes"]
    need(got > 15 * 3000, "an address that proves itself gets what it ordered (%d bytes)" % got)
    need(not again, "an order said twice is answered once")
    srv.terminate()
    print(srv.communicate(timeout=5)[1].decode().strip())
    need(srv.returncode == 0, "the reflector ends in order")
finally:
    if srv and srv.poll() is None: srv.kill()
    for n in "avs": subprocess.run("for p in $(ip netns pids %s); do kill -9 $p; done; ip netns del %s" % (ns(n), ns(n)), shell=True, stderr=subprocess.DEVNULL)
    os.unlink(kf); os.rmdir(d)
sys.exit(1 if bad else 0)
