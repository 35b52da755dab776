#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a reader makes of a configuration: everything that may come in from
# outside, and what was not understood. check.sh KADOMORI SAMPLE [--update]
set -u
kadomori=$(realpath "$1") sample=$2 golden=$2.asked
opts=()
case $sample in */nft-*) opts=(--wan wan0 --lan lan0) ;; esac
now=$(
	cd "$(dirname "$sample")" || exit 1
	for to in lan self; do
		"$kadomori" --lang en ask "$(basename "$sample")" "${opts[@]}" any from wan to $to 2>&1
		rc=$?
		[ $rc = 5 ] && exit 5
	done
)
[ $? = 5 ] && { echo "skip: $now"; exit 77; }
[ "${3-}" = --update ] && { printf '%s\n' "$now" >"$golden"; exit; }
diff -u "$golden" <(printf '%s\n' "$now")
