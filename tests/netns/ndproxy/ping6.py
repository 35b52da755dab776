#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ping6.py ADDRESS [COUNT [INTERVAL_MS [HOPS]]]: echo requests from a raw
socket without MSG_CONFIRM (iputils' ping confirms the neighbour of every
gateway on a veth, which makes a mute router look healthy). Prints
"SENT ANSWERED LONGEST_GAP_MS"; exit 0 if any answer came."""
import os, select, socket, struct, sys, time
dst = sys.argv[1]
count = int(sys.argv[2]) if len(sys.argv) > 2 else 3
every = int(sys.argv[3]) / 1000 if len(sys.argv) > 3 else 0.3
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.connect((dst, 0))
ident = os.getpid() & 0xffff
got, sent, last, gap = set(), 0, None, 0.0
start = time.monotonic()
end = start + count * every + 3.0  # returns earlier when all have come
while time.monotonic() < end and len(got) < count:
    now = time.monotonic()
    if sent < count and now >= start + sent * every:
        try:
            s.send(struct.pack("!BBHHH", 128, 0, 0, ident, sent) + b"kadomori")
        except OSError:
            pass
        sent += 1
    wait = start + sent * every - time.monotonic() if sent < count else end - time.monotonic()
    r, _, _ = select.select([s], [], [], max(0, min(wait, 0.2)))
    while r:
        try:
            p = s.recv(2048, socket.MSG_DONTWAIT)
        except OSError:
            break
        t, _, _, i, n = struct.unpack("!BBHHH", p[:8])
        if t == 129 and i == ident and n not in got:
            got.add(n)
            now = time.monotonic()
            gap = max(gap, now - (last or start))
            last = now
print(sent, len(got), int(gap * 1000))
sys.exit(0 if got else 1)
