#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The auditor's report in both languages and its exit status.
# audit.sh KADOMORI SAMPLE GOLDEN [--update] -- OPTIONS...
set -u
kadomori=$(realpath "$1") sample=$2 golden=$3; shift 3
update=; [ "$1" = --update ] && { update=1; shift; }
shift
now=$(
	cd "$(dirname "$sample")" || exit 1
	for lang in en ja; do
		"$kadomori" --lang $lang audit "$(basename "$sample")" "$@" 2>&1
		echo "exit $?"
	done
)
[ -n "$update" ] && { printf '%s\n' "$now" >"$golden"; exit; }
diff -u "$golden" <(printf '%s\n' "$now")
