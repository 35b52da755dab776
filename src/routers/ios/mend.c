// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines of an IOS access list: one that lets the device's packets pass, in front
 * of the line that stops them or at the head of each list in turn.
 */
#include "routers/ios/read-own.h"

#include <stdio.h>
#include <string.h>

static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

/* The device's address as the configuration has it, or under --prefix. */
static bool address6(const struct mender *m, char buf[ADDR_STR])
{
	const struct request *rq = m->a->rq;
	struct addrmask low = {.fam = FAM_6, .mask = mask_suffix(FAM_6, 64)};
	struct addr a, iid;

	if (!mender_iid(m, &iid))
		return false;
	iid = addr_and(&iid, &low.mask);
	for (size_t i = 0; i < m->n; i++)
		for (const char *p = m->line[i]; *p; p += strspn(p, " ")) {
			size_t n = strcspn(p, " /");
			cleanup(freep) char *word = xstrndup(p, n);
			enum family fam;
			struct addr host;

			p += strcspn(p, " ");
			if (addr_parse(word, &fam, &a) || fam != FAM_6)
				continue;
			host = addr_and(&a, &low.mask);
			if (addr_cmp(&host, &iid) || !addr_cmp(&host, &a))
				continue;
			addr_format(FAM_6, &a, buf);
			return true;
		}
	if (!rq || !rq->has_prefix)
		return false;
	a = addr_or(&rq->prefix.value, &iid);
	addr_format(FAM_6, &a, buf);
	return true;
}

/* "udp any host ADDRESS eq 500"; by IPv4 the list is asked before translation. */
static char *words(const struct mender *m)
{
	const struct packet *p = m->a->packet;
	char to[ADDR_STR], port[16] = "";
	const char *proto = p->proto == PROTO_UDP ? "udp"
			    : p->proto == PROTO_ESP ? "esp" : NULL;

	if (p->proto == PROTO_ICMPV6)
		return xstrdup("icmp any any packet-too-big");
	if (!proto || (p->fam == FAM_6 && !address6(m, to)))
		return NULL;
	if (p->proto == PROTO_UDP)
		snprintf(port, sizeof(port), " eq %u", p->dport);
	return p->fam == FAM_6 ? xasprintf("%s any host %s%s", proto, to, port)
			       : xasprintf("%s any any%s", proto, port);
}

static void let(const struct mender *m, struct mends *ret)
{
	bool six = m->a->packet->fam == FAM_6;
	cleanup(freep) char *what = words(m);
	cleanup(freep) char *line = NULL;
	unsigned at = m->a->line;
	unsigned number;

	if (!what)
		return;
	line = xasprintf(" permit %s", what);
	if (at && (begins(m->line[at - 1], "deny ") ||
			begins(m->line[at - 1], "permit ")))
		mend_insert(mend_new(ret), at, line);
	if (at && sscanf(m->line[at - 1], "access-list %u ", &number) == 1) {
		cleanup(freep) char *one = xasprintf("access-list %u permit %s",
			number, what);

		mend_insert(mend_new(ret), at, one);
	}
	for (size_t i = 0; i < m->n; i++)
		if (begins(m->line[i], six ? "ipv6 access-list "
					   : "ip access-list extended "))
			mend_insert(mend_new(ret), (unsigned)i + 2, line);
}

void ios_mend(const struct mender *m, struct mends *ret)
{
	if (mender_lets(m) && m->a->packet)
		let(m, ret);
}
