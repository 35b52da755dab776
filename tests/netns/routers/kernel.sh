#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel judges the sheets for Linux: the text of "kadomori settings" for the
# household in each packet table is loaded in the gateway's namespace, and every
# packet of the table must fare as the table and the policy say. A sheet without
# its last opening must be told from a whole one, or this judge is worth nothing.
#   kernel.sh KADOMORI JUDGE FOLDER
set -u
[ "$(id -u)" = 0 ] || { echo "skip: needs root for network namespaces"; exit 77; }
command -v iptables >/dev/null || { echo "skip: iptables is not installed"; exit 77; }
kadomori=$(realpath "$1") judge=$(realpath "$2") tables=$3 bad=0
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
sheet() { # router, table
	sed -n '/^conf$/,/^end$/p' "$tables/$2.tbl" | sed '1d;$d' >"$tmp/conf"
	"$kadomori" --conf "$tmp/conf" settings --router "$1" --line "$(awk '/^line/{print $2}' "$tmp/conf")" --format raw 2>"$tmp/err"
}
judge() { # router, table, text
	local load="nft -f $3"
	[ "$1" = iptables ] && load="sh -e $3"
	"$judge" --rules "$load" "$tables/$2.tbl"
}
for t in settings6 settings4 settings6-self settings4-self; do
	for r in nftables iptables; do
		case $r-$t in iptables-*-self) continue ;; esac # its sheet leaves INPUT alone
		sheet $r $t >"$tmp/text" && [ -s "$tmp/text" ] || { echo "FAIL $r $t: $(cat "$tmp/err")"; bad=1; continue; }
		if judge $r $t "$tmp/text"; then echo "ok   $r $t"; else echo "FAIL $r $t"; bad=1; fi
	done
done
for r in nftables iptables; do
	sheet $r settings6 | grep -v 'esp.*counter accept\|-p esp' >"$tmp/less"
	judge $r settings6 "$tmp/less" >"$tmp/out" && { echo "FAIL $r: a sheet without ESP was called good"; bad=1; }
done
exit $bad
