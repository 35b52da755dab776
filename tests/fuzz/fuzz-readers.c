// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any text as any router's configuration; what comes out is audited, so that
 * sets and interpreter must agree on it, too.
 */
#include "audit/audit.h"
#include "routers/routers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

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
	/* the first line names the brand; else it is guessed */
	text = strchr(all, '\n');
	text = text ? text + 1 : all;
	if (text > all)
		text[-1] = '\0';
	b = routers_brand(all);
	if (!b)
		b = routers_guess(text);
	if (b && routers_read(b, text, &h, &pl, &why) == 0) {
		(void)addrmask_parse("::211:22ff:fe33:4455/-64", &rq.device6);
		rq.device4 = addr_from4(0xc0a80109);
		rq.pl = pl;
		/* READ_ONLY=1: a hundred times as many texts for the readers */
		rc = getenv("READ_ONLY") ? 0 : audit_run(&rq, &a);
		if (rc == -EIO)
			abort(); /* the two ways of judging disagree */
	}
	audit_free(a);
	pipeline_free(pl);
	free(why);
	free(all);
	return 0;
}
