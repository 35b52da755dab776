#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every sentence inside _() or N_() has its Japanese; none is fuzzy.
set -eu
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
find src -name '*.[ch]' -o -name '*.def' | sort | xargs xgettext --language=C --from-code=UTF-8 \
	-k_ -kN_ --no-location -o "$tmp/all.pot"
msgcat --use-first po/ja/*.po >"$tmp/ja.po"
msgmerge -q --no-fuzzy-matching "$tmp/ja.po" "$tmp/all.pot" -o "$tmp/merged.po"
# of several lines: msgid "" and the first of them
missing=$(msgattrib --untranslated --no-obsolete --no-wrap "$tmp/merged.po" | sed -n '/^msgid ""$/{n;/^msgstr/!p;d};/^msgid/p' || true)
fuzzy=$(msgattrib --only-fuzzy --no-obsolete "$tmp/ja.po" | grep -c '^msgid' || true)
[ -z "$missing" ] && [ "$fuzzy" = 0 ] && exit 0
echo "sentences without Japanese (add them to po/ja/<room>.po):"
echo "$missing"
exit 1
