#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every bench/*/run, one after the other. Each prints its own table: ours beside
# what there is, measured in one run.
cd "$(dirname "$0")/.." || exit 1
rc=0
for b in bench/*/run; do
	[ -x "$b" ] || continue
	"$b" || rc=$?
done
exit $rc
