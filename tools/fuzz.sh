#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Run every fuzzer (or those named) for SECONDS_EACH, keeping its corpus in
# build-fuzz/corpus. Ends with one line each; a crash names its input.
#   SECONDS_EACH=600 tools/fuzz.sh intent nd
# Every reader of configurations has its turn by itself ("readers" runs all,
# "readers-yamaha" one); one text in AUDIT_SHARE is audited, too.
set -u
cd "$(dirname "$0")/.." || exit 1
seconds=${SECONDS_EACH:-60}
export AUDIT_SHARE=${AUDIT_SHARE:-16}
readers='nftables iptables openwrt yamaha ix routeros vyos edgeos ios srx pf opnsense web'
[ -f build-fuzz/build.ninja ] ||
	CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false >/dev/null || exit 1
ninja -C build-fuzz >/tmp/kadomori-fuzz-build.log 2>&1 || { tail -n 40 /tmp/kadomori-fuzz-build.log; exit 1; }
bad=0

# The samples of tests/golden/read are seeds, too, below a line with their
# reader's name; words of the reader's source are its dictionary.
reader_seeds() {
	local reader=$1 to=$2 f name src=src/routers/$1
	rm -rf "$to" && mkdir -p "$to"
	for f in tests/fuzz/seeds/readers/*; do
		case $reader:${f##*/} in
		web:w-*) cp "$f" "$to/" ;;
		*) [ "$(head -n 1 "$f")" != "$reader" ] || cp "$f" "$to/" ;;
		esac
	done
	for f in tests/golden/read/*; do
		name=${f##*/}
		case $reader:$name in
		*.asked|*.sh|*.py|*:audit-*) continue ;;
		nftables:*.nft|nftables:*.json|iptables:ipt-*|openwrt:ow-*.conf|yamaha:y-*|ix:ix-*|routeros:ros-*|vyos:vyos-*|edgeos:edge-*) ;;
		ios:ios-*|srx:srx-*|pf:pf-*|opnsense:opn-*|web:w-*) ;;
		*) continue ;;
		esac
		{ echo "$reader"; cat "$f"; } >"$to/golden-$name"
	done
	case $reader in
	web) src=src/routers/web-read.c ;;
	edgeos) src=src/routers/vyos ;;
	esac
	grep -rhoE '"[][{}A-Za-z0-9 ._/:@<>=-]{2,24}"' "$src" src/routers/value.c src/policy/*.c | sort -u >"$to.dict"
}

# run NAME EXE SEEDS DICT: one fuzzer, one line
run() {
	local name=$1 exe=$2 seeds=$3 dict=()
	[ ! -f "$4" ] || dict=("-dict=$4")
	[ -d "$seeds" ] || seeds=
	mkdir -p "build-fuzz/corpus/$name"
	# entropic=0: its bookkeeping took two thirds of the time
	# shellcheck disable=SC2086
	if "$exe" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=2048 -print_final_stats=1 -entropic=0 \
		-artifact_prefix="build-fuzz/crash-$name-" "${dict[@]}" "build-fuzz/corpus/$name" $seeds >"build-fuzz/$name.log" 2>&1; then
		echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "build-fuzz/$name.log") inputs in $seconds s, no crash"
	else
		echo "$name: CRASH, see build-fuzz/$name.log and $(ls build-fuzz/crash-"$name"-* 2>/dev/null | head -n 1)"
		bad=1
	fi
}

wanted() {
	local w
	[ "${#names[@]}" = 0 ] && return 0
	for w in "${names[@]}"; do [ "$w" != "$1" ] || return 0; done
	return 1
}

names=("$@")
for exe in build-fuzz/tests/fuzz-*; do
	[ -x "$exe" ] && [ -f "$exe" ] || continue
	name=${exe##*/fuzz-}
	if [ "$name" != readers ]; then
		wanted "$name" && run "$name" "$exe" "tests/fuzz/seeds/$name" "tests/fuzz/$name.dict"
		continue
	fi
	for reader in $readers; do
		wanted readers || wanted "readers-$reader" || continue
		reader_seeds "$reader" "build-fuzz/seeds-$reader"
		FUZZ_READER=$reader run "readers-$reader" "$exe" "build-fuzz/seeds-$reader" "build-fuzz/seeds-$reader.dict"
	done
done
exit $bad
