#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `kadomori lab try` beside a kadomorid that opens everything: it must say so.
# (A judge that cannot say no has not said yes.) Private addresses behind it are
# in reach of who sits on the line's own wire.
set -u
kadomori=$1
[ "$(id -u)" = 0 ] || { echo "skip: needs root for network namespaces"; exit 77; }
"$(dirname "$0")/../../../tools/lab-peers.sh" || { echo "skip: strongSwan 6.0 cannot be fetched"; exit 77; }
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
cp "$kadomori" "$tmp/kadomori"
cat >"$tmp/kadomorid" <<'D'
#!/bin/sh
nft 'table inet kadomori { chain c { type filter hook forward priority 0; policy accept; }; }'
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
exec sleep 1000
D
chmod +x "$tmp/kadomorid"
"$tmp/kadomori" --lang en --json lab try --line dhcp4 >"$tmp/out"
rc=$?
python3 - "$tmp/out" "$rc" <<'P'
import json, sys
all, rc = json.load(open(sys.argv[1])), int(sys.argv[2])
bad = 0
def need(ok, what):
    global bad
    print("ok" if ok else "FAIL", "-", what)
    bad += not ok
need(rc == 2 and not all["good"], "exit code %d, not good" % rc)
for t in all["tries"]:
    if t["house"] == "bridge":
        continue
    n = sum(s["unexplained"] for s in t["sweeps"])
    need(not t["good"] and n > 2 * 131000, "%s: %d packets unexplained" % (t["house"], n))
    need(t["web_answers"]["atkan"], t["house"] + ": the web page answers, and is told")
    need(any("against the rules" in f for f in t["failed"]), "%s: %s" % (t["house"], t["failed"][0]))
sys.exit(bad > 0)
P
