// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any text as any router's configuration; what comes out is audited, so that
 * sets and interpreter must agree on it, too.
 *
 * The first line names the brand, else it is guessed. FUZZ_READER=yamaha keeps
 * to one reader whatever the first line says ("web": any router of answers).
 * AUDIT_SHARE=16 audits one text in sixteen (which ones depends on the text
 * alone, so that a crash comes back); 0 none, and without it all.
 */
#include "audit/audit.h"
#include "routers/routers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct brand *brand_of(const char *first, const char *text)
{
	const char *held = getenv("FUZZ_READER");
	const struct brand *b = routers_brand(first);

	if (held && strcmp(held, "web"))
		return routers_brand(held);
	if (held && (!b || !routers_questions(b)))
		return routers_brand("ntt");
	return b ? b : routers_guess(text);
}

static bool audits(const uint8_t *data, size_t n)
{
	const char *share = getenv("AUDIT_SHARE");
	unsigned one_in = share ? (unsigned)atoi(share) : 1;
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		h = (h ^ data[i]) * 16777619u;
	return one_in && (h ^ h >> 16) % one_in == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct brand *b;
	struct read_hints h = {.wan = "wan0,lan2", .lan = "lan0"};
	struct pipeline *pl = NULL;
	struct audit *a = NULL;
	struct audit_request rq = {.has4 = true, .has6 = true};
	char *why = NULL, *all, *text;
	int rc;

	all = malloc(n + 1);
	memcpy(all, data, n);
	all[n] = '\0';
	text = strchr(all, '\n');
	text = text ? text + 1 : all;
	if (text > all)
		text[-1] = '\0';
	b = brand_of(all, text);
	if (b && routers_read(b, text, &h, &pl, &why) == 0 && audits(data, n)) {
		(void)addrmask_parse("::211:22ff:fe33:4455/-64", &rq.device6);
		rq.device4 = addr_from4(0xc0a80109);
		rq.pl = pl;
		rc = audit_run(&rq, &a);
		if (rc == -EIO)
			abort(); /* the two ways of judging disagree */
	}
	audit_free(a);
	pipeline_free(pl);
	free(why);
	free(all);
	return 0;
}
