#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The day (day.c) with the NDP filter in the kernel and without it, at once: each
# in namespaces of its own, both mostly wait.
# usage: day.sh DAY KADOMORID KADOMORI
log=$(mktemp)
trap 'rm -f "$log"' EXIT
KADOMORI_NDP_FILTER=off "$@" >"$log" 2>&1 &
off=$!
echo "== with the filter"
KADOMORI_NDP_FILTER=on "$@"
on=$?
wait $off
off=$?
echo "== without it"
cat "$log"
[ $on = 0 ] && exit $off
exit $on
