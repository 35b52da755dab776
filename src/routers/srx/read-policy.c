// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Security policies: by pair of zones, then global ones, then the default
 * (deny). Sessions' answers pass before any policy is asked. To the router
 * itself: what the zone's host-inbound-traffic names.
 */
#include "routers/srx/read-own.h"
#include "base/tr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- one policy ---- */

static bool verdict(const struct tree *then, enum verdict *ret)
{
	if (tree_kid(then, "permit"))
		*ret = V_ACCEPT;
	else if (tree_kid(then, "deny"))
		*ret = V_DROP;
	else if (tree_kid(then, "reject"))
		*ret = V_REJECT;
	else
		return false;
	return true;
}

/* Further words of "match" that are not "any": who, which application inside. */
static void others(struct match *m, const struct tree *match)
{
	static const char *const known[] = {"source-address",
		"destination-address", "application", "source-address-excluded",
		"destination-address-excluded", "from-zone", "to-zone", NULL};

	for (size_t i = 0; i < match->n; i++) {
		const struct tree *k = match->kids[i];
		const char *const *s = known;

		while (*s && strcmp(*s, k->name))
			s++;
		if (!*s && !(k->n == 1 && !strcmp(k->kids[0]->name, "any")))
			value_opaque(m, k->name);
	}
}

/* Global policies name zones as conditions. */
static void zone_cond(struct srx *x, struct match *m, enum field f,
	const struct tree *names)
{
	struct cond *c;
	enum role r;

	if (!names || !names->n || tree_kid(names, "any"))
		return;
	c = match_cond(m, f, false);
	for (size_t i = 0; i < names->n; i++) {
		if (!srx_zone_role(x, names->kids[i]->name, &r))
			continue;
		cond_num(c, r, r);
		if (r != ROLE_SELF && srx_zones_of(x, r) > 1) {
			cond_opaque(c, names->kids[i]->name);
			return;
		}
	}
}

static void policy(struct srx *x, struct chain *c, struct tree *t,
	const char *from, const char *to, const char *head)
{
	cleanup(freep) char *text = tree_quote(head, t);
	struct tree *match = tree_kid(t, "match");
	struct match m = {0};
	struct srx_apps apps;
	enum verdict v;

	tree_hoist(match, srx_keys);
	if (!match || !verdict(tree_kid(t, "then"), &v) ||
		!tree_kid(match, "application")) {
		srx_unknown(x, head, t, true);
		return;
	}
	srx_addresses(x, &m, F_SRC, tree_kid(match, "source-address"), from,
		tree_kid(match, "source-address-excluded") != NULL);
	srx_addresses(x, &m, F_DST, tree_kid(match, "destination-address"), to,
		tree_kid(match, "destination-address-excluded") != NULL);
	zone_cond(x, &m, F_IN, tree_kid(match, "from-zone"));
	zone_cond(x, &m, F_OUT, tree_kid(match, "to-zone"));
	others(&m, match);
	if (tree_kid(t, "scheduler-name"))
		value_opaque(&m, "scheduler-name");
	if (tree_at(t, "then permit tunnel"))
		value_opaque(&m, "tunnel");
	srx_applications(x, tree_kid(match, "application"), &apps);
	for (size_t i = 0; i < apps.n; i++) {
		struct rule *r = chain_rule(c, v);

		match_copy(&r->match, &m);
		match_copy(&r->match, &apps.v[i]);
		origin_set(&r->origin, NULL, t->line, text, "policy");
		tree_lines(&r->origin, t);
	}
	srx_apps_done(&apps);
	match_done(&m);
}

static void policy_list(struct srx *x, struct chain *c, struct tree *list,
	const char *from, const char *to, const char *head)
{
	for (size_t i = 0; list && i < list->n; i++)
		policy(x, c, list->kids[i], from, to, head);
}

/* ---- pairs of zones ---- */

static void pair(struct srx *x, struct chain *gate, const char *from,
	const char *to, const struct tree *t)
{
	cleanup(freep) char *name = xasprintf("policies %s to %s", from, to);
	cleanup(freep) char *head = xasprintf(
		"security policies from-zone %s to-zone %s policy", from, to);
	struct chain *c;
	enum role f, o;
	struct rule *r;

	if (!srx_zone_role(x, from, &f) || !srx_zone_role(x, to, &o)) {
		pipeline_unknown(x->pl, t->line, true,
			_("policies from %s to %s: one of them is no zone with an interface"),
			from, to);
		return;
	}
	c = pipeline_chain(x->pl, name, true);
	policy_list(x, c, tree_kid(t, "policy"), from, to, head);
	r = chain_rule(gate, V_JUMP);
	r->target = xstrdup(name);
	cond_num(match_cond(&r->match, F_IN, false), f, f);
	cond_num(match_cond(&r->match, F_OUT, false), o, o);
	if ((f != ROLE_SELF && srx_zones_of(x, f) > 1) ||
		(o != ROLE_SELF && srx_zones_of(x, o) > 1))
		value_opaque(&r->match, name);
}

static void pairs(struct srx *x, struct chain *gate, bool to_self)
{
	const struct tree *from = tree_at(x->root, "security policies from-zone");

	for (size_t i = 0; from && i < from->n; i++) {
		const struct tree *to = tree_kid(from->kids[i], "to-zone");

		for (size_t k = 0; to && k < to->n; k++)
			if (to_self == !strcmp(to->kids[k]->name, "junos-host"))
				pair(x, gate, from->kids[i]->name,
					to->kids[k]->name, to->kids[k]);
	}
}

/* ---- the firewall switched off for a family ---- */

static void packet_mode(struct srx *x, struct chain *gate)
{
	static const struct {
		const char *path, *word;
		enum family fam;
	} rows[] = {
		{"security forwarding-options family inet6", "inet6", FAM_6},
		{"security forwarding-options family mpls", "mpls", FAM_NONE}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct tree *t = tree_at(x->root, rows[i].path);
		const char *mode = tree_value(t, "mode");
		cleanup(freep) char *s = mode ? xasprintf("%s mode %s",
			rows[i].path, mode) : NULL;
		bool drop = mode && !strcmp(mode, "drop");
		struct rule *r;

		if (!mode || (!drop && strcmp(mode, "packet-based")))
			continue;
		r = chain_rule(gate, drop ? V_DROP : V_ACCEPT);
		if (rows[i].fam)
			cond_num(match_cond(&r->match, F_FAMILY, false),
				rows[i].fam, rows[i].fam);
		origin_set(&r->origin, NULL, t->line, s, "packet-based");
	}
}

/* ---- to the router itself ---- */

/* Of DHCP the client's port: on the line's side nobody serves. */
static const struct service {
	const char *name;
	uint8_t proto;	/* 0: everything */
	uint16_t lo, hi;
} services[] = {{"all", 0, 0, 0}, {"any-service", 0, 0, 0},
	{"ssh", 6, 22, 22}, {"telnet", 6, 23, 23}, {"http", 6, 80, 80},
	{"https", 6, 443, 443}, {"ftp", 6, 21, 21}, {"netconf", 6, 830, 830},
	{"dns", 17, 53, 53}, {"dhcp", 17, 68, 68}, {"bootp", 17, 68, 68},
	{"dhcpv6", 17, 546, 546}, {"ike", 17, 500, 500}, {"ntp", 17, 123, 123},
	{"snmp", 17, 161, 161}, {"snmp-trap", 17, 162, 162},
	{"tftp", 17, 69, 69}, {"traceroute", 17, 33434, 33523},
	{"ping", 1, 0, 0}, {"rlogin", 6, 513, 513}, {"rsh", 6, 514, 514},
	{"finger", 6, 79, 79}, {"xnm-clear-text", 6, 3221, 3221},
	{"xnm-ssl", 6, 3220, 3220}, {"r2cp", 17, 28672, 28672},
	{"sip", 17, 5060, 5060}, {"webapi-clear-text", 6, 3000, 3000},
	{"webapi-ssl", 6, 3001, 3001}, {"tcp-encap", 6, 443, 443},
	{"ident-reset", 6, 113, 113}, {"bgp", 6, 179, 179}, {"ospf", 89, 0, 0},
	{"ospf3", 89, 0, 0}, {"pim", 103, 0, 0}, {"igmp", 2, 0, 0},
	{"vrrp", 112, 0, 0}, {"rip", 17, 520, 520}, {"ripng", 17, 521, 521},
	{"bfd", 17, 3784, 3785}, {"ldp", 6, 646, 646}, {"msdp", 6, 639, 639},
	{"rsvp", 46, 0, 0}, {"dvmrp", 2, 0, 0}, {"pgm", 113, 0, 0},
	{"nhrp", 54, 0, 0}, {"router-discovery", 1, 0, 0}, {"sap", 17, 9875, 9875},
	{"ndp", 58, 0, 0}};

static void service(struct chain *c, const struct tree *t, enum role in,
	const char *head)
{
	cleanup(freep) char *text = tree_quote(head, t);
	struct rule *r;

	if (tree_kid(t, "except"))
		return; /* read with "all": wider than it is, which is said */
	r = chain_rule(c, V_ACCEPT);
	cond_num(match_cond(&r->match, F_IN, false), in, in);
	origin_set(&r->origin, NULL, t->line, text, "host-inbound");
	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		const struct service *s = &services[i];
		struct cond *p;

		if (strcmp(s->name, t->name))
			continue;
		if (!s->proto)
			return;
		p = match_cond(&r->match, F_PROTO, false);
		cond_num(p, s->proto, s->proto);
		if (s->proto == PROTO_ICMP)
			cond_num(p, PROTO_ICMPV6, PROTO_ICMPV6);
		if (s->lo)
			cond_num(match_cond(&r->match, F_DPORT, false), s->lo,
				s->hi);
		return;
	}
	value_opaque(&r->match, t->name);
}

/* path: "security zones security-zone Z[ interfaces I]" */
static void host_inbound(struct chain *c, const struct tree *t, enum role in,
	const char *path)
{
	static const char *const kinds[] = {"system-services", "protocols"};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct tree *k = tree_at(t, "host-inbound-traffic");
		cleanup(freep) char *head = xasprintf(
			"%s host-inbound-traffic %s", path, kinds[i]);

		k = tree_kid(k, kinds[i]);
		for (size_t j = 0; k && j < k->n; j++)
			service(c, k->kids[j], in, head);
	}
}

/* An interface that names services of its own has only these. */
static void zone_input(struct srx *x, struct chain *c, const struct tree *z)
{
	const struct tree *ifs = tree_kid(z, "interfaces");
	cleanup(freep) char *path = xasprintf("security zones security-zone %s",
		z->name);
	enum role r;
	bool own = false;

	if (!srx_zone_role(x, z->name, &r))
		return;
	for (size_t i = 0; ifs && i < ifs->n; i++) {
		cleanup(freep) char *at = xasprintf("%s interfaces %s", path,
			ifs->kids[i]->name);

		own |= tree_kid(ifs->kids[i], "host-inbound-traffic") != NULL;
		host_inbound(c, ifs->kids[i], r, at);
	}
	if (!own || (ifs && ifs->n > 1))
		host_inbound(c, z, r, path);
}

static void neighbours(struct chain *c)
{
	struct rule *r = chain_rule(c, V_ACCEPT);

	cond_num(match_cond(&r->match, F_PROTO, false), PROTO_ICMPV6,
		PROTO_ICMPV6);
	cond_num(match_cond(&r->match, F_ITYPE, false), 133, 136);
	origin_set(&r->origin, NULL, 0, "", "neighbour discovery");
}

static void input(struct srx *x)
{
	struct chain *c = pipeline_chain(x->pl, "host-inbound-traffic", true);
	struct chain *more;

	packet_mode(x, c);
	value_established(c, "session", 0);
	neighbours(c);
	for (size_t i = 0; x->zones && i < x->zones->n; i++)
		zone_input(x, c, x->zones->kids[i]);
	c->end = V_DROP;
	origin_set(&c->end_origin, NULL, 0, "",
		"no host-inbound-traffic names it");
	pipeline_gate(x->pl, PATH_INPUT, c->name);
	if (!tree_at(x->root, "security policies from-zone"))
		return;
	more = pipeline_chain(x->pl, "policies to junos-host", true);
	value_established(more, "session", 0);
	pairs(x, more, true);
	pipeline_gate(x->pl, PATH_INPUT, more->name);
}

/* ---- the whole ---- */

void srx_policies(struct srx *x)
{
	struct chain *c = pipeline_chain(x->pl, "policies", true);
	struct tree *global = tree_at(x->root, "security policies global policy");
	const struct tree *def = tree_at(x->root,
		"security policies default-policy");
	bool open = tree_kid(def, "permit-all") != NULL;

	packet_mode(x, c);
	value_established(c, "session", 0);
	pairs(x, c, false);
	policy_list(x, c, global, NULL, NULL, "security policies global policy");
	c->end = open ? V_ACCEPT : V_DROP;
	origin_set(&c->end_origin, NULL, def ? def->line : 0, open
		? "security policies default-policy permit-all"
		: "security policies default-policy deny-all", "default policy");
	pipeline_gate(x->pl, PATH_FORWARD, c->name);
	input(x);
}
