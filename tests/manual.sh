#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every command has its place in kadomori(1), every word of the configuration in
# kadomori.conf(5), and the pages are free of formatting errors.
bad=0
for c in $(sed -n 's/^CMD("\([a-z-]*\)".*/\1/p' src/cmd/kadomori/commands.def); do
	grep -q "^\.It Cm $c" man/kadomori.1 || { echo "man/kadomori.1: no .It Cm $c"; bad=1; }
done
for w in wan lan line profile device pinhole map lan4 echo language include; do
	grep -q "^\.It Cm $w" man/kadomori.conf.5 || { echo "man/kadomori.conf.5: no .It Cm $w"; bad=1; }
done
# --help lists what the sources take
for w in $(grep -hoE '"--[a-z0-9][a-z0-9-]*"' src/cmd/kadomori/cmd-*.c src/cmd/kadomori/reading.c src/cmd/kadomori/reflect-run.c |
	tr -d '"' | sort -u | grep -vxE -- '--(conf|lang|run|json|help|version)'); do
	grep -q "^OPT(\"[a-z ]*\", \"$w[ \"]" src/cmd/kadomori/options.def || { echo "options.def: no $w"; bad=1; }
done
if command -v man >/dev/null; then
	for m in man/*.[158]; do
		w=$(LC_ALL=C MANROFFSEQ= man --warnings -E UTF-8 -l "$m" 2>&1 >/dev/null)
		[ -z "$w" ] || { echo "$w"; bad=1; }
	done
fi
exit $bad
