#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every brand's sheets for 20 wishes, byte for byte, English and Japanese, what
# is pasted and what takes it back. A brand without a golden file fails.
#   check.sh KADOMORI FOLDER [--update]
set -u
kadomori=$(realpath "$1") here=$2 update=${3-} bad=0
dev=(--device casa --mac 00:11:22:33:44:55)
wishes=()
for line in flets-ra flets-pd hgw dhcp4 pppoe4 map-e ds-lite private4 ipip auto; do
	wishes+=("--line $line" "--line $line --ipv4 192.168.1.9 --prefix 2404:7a80:1:1::/64 --peer 2404:1a8::/32 --peer 133.1.0.0/16")
done
sheet() {
	local w
	for w in "${wishes[@]}"; do
		echo "#### $w"
		# shellcheck disable=SC2086
		"$kadomori" --lang en settings --router "$1" "${dev[@]}" $w 2>&1
		echo "#### exit $?"
	done
	for f in raw raw-undo; do
		for w in "--line flets-pd" "--line dhcp4 --ipv4 192.168.1.9"; do
			echo "#### $f $w"
			# shellcheck disable=SC2086
			"$kadomori" --lang en settings --router "$1" "${dev[@]}" $w --format $f 2>&1
		done
	done
	echo "#### ja"
	"$kadomori" --lang ja settings --router "$1" "${dev[@]}" --line flets-ra 2>&1
	"$kadomori" --lang ja settings --router "$1" "${dev[@]}" --line dhcp4 --ipv4 192.168.1.9 2>&1
}
brands=$("$kadomori" --json routers | python3 -c 'import json,sys
for b in json.load(sys.stdin)["brands"]: print(b["id"], b["models"][0]["id"])')
[ -n "$brands" ] || { echo "no brands?"; exit 1; }
while read -r id model; do
	[ "$update" = --update ] && { sheet "$model" >"$here/$id.txt"; continue; }
	[ -s "$here/$id.txt" ] || { echo "FAIL $id has no golden file: look at the sheets, then run $0 $1 $2 --update"; bad=1; continue; }
	diff -u "$here/$id.txt" <(sheet "$model") || { echo "FAIL $id"; bad=1; }
done <<<"$brands"
exit $bad
