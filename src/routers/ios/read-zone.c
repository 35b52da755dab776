// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Zone-based firewall. Between two zones only what a zone-pair's policy lets
 * through passes; no pair: dropped; to and from the router ("self") without a
 * pair: passed. "inspect" follows TCP, UDP and ICMP and knows no other protocol
 * (Cisco's ZBF guide), so ESP needs "pass". Translation comes before it, so
 * lists in class maps name inside addresses.
 */
#include "routers/ios/read-own.h"
#include "base/tr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLASS_DEPTH_MAX = 6 };

/* ---- class maps ---- */

/* match protocol NAME, as far as it is told by protocol and port. */
static const struct named_protocol {
	const char *name;
	uint8_t proto[2];
	uint16_t port;
} protocols[] = {
	{"tcp", {PROTO_TCP}, 0}, {"udp", {PROTO_UDP}, 0},
	{"icmp", {PROTO_ICMP, PROTO_ICMPV6}, 0},
	{"http", {PROTO_TCP}, 80}, {"https", {PROTO_TCP}, 443},
	{"dns", {PROTO_TCP, PROTO_UDP}, 53}, {"ftp", {PROTO_TCP}, 21},
	{"ssh", {PROTO_TCP}, 22}, {"telnet", {PROTO_TCP}, 23},
	{"smtp", {PROTO_TCP}, 25}, {"pop3", {PROTO_TCP}, 110},
	{"imap", {PROTO_TCP}, 143}, {"ntp", {PROTO_UDP}, 123},
	{"isakmp", {PROTO_UDP}, 500}, {"ipsec-msft", {PROTO_UDP}, 4500},
	{"l2tp", {PROTO_UDP}, 1701}, {"pptp", {PROTO_TCP}, 1723},
	{"tftp", {PROTO_UDP}, 69}, {"snmp", {PROTO_UDP}, 161},
	{"ldap", {PROTO_TCP}, 389}, {"ldaps", {PROTO_TCP}, 636},
	{"imaps", {PROTO_TCP}, 993}, {"pop3s", {PROTO_TCP}, 995},
	{"esp", {PROTO_ESP}, 0}, {"gre", {47}, 0}, {"sctp", {PROTO_SCTP}, 0}};

static bool match_protocol(struct match *m, const char *name)
{
	struct cond *c;

	for (size_t i = 0; i < ARRAY_LEN(protocols); i++) {
		const struct named_protocol *p = &protocols[i];

		if (strcmp(p->name, name))
			continue;
		c = match_cond(m, F_PROTO, false);
		cond_num(c, p->proto[0], p->proto[0]);
		if (p->proto[1])
			cond_num(c, p->proto[1], p->proto[1]);
		if (p->port)
			cond_num(match_cond(m, F_DPORT, false), p->port, p->port);
		return true;
	}
	value_opaque(m, name);
	return false;
}

struct action {
	const char *word;	/* inspect, pass, drop */
	const struct ios_entry *said;
};

static void inspect_only(struct match *m)
{
	struct cond *c = match_cond(m, F_PROTO, false);

	cond_num(c, PROTO_ICMP, PROTO_ICMP);
	cond_num(c, PROTO_TCP, PROTO_TCP);
	cond_num(c, PROTO_UDP, PROTO_UDP);
	cond_num(c, PROTO_ICMPV6, PROTO_ICMPV6);
}

/* "inspect" lets what it can follow pass and drops the rest of the class. */
static void rule(struct chain *c, const struct action *a, const struct match *m,
	const struct capture_line *l)
{
	bool inspect = !strcmp(a->word, "inspect");
	struct rule *r = chain_rule(c, !strcmp(a->word, "drop") ? V_DROP : V_ACCEPT);

	match_copy(&r->match, m);
	if (inspect)
		inspect_only(&r->match);
	origin_set(&r->origin, NULL, l->no, l->text, "class");
	if (!inspect)
		return;
	r = chain_rule(c, V_DROP);
	match_copy(&r->match, m);
	origin_set(&r->origin, NULL, a->said->line->no, a->said->line->text,
		"inspect follows TCP, UDP and ICMP only");
}

static void blame_inspect(struct origin *o, const struct action *a)
{
	cleanup(freep) char *text = xasprintf(
		"%s (follows TCP, UDP and ICMP only): %s", a->said->line->text,
		o->text);

	origin_set(o, NULL, a->said->line->no, text, "inspect");
}

/* What a list permits belongs to the class, what it denies does not. */
static void by_list(struct ios *s, struct chain *c, const struct action *a,
	const char *name, const struct match *extra, const struct capture_line *l)
{
	const struct ios_block *v4 = ios_find(s, IOS_ACL, name, FAM_4);
	const struct ios_block *v6 = ios_find(s, IOS_ACL, name, FAM_6);
	cleanup(freep) char *id = xasprintf("%s: list %s %u", c->name, name, l->no);
	bool inspect = !strcmp(a->word, "inspect");
	struct chain *sub;
	struct match m = {0};
	struct rule *r;
	size_t from;

	if (!v4 && !v6) {
		pipeline_unknown(s->pl, l->no, true,
			_("the list %s is not defined"), name);
		return;
	}
	sub = pipeline_chain(s->pl, id, true);
	if (sub->rule_n)
		return;
	match_copy(&m, extra);
	if (inspect)
		inspect_only(&m);
	for (int k = 0; k < 2; k++) {
		const struct ios_block *acl = k ? v6 : v4;

		if (acl)
			ios_acl_rules(s, acl, sub, !strcmp(a->word, "drop")
				? V_DROP : V_ACCEPT, V_RETURN, &m);
	}
	/* the same list once more: what "inspect" cannot follow is dropped */
	from = sub->rule_n;
	if (inspect)
		for (int k = 0; k < 2; k++)
			if (k ? v6 : v4)
				ios_acl_rules(s, k ? v6 : v4, sub, V_DROP,
					V_RETURN, extra);
	for (; from < sub->rule_n; from++)
		blame_inspect(&sub->rules[from].origin, a);
	match_done(&m);
	r = chain_rule(c, V_JUMP);
	r->target = xstrdup(id);
}

static const char *list_name(const struct words *w)
{
	/* "match access-group name X", "match access-group 101" */
	return !strcmp(words_at(w, 2), "name") ? words_at(w, 3) : words_at(w, 2);
}

static void class_rules(struct ios *s, struct chain *c, const char *name,
	const struct action *a, const struct capture_line *l, int depth);

static void match_any(struct ios *s, struct chain *c,
	const struct ios_block *k, const struct action *a, int depth)
{
	for (size_t i = 0; i < k->n; i++) {
		const struct words *w = &k->v[i].w;
		struct match m = {0};

		if (strcmp(words_at(w, 0), "match"))
			continue;
		if (words_are(w, 1, "access-group")) {
			by_list(s, c, a, list_name(w), &m, k->v[i].line);
		} else if (words_are(w, 1, "class-map")) {
			class_rules(s, c, words_at(w, 2), a, k->v[i].line,
				depth + 1);
		} else {
			if (words_are(w, 1, "protocol"))
				match_protocol(&m, words_at(w, 2));
			else
				value_opaque(&m, words_at(w, 1));
			rule(c, a, &m, k->v[i].line);
		}
		match_done(&m);
	}
}

/* All of them at once: protocols as conditions of the one list's lines. */
static void match_all(struct ios *s, struct chain *c,
	const struct ios_block *k, const struct action *a)
{
	const struct ios_entry *list = NULL;
	struct match m = {0};
	bool any = false;

	for (size_t i = 0; i < k->n; i++) {
		const struct words *w = &k->v[i].w;

		if (strcmp(words_at(w, 0), "match"))
			continue;
		any = true;
		if (words_are(w, 1, "access-group") && !list)
			list = &k->v[i];
		else if (words_are(w, 1, "protocol"))
			match_protocol(&m, words_at(w, 2));
		else
			value_opaque(&m, words_at(w, 1));
	}
	if (list)
		by_list(s, c, a, list_name(&list->w), &m, list->line);
	else if (any)
		rule(c, a, &m, k->line);
	match_done(&m);
}

static void class_rules(struct ios *s, struct chain *c, const char *name,
	const struct action *a, const struct capture_line *l, int depth)
{
	const struct ios_block *k = ios_find(s, IOS_CLASS, name, 0);
	struct match all = {0};

	if (!strcmp(name, "class-default")) {
		rule(c, a, &all, a->said->line);
	} else if (!k || depth > CLASS_DEPTH_MAX) {
		pipeline_unknown(s->pl, l->no, true,
			_("the class %s is not defined"), name);
	} else if (k->all) {
		match_all(s, c, k, a);
	} else {
		match_any(s, c, k, a, depth);
	}
}

/* ---- policy maps ---- */

static bool has_inspect(const struct ios_block *p)
{
	for (size_t i = 0; p && i < p->n; i++)
		if (!strcmp(words_at(&p->v[i].w, 0), "inspect"))
			return true;
	return false;
}

static bool is_action(const char *s)
{
	return !strcmp(s, "inspect") || !strcmp(s, "pass") || !strcmp(s, "drop");
}

/* "class [type inspect] NAME" followed by its action. */
static void policy_rules(struct ios *s, struct chain *c,
	const struct ios_block *p)
{
	const struct ios_entry *class = NULL;

	for (size_t i = 0; i < p->n; i++) {
		const struct words *w = &p->v[i].w;
		struct action a = {.word = words_at(w, 0), .said = &p->v[i]};

		if (!strcmp(a.word, "class"))
			class = &p->v[i];
		else if (is_action(a.word) && class)
			class_rules(s, c, words_at(&class->w, class->w.n - 1),
				&a, class->line, 0);
		else if (strcmp(a.word, "description") &&
			strcmp(a.word, "police"))
			ios_unknown(s, p->v[i].line, true);
	}
	c->end = V_DROP;
	origin_set(&c->end_origin, NULL, p->line->no, p->line->text,
		"class-default: drop");
}

static const struct ios_block *pair_policy(struct ios *s,
	const struct ios_block *pair)
{
	for (size_t i = 0; i < pair->n; i++)
		if (words_are(&pair->v[i].w, 0, "service-policy type inspect"))
			return ios_find(s, IOS_POLICY,
				words_at(&pair->v[i].w, 3), 0);
	return NULL;
}

/* ---- zones ---- */

static const char *word_after(const struct words *w, const char *word)
{
	for (size_t i = 0; i + 1 < w->n; i++)
		if (!strcmp(words_at(w, i), word))
			return words_at(w, i + 1);
	return "";
}

static bool zone_role(const struct ios *s, const char *zone, enum role *ret)
{
	bool found = false;

	if (!strcmp(zone, "self"))
		return *ret = ROLE_SELF, true;
	for (size_t i = 0; i < s->if_n; i++) {
		if (!s->ifs[i].zone || strcmp(s->ifs[i].zone, zone))
			continue;
		if (!found || s->ifs[i].role == ROLE_WAN)
			*ret = s->ifs[i].role;
		found = true;
	}
	return found;
}

/* Different zones that share a role, zoneless interfaces included. */
static size_t zones_of(const struct ios *s, enum role r)
{
	size_t n = 0;

	for (size_t i = 0; i < s->if_n; i++) {
		const char *z = s->ifs[i].zone;
		bool seen = s->ifs[i].role != r || s->ifs[i].down ||
			    (!z && !s->ifs[i].v4 && !s->ifs[i].v6);

		for (size_t k = 0; k < i; k++)
			seen |= s->ifs[k].role == r && !strcmp(z ? z : "",
				s->ifs[k].zone ? s->ifs[k].zone : "");
		n += !seen;
	}
	return n;
}

/* Answers to what the opposite pair inspects. */
static void answers(struct ios *s, struct chain *c, const char *from,
	const char *to)
{
	for (size_t i = 0; i < s->block_n; i++) {
		const struct ios_block *b = &s->blocks[i];
		struct rule *r;

		if (b->kind != IOS_PAIR ||
			strcmp(word_after(&b->head, "source"), to) ||
			strcmp(word_after(&b->head, "destination"), from) ||
			!has_inspect(pair_policy(s, b)))
			continue;
		r = chain_rule(c, V_ACCEPT);
		cond_num(match_cond(&r->match, F_CT, false), CT_ESTABLISHED,
			CT_RELATED);
		inspect_only(&r->match);
		origin_set(&r->origin, NULL, b->line->no, b->line->text,
			"inspect");
	}
}

static void pair(struct ios *s, struct chain *gate, const struct ios_block *b)
{
	const char *from = word_after(&b->head, "source");
	const char *to = word_after(&b->head, "destination");
	const struct ios_block *p = pair_policy(s, b);
	cleanup(freep) char *id = xasprintf("zone-pair %s", b->name);
	enum role f, t;
	struct chain *c;
	struct rule *r;

	if (!zone_role(s, from, &f) || !zone_role(s, to, &t))
		return; /* no interface is in it */
	if (!p) {
		pipeline_unknown(s->pl, b->line->no, true,
			_("the zone pair %s has no policy that is defined"),
			b->name);
		return;
	}
	c = pipeline_chain(s->pl, id, true);
	answers(s, c, from, to);
	policy_rules(s, c, p);
	r = chain_rule(gate, V_GOTO);
	r->target = xstrdup(id);
	cond_num(match_cond(&r->match, F_IN, false), f, f);
	cond_num(match_cond(&r->match, F_OUT, false), t, t);
	if ((f != ROLE_SELF && zones_of(s, f) > 1) ||
		(t != ROLE_SELF && zones_of(s, t) > 1))
		value_opaque(&r->match, b->name);
}

/* A pair without a policy of its own between the answers only. */
static void one_way_answers(struct ios *s, struct chain *gate)
{
	for (size_t i = 0; i < s->block_n; i++) {
		const struct ios_block *b = &s->blocks[i];
		enum role f, t;
		struct rule *r;

		if (b->kind != IOS_PAIR || !has_inspect(pair_policy(s, b)) ||
			!zone_role(s, word_after(&b->head, "source"), &f) ||
			!zone_role(s, word_after(&b->head, "destination"), &t))
			continue;
		r = chain_rule(gate, V_ACCEPT);
		cond_num(match_cond(&r->match, F_CT, false), CT_ESTABLISHED,
			CT_RELATED);
		cond_num(match_cond(&r->match, F_IN, false), t, t);
		cond_num(match_cond(&r->match, F_OUT, false), f, f);
		inspect_only(&r->match);
		origin_set(&r->origin, NULL, b->line->no, b->line->text,
			"inspect");
	}
}

static void open_roles(struct chain *gate, enum field f, enum role r, bool neg)
{
	cond_num(match_cond(&chain_rule(gate, V_ACCEPT)->match, f, neg), r, r);
}

/* An access list in front names outer addresses, a zone's list inner ones: one
 * order for both cannot be exact, so what the zones name becomes open. */
static void both_orders(struct ios *s)
{
	if (s->pl->order == FILTER_FIRST && s->pl->nat_in_n)
		pipeline_unknown(s->pl, 0, true,
			_("the line's interface has an access list and a zone, with translation between them: IPv4 is judged roughly"));
}

void ios_zones(struct ios *s)
{
	static const char *const name = "zone firewall";
	const char *wan = NULL;
	struct chain *gate;
	struct rule *r;
	bool self = false;

	for (size_t i = 0; i < s->if_n; i++)
		if (s->ifs[i].role == ROLE_WAN && s->ifs[i].zone)
			wan = s->ifs[i].zone;
	if (!wan)
		return;
	both_orders(s);
	for (size_t i = 0; i < s->block_n; i++)
		self |= s->blocks[i].kind == IOS_PAIR && !strcmp("self",
			word_after(&s->blocks[i].head, "destination")) &&
			!strcmp(wan, word_after(&s->blocks[i].head, "source"));
	gate = pipeline_chain(s->pl, name, true);
	open_roles(gate, F_IN, ROLE_WAN, true);
	if (!self)
		open_roles(gate, F_OUT, ROLE_SELF, false);
	open_roles(gate, F_OUT, ROLE_WAN, false); /* within the zone */
	one_way_answers(s, gate);
	for (size_t i = 0; i < s->block_n; i++)
		if (s->blocks[i].kind == IOS_PAIR)
			pair(s, gate, &s->blocks[i]);
	r = chain_rule(gate, V_DROP);
	origin_set(&r->origin, NULL, 0,
		"zone-member security (no zone pair lets it through)", "zone");
	pipeline_gate(s->pl, PATH_FORWARD, name);
	pipeline_gate(s->pl, PATH_INPUT, name);
}
