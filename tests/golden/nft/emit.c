// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The nftables text of each packet table's household, byte for byte. A change
 * is looked at, then kept with: emit --update TABLE GOLDEN.
 * The compiler must also be deterministic: the same words, the same bytes.
 */
#include "../../lib/table.h"
#include "nft/nft.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *emitted(const char *path)
{
	struct text out = TEXT_INIT;
	struct table t;

	table_load(path, &t);
	nft_emit(t.pol, &out);
	table_done(&t);
	return text_take(&out);
}

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "re");
	struct text t = TEXT_INIT;
	char buf[4096];

	while (f && fgets(buf, sizeof(buf), f))
		text_add(&t, buf);
	if (f)
		fclose(f);
	return text_take(&t);
}

static int save(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	return !f || fputs(text, f) < 0 || fclose(f) ? 1 : 0;
}

int main(int argc, char **argv)
{
	bool update = argc == 4 && !strcmp(argv[1], "--update");
	const char *table = argv[argc - 2], *golden = argv[argc - 1];
	struct text diff = TEXT_INIT;
	char *now, *again, *want;

	if (argc != 3 && !update) {
		fprintf(stderr, "usage: emit [--update] TABLE GOLDEN\n");
		return 1;
	}
	now = emitted(table);
	again = emitted(table);
	if (strcmp(now, again)) {
		puts("the same words gave different rules");
		return 1;
	}
	if (update)
		return save(golden, now);
	want = slurp(golden);
	if (strcmp(now, want)) {
		nft_diff(want, now, &diff);
		printf("%s: '-' golden, '+' now:\n%s", golden, text_str(&diff));
		return 1;
	}
	return 0;
}
