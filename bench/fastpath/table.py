#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""table.py TSV SVG: the bench's rows as a table for people, and as a plot."""
import os
import sys

V = ("floor", "bare redirect", "plain nftables", "ours, native", "ours, tc")
rows, cold = [], {}
for line in open(sys.argv[1]):
    c = line.rstrip("\n").split("\t")
    if c[0] == "cold line":
        cold[int(c[1])] = float(c[2])
    if len(c) == 25:
        v = [tuple(map(float, c[4 + 4 * i : 8 + 4 * i])) for i in range(5)]
        rows.append((c[0], int(c[1]), int(c[2]), int(c[3]), v, float(c[24])))


def cell(x):
    return "%.0f (%.0f-%.0f)" % x[:3] if x[0] else "-"


def times(a, b):
    return "%.2f" % (a[0] / b[0]) if a[0] and b[0] else "-"


def goals(what, size, flows, floor, bare, plain, ours, tc):
    if plain[0] < ours[0]:
        yield "slower than plain"
    if plain[0] < tc[0]:
        yield "tc slower than plain"
    if "TCP" in what:
        if plain[0] / ours[0] < 1.5:
            yield "bulk TCP < 1.5 x plain"
        return
    if not flows:
        return
    if flows <= 1000 and bare[0] / ours[0] < 0.95:
        yield "of bare < 0.95"
    if flows == 100000 and bare[0] / ours[0] < 0.75:
        yield "of bare < 0.75"
    if size == 64 and plain[0] / ours[0] < 6:
        yield "< 6 x plain" + (" (bare too)" if plain[0] / bare[0] < 6 else "")


print("ns of CPU a delivered packet: median (least-most) of rounds in turn, one machine, one run; load %s" % " ".join(
    open("/proc/loadavg").read().split()[:3]))
print("%-14s %5s %7s | %-13s %-15s %-17s %-17s %-17s | %-22s | %-7s | %-11s | %s" % (
    "", "bytes", "flows", *V, "times plain, net, tc", "of bare", "fast, tc %", "goals missed"))
missed = 0
for what, size, flows, burst, v, memory in rows:
    floor, bare, plain, ours, tc = v
    bad = list(goals(what, size, flows, *v))
    missed += len(bad)
    net = "%.2f" % ((plain[0] - floor[0]) / max(ours[0] - floor[0], 1)) if floor[0] else "-"
    print("%-14s %5d %7s | %-13s %-15s %-17s %-17s %-17s | %5s  %6s  %6s   | %-7s | %5.1f %5.1f | %s" % (
        what + (" /%d" % burst if burst else ""), size, flows or "each", *map(cell, v), times(plain, ours), net,
        times(plain, tc), times(bare, ours), 100 * ours[3], 100 * tc[3], "; ".join(bad)))
print()
for what, size, flows, burst, v, memory in rows:
    if not flows:
        print("%s a second and CPU: plain %.0f, native %.0f, tc %.0f" % (what, *(1e9 / v[i][0] for i in (2, 3, 4))))
print("memory: 64 bytes a flow and direction; bytes of table in use by flows that had a lease: " + ", ".join(
    "%.0f (%s, %d)" % (m, what, flows) for what, size, flows, burst, v, m in rows if m and size == 64 and flows >= 10000))
if cold:
    print("one cold line, each read needing the last: " + ", ".join("%.0f ns (%d flows)" % (cold[n], n) for n in sorted(cold)))
print(open(os.path.join(os.path.dirname(os.path.realpath(__file__)), "method.txt")).read(), end="")
print("%d of the goals missed in this run" % missed)

COLOURS = ("#bbb", "#58a", "#c63", "#2a6", "#8c4")
bars, y = [], 40
scale = 520 / max([p[0] for r in rows for p in r[4]] or [1])
for what, size, flows, burst, v, memory in rows:
    bars.append('<text x="6" y="%d">%s, %d B, %s</text>' % (y + 14, what + (" /%d" % burst if burst else ""), size,
        flows or "each new"))
    for i, colour in enumerate(COLOURS):
        if v[i][0]:
            bars.append('<rect x="250" y="%d" width="%.1f" height="5" fill="%s"><title>%s: %.0f ns</title></rect>' % (
                y + 6 * i, v[i][0] * scale, colour, V[i], v[i][0]))
    y += 38
legend = "".join('<rect x="%d" y="10" width="10" height="10" fill="%s"/><text x="%d" y="19">%s</text>' % (
    200 + 118 * i, c, 214 + 118 * i, V[i]) for i, c in enumerate(COLOURS))
with open(sys.argv[2], "w") as f:
    f.write('<svg xmlns="http://www.w3.org/2000/svg" width="800" height="%d" font-family="sans-serif" font-size="11">'
        '<rect width="100%%" height="100%%" fill="white"/>%s%s<text x="250" y="%d">CPU ns a delivered packet</text></svg>\n' % (
        y + 24, legend, "".join(bars), y + 14))
