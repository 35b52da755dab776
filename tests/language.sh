#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Which language speaks: --lang, then the configuration, then the locale, and
# Japanese also where its locale was never generated (the usual small Debian).
set -u
k=$1 bad=0 tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
printf 'wan wan0\nlan lan0\n' >"$tmp/none.conf"
printf '# home\nwan wan0\nlan lan0\n  language ja\n' >"$tmp/ja.conf"
printf 'wan wan0\nlan lan0\nlanguage en\n' >"$tmp/en.conf"
# is WANT ENVIRONMENT... -- WORDS...
is() {
	want=$1; shift; env=
	while [ "$1" != -- ]; do env="$env $1"; shift; done
	shift
	# shellcheck disable=SC2086
	out=$(env -i PATH="$PATH" ASAN_OPTIONS="${ASAN_OPTIONS-}" $env "$k" "$@" explain-code KM-N2-E09-1B 2>&1)
	case $out in *フレッツ光*) got=ja;; *"FLET'S Hikari"*) got=en;; *) got=neither;; esac
	[ $got = "$want" ] || { echo "FAIL - $got, not $want:$env $*"; echo "$out"; bad=1; }
}
is en -- --conf "$tmp/none.conf"
is en LANG=C -- --conf "$tmp/none.conf"
is en LANG=en_US.UTF-8 -- --conf "$tmp/none.conf"
is ja LANG=ja_JP.UTF-8 -- --conf "$tmp/none.conf"
is ja LANG=ja_JP.eucJP -- --conf "$tmp/none.conf"
is ja LANG=en_US.UTF-8 LC_ALL=ja_JP.UTF-8 -- --conf "$tmp/none.conf"
is ja LC_MESSAGES=ja_JP -- --conf "$tmp/none.conf"
is en LANG=ja_JP.UTF-8 LC_ALL=C -- --conf "$tmp/none.conf"
is ja LANGUAGE=ja LANG=C.UTF-8 -- --conf "$tmp/none.conf"
is ja -- --conf "$tmp/ja.conf"
is en LANG=ja_JP.UTF-8 -- --conf "$tmp/en.conf"
is en LANG=ja_JP.UTF-8 -- --lang en --conf "$tmp/ja.conf"
is ja -- --lang=ja --conf "$tmp/en.conf"
is ja LANG=ja_JP.UTF-8 -- --conf "$tmp/there-is-no-such.conf"
"$k" --lang fr version >/dev/null 2>&1 && { echo "FAIL - --lang fr is taken"; bad=1; }
exit $bad
