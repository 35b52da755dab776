#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Run every fuzzer (or those named) for SECONDS_EACH, keeping its corpus in
# build-fuzz/corpus. Ends with one line each; a crash names its input.
#   SECONDS_EACH=600 tools/fuzz.sh intent nd
set -u
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-60}
[ -f build-fuzz/build.ninja ] ||
	CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false >/dev/null || exit 1
ninja -C build-fuzz >/tmp/kadomori-fuzz-build.log 2>&1 || { tail -n 40 /tmp/kadomori-fuzz-build.log; exit 1; }
bad=0
for exe in build-fuzz/tests/fuzz-*; do
	[ -x "$exe" ] && [ -f "$exe" ] || continue
	name=${exe##*/fuzz-}
	[ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
	corpus=build-fuzz/corpus/$name seeds=tests/fuzz/seeds/$name
	mkdir -p "$corpus"
	dict=(); [ -f "tests/fuzz/$name.dict" ] && dict=("-dict=tests/fuzz/$name.dict")
	[ -d "$seeds" ] || seeds=
	# shellcheck disable=SC2086
	if "$exe" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="build-fuzz/crash-$name-" "${dict[@]}" "$corpus" $seeds >"build-fuzz/$name.log" 2>&1; then
		echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "build-fuzz/$name.log") inputs in $seconds s, no crash"
	else
		echo "$name: CRASH, see build-fuzz/$name.log and $(ls build-fuzz/crash-"$name"-* 2>/dev/null | head -n 1)"
		bad=1
	fi
done
exit $bad
