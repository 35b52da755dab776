// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Access lists:
 *	{permit|deny} PROTOCOL SRC [PORTS] DST [PORTS] [ICMP] [WORDS]
 * IPv4 masks are wildcards (a set bit: any), IPv6 ones are prefixes. An IPv6
 * list ends with hidden lines that permit neighbour discovery; an explicit deny
 * in front of them takes them away.
 */
#include "routers/ios/read-own.h"
#include "base/tr.h"

#include <stdlib.h>
#include <string.h>

/* ---- one entry ---- */

struct ace {
	struct ios *s;
	const struct words *w;
	size_t i;
	enum family fam;
	struct match m;
	bool established;
	char *reflect;
	uint32_t proto;
	bool has_proto;
};

static const char *peek(const struct ace *a)
{
	return words_at(a->w, a->i);
}

static bool eat(struct ace *a, const char *word)
{
	if (strcmp(peek(a), word))
		return false;
	a->i++;
	return true;
}

static bool wildcard(struct cond *c, const char *value, const char *wild)
{
	struct addrmask m;
	enum family f, g;

	if (addr_parse(value, &f, &m.value) || addr_parse(wild, &g, &m.mask) ||
		f != FAM_4 || g != FAM_4)
		return false;
	m.fam = FAM_4;
	m.mask = addr_from4(~addr_to4(&m.mask));
	m.value = addr_and(&m.value, &m.mask);
	cond_addr(c, &m);
	return true;
}

/* Members: "host A", "A NETMASK", "A/len", "range A B", "group-object N". */
static bool group(struct ace *a, struct cond *c, const char *name, int depth)
{
	const struct ios_block *g = ios_find(a->s, IOS_GROUP, name, 0);
	bool ok = g && depth < 8;

	for (size_t i = 0; ok && i < g->n; i++) {
		const struct words *w = &g->v[i].w;
		const char *one = words_at(w, 0), *two = words_at(w, 1);
		cleanup(freep) char *text = NULL;

		if (!strcmp(one, "description"))
			continue;
		if (!strcmp(one, "group-object")) {
			ok = group(a, c, two, depth + 1);
			continue;
		}
		if (!strcmp(one, "host"))
			text = xstrdup(two);
		else if (!strcmp(one, "range"))
			text = xasprintf("%s-%s", two, words_at(w, 2));
		else
			text = xasprintf("%s%s%s", one, *two ? "/" : "", two);
		ok = value_addr(c, FAM_NONE, text, NULL);
	}
	return ok;
}

static bool is_any(const struct ace *a)
{
	return !strcmp(peek(a), "any") || !strcmp(peek(a), "any4") ||
	       !strcmp(peek(a), "any6");
}

static void address(struct ace *a, enum field f)
{
	const char *one = peek(a), *two = words_at(a->w, a->i + 1);
	struct cond *c;

	if (is_any(a)) {
		a->i++;
		return;
	}
	c = match_cond(&a->m, f, false);
	if (!strcmp(one, "host")) {
		a->i += 2;
		if (!value_addr(c, FAM_NONE, two, NULL))
			cond_opaque(c, two);
	} else if (!strcmp(one, "object-group")) {
		a->i += 2;
		if (!group(a, c, two, 0))
			cond_opaque(c, two);
	} else if (wildcard(c, one, two)) {
		a->i += 2;
	} else {
		a->i++;
		if (!value_addr(c, FAM_NONE, one, NULL))
			cond_opaque(c, *one ? one : "address");
	}
}

static void port_range(struct ace *a, enum field f, const char *op)
{
	struct cond *c = match_cond(&a->m, f, !strcmp(op, "neq"));
	uint32_t lo, hi;

	if (!value_port(peek(a), &lo)) {
		cond_opaque(c, *peek(a) ? peek(a) : op);
		a->i++;
		return;
	}
	a->i++;
	if (!strcmp(op, "range")) {
		if (value_port(peek(a), &hi) && lo <= hi)
			cond_num(c, lo, hi);
		else
			cond_opaque(c, op);
		a->i++;
	} else if (!strcmp(op, "gt")) {
		cond_num(c, lo + 1, 65535);
	} else if (!strcmp(op, "lt")) {
		if (lo)
			cond_num(c, 0, lo - 1);
	} else {
		cond_num(c, lo, lo);
		while (!strcmp(op, "eq") && value_port(peek(a), &lo)) {
			cond_num(c, lo, lo); /* "eq 500 4500" */
			a->i++;
		}
	}
}

static void ports(struct ace *a, enum field f)
{
	static const char *const ops[] = {"eq", "neq", "gt", "lt", "range"};

	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		if (eat(a, ops[i])) {
			port_range(a, f, ops[i]);
			return;
		}
}

static bool has_ports(const struct ace *a)
{
	return a->has_proto && (a->proto == PROTO_TCP || a->proto == PROTO_UDP ||
		a->proto == PROTO_SCTP);
}

static void protocol(struct ace *a)
{
	const char *s = peek(a);
	struct cond *c;

	a->i++;
	if (!strcmp(s, "ip") || !strcmp(s, "ipv6"))
		return;
	c = match_cond(&a->m, F_PROTO, false);
	if (!strcmp(s, "object-group")) {
		cond_opaque(c, peek(a));
		a->i++;
	} else if (!strcmp(s, "icmp")) {
		a->has_proto = true;
		a->proto = a->fam == FAM_6 ? PROTO_ICMPV6 : PROTO_ICMP;
		cond_num(c, a->proto, a->proto);
	} else if (value_proto(s, FAM_4, &a->proto)) {
		a->has_proto = true;
		cond_num(c, a->proto, a->proto);
	} else {
		cond_opaque(c, s);
	}
}

static bool icmp(struct ace *a)
{
	uint8_t type;
	int code;
	uint32_t number;
	struct cond *c;

	if (!a->has_proto ||
		(a->proto != PROTO_ICMP && a->proto != PROTO_ICMPV6))
		return false;
	if (!value_icmp(peek(a), a->fam == FAM_6, &type, &code))
		return false;
	a->i++;
	c = match_cond(&a->m, F_ITYPE, false);
	cond_num(c, type, type);
	if (code < 0 && *peek(a) >= '0' && *peek(a) <= '9' &&
		value_port(peek(a), &number) && number < 256) {
		code = (int)number;
		a->i++;
	}
	if (code >= 0)
		cond_num(match_cond(&a->m, F_ICODE, false), (uint32_t)code,
			(uint32_t)code);
	return true;
}

static bool tcp_flag(struct ace *a)
{
	static const char *const names[] = {"fin", "syn", "rst", "psh", "ack",
		"urg"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (eat(a, names[i])) {
			struct cond *c = match_cond(&a->m, F_TCPFLAGS, false);

			c->flag_mask = c->flag_value = (uint8_t)(1 << i);
			return true;
		}
	return false;
}

static void option(struct ace *a)
{
	const char *s = peek(a);

	if (eat(a, "log") || eat(a, "log-input"))
		return;
	if (eat(a, "sequence")) {
		a->i++;
	} else if (eat(a, "established")) {
		a->established = true;
	} else if (eat(a, "fragments")) {
		cond_num(match_cond(&a->m, F_FRAG, false), FRAG_LATER, FRAG_LATER);
	} else if (eat(a, "reflect")) {
		a->i += 1;
		if (eat(a, "timeout"))
			a->i++;
	} else if (!icmp(a) && !tcp_flag(a)) {
		value_opaque(&a->m, s);
		/* its value is no option of its own: "dscp ef", "time-range X" */
		a->i += 2;
	}
}

static void parse(struct ace *a, bool standard)
{
	cond_num(match_cond(&a->m, F_FAMILY, false), a->fam, a->fam);
	if (standard) {
		address(a, F_SRC);
	} else {
		protocol(a);
		address(a, F_SRC);
		if (has_ports(a))
			ports(a, F_SPORT);
		address(a, F_DST);
		if (has_ports(a))
			ports(a, F_DPORT);
	}
	while (*peek(a))
		option(a);
}

static void add(struct ace *a, struct chain *c, enum verdict v, uint8_t flag,
	const struct ios_entry *e, const struct match *extra)
{
	struct rule *r = chain_rule(c, v);
	struct cond *k;

	match_copy(&r->match, &a->m);
	if (extra)
		match_copy(&r->match, extra);
	if (flag) {
		k = match_cond(&r->match, F_TCPFLAGS, false);
		k->flag_mask = k->flag_value = flag;
	}
	origin_set(&r->origin, NULL, e->line->no, e->line->text, "access list");
}

/* "evaluate X": answers to what "reflect X" saw leave. */
static void evaluate(struct chain *c, const struct ios_block *acl,
	const struct ios_entry *e, enum verdict v)
{
	struct rule *r = chain_rule(c, v);

	cond_num(match_cond(&r->match, F_FAMILY, false), acl->fam, acl->fam);
	cond_num(match_cond(&r->match, F_CT, false), CT_ESTABLISHED, CT_RELATED);
	origin_set(&r->origin, NULL, e->line->no, e->line->text, "evaluate");
}

static int by_seq(const void *a, const void *b)
{
	const struct ios_entry *x = a, *y = b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

void ios_acl_rules(struct ios *s, const struct ios_block *acl, struct chain *c,
	enum verdict permit, enum verdict deny, const struct match *extra)
{
	if (acl->n > 1)
		qsort(acl->v, acl->n, sizeof(*acl->v), by_seq);
	for (size_t i = 0; i < acl->n; i++) {
		const struct ios_entry *e = &acl->v[i];
		struct ace a = {.s = s, .w = &e->w, .fam = acl->fam};
		const char *verb = words_at(&e->w, 0);
		enum verdict v = !strcmp(verb, "deny") ? deny : permit;

		if (!strcmp(verb, "evaluate")) {
			evaluate(c, acl, e, permit);
			continue;
		}
		a.i = 1;
		parse(&a, acl->standard);
		add(&a, c, v, a.established ? TCP_ACK : 0, e, extra);
		if (a.established)
			add(&a, c, v, TCP_RST, e, extra);
		match_done(&a.m);
	}
}

static void hidden_nd(struct chain *c, const struct ios_block *acl)
{
	struct rule *r = chain_rule(c, V_ACCEPT);

	cond_num(match_cond(&r->match, F_FAMILY, false), FAM_6, FAM_6);
	cond_num(match_cond(&r->match, F_PROTO, false), PROTO_ICMPV6,
		PROTO_ICMPV6);
	cond_num(match_cond(&r->match, F_ITYPE, false), 135, 136);
	origin_set(&r->origin, NULL, acl->line->no,
		"permit icmp any any nd-ns, nd-na (hidden at the end of the list)",
		"access list");
}

struct chain *ios_acl_chain(struct ios *s, const char *name, enum family fam)
{
	cleanup(freep) char *id = xasprintf("%s access-list %s",
		fam == FAM_6 ? "ipv6" : "ip", name);
	const struct ios_block *acl = ios_find(s, IOS_ACL, name, fam);
	cleanup(freep) char *end = NULL;
	struct chain *c;

	if (!acl || !acl->n)
		return NULL;
	c = pipeline_chain(s->pl, id, false);
	if (c)
		return c;
	c = pipeline_chain(s->pl, id, true);
	ios_acl_rules(s, acl, c, V_ACCEPT, V_DROP, NULL);
	if (fam == FAM_6)
		hidden_nd(c, acl);
	c->end = V_DROP;
	end = xasprintf("%s (deny at the end of the list)", acl->line->text);
	origin_set(&c->end_origin, NULL, acl->line->no, end, "end of list");
	return c;
}
