#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Read the table of rooms in ARCHITECTURE.md and refuse any other include.
# A room is entered by room/room.h only; base and wire are libraries, all of
# whose headers are public. tests/arrows.sh --self-test plants a wrong include
# and expects to be told.
set -u
root=${ARROWS_ROOT:-$(pwd)}
awk -v root="$root" '
function fail(msg) { print msg; bad = 1 }
BEGIN {
	while ((getline line < (root "/ARCHITECTURE.md")) > 0) {
		n = split(line, f, "|")
		if (n < 5 || line !~ /^\|/) continue
		room = f[2]; may = f[4]
		gsub(/[ `]/, "", room); gsub(/`/, "", may); gsub(/^ +| +$/, "", may)
		if (room == "room" || room ~ /^-+$/) continue
		known[room] = 1; allowed[room] = " " may " "
	}
	if (!("base" in known)) { print "arrows: no table of rooms in ARCHITECTURE.md"; exit 1 }
	cmd = "cd " root " && grep -rnE \"^#include \\\"[a-z0-9]+/\" src --include=*.c --include=*.h | sort"
	while ((cmd | getline line) > 0) {
		split(line, p, ":"); file = p[1]; ln = p[2]
		split(file, q, "/"); from = q[2]
		match(line, /"[^"]+"/); target = substr(line, RSTART + 1, RLENGTH - 2)
		split(target, t, "/"); to = t[1]
		count++
		if (!(from in known)) { fail(file ":" ln ": room " from " is not in the table"); continue }
		if (from == to || target ~ /\.skel\.h$/) continue
		if (!(to in known)) { fail(file ":" ln ": includes " target ", no such room"); continue }
		if (allowed[from] != " all " && index(allowed[from], " " to " ") == 0)
			fail(file ":" ln ": arrow " from " -> " to " is not in ARCHITECTURE.md")
		if (to != "base" && to != "wire" && target != to "/" to ".h")
			fail(file ":" ln ": enter room " to " by " to "/" to ".h, not " target)
	}
	if (count < 10) fail("arrows: only " count " includes seen, is the tree there?")
	exit bad
}'
rc=$?
[ "${1-}" = --self-test ] || [ "$rc" != 0 ] && [ -z "${ARROWS_SELF-}" ] && exit $rc
[ -n "${ARROWS_SELF-}" ] && exit $rc
# A test that cannot fail is a defect: show that a planted arrow is refused.
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/src" && cp ARCHITECTURE.md "$tmp/" && cp -r src/. "$tmp/src/"
echo '#include "policy/policy.h"' >"$tmp/src/base/planted.c"
out=$(ARROWS_SELF=1 ARROWS_ROOT=$tmp sh "$0") && { echo "arrows: planted include was not refused"; exit 1; }
case $out in *"src/base/planted.c:1: arrow base -> policy"*) ;; *)
	echo "arrows: planted include reported wrongly: $out"; exit 1;; esac
