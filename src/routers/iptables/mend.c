// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of an iptables-save file. */
#include "routers/iptables/read-own.h"

#include <stdio.h>
#include <string.h>

/* "-A CHAIN ..." -> CHAIN; the policy's line ":FORWARD ..." too. */
static bool chain_of(const char *line, char buf[64])
{
	return sscanf(line, "-A %63s", buf) == 1 ||
	       sscanf(line, ":%63s", buf) == 1;
}

/* In front of the blocking line; a policy is the end of its table. */
static unsigned place(const struct mender *m)
{
	const char *line = m->line[m->a->line - 1];

	return *line == ':' ? mender_find(m, m->a->line, "COMMIT")
			    : m->a->line;
}

static const char *first_name(const char *names, char buf[32])
{
	snprintf(buf, 32, "%.*s", names ? (int)strcspn(names, ", ") : 0,
		names ? names : "");
	return buf;
}

static char *from_to(const struct mender *m, const char *dst)
{
	const struct request *rq = m->a->rq;
	char wan[32], lan[32];

	first_name(rq ? rq->wan : NULL, wan);
	first_name(rq ? rq->lan : NULL, lan);
	return xasprintf("%s%s%s%s -d %s", *wan ? " -i " : "", wan,
		*lan ? " -o " : "", lan, dst);
}

static void service(const struct packet *p, char buf[64])
{
	if (p->proto == PROTO_UDP)
		snprintf(buf, 64, "-p udp -m udp --dport %u", p->dport);
	else if (p->proto == PROTO_ICMPV6)
		snprintf(buf, 64, "-p ipv6-icmp -m icmp6 --icmpv6-type %u",
			p->icmp_type);
	else
		snprintf(buf, 64, "-p %s", p->proto == PROTO_ESP ? "esp" : "all");
}

static char *accept_line(const struct mender *m, const char *chain,
	const char *dst)
{
	cleanup(freep) char *way = from_to(m, dst);
	char svc[64];

	service(m->a->packet, svc);
	return xasprintf("-A %s%s %s -j ACCEPT", chain, way, svc);
}

static void let6(const struct mender *m, struct mends *ret)
{
	char chain[64], iid[ADDR_STR], dst[128];
	cleanup(freep) char *line = NULL;
	struct addr a;

	if (!m->a->line || !chain_of(m->line[m->a->line - 1], chain) ||
		!mender_iid(m, &a))
		return;
	snprintf(dst, sizeof(dst), "%s/::ffff:ffff:ffff:ffff",
		addr_format(FAM_6, &a, iid));
	line = accept_line(m, chain, dst);
	mend_insert(mend_new(ret), place(m), line);
}

/* A mapping, and the line that lets it through. */
static void let4(const struct mender *m, struct mends *ret)
{
	unsigned pre = mender_find(m, 1, ":PREROUTING");
	unsigned fwd = mender_find(m, 1, "*filter");
	cleanup(freep) char *nat = NULL;
	cleanup(freep) char *line = NULL;
	char to[ADDR_STR], svc[64], wan[32];
	struct mend *k;

	if (!pre || !mender_addr4(m, to))
		return;
	first_name(m->a->rq ? m->a->rq->wan : NULL, wan);
	service(m->a->packet, svc);
	nat = xasprintf("-A PREROUTING%s%s %s -j DNAT --to-destination %s",
		*wan ? " -i " : "", wan, svc, to);
	k = mend_new(ret);
	mend_insert(k, mender_find(m, pre, "COMMIT"), nat);
	if (!fwd)
		return;
	line = accept_line(m, "FORWARD", to);
	if (mender_find(m, fwd, "-A FORWARD"))
		fwd = mender_find(m, fwd, "-A FORWARD");
	else
		fwd = mender_find(m, fwd, "COMMIT");
	mend_insert(k, fwd, line);
}

/* What no rule names is refused: the policy of a chain. */
static void refuse(const struct mender *m, struct mends *ret)
{
	const char *chain = m->a->packet->out == ROLE_SELF ? ":INPUT"
							     : ":FORWARD";
	cleanup(freep) char *better = xasprintf("%s DROP [0:0]", chain);

	for (size_t i = 0; i < m->n; i++) {
		bool filter = !strcmp(m->line[i], "*filter");

		if (!strncmp(m->line[i], chain, strlen(chain)) &&
			strstr(m->line[i], " ACCEPT"))
			mend_replace(mend_new(ret), (unsigned)i + 1, better);
		else if (filter)
			mend_insert(mend_new(ret), (unsigned)i + 2, better);
	}
}

void iptables_mend(const struct mender *m, struct mends *ret)
{
	if (!strncmp(m->a->id, "open-", 5) && m->a->packet)
		refuse(m, ret);
	if (!mender_lets(m) || !m->a->packet)
		return;
	if (m->a->packet->fam == FAM_6)
		let6(m, ret);
	else
		let4(m, ret);
}
