# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by stories with limits of time: how long the machine stood still
# (still.c; KADOMORI_STILL is its program). Needs $tmp.
#
# lost		milliseconds of all CPUs since still_start, 0 without the program
# steady CMD	CMD measures and judges. It may fail again as long as the machine
#		stood still meanwhile; the first time that it did not is the last.
still_start() {
	[ -x "${KADOMORI_STILL:-}" ] || return 0
	"$KADOMORI_STILL" "$tmp/still" &
	still_pid=$!
	disown $still_pid
}
still_end() { [ -z "${still_pid:-}" ] || kill "$still_pid" 2>/dev/null; }
lost() { if [ -e "$tmp/still" ]; then "$KADOMORI_STILL" "$tmp/still" ms; else echo 0; fi; }
steady() {
	local t i
	for i in $(seq 12); do
		t=$(lost)
		"$@" && return 0
		t=$(($(lost) - t))
		[ "$t" -gt 60 ] || return 1
		echo "  (the machine stood still for $t ms: once more)"
	done
	return 1
}
