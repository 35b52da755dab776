#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Small ends for the fast path's story.
flow.py udp-echo ADDR PORT           echoes until killed
flow.py udp ADDR PORT SECONDS [SIZE [SPORT [FROM]]]  200 packets a second; prints
        "sent back longest-gap-ms gap-start-s"
flow.py tcp-sink ADDR PORT           one connection: bytes, sha256; end: "eof"
flow.py tcp ADDR PORT BYTES RATE     sends, prints bytes and sha256
flow.py one ADDR PORT SPORT          one datagram
flow.py wrong ADDR PORT              a flow of wrong checksums only, and one that
        becomes hot and then has some
flow.py wrong-sink ADDR PORT SECONDS echoes; prints how many were right, wrong of
        the first, wrong of the second, wrong ones that arrived right
"""
import hashlib, random, select, socket, struct, sys, time


def sock(addr, kind):
    return socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET, kind)


def udp_echo(addr, port):
    s = sock(addr, socket.SOCK_DGRAM)
    s.bind((addr, port))
    while True:
        try:
            b, who = s.recvfrom(65536)
            s.sendto(b, who)
        except OSError:
            pass


def udp(addr, port, seconds, size=100, sport=0, mine=""):
    s = sock(addr, socket.SOCK_DGRAM)
    if sport:
        s.bind((mine or ("::" if ":" in addr else "0.0.0.0"), sport))
    s.connect((addr, port))
    s.setblocking(False)
    begin = last = time.time()
    sent = back = 0
    gap, where = 0.0, 0.0
    while time.time() - begin < seconds:
        try:
            s.send(b"x" * size)
            sent += 1
        except OSError:
            pass
        end = time.time() + 0.005
        while time.time() < end:
            try:
                s.recv(65536)
            except OSError:
                time.sleep(0.0005)
                continue
            back += 1
            now = time.time()
            if now - last > gap:
                gap, where = now - last, last - begin
            last = now
    if time.time() - last > gap:
        gap, where = time.time() - last, last - begin
    end = time.time() + 1  # what is still on its way, on a slow machine
    while back < sent and time.time() < end:
        try:
            s.recv(65536)
            back += 1
        except OSError:
            time.sleep(0.001)
    print(sent, back, int(gap * 1000), "%.1f" % where)


def tcp_sink(addr, port):
    s = sock(addr, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((addr, port))
    s.listen(8)
    c, _ = s.accept()
    c.settimeout(20)
    h, n = hashlib.sha256(), 0
    while b := c.recv(1 << 16):
        h.update(b)
        n += len(b)
    print(n, h.hexdigest(), "eof", flush=True)


def tcp(addr, port, count, rate):
    c = socket.create_connection((addr, port), 10)
    c.settimeout(20)
    r, h, n, begin = random.Random(port), hashlib.sha256(), 0, time.time()
    while n < count:
        b = r.randbytes(16384)
        c.sendall(b)
        h.update(b)
        n += len(b)
        time.sleep(max(0, begin + n / rate - time.time()))
    c.shutdown(socket.SHUT_WR)
    c.recv(1)
    print(n, h.hexdigest(), flush=True)


def one(addr, port, sport):
    s = sock(addr, socket.SOCK_DGRAM)
    s.bind(("::" if ":" in addr else "0.0.0.0", sport))
    s.sendto(b"x" * 100, (addr, port))


def udp_sum(src, dst, b):
    b = socket.inet_aton(src) + socket.inet_aton(dst) + struct.pack("!HH", 17, len(b)) + b
    n = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return ~n & 0xffff


def raw_udp(s, src, dst, sport, dport, word, off):
    """An even payload; its sum is wrong by off."""
    b = struct.pack("!HHHH", sport, dport, 8 + len(word), 0) + word
    n = udp_sum(src, dst, b) or 0xffff
    s.sendto(b[:6] + struct.pack("!H", (n + off) % 0xffff or 0xffff) + b[8:], (dst, 0))


def wrong(addr, port):
    s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 17)
    s.connect((addr, 0))
    me = s.getsockname()[0]
    hold = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for i, h in enumerate(hold):  # or the host answers port unreachable
        h.bind((me, 6001 + i))
    for i in range(40):
        raw_udp(s, me, addr, 6001, port, b"first." * 9, 77)
        time.sleep(0.005)
    for i in range(400):
        bad = i > 200 and i % 4 == 0
        raw_udp(s, me, addr, 6002, port, (b"amiss." if bad else b"right.") * 9, 77 if bad else 0)
        time.sleep(0.005)


def wrong_sink(addr, port, seconds):
    """Both what the socket takes (right sums) and what came by at all."""
    udp_, raw = sock(addr, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_RAW, 17)
    udp_.bind((addr, port))
    end, right, first, hot, mended = time.time() + seconds, 0, 0, 0, 0
    while time.time() < end:
        for s in select.select([udp_, raw], [], [], 0.1)[0]:
            b, who = s.recvfrom(65536)
            if s is udp_:
                mended += b[:6] != b"right."
                right += b[:6] == b"right."
                s.sendto(b, who)
            elif b[22:24] == struct.pack("!H", port):
                first += b[28:34] == b"first."
                hot += b[28:34] == b"amiss."
    print(right, first, hot, mended)


cmd, args = sys.argv[1], [int(a) if a.isdigit() else a for a in sys.argv[2:]]
{"udp-echo": udp_echo, "udp": udp, "tcp-sink": tcp_sink, "tcp": tcp, "one": one,
 "wrong": wrong, "wrong-sink": wrong_sink}[cmd](*args)
