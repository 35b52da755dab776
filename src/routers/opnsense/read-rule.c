// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules and port forwards of config.xml, in the order in which OPNsense hands
 * them to pf: its own, floating, then those of an interface (quick). Its own
 * are as src/etc/inc/filter.lib.inc registers them.
 */
#include "routers/opnsense/read-own.h"
#include "routers/pf/read-own.h"
#include "routers/value.h"
#include "base/tr.h"

#include <stdlib.h>
#include <string.h>

/* ---- what every OPNsense has ---- */

static void own(struct opn *o, const char *chain, enum verdict v, bool quick,
	const struct match *m, const char *text)
{
	struct origin or = {.text = (char *)(uintptr_t)text,
		.why = (char *)(uintptr_t) "built in"};

	pf_rule(o->pl, chain, v, quick, m, &or);
}

/* ICMPv6 types that are let by, from everywhere or from the link only. */
static void own_icmp6(struct opn *o)
{
	static const uint32_t any[] = {1, 2, 135, 136};
	static const uint32_t link[] = {128, 133, 134, 135, 136};
	static const char *const to[] = {"fe80::/10", "ff02::/16"};
	struct match m = {0}, l = {0};
	struct cond *c;

	value_family(&m, FAM_6);
	cond_num(match_cond(&m, F_PROTO, false), PROTO_ICMPV6, PROTO_ICMPV6);
	match_copy(&l, &m);
	c = match_cond(&m, F_ITYPE, false);
	for (size_t i = 0; i < ARRAY_LEN(any); i++)
		cond_num(c, any[i], any[i]);
	own(o, PF_IN, V_ACCEPT, true, &m, "IPv6 requirements (ICMP)");
	own(o, PF_OUT, V_ACCEPT, true, &m, "IPv6 requirements (ICMP)");
	c = match_cond(&l, F_ITYPE, false);
	for (size_t i = 0; i < ARRAY_LEN(link); i++)
		cond_num(c, link[i], link[i]);
	(void)value_addr(match_cond(&l, F_SRC, false), FAM_6, "fe80::/10", NULL);
	c = match_cond(&l, F_DST, false);
	for (size_t i = 0; i < ARRAY_LEN(to); i++)
		(void)value_addr(c, FAM_6, to[i], NULL);
	own(o, PF_IN, V_ACCEPT, true, &l, "IPv6 requirements (ICMP)");
	match_done(&m);
	match_done(&l);
}

static void own_dhcp(struct opn *o, enum family fam, uint32_t sport,
	uint32_t dport)
{
	struct match m = {0};

	value_family(&m, fam);
	opn_side_cond(&m, F_IN, false, OPN_WAN);
	cond_num(match_cond(&m, F_PROTO, false), PROTO_UDP, PROTO_UDP);
	cond_num(match_cond(&m, F_SPORT, false), sport, sport);
	cond_num(match_cond(&m, F_DPORT, false), dport, dport);
	own(o, PF_IN, V_ACCEPT, fam == FAM_6, &m, "allow DHCP client on WAN");
	match_done(&m);
}

static void own_private(struct opn *o, const struct xml *iface)
{
	static const char *const nets[] = {"10.0.0.0/8", "127.0.0.0/8",
		"100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"};
	struct match m = {0};
	struct cond *c;

	if (!xml_set(iface, "blockpriv"))
		return;
	opn_side_cond(&m, F_IN, false, opn_sides(o, iface->name));
	c = match_cond(&m, F_SRC, false);
	for (size_t i = 0; i < ARRAY_LEN(nets); i++)
		(void)value_addr(c, FAM_NONE, nets[i], NULL);
	own(o, PF_IN, V_DROP, true, &m, "Block private networks");
	match_done(&m);
}

static void own_rules(struct opn *o)
{
	const struct xml *ifs = xml_child(o->root, "interfaces");
	const struct xml *sys = xml_child(o->root, "system");
	struct match none = {0}, six = {0};

	own(o, PF_IN, V_DROP, false, &none, "Default deny rule");
	own(o, PF_OUT, V_DROP, false, &none, "Default deny rule");
	value_family(&six, FAM_6);
	if (sys && !xml_set(sys, "ipv6allow")) {
		own(o, PF_IN, V_DROP, true, &six, "Block all IPv6");
		own(o, PF_OUT, V_DROP, true, &six, "Block all IPv6");
	}
	match_done(&six);
	own_icmp6(o);
	own_dhcp(o, FAM_6, 547, 546);
	own_dhcp(o, FAM_4, 67, 68);
	for (size_t i = 0; ifs && i < ifs->n; i++)
		own_private(o, ifs->v[i]);
	own(o, PF_OUT, V_ACCEPT, false, &none,
		"let out anything from firewall host itself");
}

/* ---- one rule ---- */

struct draft {
	const struct xml *x;
	struct match m;
	enum family fam;
	bool opaque_source;
};

static void family(struct draft *d, const char *word)
{
	d->fam = !strcmp(word, "inet6")	   ? FAM_6
		 : !strcmp(word, "inet46") ? FAM_NONE
					   : FAM_4;
	if (d->fam)
		value_family(&d->m, d->fam);
}

static bool protocol(struct match *m, const char *word)
{
	struct cond *c;
	uint32_t p;

	if (!*word || !strcasecmp(word, "any"))
		return true;
	c = match_cond(m, F_PROTO, false);
	if (!strcasecmp(word, "tcp/udp")) {
		cond_num(c, PROTO_TCP, PROTO_TCP);
		cond_num(c, PROTO_UDP, PROTO_UDP);
		return true;
	}
	if (!value_proto(word, FAM_4, &p))
		return false;
	cond_num(c, p, p);
	return true;
}

static void end_host(struct opn *o, struct draft *d, enum field f, bool neg,
	const char *word)
{
	if (opn_host(o, &d->m, f, neg, word) == OPN_HOST_OK)
		return;
	d->opaque_source |= f == F_SRC;
	value_opaque(&d->m, word);
}

/* <source><network>lan</network><port>..</port><not>1</not></source> */
static bool end(struct opn *o, struct draft *d, const char *name, enum field f,
	enum field port)
{
	const struct xml *e = xml_child(d->x, name);
	const char *word = xml_get(e, "network");

	if (!*word)
		word = xml_get(e, "address");
	end_host(o, d, f, xml_set(e, "not"), word);
	return opn_port(o, &d->m, port, xml_get(e, "port"));
}

static bool flat_end(struct opn *o, struct draft *d, const char *net,
	const char *not, const char *port, enum field f, enum field pf)
{
	end_host(o, d, f, xml_set(d->x, not), xml_get(d->x, net));
	return opn_port(o, &d->m, pf, xml_get(d->x, port));
}

static bool icmp_types(struct draft *d)
{
	const char *four = xml_get(d->x, "icmptype");
	const char *six = xml_get(d->x, "icmp6-type");

	/* names and numbers in one list: pf's own words, rarely used here */
	if (*four || *six)
		value_opaque(&d->m, *four ? four : six);
	return true;
}

/* Matchers that hold sometimes: at some hours, for marked packets. */
static void sometimes(struct draft *d)
{
	static const char *const keys[] = {"sched", "os", "tagged", "tcpflags1",
		"tcpflags2", "max-src-conn-rate", "prio", "tos", "divert-to"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (*xml_get(d->x, keys[i]))
			value_opaque(&d->m, keys[i]);
}

static bool verdict_of(const char *word, enum verdict *v)
{
	if (!strcmp(word, "pass") || !*word)
		*v = V_ACCEPT;
	else if (!strcmp(word, "block"))
		*v = V_DROP;
	else if (!strcmp(word, "reject"))
		*v = V_REJECT;
	else
		return false;
	return true;
}

static void unknown(struct opn *o, const struct xml *x)
{
	cleanup(freep) char *line = xml_line(x);

	pipeline_unknown(o->pl, x->no, true, "%s", line);
}

static void add(struct opn *o, const struct draft *d, enum verdict v, bool quick,
	const char *direction, bool off)
{
	cleanup(freep) char *line = xml_line(d->x);
	struct origin or = {.line = d->x->no, .text = line,
		.why = (char *)(uintptr_t) "rule"};
	const char *ifs = xml_get(d->x, "interface");
	bool both = !strcmp(direction, "any") || !*direction;

	for (int out = 0; out < 2; out++) {
		struct match m = {0};

		if (!both && strcmp(direction, out ? "out" : "in"))
			continue;
		if (*ifs)
			opn_side_cond(&m, out ? F_OUT : F_IN,
				xml_set(d->x, "interfacenot"), opn_sides(o, ifs));
		match_copy(&m, &d->m);
		xml_lines(&pf_rule(o->pl, off ? read_unused(o->pl)->name
			: out ? PF_OUT : PF_IN, v, quick, &m, &or)->origin,
			d->x);
		match_done(&m);
	}
}

static void one_rule(struct opn *o, const struct xml *x, bool flat,
	bool floating)
{
	struct draft d = {.x = x};
	const char *dir = xml_get(x, "direction");
	enum verdict v = V_DROP;
	bool ok = verdict_of(xml_get(x, flat ? "action" : "type"), &v);
	bool off = flat ? !strcmp(xml_get(x, "enabled"), "0")
			: xml_set(x, "disabled");
	bool quick = flat ? strcmp(xml_get(x, "quick"), "0") != 0
			  : !floating || xml_set(x, "quick");

	family(&d, xml_get(x, "ipprotocol"));
	ok = protocol(&d.m, xml_get(x, "protocol")) && ok;
	if (flat)
		ok = flat_end(o, &d, "source_net", "source_not", "source_port",
			     F_SRC, F_SPORT) &&
		     flat_end(o, &d, "destination_net", "destination_not",
			     "destination_port", F_DST, F_DPORT) && ok;
	else
		ok = end(o, &d, "source", F_SRC, F_SPORT) &&
		     end(o, &d, "destination", F_DST, F_DPORT) && ok;
	ok = icmp_types(&d) && ok;
	sometimes(&d);
	/* a block for a list that is not in the file: left out, and said */
	if ((!ok || (d.opaque_source && v != V_ACCEPT)) && off)
		; /* nor does it do anything */
	else if (!ok || (d.opaque_source && v != V_ACCEPT))
		unknown(o, x);
	else
		add(o, &d, v, quick, floating || flat ? (*dir ? dir : "in") : "in",
			off);
	match_done(&d.m);
}

static bool one_iface(const struct xml *x)
{
	const char *s = xml_get(x, "interface");

	return *s && !strchr(s, ',');
}

static void rules_of(struct opn *o, const struct xml *list, bool flat,
	bool floating)
{
	for (size_t i = 0; list && i < list->n; i++) {
		const struct xml *x = list->v[i];
		bool fl = flat ? !one_iface(x) : xml_set(x, "floating");

		if (strcmp(x->name, "rule") || fl != floating)
			continue;
		one_rule(o, x, flat, floating);
	}
}

/* The rules of Firewall > Automation (and, in new versions, all) stand there. */
static const struct xml *flat_rules(const struct opn *o)
{
	return xml_path(o->root, "OPNsense/Firewall/Filter/rules");
}

void opn_filter(struct opn *o)
{
	pf_chains(o->pl);
	if (xml_set(xml_child(o->root, "system"), "disablefilter"))
		return;
	own_rules(o);
	for (int floating = 1; floating >= 0; floating--) {
		rules_of(o, flat_rules(o), true, floating);
		rules_of(o, xml_child(o->root, "filter"), false, floating);
	}
}

/* ---- port forwards ---- */

static bool target(struct opn *o, struct draft *d, struct nat_rule *n)
{
	const char *port = xml_get(d->x, "local-port");
	enum family fam;
	uint32_t p = 0;
	bool ok = opn_target(o, xml_get(d->x, "target"), &fam, &n->dst);

	n->set_dst = true;
	if (ok && *port && value_port(port, &p)) {
		n->set_port = true;
		n->port_lo = n->port_hi = (uint16_t)p;
	} else if (ok && *port) {
		/* a range keeps its place: only when it is the outer one, too */
		ok = !strcmp(port, xml_get(xml_child(d->x, "destination"), "port"));
	}
	return ok && fam == FAM_4;
}

/* A range outside with the first inner port: pf counts on from there. */
static bool shifted(const struct match *m, struct nat_rule *n)
{
	for (size_t i = 0; n->set_port && i < m->n; i++) {
		const struct cond *c = &m->conds[i];

		if (c->f != F_DPORT)
			continue;
		if (c->num_n != 1)
			return false;
		if (c->nums[0].lo == c->nums[0].hi)
			return true;
		n->match_lo = (uint16_t)c->nums[0].lo;
		n->port_hi = (uint16_t)(n->port_lo + (c->nums[0].hi -
					c->nums[0].lo));
	}
	return true;
}

/* "pass", or a rule registered with the forward: what is translated is let in. */
static void let_in(struct opn *o, const struct draft *d,
	const struct nat_rule *n)
{
	cleanup(freep) char *line = xml_line(d->x);
	struct origin or = {.line = d->x->no, .text = line};
	const char *how = xml_get(d->x, "pass");
	struct addrmask k = {.fam = FAM_4, .value = n->dst,
		.mask = mask_of_len(FAM_4, 32)};
	struct match m = {0};

	if (strcmp(how, "pass") && strcmp(how, "rule") &&
		strcmp(xml_get(d->x, "associated-rule-id"), "pass"))
		return;
	for (size_t i = 0; i < d->m.n; i++) {
		struct match one = {.conds = &d->m.conds[i], .n = 1};
		enum field f = d->m.conds[i].f;

		if (f != F_DST && f != F_OUT && f != F_DPORT)
			match_copy(&m, &one);
	}
	cond_num(match_cond(&m, F_DNAT, false), 1, 1);
	cond_addr(match_cond(&m, F_DST, false), &k);
	xml_lines(&pf_rule(o->pl, PF_IN, V_ACCEPT, true, &m, &or)->origin,
		d->x);
	match_done(&m);
}

static void one_forward(struct opn *o, const struct xml *x)
{
	struct draft d = {.x = x};
	struct nat_rule n = {.action = NAT_TO};
	cleanup(freep) char *line = xml_line(x);
	bool through = xml_set(x, "nordr"), ok;

	if (*xml_get(x, "interface"))
		opn_side_cond(&d.m, F_IN, false,
			opn_sides(o, xml_get(x, "interface")));
	family(&d, xml_get(x, "ipprotocol"));
	ok = protocol(&d.m, xml_get(x, "protocol"));
	ok = end(o, &d, "source", F_SRC, F_SPORT) &&
	     end(o, &d, "destination", F_DST, F_DPORT) && ok;
	if (through)
		n.action = NAT_THROUGH;
	else
		ok = ok && d.fam == FAM_4 && target(o, &d, &n) &&
		     shifted(&d.m, &n);
	if (!ok) {
		unknown(o, x);
	} else {
		match_copy(&n.match, &d.m);
		origin_set(&n.origin, NULL, x->no, line, "port forward");
	xml_lines(&n.origin, x);
		*GROW(o->pl->nat_in, o->pl->nat_in_n, o->pl->nat_in_cap) = n;
		if (!through)
			let_in(o, &d, &n);
	}
	match_done(&d.m);
}

void opn_nat(struct opn *o)
{
	static const char *const others[] = {"onetoone", "npt"};
	const struct xml *nat = xml_child(o->root, "nat");
	const char *mode = xml_get(xml_child(nat, "outbound"), "mode");

	for (size_t i = 0; nat && i < nat->n; i++) {
		const struct xml *x = nat->v[i];

		if (!strcmp(x->name, "rule") && !xml_set(x, "disabled"))
			one_forward(o, x);
		for (size_t k = 0; k < ARRAY_LEN(others); k++)
			if (!strcmp(x->name, others[k]) &&
				!xml_set(x, "disabled"))
				unknown(o, x);
	}
	/* automatic rules come with one that keeps port 500 (issue 697) */
	o->pl->masquerade = strcmp(mode, "disabled") != 0;
	o->pl->keep_ike_port = !strcmp(mode, "automatic") ||
			       !strcmp(mode, "hybrid") || !*mode;
}
