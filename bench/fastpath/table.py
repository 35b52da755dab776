#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""table.py TSV SVG: the bench's rows as a table for people, and as a plot."""
import os
import statistics
import sys

V = ("floor", "bare redirect", "plain nftables", "ours, native", "ours, tc")
FLOOR, BARE, PLAIN, OURS, TC = range(5)
turns, memory, cold = {}, [], {}
for line in open(sys.argv[1]):
    c = line.rstrip("\n").split("\t")
    if c[0] == "cold line":
        cold[int(c[1])] = float(c[2])
    elif c[0] == "memory":
        memory.append("%s (%s, %s)" % (c[3], c[1], c[2]))
    elif c[0] == "turn":
        row = turns.setdefault((c[1], int(c[2]), int(c[3]), int(c[4])), {})
        row.setdefault(int(c[5]), {})[int(c[6])] = (float(c[7]), float(c[8]))


class Row:
    """One row of the table: its rounds, and in them the variants."""

    def __init__(self, key, rounds):
        self.what, self.size, self.flows, self.burst = key
        self.rounds = rounds.values()

    def each(self, *variants):
        """Their costs in the rounds that have all of them."""
        return [[r[v][0] for v in variants] for r in self.rounds if all(v in r for v in variants)]

    def cost(self, v):
        return statistics.median(x for x, in self.each(v)) if self.each(v) else 0

    def spread(self, v):
        x = sorted(x for x, in self.each(v))
        return "%.0f (%.0f-%.0f)" % (statistics.median(x), x[len(x) // 4], x[len(x) * 3 // 4]) if x else "-"

    def fast(self, v):
        return 100 * statistics.median(r[v][1] for r in self.rounds if v in r)

    def times(self, a, b):
        """The median of the rounds' own ratios: both were measured within the same half second."""
        x = [x / y for x, y in self.each(a, b)]
        return statistics.median(x) if x else 0

    def net(self):
        x = [(p - f) / max(o - f, 1) for f, p, o in self.each(FLOOR, PLAIN, OURS)]
        return statistics.median(x) if x else 0

    def goals(self):
        native, tc, bare = self.times(PLAIN, OURS), self.times(PLAIN, TC), self.times(BARE, OURS)
        if native < 1:
            yield "slower than plain"
        if tc < 1:
            yield "tc slower than plain"
        if "TCP" in self.what:
            if native < 1.5:
                yield "bulk TCP < 1.5 x plain"
            return
        if not self.flows:
            return
        if self.flows <= 1000 and bare < 0.95:
            yield "of bare < 0.95"
        if self.flows == 100000 and bare < 0.75:
            yield "of bare < 0.75"
        if self.size == 64 and native < 6:
            yield "< 6 x plain" + (" (bare too)" if self.times(PLAIN, BARE) < 6 else "")


rows = [Row(k, r) for k, r in turns.items()]


def say(x):
    return "%.2f" % x if x else "-"


print("ns of CPU a delivered packet: median (quarters) of %d rounds; load %s" % (
    max(len(r.rounds) for r in rows), " ".join(open("/proc/loadavg").read().split()[:3])))
print("%-14s %5s %7s | %-13s %-13s %-16s %-16s %-16s | %-22s | %-7s | %-11s | %s" % (
    "", "bytes", "flows", *V, "times plain, net, tc", "of bare", "fast, tc %", "goals missed"))
missed = 0
for r in rows:
    bad = list(r.goals())
    missed += len(bad)
    print("%-14s %5d %7s | %-13s %-13s %-16s %-16s %-16s | %5s  %6s  %6s   | %-7s | %5.1f %5.1f | %s" % (
        r.what + (" /%d" % r.burst if r.burst else ""), r.size, r.flows or "each", *(r.spread(v) for v in range(5)),
        say(r.times(PLAIN, OURS)), say(r.net()), say(r.times(PLAIN, TC)), say(r.times(BARE, OURS)), r.fast(OURS), r.fast(TC),
        "; ".join(bad)))
print()
for r in rows:
    if not r.flows:
        print("%s a second and CPU: plain %.0f, native %.0f, tc %.0f" % (r.what, *(1e9 / r.cost(v) for v in (PLAIN, OURS, TC))))
print("memory: 64 bytes a flow and direction; bytes of table in use by flows that had a lease: " + ", ".join(memory))
if cold:
    print("one cold line, each read needing the last: " + ", ".join("%.0f ns (%d flows)" % (cold[n], n) for n in sorted(cold)))
print(open(os.path.join(os.path.dirname(os.path.realpath(__file__)), "method.txt")).read(), end="")
print("%d of the goals missed in this run" % missed)

COLOURS = ("#bbb", "#58a", "#c63", "#2a6", "#8c4")
bars, y = [], 40
scale = 520 / max(r.cost(v) for r in rows for v in range(5))
for r in rows:
    bars.append('<text x="6" y="%d">%s, %d B, %s</text>' % (y + 14, r.what + (" /%d" % r.burst if r.burst else ""), r.size,
        r.flows or "each new"))
    for i, colour in enumerate(COLOURS):
        if r.cost(i):
            bars.append('<rect x="250" y="%d" width="%.1f" height="5" fill="%s"><title>%s: %.0f ns</title></rect>' % (
                y + 6 * i, r.cost(i) * scale, colour, V[i], r.cost(i)))
    y += 38
legend = "".join('<rect x="%d" y="10" width="10" height="10" fill="%s"/><text x="%d" y="19">%s</text>' % (
    200 + 118 * i, c, 214 + 118 * i, V[i]) for i, c in enumerate(COLOURS))
with open(sys.argv[2], "w") as f:
    f.write('<svg xmlns="http://www.w3.org/2000/svg" width="800" height="%d" font-family="sans-serif" font-size="11">'
        '<rect width="100%%" height="100%%" fill="white"/>%s%s<text x="250" y="%d">CPU ns a delivered packet</text></svg>\n' % (
        y + 24, legend, "".join(bars), y + 14))
