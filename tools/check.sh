#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Build with gcc (warnings are errors) and with clang under ASan/UBSan; run all
# tests; end with "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.."
setup() { # dir cc options
	[ -f "$1/build.ninja" ] && return 0
	CC=$2 meson setup "$1" "${@:3}" >"/tmp/kadomori-setup.log" 2>&1 ||
		{ cat /tmp/kadomori-setup.log; return 1; }
}
fail() { echo "$1"; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
setup build gcc && ninja -C build >/tmp/kadomori-ninja.log 2>&1 ||
	{ tail -n 60 /tmp/kadomori-ninja.log; fail "building with gcc failed"; }
setup build-san clang -Db_sanitize=address,undefined && ninja -C build-san >/tmp/kadomori-ninja.log 2>&1 ||
	{ tail -n 60 /tmp/kadomori-ninja.log; fail "building with clang and sanitizers failed"; }
passed=0 failed=0 skipped=0
run() { # dir args...
	local dir=$1 log; shift
	log=$(mktemp)
	echo "== meson test -C $dir $*"
	meson test -C "$dir" --no-rebuild --timeout-multiplier 3 --print-errorlogs "$@" >"$log" 2>&1
	grep -vE '^(Ok|Expected Fail|Fail|Unexpected Pass|Skipped|Timeout): |^ninja:|^Full log|^$' "$log"
	count() { sed -n "s/^$1: *\([0-9]*\).*/\1/p" "$log" | tail -n 1; }
	local ok; ok=$(count Ok)
	[ -n "$ok" ] || grep -q "No suitable tests" "$log" || { echo "meson gave no summary"; failed=$((failed + 1)); }
	local f t s ef up; f=$(count Fail) t=$(count Timeout) s=$(count Skipped)
	ef=$(count "Expected Fail") up=$(count "Unexpected Pass")
	passed=$((passed + ${ok:-0} + ${ef:-0}))
	failed=$((failed + ${f:-0} + ${t:-0} + ${up:-0}))
	skipped=$((skipped + ${s:-0}))
	rm -f "$log"
}
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
run build-san --suite unit
run build --suite golden --suite netns --suite story --num-processes 1
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
