#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# join.sh OUT.mo IN.po...: one message catalogue; also laid where a program run
# from the build folder finds it.
set -eu
out=$1; shift
msgcat --use-first "$@" | msgfmt --check-format -o "$out" -
dir=$(dirname "$out")/ja/LC_MESSAGES
mkdir -p "$dir" && cp "$out" "$dir/kadomori.mo"
