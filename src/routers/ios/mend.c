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

/* Lines as they are to be typed: a sequence number puts an entry in front of
 * the list's others, which count from 10; without one it would go behind. */
static void let_in(const struct mender *m, struct mend *to, const char *list)
{
	const struct packet *p = m->a->packet;
	bool six = p->fam == FAM_6;
	unsigned seq = p->proto == PROTO_ESP ? 3 : p->proto == PROTO_UDP
		? (p->dport == 500 ? 1 : 2) : 4;
	unsigned end = (unsigned)m->n + 1;
	cleanup(freep) char *what = words(m);
	cleanup(freep) char *head = xasprintf("%s %s", six
		? "ipv6 access-list" : "ip access-list extended", list);
	cleanup(freep) char *line = xasprintf(" %s%u permit %s",
		six ? "sequence " : "", seq, what);

	for (size_t i = 0; i < m->n; i++)
		if (!strcmp(m->line[i], "end"))
			end = (unsigned)i + 1;
	mend_insert(to, end, head);
	mend_insert(to, end, line);
}

/* "101" of "access-list 101 ...", NAME of "ip access-list extended NAME";
 * NULL: no list of that family begins there. */
static char *list_at(const struct mender *m, size_t i)
{
	bool six = m->a->packet->fam == FAM_6;
	const char *head = six ? "ipv6 access-list "
		: begins(m->line[i], "access-list ") ? "access-list "
						     : "ip access-list extended ";
	const char *name = m->line[i] + strlen(head);

	return begins(m->line[i], head) ? xstrndup(name, strcspn(name, " "))
					: NULL;
}

/* The lists, that of the deciding line first. with: comes along with each. */
static void let(const struct mender *m, struct mends *ret, const char *with,
	unsigned with_at)
{
	cleanup(freep) char *what = words(m), *last = NULL;
	size_t at = m->a->line ? m->a->line - 1 : 0;

	for (size_t k = 0; what && k < 2 * m->n; k++) {
		/* upwards from the deciding line, then all */
		size_t i = k <= at ? at - k : k - at - 1;
		char *list = i < m->n ? list_at(m, i) : NULL;
		struct mend *one;

		if (!list || (last && !strcmp(last, list))) {
			free(list);
			continue;
		}
		one = mend_new(ret);
		if (with)
			mend_insert(one, with_at, with);
		let_in(m, one, list);
		free(last);
		last = list;
	}
}

/* The interface that the translations of this text name; its length. */
static const char *outside(const struct mender *m, int *n)
{
	for (size_t i = 0; i < m->n; i++) {
		const char *at = begins(m->line[i], "ip nat inside source ")
			? strstr(m->line[i], " interface ") : NULL;

		if (!at)
			continue;
		at += strlen(" interface ");
		*n = (int)strcspn(at, " ");
		return at;
	}
	return NULL;
}

/* A static translation to the device, or NULL. */
static char *translation(const struct mender *m)
{
	const struct packet *p = m->a->packet;
	char to[ADDR_STR];
	int n = 0;
	const char *iface = outside(m, &n);

	if (p->fam != FAM_4 || !iface || !mender_addr4(m, to))
		return NULL;
	if (p->proto == PROTO_ESP)
		return xasprintf("ip nat inside source static esp %s interface %.*s",
			to, n, iface);
	return p->proto != PROTO_UDP ? NULL
		: xasprintf("ip nat inside source static udp %s %u interface %.*s %u",
			to, p->dport, n, iface, p->dport);
}

/* In place of the one that has the port; else a new one, and with it what a
 * list lacks. */
static void map(const struct mender *m, struct mends *ret)
{
	cleanup(freep) char *line = translation(m);
	unsigned at = m->a->line, behind = mender_find(m, 1,
		"ip nat inside source ");

	if (!line)
		return;
	if (at && begins(m->line[at - 1], "ip nat inside source static "))
		mend_replace(mend_new(ret), at, line);
	mend_insert(mend_new(ret), behind, line);
	let(m, ret, line, behind);
}

void ios_mend(const struct mender *m, struct mends *ret)
{
	if (!mender_lets(m) || !m->a->packet)
		return;
	let(m, ret, NULL, 0);
	map(m, ret);
}
