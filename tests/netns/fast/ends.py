#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The ends of the soak's traffic. Each writes lines of JSON, one an event:
{"t": seconds, "kind": ..., "ok": true} or why not.

ends.py serve ADDR...                 TCP 5001, web 80, UDP 7, until killed
ends.py tcp ADDR SECONDS              streams, both ways, sums compared
ends.py web ADDR SECONDS              many small files
ends.py udp ADDR SECONDS SIZE         100 a second, echoed, sequence and sum
ends.py esp-serve ADDR...             answers ESP, until killed
ends.py esp ADDR SECONDS N            device N: IKE, then ESP with sequence and sum;
                                      SILENT in the environment: no IKE
"""
import hashlib, hmac, json, os, random, select, socket, socketserver, struct, sys
import threading, time

STREAM, RATE, FILES = 12_000_000, 4_000_000, 400
STUCK = 20  # seconds without a byte
PAUSE = float(os.environ.get("PAUSE", "0.03"))  # between web fetches


def say(kind, **more):
    line = json.dumps({"t": round(time.time(), 2), "kind": kind, **more}) + "\n"
    try:  # one write a line, of whichever thread
        os.write(1, line.encode())
    except BrokenPipeError:
        os._exit(0)


def family(addr):
    return socket.AF_INET6 if ":" in addr else socket.AF_INET


def file_of(i):
    """A small file: what and how much depends on its number only."""
    return random.Random(i).randbytes(random.Random(i).randrange(200, 60000))


# ---- serving ----

def serve_stream(c, _):
    """Their bytes until they end; then their sum, and ours for them."""
    c.settimeout(3 * STUCK)
    seed, n = struct.unpack("!QQ", c.recv(16, socket.MSG_WAITALL))
    h = hashlib.sha256()
    while n and (b := c.recv(min(n, 1 << 16))):
        h.update(b)
        n -= len(b)
    r, left, begin, sent = random.Random(seed + 1), STREAM, time.time(), 0
    c.sendall(h.digest())
    while sent < left:
        c.sendall(b := r.randbytes(16384))
        sent += len(b)
        time.sleep(max(0, begin + sent / RATE - time.time()))


def serve_web(c, _):
    c.settimeout(STUCK)
    head = b""
    while b"\r\n\r\n" not in head:
        if not (b := c.recv(4096)):
            return
        head += b
    body = file_of(int(head.split()[1][1:]))
    c.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads, request_queue_size = True, True, 64

    def __init__(self, addr, port, fn):
        self.address_family, self.fn = family(addr), fn
        super().__init__((addr, port), None)

    def finish_request(self, request, who):
        try:
            self.fn(request, who)
        except (OSError, struct.error) as e:
            say("served", ok=None, what=self.fn.__name__, who=str(who), why=repr(e))

    def handle_error(self, request, who):
        say("served", ok=None, who=str(who), why="closed")


def serve_udp(addr):
    s = socket.socket(family(addr), socket.SOCK_DGRAM)
    s.bind((addr, 7))
    while True:
        try:
            b, who = s.recvfrom(65536)
            s.sendto(b, who)
        except OSError:
            pass


def serve(*addrs):
    for a in addrs:
        for port, fn in (5001, serve_stream), (80, serve_web):
            threading.Thread(target=Server(a, port, fn).serve_forever).start()
        threading.Thread(target=serve_udp, args=(a,)).start()
    say("ready")


# ---- TCP ----

def dial(addr, port, work):
    """work(socket) says what is wrong or None; -> our port, that."""
    c = socket.socket(family(addr), socket.SOCK_STREAM)
    c.settimeout(STUCK)
    mine, step = 0, "connect: "
    try:
        c.connect((addr, port))
        mine, step = c.getsockname()[1], ""
        return mine, work(c)
    except OSError as e:
        return mine or c.getsockname()[1], step + repr(e)
    finally:
        c.close()


def one_stream(c, n):
    r, mine, sent, begin = random.Random(n), hashlib.sha256(), 0, time.time()
    c.sendall(struct.pack("!QQ", n, STREAM))
    while sent < STREAM:
        b = r.randbytes(min(16384, STREAM - sent))
        c.sendall(b)
        mine.update(b)
        sent += len(b)
        time.sleep(max(0, begin + sent / RATE - time.time()))
    if c.recv(32, socket.MSG_WAITALL) != mine.digest():
        return "WRONG SUM at the server"
    r, got, theirs, ours = random.Random(n + 1), 0, hashlib.sha256(), hashlib.sha256()
    while b := c.recv(1 << 16):
        theirs.update(b)
        got += len(b)
    want = 0
    while want < STREAM:
        ours.update(b := r.randbytes(16384))
        want += len(b)
    return None if theirs.digest() == ours.digest() else f"WRONG SUM here, {got} of {want}"


def one_fetch(c, n):
    c.sendall(b"GET /%d HTTP/1.0\r\n\r\n" % n)
    got = b""
    while b := c.recv(1 << 16):
        got += b
    body = file_of(n)
    return None if got.endswith(b"\r\n\r\n" + body) else f"WRONG BYTES: {len(got)} for {len(body)}"


def repeat(kind, port, work, addr, seconds):
    end, n = time.time() + seconds, 0
    while time.time() < end:
        begin, n = time.time(), n + 1
        mine, why = dial(addr, port, lambda c: work(c, n % FILES))
        say(kind, addr=addr, ok=not why, why=why, port=mine, begin=round(begin, 2))
        if kind == "web":
            time.sleep(PAUSE)


# ---- datagrams ----

class Told:
    """What came back of what was sent: each once, none changed."""

    def __init__(self, kind, addr, who=""):
        self.kind, self.addr, self.who, self.since = kind, addr, who, time.time()
        self.sent = self.good = self.bad = self.twice = self.foreign = 0
        self.gap, self.at, self.last, self.seen = 0.0, 0.0, time.time(), set()

    def got(self, seq):
        now = time.time()
        if now - self.last > self.gap:
            self.gap, self.at = now - self.last, self.last
        self.last = now
        self.twice += seq in self.seen
        self.good += 1
        self.seen.add(seq)
        if len(self.seen) > 100000:
            self.seen = {s for s in self.seen if s > seq - 50000}

    def tell(self, final=False):
        if not final and time.time() - self.last > self.gap:
            self.gap, self.at = time.time() - self.last, self.last
        say(self.kind, addr=self.addr, who=self.who, ok=not self.bad, sent=self.sent,
            good=self.good, bad=self.bad, twice=self.twice, foreign=self.foreign,
            gap=round(self.gap, 2), at=round(self.at, 2), final=final)
        self.gap = 0.0

    def loop(self, s, seconds, send, take):
        end, next_, told = time.time() + seconds, time.time(), time.time()
        s.setblocking(False)
        while time.time() < end + 1:
            now = time.time()
            if now >= next_ and now < end:
                next_ = max(next_ + 0.01, now - 0.1)
                self.sent += 1
                try:
                    send(self.sent)
                except OSError:
                    pass
            if select.select([s], [], [], max(0.0, min(next_ - time.time(), 0.01)))[0]:
                try:
                    take(s.recv(65536))
                except OSError:
                    pass
            if now - told > 10:
                told = now
                self.tell()
        self.tell(True)


def udp(addr, seconds, size):
    s = socket.socket(family(addr), socket.SOCK_DGRAM)
    told = Told("udp", addr)

    def whole(seq):
        body = struct.pack("!Q", seq) * (size // 8)
        return body + hashlib.sha256(body).digest()

    def take(b):
        seq, = struct.unpack("!Q", b[:8])
        if b == whole(seq):
            told.got(seq)
        else:
            told.bad += 1

    told.loop(s, seconds, lambda seq: s.sendto(whole(seq), (addr, 7)), take)


# ---- ESP ----

EPOCH = 25  # seconds of an SA; then IKE anew, and new SPIs


def spis(n, epoch):
    return 0x10000 + epoch * 16 + n, 0x20000 + epoch * 16 + n  # outbound, inbound


def esp_packet(spi, seq):
    b = struct.pack("!II", spi, seq) + bytes(range(64))
    return b + hmac.digest(b"k%d" % spi, b, "sha256")[:16]


def esp_open(b):
    """SPI and sequence number, or None if the sum is wrong."""
    spi, seq = struct.unpack("!II", b[:8])
    return (spi, seq) if b == esp_packet(spi, seq) else None


def esp_bare(addr, b):
    return b if ":" in addr else b[(b[0] & 15) * 4:]


def ike(exchange, i, r, flags):
    """A message in its outlines: what can be read of it on the way."""
    return struct.pack("!QQBBBBII", i, r, 46, 0x20, exchange, flags, exchange - 34, 60) + bytes(32)


def ike_serve(addr):
    s = socket.socket(family(addr), socket.SOCK_DGRAM)
    s.bind((addr, 500))
    while True:
        try:
            b, who = s.recvfrom(2000)
            i, _, _, _, exchange = struct.unpack("!QQBBB", b[:19])
            s.sendto(ike(exchange, i, i ^ 0x5555, 0x20), who)
        except (OSError, struct.error):
            pass


def ike_speak(s, addr, n, epoch):
    i = 0x1234567800000000 + epoch * 16 + n
    for exchange in 34, 35:
        try:
            s.sendto(ike(exchange, i, 0 if exchange == 34 else i ^ 0x5555, 8), (addr, 500))
            s.recv(2000)
        except OSError:
            return


def esp_serve_one(addr):
    s = socket.socket(family(addr), socket.SOCK_RAW, 50)
    s.bind((addr, 0))
    out = {}
    while True:
        try:
            b, who = s.recvfrom(65536)
            b = esp_bare(addr, b)
            if len(b) < 8 or not (x := esp_open(b)):
                say("esp-served", ok=False, why="bad sum", who=str(who))
                continue
            spi = x[0] + 0x10000
            out[spi] = out.get(spi, 0) + 1
            s.sendto(esp_packet(spi, out[spi]), who)
        except OSError:
            pass


def esp_serve(*addrs):
    for a in addrs:
        for f in esp_serve_one, ike_serve:
            threading.Thread(target=f, args=(a,)).start()
    say("ready")


def esp(addr, seconds, n):
    s, k = socket.socket(family(addr), socket.SOCK_RAW, 50), socket.socket(family(addr), socket.SOCK_DGRAM)
    if ":" in addr:
        k.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    k.bind(("", 500))
    k.settimeout(0.3)
    told, begin, mine, at = Told("esp", addr, n), time.time(), {}, [-1, 0]

    def send(_):
        epoch = int((time.time() - begin + n * 10) / EPOCH)  # not all at once
        if epoch != at[0] and "SILENT" not in os.environ:
            ike_speak(k, addr, n, epoch)
        if epoch != at[0]:
            mine[spis(n, epoch)[1]] = epoch
            at[:] = epoch, 0
        at[1] += 1
        s.sendto(esp_packet(spis(n, epoch)[0], at[1]), (addr, 0))

    def take(b):
        b = esp_bare(addr, b)
        if len(b) < 8 or not (x := esp_open(b)):
            told.bad += 1
        elif x[0] not in mine:
            told.foreign += 1
        else:
            told.got(mine[x[0]] << 32 | x[1])

    told.loop(s, seconds, send, take)


def main(cmd, *args):
    args = [int(a) if a.isdigit() else a for a in args]
    {"serve": serve, "udp": udp, "esp-serve": esp_serve, "esp": esp,
     "tcp": lambda a, s: repeat("tcp", 5001, one_stream, a, s),
     "web": lambda a, s: repeat("web", 80, one_fetch, a, s)}[cmd](*args)


main(*sys.argv[1:])
