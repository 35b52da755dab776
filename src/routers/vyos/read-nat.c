// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Destination NAT in three dialects: "nat destination rule" (VyOS), "service nat
 * rule ... type destination" (EdgeOS), "port-forward" (EdgeOS's assistant).
 */
#include "routers/vyos/read-own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct nat_rule *entry(struct vyos *v, const struct tree *t,
	const char *head, enum nat_action a)
{
	struct nat_rule *n = GROW(v->pl->nat_in, v->pl->nat_in_n,
		v->pl->nat_in_cap);
	cleanup(freep) char *text = tree_quote(head, t);

	n->action = a;
	cond_num(match_cond(&n->match, F_FAMILY, false), FAM_4, FAM_4);
	origin_set(&n->origin, NULL, t->line, text, "nat");
	tree_lines(&n->origin, t);
	return n;
}

/* The outer port range that the rule names, to shift inner ones by. */
static bool outer_ports(const struct match *m, uint16_t *lo, uint16_t *hi)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct cond *c = &m->conds[i];

		if (c->f != F_DPORT || c->neg || c->num_n != 1)
			continue;
		*lo = (uint16_t)c->nums[0].lo;
		*hi = (uint16_t)c->nums[0].hi;
		return true;
	}
	return false;
}

static bool inner_port(struct nat_rule *n, const char *s)
{
	unsigned a, b;
	int used = 0;
	uint16_t lo = 0, hi = 0;

	if (!s)
		return true;
	if (sscanf(s, "%u-%u%n", &a, &b, &used) == 2 && !s[used]) {
		if (a > b || b > 65535 || !outer_ports(&n->match, &lo, &hi) ||
			hi - lo != (int)(b - a))
			return false;
		n->match_lo = lo;
	} else if (sscanf(s, "%u%n", &a, &used) == 1 && !s[used] && a <= 65535) {
		b = a;
	} else {
		return false;
	}
	n->set_port = true;
	n->port_lo = (uint16_t)a;
	n->port_hi = (uint16_t)b;
	return true;
}

static void translate(struct vyos *v, const struct tree *t, const char *head,
	const char *addr, const char *port)
{
	struct nat_rule *n;
	enum family fam;
	struct addr to;
	char host[ADDR_STR];
	size_t k = addr ? strcspn(addr, "/") : 0;
	bool one = addr && k < sizeof(host) &&
		   (!addr[k] || !strcmp(addr + k, "/32"));

	if (one) {
		memcpy(host, addr, k);
		host[k] = '\0';
		one = !addr_parse(host, &fam, &to) && fam == FAM_4;
	}
	if (!one) {
		vyos_unknown(v, head, t, true);
		return;
	}
	n = entry(v, t, head, NAT_TO);
	n->set_dst = true;
	n->dst = to;
	vyos_match(v, t, FAM_4, &n->match);
	if (!inner_port(n, port))
		value_opaque(&n->match, port);
}

static void destination(struct vyos *v, const struct tree *t, const char *head)
{
	const char *a = tree_value(t, "translation address");
	const char *p = tree_value(t, "translation port");
	struct nat_rule *n;

	if (tree_kid(t, "disable"))
		return;
	if (!a)
		a = tree_value(t, "inside-address address");
	if (!p)
		p = tree_value(t, "inside-address port");
	if (tree_kid(t, "exclude")) {
		n = entry(v, t, head, NAT_THROUGH);
		vyos_match(v, t, FAM_4, &n->match);
		return;
	}
	translate(v, t, head, a, p);
}

static void rules(struct vyos *v, const char *path, bool typed)
{
	struct tree *t = tree_at(v->root, path);

	tree_sort(t);
	for (size_t i = 0; t && i < t->n; i++) {
		const char *type = tree_value(t->kids[i], "type");

		if (!typed || (type && !strcmp(type, "destination")))
			destination(v, t->kids[i], path);
		else if (!type)
			vyos_unknown(v, path, t->kids[i], true);
		else if (!strcmp(type, "masquerade"))
			v->pl->masquerade = true;
	}
}

static void source(struct vyos *v)
{
	const struct tree *t = tree_at(v->root, "nat source rule");

	v->pl->masquerade |= t && t->n;
}

/* ---- EdgeOS port-forward ---- */

static const char *forward_to(const struct tree *t, const char *what)
{
	const char *s = tree_value(tree_kid(t, "forward-to"), what);

	return s;
}

static void forwards(struct vyos *v)
{
	struct tree *t = tree_at(v->root, "port-forward rule");
	const char *head = "port-forward rule";

	tree_sort(t);
	for (size_t i = 0; t && i < t->n; i++) {
		struct tree *k = t->kids[i];
		const char *a = forward_to(k, "address");
		const char *port = tree_value(k, "original-port");
		const char *proto = tree_value(k, "protocol");
		struct nat_rule *n;
		enum family fam;
		struct addr to;

		if (tree_kid(k, "disable"))
			continue;
		if (!a || addr_parse(a, &fam, &to) || fam != FAM_4) {
			vyos_unknown(v, head, k, true);
			continue;
		}
		n = entry(v, k, head, NAT_TO);
		n->set_dst = true;
		n->dst = to;
		cond_num(match_cond(&n->match, F_IN, false), ROLE_WAN, ROLE_WAN);
		vyos_proto(proto ? proto : "tcp_udp", &n->match);
		match_ports(&n->match, F_DPORT, false, port ? port : "");
		if (!inner_port(n, forward_to(k, "port")))
			value_opaque(&n->match, "forward-to port");
	}
}

void vyos_forwarded(struct vyos *v, struct chain *c)
{
	const struct tree *t = tree_at(v->root, "port-forward rule");
	const char *on = tree_value(v->root, "port-forward auto-firewall");

	for (size_t i = 0; on && !strcmp(on, "enable") && t && i < t->n; i++) {
		cleanup(freep) char *text = tree_quote("port-forward rule",
			t->kids[i]);
		const char *a = forward_to(t->kids[i], "address");
		const char *port = forward_to(t->kids[i], "port");
		const char *proto = tree_value(t->kids[i], "protocol");
		struct rule *r;

		if (!a || tree_kid(t->kids[i], "disable"))
			continue;
		if (!port)
			port = tree_value(t->kids[i], "original-port");
		r = chain_rule(c, V_ACCEPT);
		cond_num(match_cond(&r->match, F_DNAT, false), 1, 1);
		match_address(&r->match, F_DST, false, a);
		vyos_proto(proto ? proto : "tcp_udp", &r->match);
		match_ports(&r->match, F_DPORT, false, port ? port : "");
		origin_set(&r->origin, NULL, t->kids[i]->line, text, "forward");
		tree_lines(&r->origin, t->kids[i]);
	}
}

void vyos_nat(struct vyos *v)
{
	rules(v, "nat destination rule", false);
	rules(v, "nat static rule", false);
	rules(v, "service nat rule", true);
	forwards(v);
	source(v);
}
