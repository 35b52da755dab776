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
	static const char *const brands[] = {"yamaha", "iptables", "nftables"};
	struct read_hints h = {.wan = "wan0,lan2", .lan = "lan0"};
	struct pipeline *pl = NULL;
	struct audit *a = NULL;
	struct audit_request rq = {.has4 = true, .has6 = true};
	char *why = NULL, *text;
	int rc;

	if (n < 1)
		return 0;
	text = malloc(n);
	memcpy(text, data + 1, n - 1);
	text[n - 1] = '\0';
	if (routers_read(routers_brand(brands[data[0] % 3]), text, &h, &pl,
			&why) == 0) {
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
	free(text);
	return 0;
}
