#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Small ends for the fast path's story.
flow.py udp-echo ADDR PORT           echoes until killed
flow.py udp ADDR PORT SECONDS [SIZE [SPORT]]  200 packets a second; prints
        "sent back longest-gap-ms gap-start-s"
flow.py tcp-sink ADDR PORT           one connection: bytes, sha256; end: "eof"
flow.py tcp ADDR PORT BYTES RATE     sends, prints bytes and sha256
flow.py one ADDR PORT SPORT          one datagram
"""
import hashlib, random, socket, sys, time


def sock(addr, kind):
    return socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET, kind)


def udp_echo(addr, port):
    s = sock(addr, socket.SOCK_DGRAM)
    s.bind((addr, port))
    while True:
        b, who = s.recvfrom(65536)
        s.sendto(b, who)


def udp(addr, port, seconds, size=100, sport=0):
    s = sock(addr, socket.SOCK_DGRAM)
    if sport:
        s.bind(("::" if ":" in addr else "0.0.0.0", sport))
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


cmd, args = sys.argv[1], [int(a) if a.isdigit() else a for a in sys.argv[2:]]
{"udp-echo": udp_echo, "udp": udp, "tcp-sink": tcp_sink, "tcp": tcp, "one": one}[cmd](*args)
