// SPDX-License-Identifier: GPL-2.0-or-later
/* What an answer should be, as the answer's own line. */
#include "routers/web-read.h"

#include <stdio.h>
#include <string.h>

/* For a finding the answer that mends it; "": any answer so begun goes. */
static const struct {
	const char *id, *begins, *better;
} rows[] = {
	{"bridge", "ipv6 ", "ipv6 ndproxy"},
	{"level-standard", "level ", "level high"},
	{"open-home", "filter6 ", "filter6 on"},
	{"open-router", "remote ", "remote no"},
	{"forward-host", "dmz ", "dmz none"},
};

static void entry(const struct mender *m, struct mends *ret)
{
	const struct packet *p = m->a->packet;
	const char *proto = p->proto == PROTO_ESP ? "esp" : "udp";
	unsigned before = mender_find(m, 1, p->fam == FAM_6 ? "entry6 " : "map ");
	char to[ADDR_STR], port[16] = "";
	cleanup(freep) char *line = NULL;

	if (!before)
		before = (unsigned)m->n + 1;
	if (p->fam == FAM_6) {
		addr_format(FAM_6, &p->dst, to);
		if (p->dport)
			snprintf(port, sizeof(port), " port %u", p->dport);
		line = xasprintf("entry6 pass in %s from any to %s%s", proto, to,
			port);
	} else if (mender_addr4(m, to)) {
		if (p->dport)
			snprintf(port, sizeof(port), " %u", p->dport);
		line = xasprintf("map %s%s to %s", proto, port, to);
	}
	if (line)
		mend_insert(mend_new(ret), before, line);
}

/* The packet's host part is the device's; its prefix was only an example. */
static void any_prefix(const struct mender *m, struct mends *ret)
{
	const struct packet *p = m->a->packet;
	char iid[ADDR_STR], port[16] = "";
	cleanup(freep) char *line = NULL;
	struct addr a;

	if (p->fam != FAM_6 || !mender_iid(m, &a) ||
		(m->a->rq && m->a->rq->has_prefix))
		return entry(m, ret);
	if (p->dport)
		snprintf(port, sizeof(port), " port %u", p->dport);
	line = xasprintf("entry6 pass in %s from any to %s/-64%s",
		p->proto == PROTO_ESP ? "esp" : "udp",
		addr_format(FAM_6, &a, iid), port);
	mend_insert(mend_new(ret), (unsigned)m->n + 1, line);
}

void web_mend(const struct mender *m, struct mends *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unsigned line;

		if (strcmp(rows[i].id, m->a->id))
			continue;
		line = mender_find(m, 1, rows[i].begins);
		if (line)
			mend_replace(mend_new(ret), line, rows[i].better);
		else
			mend_insert(mend_new(ret), (unsigned)m->n + 1,
				rows[i].better);
	}
	if (!strcmp(m->a->id, "port-50") && m->a->line) {
		const char *s = m->line[m->a->line - 1];
		char *by = mend_swap(s, "tcp 50 ", "esp ");

		by = by ? by : mend_swap(s, "udp 50 ", "esp ");
		if (by)
			mend_replace(mend_new(ret), m->a->line, by);
		free(by);
	}
	if (mender_lets(m) && m->a->packet)
		any_prefix(m, ret);
}
