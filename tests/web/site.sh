#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The published pages as a reader meets them: written, then opened in Chromium
# on a phone's width, at a desk and on paper. The npm packages that drive it are
# kept outside the tree; nothing of them is shipped.
#   site.sh KADOMORI [--all] [--shots FOLDER]
set -u
kadomori=$1; shift
here=$(cd "$(dirname "$0")" && pwd)
for p in node npm chromium; do
	command -v $p >/dev/null || { echo "skip: $p is not installed"; exit 77; }
done
tools=${KADOMORI_WEB_TOOLS:-/var/cache/kadomori/web}
mkdir -p "$tools" || exit 1
if ! cmp -s "$here/package.json" "$tools/package.json" || [ ! -d "$tools/node_modules/playwright-core" ]; then
	cp "$here/package.json" "$tools/" && (cd "$tools" && npm install --no-audit --no-fund --no-package-lock --ignore-scripts >npm.log 2>&1) ||
		{ tail -n 5 "$tools/npm.log"; echo "npm could not install playwright-core and axe-core"; exit 1; }
fi
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
"$kadomori" site "$tmp/site" || exit 1
cp "$here/site.mjs" "$tmp/" && ln -s "$tools/node_modules" "$tmp/node_modules"
node "$tmp/site.mjs" "$tmp/site" "$@"
