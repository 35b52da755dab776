// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of a RouterOS export. */
#include "routers/routeros/read-own.h"

#include <string.h>

/* The chain ends with accept: what refuses the rest is a line at its end. */
static void refuse(const struct mender *m, struct mends *ret)
{
	const struct packet *p = m->a->packet;
	static const char *const from[] = {"in-interface-list=!LAN",
		"in-interface-list=WAN"};

	for (size_t i = 0; i < ARRAY_LEN(from); i++) {
		struct mend *k = mend_new(ret);
		cleanup(freep) char *line = xasprintf(
			"add chain=%s action=drop %s%s",
			p->out == ROLE_SELF ? "input" : "forward", from[i],
			p->fam == FAM_4 && p->out != ROLE_SELF
				? " connection-nat-state=!dstnat" : "");

		mend_insert(k, (unsigned)m->n + 1, p->fam == FAM_6
			? "/ipv6 firewall filter" : "/ip firewall filter");
		mend_insert(k, (unsigned)m->n + 1, line);
		k->whole = true;
	}
}

void routeros_mend(const struct mender *m, struct mends *ret)
{
	const char *s = m->a->line ? m->line[m->a->line - 1] : "";
	cleanup(freep) char *on = mend_swap(s, " disabled=yes", "");

	if (on)
		mend_replace(mend_new(ret), m->a->line, on);
	if (!strncmp(m->a->id, "open-", 5) && m->a->packet)
		refuse(m, ret);
}
