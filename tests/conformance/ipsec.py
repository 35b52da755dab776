#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""EP-1..30 and FR-1..16: one row for each requirement, with what was sent and
what was seen. Real packets through kadomorid in network namespaces,

    h1, h2  192.168.7.11, .12 -- br0  gw  wan0 -- p  101.1.1.1, 101.2.2.1
            2404:1a8:7::11, ::12                     2404:1a8:1::1

rows that take hours in the simulator, and what another test shows better is
named. usage: ipsec.py KADOMORI JUNK ESPNAT-PAIR [PART-OF-ID]"""
import atexit, ctypes, json, os, random, shutil, socket, struct, subprocess, sys, tempfile, time

if os.geteuid():
    print("skip: needs root for network namespaces")
    sys.exit(77)
KADOMORI, JUNK, PAIR = (os.path.abspath(x) for x in sys.argv[1:4])
ONLY = sys.argv[4] if len(sys.argv) > 4 else ""
N = "kdcf%d" % os.getpid()
TMP = tempfile.mkdtemp()
ENV = dict(os.environ, KADOMORI_RUN=TMP + "/run", LC_ALL="C.UTF-8")
CONF = TMP + "/k.conf"
WAN, P, P2, H = "101.1.1.2", "101.1.1.1", "101.2.2.1", ["192.168.7.11", "192.168.7.12"]
WAN6, P6, H6 = "2404:1a8:1::2", "2404:1a8:1::1", ["2404:1a8:7::11", "2404:1a8:7::12"]
STANDARD = """wan wan0
lan br0
line dhcp4
profile standard
device one ipsec mac 00:00:5e:00:53:11 ipv4 192.168.7.11 id ::11
"""
rows, failed = [], 0
libc = ctypes.CDLL(None, use_errno=True)

def sh(cmd, **kw):
    return subprocess.run(cmd, shell=True, text=True, capture_output=True, **kw)

def must(cmd):
    r = sh(cmd)
    if r.returncode:
        print("%s: %s" % (cmd, r.stderr))
        sys.exit(1)
    return r.stdout

def enter(ns):
    fd = os.open(ns, os.O_RDONLY)
    if libc.setns(fd, 0x40000000):
        sys.exit("setns %s" % ns)
    os.close(fd)

def sock(ns, fam, kind, proto=0, bind=None):
    """A socket that lives in a namespace."""
    enter("/run/netns/%s-%s" % (N, ns))
    s = socket.socket(fam, kind, proto)
    enter(HERE)
    s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20) # SO_RCVBUFFORCE
    if bind:
        s.bind(bind)
    return s
HERE = "/tmp/.%s" % N

def net():
    for i in ("h1", "h2", "gw", "p"):
        if sh("ip netns add %s-%s" % (N, i)).returncode:
            print("skip: no network namespaces")
            sys.exit(77)
        must("ip -n %s-%s link set lo up" % (N, i))
    must("touch %s; mount --bind /proc/self/ns/net %s" % (HERE, HERE))
    gw, p = "ip -n %s-gw" % N, "ip -n %s-p" % N
    for i in ("gw", "p", "h1", "h2"):
        sh("ip netns exec %s-%s sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0" % (N, i))
    must("%s link add br0 type bridge; %s link set br0 up; %s addr add 192.168.7.1/24 dev br0; %s addr add 2404:1a8:7::1/64 dev br0 nodad" % ((gw,) * 4))
    for i in (1, 2):
        h = "ip -n %s-h%d" % (N, i)
        must("%s link add eth0 address 00:00:5e:00:53:1%d type veth peer name l%d netns %s-gw; %s link set l%d master br0 up" % (h, i, i, N, gw, i))
        must("%s addr add 192.168.7.1%d/24 dev eth0; %s addr add 2404:1a8:7::1%d/64 dev eth0 nodad; %s link set eth0 up; %s route add default via 192.168.7.1; %s route add default via 2404:1a8:7::1" % (h, i, h, i, h, h, h))
    must("%s link add wan0 type veth peer name eth0 netns %s-p; %s addr add 101.1.1.2/24 dev wan0; %s addr add 2404:1a8:1::2/64 dev wan0 nodad; %s link set wan0 up; %s route add default via 101.1.1.1; %s route add default via 2404:1a8:1::1" % (gw, N, gw, gw, gw, gw, gw))
    must("%s addr add 101.1.1.1/24 dev eth0; %s addr add 101.2.2.1/32 dev eth0; %s addr add 2404:1a8:1::1/64 dev eth0 nodad; %s link set eth0 up; %s route add 2404:1a8:7::/64 via 2404:1a8:1::2" % ((p,) * 5))

def gone():
    k("down")
    for i in ("h1", "h2", "gw", "p"):
        sh("ip netns del %s-%s" % (N, i))
    sh("umount %s; rm -f %s" % (HERE, HERE))
    shutil.rmtree(TMP, ignore_errors=True)

def k(args):
    return sh("ip netns exec %s-gw %s --lang en --conf %s %s" % (N, KADOMORI, CONF, args), env=ENV)

def conf(text, fresh=True):
    with open(CONF, "w") as f:
        f.write(text)
    r = k("up" if fresh else "apply")
    if r.returncode:
        sys.exit("kadomori: %s%s" % (r.stdout, r.stderr))
    if fresh:
        sh("ip netns exec %s-gw sysctl -qw net.ipv6.conf.all.forwarding=1" % N)
    for _ in range(80):
        if '"counters"' in k("status --json").stdout:
            return
        time.sleep(0.1)

def status():
    return json.loads(k("status --json").stdout)["ipsec"]

def row(name, what, good, seen, also=""):
    """good: True, False or None: documented only."""
    global failed
    failed += good is False
    word = {True: "yes", False: "NO", None: "says"}[good]
    rows.append((name, word))
    print("%-6s %-4s %-46s %s%s" % (name, word, what, seen, "  [%s]" % also if also else ""), flush=True)

# ---- rows that passtest plays ----

def play(name, what, passrow, args="", ns=True, also=""):
    ends = " --device %s-h1/%s --device %s-h2/%s --peer %s-p/%s --peer %s-p/%s" % (N, H[0], N, H[1], N, P, N, P2)
    r = sh("%s passtest --json --row %s %s %s" % (KADOMORI, passrow, args, ends if ns else "--sim --hosts 4 --peers 2 --rounds 2"), env=ENV)
    try:
        v = json.loads(r.stdout)["rows"][passrow]
    except (ValueError, KeyError):
        return row(name, what, False, "passtest: " + r.stderr.strip())
    if not ns:
        v = v["kadomori"]
    row(name, what, r.returncode == 0, "%s: %d packets sent, %.2f %% arrived, %d misdelivered, %d copies" % (
        "live" if ns else "simulated, 4 devices, 2 peers", v["sent"], v["delivered_percent_x100"] / 100, v["misdelivered"], v["copies"]), also)

# ---- packets ----

def csum(b):
    b += b"\0" * (len(b) % 2)
    s = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff

def ip4(src, dst, proto, body, ident=0, off=0, more=False, ttl=64):
    h = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), ident, (0x2000 if more else 0) | off // 8, ttl, proto, 0,
                    socket.inet_aton(src), socket.inet_aton(dst))
    return h[:10] + struct.pack("!H", csum(h)) + h[12:] + body

def pieces(src, dst, proto, body, ident, cuts):
    """The datagram in fragments that begin at the cuts."""
    ends = cuts[1:] + [len(body)]
    return [ip4(src, dst, proto, body[a:e], ident, a, e < len(body)) for a, e in zip(cuts, ends)]

def udp(sport, dport, body):
    return struct.pack("!HHHH", sport, dport, 8 + len(body), 0) + body

def ike(spi, exchange, n, payload=46):
    body = bytes(random.randrange(256) for _ in range(n - 32))
    return struct.pack("!QQBBBBII", spi, 0 if exchange == 34 else 7, payload, 0x20, exchange, 8, exchange != 34, n) + struct.pack("!BBH", 0, 0, n - 28) + body

def esp(spi, seq, n=40):
    return struct.pack("!II", spi, seq) + bytes(n)

def raw(ns, src):
    s = sock(ns, socket.AF_INET, socket.SOCK_RAW, 255, (src, 0))
    return lambda pkt, dst: s.sendto(pkt, (dst, 0))

def all_of(s, wait=1.0):
    """What arrives until wait seconds are silent or gone."""
    got, end = [], time.time() + wait
    while time.time() < end:
        s.settimeout(max(0.01, end - time.time()))
        try:
            got.append(s.recv(70000))
        except (TimeoutError, socket.timeout):
            break
    return got

def has(s, body, wait=1.5):
    end = time.time() + wait
    while time.time() < end:
        s.settimeout(max(0.01, end - time.time()))
        try:
            if s.recv(70000).endswith(body):
                return True
        except (TimeoutError, socket.timeout):
            return False
    return False

def empty(*socks):
    for s in socks:
        s.settimeout(0)
        try:
            while True:
                s.recv(70000)
        except (BlockingIOError, OSError):
            pass

exec(open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "rows.py")).read())
