#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The questionnaire: typed numbers and words become the file that is judged, and
# judging that file again says the same. ask.sh KADOMORI
set -eu
k=$1 dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT
run() { printf '%s\n' "$@" | "$k" --lang en audit --ask "$router" --save "$dir/answers" --mac 00:11:22:33:44:55 2>"$dir/asked"; }
router=pr-500
run yes 2 on 2 'pass in udp from any to 2404:7a80:1:1:211:22ff:fe33:4455 port 500' \
	'pass in 50 from any to 2404:7a80:1:1:211:22ff:fe33:4455' '' '' none no >"$dir/first"
grep -q 'The device: IKE and ESP from outside reach it' "$dir/first"
grep -q 'The home: nothing else was found open' "$dir/first"
"$k" --lang en audit "$dir/answers" --mac 00:11:22:33:44:55 >"$dir/again"
sed 1d "$dir/first" >"$dir/a"; sed 1d "$dir/again" >"$dir/b"
diff "$dir/a" "$dir/b"
rm "$dir/answers" # a word that is no choice is asked again; nothing is "not known"
run yes maybe 2 '' '' '' '' none '' >"$dir/vague" && exit 1
grep -q 'type a number from 1 to 5' "$dir/asked"
grep -q 'could not be decided' "$dir/vague"
grep -q '^level unknown$' "$dir/answers"
# an Aterm and the same wishes as lines for a Yamaha: what changes hands
printf 'router aterm\nipv6 bridge\n' >"$dir/old"
"$k" --lang en settings --router rtx830 --device casa --mac 00:11:22:33:44:55 --line flets-ra --format raw >"$dir/new"
"$k" --lang en compare "$dir/old" "$dir/new" >"$dir/moved" && exit 1
grep -q 'Came in from outside only with the old one' "$dir/moved"
# every router that has web pages only can be asked about
makers=$("$k" --json routers | python3 -c 'import json, sys
for b in json.load(sys.stdin)["brands"]:
    c = b["can"]
    if c["text"]["answer"] == "no": print(b["models"][0]["id"])')
[ "$(echo "$makers" | wc -l)" -ge 9 ]
for router in $makers; do
	case $router in pr-500|opnsense) continue ;; esac # asked above; is read
	rm -f "$dir/answers"
	run 2 on 'pass in udp from any to 2404:7a80:1:1:211:22ff:fe33:4455 port 500' \
		'pass in 50 from any to 2404:7a80:1:1:211:22ff:fe33:4455' '' '' none no >"$dir/first" || { cat "$dir/first"; echo "$router"; exit 1; }
	grep -q 'The device: IKE and ESP from outside reach it' "$dir/first"
done
