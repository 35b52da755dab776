#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One line kind with the real kadomorid and real strongSwan peers: what
# `kadomori lab try` says must be good, and the bridge beside it must be open
# (a sender that sends nothing would find every gate closed).
set -u
kadomori=$1 line=$2
[ "$(id -u)" = 0 ] || { echo "skip: needs root for network namespaces"; exit 77; }
"$(dirname "$0")/../../../tools/lab-peers.sh" || { echo "skip: strongSwan 6.0 cannot be fetched"; exit 77; }
out=$(mktemp) && trap 'rm -f "$out"' EXIT
"$kadomori" --lang en --json lab try --line "$line" >"$out"
rc=$?
python3 - "$out" "$line" "$rc" <<'P'
import json, sys
line, rc = sys.argv[2], int(sys.argv[3])
all = json.load(open(sys.argv[1]))
bad = []
def need(ok, what):
    print("ok" if ok else "FAIL", "-", what)
    if not ok: bad.append(what)
tries = {t["house"]: t for t in all["tries"]}
for name, t in tries.items():
    need(t["good"], "%s: %s" % (name, t["failed"] or "good"))
    got = sum(n for s in t["sweeps"] for n in s["delivered"].values())
    sent = sum(s["sent"] for s in t["sweeps"])
    need(sent >= 2 * 2 * 65536, "%s: %d packets sent" % (name, sent))
    if name == "bridge":
        need(got >= 2 * 65536 * (1 if line == "private4" else 2), "bridge: %d delivered" % got)
        need(t["web_answers"]["atkan"], "bridge: the web page answers")
        continue
    need(sum(s["unexplained"] for s in t["sweeps"]) == 0, "%s: every packet explained" % name)
    need(not any(t["web_answers"].values()), "%s: web page closed" % name)
    if line == "private4":
        need(t["refused"]["mapping"] and t["refused"]["by_daemon"], "refused: " + t["refused"]["why"])
        need(got == 0, "%s: %d delivered" % (name, got))
        continue
    need(all["schema"] == 1 and t["ike"]["established"], name + ": IKE")
    need(t["ike"]["auth_request"]["packets"] > 1 and t["ike"]["auth_response"]["packets"] > 1, name + ": IKE_AUTH in fragments")
    need(t["esp"]["out"] >= 5 and t["esp"]["in"] >= 5, name + ": ESP both ways")
    need(t["esp_unasked"]["data_back"] == 5, name + ": ESP that comes first")
    need(t["rekey"]["good"], name + ": rekey")
need(set(tries) == ({"standard", "bridge"} if line == "private4" else {"standard", "strict", "bridge"}), "all houses tried")
need(rc == (0 if not bad else 2), "exit code %d" % rc)
sys.exit(1 if bad else 0)
P
