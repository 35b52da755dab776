// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of an nftables text, as "nft list ruleset" writes it. */
#include "routers/nftables/read-own.h"

#include <stdio.h>
#include <string.h>

static void service(const struct packet *p, char buf[64])
{
	if (p->proto == PROTO_UDP)
		snprintf(buf, 64, "udp dport %u", p->dport);
	else if (p->proto == PROTO_ICMPV6)
		snprintf(buf, 64, "icmpv6 type %u", p->icmp_type);
	else
		snprintf(buf, 64, "meta l4proto %u", p->proto);
}

static void between(const struct mender *m, char buf[128])
{
	const struct request *rq = m->a->rq;
	int n = 0;

	*buf = '\0';
	if (rq && rq->wan)
		n = snprintf(buf, 128, "iifname \"%.*s\" ",
			(int)strcspn(rq->wan, ", "), rq->wan);
	if (rq && rq->lan && n >= 0 && n < 100)
		snprintf(buf + n, 128 - (size_t)n, "oifname \"%.*s\" ",
			(int)strcspn(rq->lan, ", "), rq->lan);
}

/*
 * In front of the line that stops it; where a chain's policy does (of which only
 * the word is known), at the end of each forward chain in turn.
 */
static void put(const struct mender *m, const char *rule, struct mends *ret)
{
	unsigned at = 0;

	if (m->a->line && strncmp(m->line[m->a->line - 1], "type filter", 11))
		mend_insert(mend_new(ret), m->a->line, rule);
	for (size_t i = 0; i < m->n; i++)
		if (strstr(m->line[i], "hook forward")) {
			at = mender_find(m, (unsigned)i + 2, "}");
			if (at)
				mend_insert(mend_new(ret), at, rule);
		}
}

/* What no rule names is refused: the policy, or a rule at the chain's end. */
static void refuse(const struct mender *m, struct mends *ret)
{
	const char *hook = m->a->packet->out == ROLE_SELF ? "hook input"
							    : "hook forward";
	const struct request *rq = m->a->rq;
	unsigned end;

	for (size_t i = 0; i < m->n; i++) {
		cleanup(freep) char *better = NULL;
		cleanup(freep) char *rule = NULL;

		if (!strstr(m->line[i], hook))
			continue;
		better = mend_swap(m->line[i], "policy accept", "policy drop");
		if (better)
			mend_replace(mend_new(ret), (unsigned)i + 1, better);
		end = mender_find(m, (unsigned)i + 2, "}");
		if (!rq || !rq->wan || !end)
			continue;
		rule = xasprintf("\t\tiifname \"%.*s\" drop",
			(int)strcspn(rq->wan, ", "), rq->wan);
		mend_insert(mend_new(ret), end, rule);
	}
}

void nftables_mend(const struct mender *m, struct mends *ret)
{
	cleanup(freep) char *rule = NULL;
	char iid[ADDR_STR], svc[64], way[128];
	struct addr a;

	if (!strncmp(m->a->id, "open-", 5) && m->a->packet)
		refuse(m, ret);
	if (!mender_lets(m) || !m->a->packet || m->a->packet->fam != FAM_6 ||
		!mender_iid(m, &a))
		return;
	service(m->a->packet, svc);
	between(m, way);
	rule = xasprintf("\t\t%sip6 daddr & ::ffff:ffff:ffff:ffff == %s %s accept",
		way, addr_format(FAM_6, &a, iid), svc);
	put(m, rule, ret);
}
