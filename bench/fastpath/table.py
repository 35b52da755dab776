#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""table.py TSV SVG: the bench's rows as a table for people, and as a plot."""
import sys

rows = []
for line in open(sys.argv[1]):
    c = line.rstrip("\n").split("\t")
    if len(c) != 18:
        continue
    v = [tuple(map(float, c[4 + 3 * i : 7 + 3 * i])) for i in range(4)]
    rows.append((c[0], int(c[1]), int(c[2]), int(c[3]), *v, float(c[16])))

print("ns of CPU a delivered packet: median (least-most) of rounds in turn, one machine, one run")
print("%-17s %5s %8s | %-15s %-15s %-17s %-17s | %7s %7s %7s %6s  goals" % (
    "", "bytes", "flows", "floor", "bare redirect", "plain nftables", "ours", "/plain", "net", "of bare", "fast"))
missed = 0
for what, size, flows, burst, floor, bare, plain, ours, hit in rows:
    cell = lambda x: "%.0f (%.0f-%.0f)" % x if x[0] else "-"
    times = plain[0] / ours[0]
    net = (plain[0] - floor[0]) / max(ours[0] - floor[0], 1)
    of_bare = bare[0] / ours[0]
    goals = []
    if times < 1:
        goals.append("slower than plain")
    if "TCP" in what:
        if times < 1.5:
            goals.append("bulk TCP < 1.5")
    elif flows:
        if flows <= 1000 and of_bare < 0.95:
            goals.append("of bare < 0.95")
        if flows == 100000 and of_bare < 0.75:
            goals.append("of bare < 0.75")
        if size == 64 and times < 6:
            goals.append("< 6 x plain")
    missed += len(goals)
    name = what + (" /%d" % burst if burst else "")
    print("%-17s %5d %8s | %-15s %-15s %-17s %-17s | %6.2fx %6.2fx %7s %5.1f%%  %s" % (
        name, size, flows or "each", cell(floor), cell(bare), cell(plain), cell(ours), times, net,
        "%.2f" % of_bare if bare[0] else "-", 100 * hit, "; ".join(goals) or "met"))
print("""
floor: generator, veth, drop at the gateway. bare: XDP rewrites MACs and redirects. plain: nftables, conntrack
established, masquerade for IPv4. ours: the same rules, XDP lease cache in front, samples and renewals within the window.
/plain: whole chain; net: both less the floor (what a NIC driver would see, less its own work); fast: packets by lease.
Method: XDP generator under BPF_PROG_TEST_RUN live frames, batches of 64, run to completion on one CPU; checksums of layer 4
taken as verified by the NIC (nf_conntrack_checksum=0). veth, no NIC: ratios hold for the CPU, not for a NIC's own cost.
/N behind TCP: segments of one flow in a row, merged by GRO on the plain way. "each": every packet is a new flow.
Memory: 64 bytes a flow and direction, four-way sets, two slots a flow advised: 256 bytes a flow with both directions.
The tables: 131,072 flows-and-directions a 32 MiB table holds four of each; a million flows were given 128 MiB.""".replace(
    "The tables: 131,072 flows-and-directions a 32 MiB table holds four of each; a million", "Up to 100,000 flows the table had 32 MiB (524,288 slots), a million"))
print("%d of the goals missed in this run" % missed)

bars, y = [], 40
scale = 520 / max([p[0] for r in rows for p in r[4:8]] or [1])
for what, size, flows, burst, *v, hit in rows:
    bars.append('<text x="6" y="%d">%s, %d B, %s</text>' % (y + 12, what + (" /%d" % burst if burst else ""), size, flows or "each new"))
    for i, colour in enumerate(("#bbb", "#58a", "#c63", "#2a6")):
        if v[i][0]:
            bars.append('<rect x="250" y="%d" width="%.1f" height="6" fill="%s"><title>%.0f ns</title></rect>' % (
                y + 7 * i, v[i][0] * scale, colour, v[i][0]))
    y += 36
legend = "".join('<rect x="%d" y="10" width="10" height="10" fill="%s"/><text x="%d" y="19">%s</text>' % (250 + 130 * i, c, 264 + 130 * i, n)
    for i, (c, n) in enumerate((("#bbb", "floor"), ("#58a", "bare redirect"), ("#c63", "plain nftables"), ("#2a6", "kadomori"))))
open(sys.argv[2], "w").write('<svg xmlns="http://www.w3.org/2000/svg" width="800" height="%d" font-family="sans-serif" font-size="11">'
    '<rect width="100%%" height="100%%" fill="white"/>%s%s<text x="250" y="%d">CPU ns a delivered packet</text></svg>\n' % (
    y + 24, legend, "".join(bars), y + 14))
