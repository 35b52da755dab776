// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * VyOS and EdgeOS -> pipeline. Three ways to hang a list into the packet's path:
 *
 *	1.4 on	firewall ipv6 forward filter rule N   (a base chain)
 *	old	interfaces ethernet eth0 firewall in ipv6-name X
 *	zones	zone LAN from WAN firewall ipv6-name X
 *
 * A list's own default is drop; a base chain's is accept; an interface without
 * a list passes everything.
 */
#include "routers/vyos/read-own.h"
#include "base/tr.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IF_LEN = 32 };

/* ---- interfaces ---- */

/* name "eth0", "eth0.10" (vif), "pppoe0" (pppoe 0 under ethernet, old) */
typedef void each_iface(struct vyos *v, const char *name,
	const struct tree *t);

static void below(struct vyos *v, const char *name, const struct tree *t,
	each_iface *fn)
{
	static const char *const subs[] = {"vif", "vif-s", "vif-c", "pppoe"};

	fn(v, name, t);
	for (size_t i = 0; i < ARRAY_LEN(subs); i++) {
		const struct tree *k = tree_kid(t, subs[i]);

		for (size_t j = 0; k && j < k->n; j++) {
			char buf[IF_LEN];

			if (i == 3)
				snprintf(buf, sizeof(buf), "pppoe%.8s",
					k->kids[j]->name);
			else
				snprintf(buf, sizeof(buf), "%.16s.%.8s", name,
					k->kids[j]->name);
			below(v, buf, k->kids[j], fn);
		}
	}
}

static void each(struct vyos *v, each_iface *fn)
{
	const struct tree *t = tree_kid(v->root, "interfaces");

	for (size_t i = 0; t && i < t->n; i++)
		for (size_t j = 0; j < t->kids[i]->n; j++)
			if (strcmp(t->kids[i]->name, "loopback"))
				below(v, t->kids[i]->kids[j]->name,
					t->kids[i]->kids[j], fn);
}

static bool is_wan(const struct vyos *v, const char *name)
{
	for (size_t i = 0; i < v->wan_n; i++)
		if (!strcmp(v->wan[i], name))
			return true;
	return false;
}

static void add_wan(struct vyos *v, const char *name)
{
	if (name && *name && *name != '!' && !is_wan(v, name) &&
		v->wan_n < VYOS_WANS_MAX && !names_have(v->h->lan, name))
		snprintf(v->wan[v->wan_n++], sizeof(v->wan[0]), "%.31s", name);
}

enum role vyos_role(const struct vyos *v, const char *ifname)
{
	enum role r;
	size_t n = strlen(ifname);

	if (read_role(v->h, ifname, &r))
		return r;
	/* "pppoe*", "pppoe+": every interface that begins so */
	if (n && (ifname[n - 1] == '*' || ifname[n - 1] == '+'))
		for (size_t i = 0; i < v->wan_n; i++)
			if (!strncmp(v->wan[i], ifname, n - 1))
				return ROLE_WAN;
	return is_wan(v, ifname) ? ROLE_WAN : ROLE_LAN;
}

/* What only the line's side has. */
static void guess_iface(struct vyos *v, const char *name, const struct tree *t)
{
	const struct tree *a = tree_kid(t, "address");
	bool pd = tree_at(t, "dhcpv6-options pd") || tree_kid(t, "dhcpv6-pd");

	for (size_t i = 0; a && i < a->n; i++)
		pd |= !strncmp(a->kids[i]->name, "dhcp", 4);
	if (pd || tree_at(t, "ipv6 address autoconf") || !strncmp(name, "pppoe", 5))
		add_wan(v, name);
}

/* A private address of its own, and not by DHCP: the home, unless nothing else
 * is the line. */
static void note_private(struct vyos *v, const char *name, const struct tree *t)
{
	static const char *const nets[] = {"10.0.0.0/8", "172.16.0.0/12",
		"192.168.0.0/16"};
	const struct tree *a = tree_kid(t, "address");

	for (size_t i = 0; a && i < a->n; i++)
		for (size_t k = 0; k < ARRAY_LEN(nets); k++) {
			struct addrmask own, net;

			if (addrmask_parse(a->kids[i]->name, &own) ||
				addrmask_parse(nets[k], &net) ||
				!addrmask_covers(&net, &own) ||
				v->private_n == VYOS_WANS_MAX)
				continue;
			snprintf(v->private[v->private_n++],
				sizeof(v->private[0]), "%.31s", name);
		}
}

static bool is_private(const struct vyos *v, const char *name)
{
	for (size_t i = 0; i < v->private_n; i++)
		if (!strcmp(v->private[i], name))
			return true;
	return false;
}

/* Redirections of the home's DNS and hairpins name its own interfaces too. */
static void guess_nat(struct vyos *v, const char *path, const char *key)
{
	const struct tree *t = tree_at(v->root, path);

	for (size_t i = 0; t && i < t->n; i++) {
		const struct tree *k = tree_kid(t->kids[i], key);
		const char *name = tree_value(k, "name");

		if (!name)
			name = tree_value(k, "interface-name");
		if (!name && !tree_kid(k, "group") &&
			!tree_kid(k, "interface-group") && k && k->n)
			name = k->kids[0]->name;
		if (name && (!v->wan_n || !is_private(v, name)))
			add_wan(v, name);
	}
}

static bool says_wan(const char *s)
{
	return strcasestr(s, "wan") || strcasestr(s, "internet") ||
	       strcasestr(s, "outside") || strcasestr(s, "untrust");
}

static void guess_group(struct vyos *v)
{
	const struct tree *g = tree_kid(v->group, "interface-group");

	for (size_t i = 0; g && i < g->n; i++) {
		const struct tree *k = tree_kid(g->kids[i], "interface");

		for (size_t j = 0; says_wan(g->kids[i]->name) && k && j < k->n; j++)
			add_wan(v, k->kids[j]->name);
	}
}

/* "LAN_TO_WAN" */
static bool from_home(const char *list)
{
	const char *home = strcasestr(list, "lan"), *line = strcasestr(list, "wan");

	return home && line && home < line;
}

/* Somebody who writes "WAN_IN" on it has told which side it is. */
static void guess_list(struct vyos *v, const char *name, const struct tree *t)
{
	static const char *const kinds[] = {"in name", "in ipv6-name",
		"local name", "local ipv6-name"};
	const struct tree *f = tree_kid(t, "firewall");

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const char *list = tree_value(f, kinds[i]);

		if (list && says_wan(list) && !from_home(list))
			add_wan(v, name);
	}
}

static const struct tree *zones(const struct vyos *v)
{
	const struct tree *z = tree_at(v->root, "firewall zone");

	return z ? z : tree_at(v->root, "zone-policy zone");
}

/* "interface eth0" (old), "member interface eth0" (1.5) */
static const struct tree *zone_ifs(const struct tree *z)
{
	return tree_kid(z, "interface") ? tree_kid(z, "interface")
					: tree_at(z, "member interface");
}

static void guess_zone(struct vyos *v)
{
	const struct tree *z = zones(v);

	for (size_t i = 0; z && i < z->n; i++) {
		const struct tree *k = zone_ifs(z->kids[i]);

		for (size_t j = 0; says_wan(z->kids[i]->name) && k && j < k->n; j++)
			add_wan(v, k->kids[j]->name);
	}
}

static void choose_wan(struct vyos *v)
{
	char buf[256], *save = NULL;

	if (v->h->wan) {
		snprintf(buf, sizeof(buf), "%s", v->h->wan);
		for (char *w = strtok_r(buf, ", ", &save); w;
			w = strtok_r(NULL, ", ", &save))
			add_wan(v, w);
		return;
	}
	each(v, guess_iface);
	add_wan(v, tree_value(v->root, "port-forward wan-interface"));
	guess_group(v);
	guess_zone(v);
	each(v, guess_list);
	each(v, note_private);
	guess_nat(v, "nat source rule", "outbound-interface");
	guess_nat(v, "service nat rule", "outbound-interface");
	guess_nat(v, "nat destination rule", "inbound-interface");
	if (v->wan_n == 0)
		add_wan(v, "eth0");
}

/* ---- is the family there? ---- */

static void look_family(struct vyos *v, const char *name, const struct tree *t)
{
	const struct tree *a = tree_kid(t, "address");
	enum role r = vyos_role(v, name);

	v->v6 |= tree_at(t, "ipv6 address") || tree_at(t, "ipv6 enable") ||
		 tree_kid(t, "dhcpv6-options") || tree_kid(t, "dhcpv6-pd");
	v->v4 |= !strncmp(name, "pppoe", 5);
	for (size_t i = 0; a && i < a->n; i++) {
		const char *s = a->kids[i]->name;

		v->v6 |= strchr(s, ':') || !strcmp(s, "dhcpv6");
		v->v4 |= r == ROLE_WAN && (!strcmp(s, "dhcp") || !strchr(s, ':'));
	}
	v->lan_n += r == ROLE_LAN && a;
}

/* ---- lists on interfaces ---- */

void vyos_unknown(struct vyos *v, const char *prefix, const struct tree *t,
	bool affects)
{
	cleanup(freep) char *s = tree_quote(prefix, t);

	pipeline_unknown(v->pl, t->line, affects, "%s", s);
}

static const struct tree *list_of(const struct vyos *v, const char *name,
	enum family fam)
{
	return tree_kid(tree_at(v->root, fam == FAM_6 ? "firewall ipv6-name"
						      : "firewall name"), name);
}

/* A jump to the list from a gate; dir "in", "out", "local". */
static void attach(struct vyos *v, const char *ifname, const char *dir,
	const struct tree *said, enum family fam)
{
	enum role r = vyos_role(v, ifname);
	const char *list = said->n ? said->kids[said->n - 1]->name : "";
	const char *kind = fam == FAM_6 ? "ipv6" : "ipv4";
	cleanup(freep) char *name = xasprintf("%s %s %s", kind, ifname, dir);
	cleanup(freep) char *to = xasprintf("%s name %s", kind, list);
	struct chain *c = pipeline_chain(v->pl, name, true);
	enum path path = !strcmp(dir, "local") ? PATH_INPUT : PATH_FORWARD;
	struct rule *rule;

	if (!list_of(v, list, fam))
		pipeline_unknown(v->pl, said->line, true,
			_("%s names the list %s, which is not defined"), ifname,
			list);
	rule = chain_rule(c, V_ACCEPT);
	cond_num(match_cond(&rule->match, F_FAMILY, true), fam, fam);
	rule = chain_rule(c, V_ACCEPT);
	cond_num(match_cond(&rule->match, !strcmp(dir, "out") ? F_OUT : F_IN,
		true), r, r);
	if (r == ROLE_LAN && v->lan_n > 1) {
		/* one of several at home: the others have no such list */
		rule = chain_rule(c, V_ACCEPT);
		value_opaque(&rule->match, ifname);
	}
	if (r == ROLE_WAN && fam == FAM_4)
		vyos_forwarded(v, c);
	if (r == ROLE_WAN && strcmp(dir, "out"))
		v->gated[fam == FAM_6] |= path == PATH_FORWARD;
	rule = chain_rule(c, V_GOTO);
	rule->target = xstrdup(to);
	pipeline_gate(v->pl, path, name);
}

static void attached(struct vyos *v, const char *ifname, const struct tree *t)
{
	static const char *const dirs[] = {"in", "out", "local"};
	const struct tree *f = tree_kid(t, "firewall");

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		const struct tree *d = tree_kid(f, dirs[i]);

		if (tree_kid(d, "name"))
			attach(v, ifname, dirs[i], tree_kid(d, "name"), FAM_4);
		if (tree_kid(d, "ipv6-name"))
			attach(v, ifname, dirs[i], tree_kid(d, "ipv6-name"),
				FAM_6);
	}
}

/* ---- base chains ---- */

/* "state-policy established action accept", first in every base chain */
static void state_policy(struct vyos *v, struct chain *c, const struct tree *t)
{
	for (size_t i = 0; t && i < t->n; i++) {
		const char *what = tree_value(t->kids[i], "action");
		cleanup(freep) char *s = tree_quote("firewall state-policy",
			t->kids[i]);
		struct rule *r;

		if (!what)
			continue;
		for (uint32_t k = 0; k < CT_MAX; k++) {
			if (strcmp(t->kids[i]->name,
				    ct_state_name((enum ct_state)k)))
				continue;
			r = chain_rule(c, !strcmp(what, "accept") ? V_ACCEPT
				: !strcmp(what, "reject") ? V_REJECT : V_DROP);
			cond_num(match_cond(&r->match, F_CT, false), k, k);
			origin_set(&r->origin, NULL, t->kids[i]->line, s,
				"state-policy");
		}
	}
	(void)v;
}

static void base_chain(struct vyos *v, enum family fam, const char *hook,
	const char *kind)
{
	const char *ip = fam == FAM_6 ? "ipv6" : "ipv4";
	cleanup(freep) char *path = xasprintf("firewall %s %s %s", ip, hook, kind);
	cleanup(freep) char *name = xasprintf("%s %s %s", ip, hook, kind);
	const struct tree *t = tree_at(v->root, path);
	struct chain *c;
	enum path at = !strcmp(hook, "input") ? PATH_INPUT
		       : !strcmp(hook, "output") ? PATH_OUTPUT : PATH_FORWARD;

	if (!t)
		return;
	c = pipeline_chain(v->pl, name, true);
	state_policy(v, c, tree_at(v->root,
		"firewall global-options state-policy"));
	vyos_chain(v, t, path, name, fam, V_ACCEPT);
	read_gate(v->pl, at, name, fam);
	if (!strcmp(hook, "prerouting")) {
		read_gate(v->pl, PATH_INPUT, name, fam);
		if (fam == FAM_4 && v->pl->nat_in_n)
			vyos_unknown(v, path, t, true); /* sees outer addresses */
	} else if (at == PATH_FORWARD) {
		v->gated[fam == FAM_6] = true;
	}
}

static void named_lists(struct vyos *v, const char *path, const char *prefix,
	enum family fam)
{
	const struct tree *t = tree_at(v->root, path);

	for (size_t i = 0; t && i < t->n; i++) {
		cleanup(freep) char *name = xasprintf("%s name %s",
			fam == FAM_6 ? "ipv6" : "ipv4", t->kids[i]->name);
		cleanup(freep) char *head = xasprintf("%s %s", prefix,
			t->kids[i]->name);

		vyos_chain(v, t->kids[i], head, name, fam, V_DROP);
	}
}

static void lists(struct vyos *v)
{
	static const char *const hooks[] = {"forward", "input", "output"};

	named_lists(v, "firewall name", "firewall name", FAM_4);
	named_lists(v, "firewall ipv6-name", "firewall ipv6-name", FAM_6);
	named_lists(v, "firewall ipv4 name", "firewall ipv4 name", FAM_4);
	named_lists(v, "firewall ipv6 name", "firewall ipv6 name", FAM_6);
	for (size_t i = 0; i < ARRAY_LEN(hooks); i++) {
		base_chain(v, FAM_4, hooks[i], "filter");
		base_chain(v, FAM_6, hooks[i], "filter");
	}
	base_chain(v, FAM_4, "prerouting", "raw");
	base_chain(v, FAM_6, "prerouting", "raw");
	each(v, attached);
}

/* Old: "firewall state-policy", a gate that lets answers past every list. */
static void old_state_policy(struct vyos *v)
{
	const struct tree *t = tree_at(v->root, "firewall state-policy");

	for (size_t i = 0; t && i < v->pl->gate_n; i++) {
		struct chain *c = pipeline_chain(v->pl, v->pl->gates[i].chain,
			false);
		struct chain head = {0};

		if (!c)
			continue;
		state_policy(v, &head, t);
		for (size_t k = 0; k < c->rule_n; k++)
			*GROW(head.rules, head.rule_n, head.rule_cap) =
				c->rules[k];
		free(c->rules);
		c->rules = head.rules;
		c->rule_n = head.rule_n;
		c->rule_cap = head.rule_cap;
	}
}

/* ---- zones ---- */

static bool zone_local(const struct tree *z)
{
	return tree_kid(z, "local-zone") != NULL;
}

static enum role zone_role(const struct vyos *v, const struct tree *z)
{
	const struct tree *k = zone_ifs(z);

	if (zone_local(z))
		return ROLE_SELF;
	for (size_t i = 0; k && i < k->n; i++)
		if (vyos_role(v, k->kids[i]->name) == ROLE_WAN)
			return ROLE_WAN;
	return ROLE_LAN;
}

static size_t zones_of(const struct vyos *v, enum role r)
{
	const struct tree *z = zones(v);
	size_t n = 0;

	for (size_t i = 0; z && i < z->n; i++)
		n += zone_role(v, z->kids[i]) == r;
	return n;
}

static void pair_conds(struct vyos *v, struct rule *r, const char *zone,
	enum family fam, enum role from, enum role to)
{
	cond_num(match_cond(&r->match, F_FAMILY, false), fam, fam);
	cond_num(match_cond(&r->match, F_IN, false), from, from);
	cond_num(match_cond(&r->match, F_OUT, false), to, to);
	/* one of several zones outside: which of them is not told by the side */
	if (zones_of(v, from) > 1)
		value_opaque(&r->match, zone);
}

/*
 * The list is called; what comes back from it ("action return", which VyOS 1.4
 * made of "accept" in zones' lists) is passed on by the zone.
 */
static void zone_pair(struct vyos *v, struct chain *c, const struct tree *to,
	const struct tree *from, enum family fam)
{
	const struct tree *z = tree_kid(zones(v), from->name);
	const char *list = tree_value(from, fam == FAM_6 ? "firewall ipv6-name"
							 : "firewall name");
	cleanup(freep) char *head = xasprintf("zone %s from", to->name);
	cleanup(freep) char *text = tree_quote(head, from);
	enum role t = zone_role(v, to);
	struct rule *r;

	if (!z || !list)
		return;
	if (t == ROLE_LAN)
		v->gated[fam == FAM_6] = true; /* meant for this family too */
	r = chain_rule(c, V_JUMP);
	r->target = xasprintf("%s name %s", fam == FAM_6 ? "ipv6" : "ipv4", list);
	pair_conds(v, r, to->name, fam, zone_role(v, z), t);
	r = chain_rule(c, V_ACCEPT);
	pair_conds(v, r, to->name, fam, zone_role(v, z), t);
	origin_set(&r->origin, NULL, from->line, text, "zone");
}

static void zone_chain(struct vyos *v, const struct tree *z, enum family fam)
{
	const char *def = tree_value(z, "default-action");
	enum role role = zone_role(v, z);
	cleanup(freep) char *name = xasprintf("zone %s %s", z->name,
		fam == FAM_6 ? "ipv6" : "ipv4");
	cleanup(freep) char *text = xasprintf("zone %s default-action %s",
		z->name, def ? def : "drop");
	const struct tree *from = tree_kid(z, "from");
	struct chain *c = pipeline_chain(v->pl, name, true);
	struct rule *r;

	r = chain_rule(c, V_ACCEPT);
	cond_num(match_cond(&r->match, F_FAMILY, true), fam, fam);
	r = chain_rule(c, V_ACCEPT);
	cond_num(match_cond(&r->match, F_OUT, true), role, role);
	r = chain_rule(c, V_ACCEPT); /* within the zone, and from the router */
	cond_num(match_cond(&r->match, F_IN, false), role, role);
	if (!tree_kid(tree_kid(zones(v), "local"), "local-zone")) {
		r = chain_rule(c, V_ACCEPT);
		cond_num(match_cond(&r->match, F_IN, false), ROLE_SELF, ROLE_SELF);
	}
	for (size_t i = 0; from && i < from->n; i++)
		zone_pair(v, c, z, from->kids[i], fam);
	if (tree_kid(z, "default-firewall"))
		vyos_unknown(v, "zone", z, true);
	c->end = def && !strcmp(def, "accept") ? V_ACCEPT
		 : def && !strcmp(def, "reject") ? V_REJECT : V_DROP;
	origin_set(&c->end_origin, NULL, z->line, text, "zone");
	if (role != ROLE_LAN)
		pipeline_gate(v->pl, role == ROLE_SELF ? PATH_INPUT
						       : PATH_FORWARD, name);
}

/*
 * A host of the home stands in one of its zones, and the side does not tell in
 * which: each may decide, so that what all refuse is refused, and what only
 * some let in is an open question.
 */
static void home_zones(struct vyos *v, enum family fam)
{
	const struct tree *z = zones(v);
	const char *ip = fam == FAM_6 ? "ipv6" : "ipv4";
	cleanup(freep) char *name = xasprintf("zones of the home %s", ip);
	size_t left = zones_of(v, ROLE_LAN);
	struct chain *c;
	struct rule *r;

	if (!left)
		return;
	c = pipeline_chain(v->pl, name, true);
	c->end = V_ACCEPT;
	for (size_t i = 0; i < z->n; i++) {
		if (zone_role(v, z->kids[i]) != ROLE_LAN)
			continue;
		r = chain_rule(c, V_JUMP);
		r->target = xasprintf("zone %s %s", z->kids[i]->name, ip);
		if (--left)
			value_opaque(&r->match, z->kids[i]->name);
	}
	pipeline_gate(v->pl, PATH_FORWARD, name);
}

static void zone_chains(struct vyos *v)
{
	const struct tree *z = zones(v);

	for (size_t i = 0; z && i < z->n; i++) {
		zone_chain(v, z->kids[i], FAM_4);
		zone_chain(v, z->kids[i], FAM_6);
	}
	home_zones(v, FAM_4);
	home_zones(v, FAM_6);
}

/* ---- below the filter ---- */

static bool has_wan_member(const struct vyos *v, const struct tree *br)
{
	const struct tree *m = tree_at(br, "member interface");

	for (size_t i = 0; m && i < m->n; i++)
		if (is_wan(v, m->kids[i]->name))
			return true;
	return m && m->n > 1 && is_wan(v, br->name);
}

static void bridges(struct vyos *v)
{
	const struct tree *b = tree_at(v->root, "interfaces bridge");

	for (size_t i = 0; b && i < b->n; i++) {
		cleanup(freep) char *words = tree_quote("interfaces bridge",
			b->kids[i]);
		const struct tree *t = tree_at(b->kids[i], "member interface");
		struct match *m;

		if (!has_wan_member(v, b->kids[i]))
			continue;
		m = read_bypass(v->pl, t && t->n ? t->kids[0]->line
			: b->kids[i]->line, words);
		cond_num(match_cond(m, F_FAMILY, false), FAM_6, FAM_6);
		v->pl->bridge6 = true;
	}
}

/* ---- what is there besides ---- */

static void unknown_in(struct vyos *v, const char *path,
	const char *const *known, bool affects)
{
	const struct tree *t = *path ? tree_at(v->root, path) : v->root;

	for (size_t i = 0; t && i < t->n; i++) {
		const char *const *k = known;

		while (*k && strcmp(*k, t->kids[i]->name))
			k++;
		if (!*k)
			vyos_unknown(v, path, t->kids[i], affects);
	}
}

static void unknowns(struct vyos *v)
{
	static const char *const top[] = {"interfaces", "firewall", "nat",
		"zone-policy", "system", "service", "protocols", "vpn", "policy",
		"qos", "traffic-policy", "traffic-control", "container",
		"high-availability", "load-balancing", "load-balance", "pki",
		"vrf", "custom-attribute", "port-forward", "qos-policy", "vpp",
		"content-inspection", "webproxy", "cluster", "snmp", NULL};
	static const char *const firewall[] = {"name", "ipv6-name", "ipv4",
		"ipv6", "group", "zone", "global-options", "state-policy",
		"all-ping", "broadcast-ping", "ipv6-receive-redirects",
		"ipv6-src-route", "ip-src-route", "log-martians", "config-trap",
		"receive-redirects", "send-redirects", "source-validation",
		"syn-cookies", "twa-hazards-protection", "options", "modify",
		"ipv6-modify", "flowtable", "bridge", "resolver-cache",
		"resolver-interval", "resolver-internal", "interface", NULL};
	static const char *const nat[] = {"source", "destination", "static",
		NULL};

	unknown_in(v, "", top, false);
	unknown_in(v, "firewall", firewall, true);
	unknown_in(v, "nat", nat, true);
	if (tree_kid(v->root, "nat66") || tree_at(v->root, "nat nptv6"))
		pipeline_unknown(v->pl, 0, true,
			_("IPv6 addresses are translated (nat66): not judged here"));
	if (tree_at(v->root, "firewall interface"))
		pipeline_unknown(v->pl, 0, true,
			_("\"firewall interface\" was used by test versions of VyOS 1.4 only: not judged here"));
}

/* A family that no address speaks of does not come in. */
static void absent(struct vyos *v, enum family fam)
{
	const char *name = fam == FAM_6 ? "no ipv6" : "no ipv4";
	struct chain *c;

	if ((fam == FAM_6 ? v->v6 : v->v4) || v->gated[fam == FAM_6] ||
		!tree_kid(v->root, "interfaces"))
		return;
	c = value_gate(v->pl, PATH_FORWARD, name, fam, ROLE_WAN);
	pipeline_gate(v->pl, PATH_INPUT, name);
	c->end = V_DROP;
	origin_set(&c->end_origin, NULL, 0, "", fam == FAM_6
		? "no IPv6 is configured" : "no IPv4 is configured");
}

/* ---- the whole ---- */

static int count(const char *text, const char *const *signs, size_t n)
{
	int k = 0;

	for (size_t i = 0; i < n; i++)
		k += strstr(text, signs[i]) != NULL;
	return k;
}

int vyos_looks(const char *text)
{
	static const char *const signs[] = {"firewall ipv6 forward filter",
		"firewall ipv4 forward filter", "set nat destination rule",
		"vyos-config-version", "set firewall ipv4", "set firewall ipv6 ",
		"set firewall zone ", "set system config-management",
		"set interfaces ethernet", "    forward {", "VyOS",
		"set zone-policy zone"};
	int n = count(text, signs, ARRAY_LEN(signs));

	if (!n && strstr(text, "interfaces {\n    ethernet eth"))
		return 1; /* no firewall at all in it */
	return n ? n + 1 : 0;
}

int edgeos_looks(const char *text)
{
	static const char *const signs[] = {"set firewall name ",
		"set firewall ipv6-name ", "firewall in ", "set service nat rule",
		"set port-forward", "    ipv6-name ", "    name ", "inside-address",
		"vyatta-config-version", "EdgeRouter", "ipv6-receive-redirects",
		"set interfaces ethernet", "all-ping"};
	int n = count(text, signs, ARRAY_LEN(signs));

	return n > 1 ? n : 0;
}

int vyos_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why)
{
	struct vyos v = {.h = h, .pl = pl};

	v.root = tree_read(text, TREE_VYOS, pl);
	v.group = tree_at(v.root, "firewall group");
	if (!tree_kid(v.root, "firewall") && !tree_kid(v.root, "interfaces") &&
		!tree_kid(v.root, "nat") && !tree_kid(v.root, "service")) {
		*why = xstrdup(_("neither \"firewall\" nor \"interfaces\" in it: give the output of \"show configuration\" or \"show configuration commands\""));
		tree_free(v.root);
		return -EINVAL;
	}
	choose_wan(&v);
	each(&v, look_family);
	pl->order = NAT_FIRST;
	memset(pl->stateful, 0xff, sizeof(pl->stateful));
	pl->ndproxy = tree_at(v.root, "service ndp-proxy") != NULL;
	vyos_nat(&v);
	lists(&v);
	zone_chains(&v);
	old_state_policy(&v);
	bridges(&v);
	absent(&v, FAM_6);
	absent(&v, FAM_4);
	unknowns(&v);
	tree_free(v.root);
	return 0;
}
