#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A text file as the body of a C string: embed.sh IN OUT
sed -e 's/[\\"]/\\&/g' -e 's/	/\\t/g' -e 's/.*/"&\\n"/' "$1" >"$2"
