// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /ip firewall filter|raw|nat, /ipv6 firewall filter|raw: one "add" -> rule. A
 * matcher that is not known makes the rule opaque, never disappear.
 */
#include "routers/routeros/read-own.h"
#include "routers/value.h"
#include "base/tr.h"

#include <stdio.h>
#include <string.h>

char *ros_chain(enum family fam, const char *table, const char *name)
{
	return xasprintf("%s %s %s", fam == FAM_6 ? "ip6" : "ip", table, name);
}

static bool negated(const char **v)
{
	bool neg = **v == '!';

	*v += neg;
	return neg;
}

static bool sides(struct match *m, enum field f, bool neg, unsigned s)
{
	struct cond *c;

	if (s & ROS_UNSURE)
		return false;
	c = match_cond(m, f, neg);
	if (s & ROS_WAN)
		cond_num(c, ROLE_WAN, ROLE_WAN);
	if (s & ROS_LAN)
		cond_num(c, ROLE_LAN, ROLE_LAN);
	return true;
}

/*
 * Interface or list, "in" side. One line of several: which of them a packet
 * comes by is not followed, so that this is an open question and no false
 * "refused". What only carries PPPoE sees no packet of its own.
 */
static bool in_sides(const struct ros *r, struct match *m, enum family fam,
	bool neg, const char *name, unsigned s)
{
	enum role role;
	bool named = read_role(r->h, name, &role);

	if (s == ROS_WAN && !named && ros_under(r, name, fam)) {
		if (!neg)
			value_never(m);
		return true;
	}
	if ((s & ROS_WAN) && !ros_all_lines(r, name, fam) &&
		!named)
		return false;
	return sides(m, F_IN, neg, s);
}

/* An address list: what it holds now; a name or a time in it is not known. */
static bool address_list(const struct ros *r, struct match *m, enum field f,
	enum family fam, bool neg, const char *name)
{
	struct match try = {0};
	struct cond *c = match_cond(&try, f, neg);
	bool any = false, sure = true;

	c->set_fam = fam;
	for (size_t i = 0; i < r->address_n; i++) {
		const struct ros_pair *p = &r->addresses[i];

		if (p->fam != fam || strcmp(p->list, name))
			continue;
		any = true;
		sure = sure && value_addr(c, fam, p->name, NULL);
	}
	if (any && sure)
		match_move(m, &try);
	match_done(&try);
	return any && sure;
}

static bool states(struct match *m, const char *v)
{
	bool neg = negated(&v);
	struct cond *c = match_cond(m, F_CT, neg);
	char buf[128];
	char *save = NULL;

	snprintf(buf, sizeof(buf), "%s", v);
	for (char *p = strtok_r(buf, ",", &save); p;
		p = strtok_r(NULL, ",", &save)) {
		int k = 0;

		while (k < CT_MAX && strcmp(p, ct_state_name((enum ct_state)k)))
			k++;
		if (k == CT_MAX)
			return false;
		cond_num(c, (uint32_t)k, (uint32_t)k);
	}
	return c->num_n > 0;
}

static bool nat_state(struct match *m, const char *v)
{
	bool neg = negated(&v);

	cond_num(match_cond(m, F_DNAT, neg), 1, 1);
	return !strcmp(v, "dstnat");
}

/* "3:4", "128:0-255", "8" */
static bool icmp(struct match *m, const char *v)
{
	bool neg = negated(&v);
	uint32_t lo, hi;
	int used = 0;
	unsigned type;

	if (sscanf(v, "%u%n", &type, &used) != 1 || type > 255)
		return false;
	v += used;
	lo = 0;
	hi = 255;
	if (*v && (*v != ':' || (sscanf(v, ":%u-%u", &lo, &hi) < 2 &&
				(sscanf(v, ":%u", &lo) < 1 || !((hi = lo), true)))))
		return false;
	cond_num(match_cond(m, F_ITYPE, neg), type, type);
	if (lo == 0 && hi == 255)
		return true;
	if (neg || lo > hi || hi > 255)
		return false; /* not (type and code): two rules, rare */
	cond_num(match_cond(m, F_ICODE, false), lo, hi);
	return true;
}

static bool tcp_flags(struct match *m, const char *v)
{
	static const char *const names[] = {"fin", "syn", "rst", "psh", "ack",
		"urg"};
	struct cond *c = match_cond(m, F_TCPFLAGS, false);
	char buf[64];
	char *save = NULL;

	snprintf(buf, sizeof(buf), "%s", v);
	for (char *p = strtok_r(buf, ",", &save); p;
		p = strtok_r(NULL, ",", &save)) {
		bool off = *p == '!';
		size_t i = 0;

		p += off;
		while (i < ARRAY_LEN(names) && strcmp(p, names[i]))
			i++;
		if (i == ARRAY_LEN(names))
			return false;
		c->flag_mask |= (uint8_t)(1 << i);
		if (!off)
			c->flag_value |= (uint8_t)(1 << i);
	}
	return c->flag_mask != 0;
}

static bool address_type(struct match *m, enum field f, const char *v)
{
	bool neg = negated(&v);

	if (strcmp(v, "local"))
		return false;
	cond_num(match_cond(m, f, neg), ROLE_SELF, ROLE_SELF);
	return true;
}

/* Packets that came out of IPsec: there are none where no IPsec is set up. */
static bool ipsec(const struct ros *r, struct match *m, const char *v)
{
	if (r->ipsec)
		return false;
	if (strstr(v, ",ipsec"))
		value_never(m);
	return strstr(v, ",ipsec") || strstr(v, ",none");
}

static bool address(struct match *m, enum field f, enum family fam,
	const char *v)
{
	bool neg = negated(&v);
	struct cond *c = match_cond(m, f, neg);

	c->set_fam = fam;
	return value_addr(c, fam, v, NULL);
}

static bool number_field(struct match *m, enum field f, enum family fam,
	const char *v)
{
	bool neg = negated(&v);
	struct cond *c = match_cond(m, f, neg);
	uint32_t p;

	if (f != F_PROTO)
		return value_ports(c, v);
	if (!value_proto(v, fam, &p))
		return false;
	cond_num(c, p, p);
	return true;
}

/* Arguments that match nothing and change nothing here. */
static bool harmless(const char *key)
{
	static const char *const names[] = {"chain", "action", "comment",
		"disabled", "log", "log-prefix", "reject-with", "jump-target",
		"to-addresses", "to-ports", "hw-offload", "address-list",
		"address-list-timeout", "new-packet-mark", "randomise-ports",
		"new-connection-mark", "new-routing-mark", "same-not-by-dst",
		"creation-time", NULL};

	for (size_t i = 0; names[i]; i++)
		if (!strcmp(names[i], key))
			return true;
	return false;
}

/* One matcher. False: not understood. */
static bool matcher(const struct ros *r, struct match *m, enum family fam,
	const char *k, const char *v, enum field port)
{
	const char *name = v;
	bool neg;

	if (!strcmp(k, "protocol"))
		return number_field(m, F_PROTO, fam, v);
	if (!strcmp(k, "dst-port"))
		return number_field(m, F_DPORT, fam, v);
	if (!strcmp(k, "src-port"))
		return number_field(m, F_SPORT, fam, v);
	if (!strcmp(k, "port"))
		return number_field(m, port, fam, v);
	if (!strcmp(k, "dst-address"))
		return address(m, F_DST, fam, v);
	if (!strcmp(k, "src-address"))
		return address(m, F_SRC, fam, v);
	neg = negated(&name);
	if (!strcmp(k, "dst-address-list"))
		return address_list(r, m, F_DST, fam, neg, name);
	if (!strcmp(k, "src-address-list"))
		return address_list(r, m, F_SRC, fam, neg, name);
	if (!strcmp(k, "in-interface"))
		return in_sides(r, m, fam, neg, name, ros_iface_sides(r, name));
	if (!strcmp(k, "out-interface"))
		return sides(m, F_OUT, neg, ros_iface_sides(r, name));
	if (!strcmp(k, "in-interface-list"))
		return in_sides(r, m, fam, neg, name, ros_list_sides(r, name));
	if (!strcmp(k, "out-interface-list"))
		return sides(m, F_OUT, neg, ros_list_sides(r, name));
	if (!strcmp(k, "connection-state"))
		return states(m, v);
	if (!strcmp(k, "connection-nat-state"))
		return nat_state(m, v);
	if (!strcmp(k, "icmp-options"))
		return icmp(m, v);
	if (!strcmp(k, "tcp-flags"))
		return tcp_flags(m, v);
	if (!strcmp(k, "dst-address-type"))
		return address_type(m, F_OUT, v);
	if (!strcmp(k, "src-address-type"))
		return address_type(m, F_IN, v);
	if (!strcmp(k, "ipsec-policy"))
		return ipsec(r, m, v);
	return false;
}

static void conditions(const struct ros *r, const struct ros_cmd *c,
	enum family fam, struct match *m, enum field port)
{
	value_family(m, fam);
	for (size_t i = 0; i < c->n; i++) {
		struct match try = {0};

		if (harmless(c->v[i].key))
			continue;
		if (matcher(r, &try, fam, c->v[i].key, c->v[i].value, port))
			match_move(m, &try);
		else
			value_opaque(m, c->v[i].key);
		match_done(&try);
	}
}

static bool action_of(const char *s, enum verdict *v)
{
	static const struct {
		const char *name;
		enum verdict v;
	} rows[] = {{"accept", V_ACCEPT}, {"drop", V_DROP},
		{"reject", V_REJECT}, {"tarpit", V_DROP}, {"jump", V_JUMP},
		{"return", V_RETURN}, {"log", V_CONTINUE},
		{"passthrough", V_CONTINUE}, {"notrack", V_CONTINUE},
		{"fasttrack-connection", V_CONTINUE},
		{"add-src-to-address-list", V_CONTINUE},
		{"add-dst-to-address-list", V_CONTINUE}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(rows[i].name, s))
			return *v = rows[i].v, true;
	return false;
}

static void add_rule(struct ros *r, const struct ros_cmd *c, enum family fam,
	const char *table, enum verdict v, enum field port)
{
	cleanup(freep) char *name = ros_chain(fam, table, ros_get(c, "chain"));
	struct rule *rule = chain_rule(ros_is(c, "disabled", "yes")
		? read_unused(r->pl) : pipeline_chain(r->pl, name, true), v);
	const char *target = ros_get(c, "jump-target");

	conditions(r, c, fam, &rule->match, port);
	if (v == V_JUMP)
		rule->target = ros_chain(fam, table, target ? target : "");
	origin_set(&rule->origin, NULL, c->no, c->text, "rule");
}

void ros_rule(struct ros *r, const struct ros_cmd *c, enum family fam,
	const char *table)
{
	const char *action = ros_get(c, "action");
	enum verdict v;

	if (ros_is(c, "disabled", "yes") && (!ros_get(c, "chain") ||
			strcmp(table, "filter") || !action_of(action
			? action : "accept", &v) || v == V_JUMP || v == V_GOTO))
		return;
	/* an action that is left out is accept (RouterOS manual) */
	if (!ros_get(c, "chain") || !action_of(action ? action : "accept", &v) ||
		ros_get(c, "place-before")) {
		pipeline_unknown(r->pl, c->no, true, "%s", c->text);
		return;
	}
	add_rule(r, c, fam, table, v, F_DPORT);
	if (ros_get(c, "port"))
		add_rule(r, c, fam, table, v, F_SPORT);
}

/* ---- address translation ---- */

static bool to_ports(struct nat_rule *n, const struct ros_cmd *c)
{
	const char *v = ros_get(c, "to-ports");
	uint32_t p;

	if (!v)
		return true;
	n->set_port = true;
	if (!value_number(v, 65535, &p))
		return false; /* a range: the router chooses */
	n->port_lo = n->port_hi = (uint16_t)p;
	return true;
}

/* via: the jump that leads to it, or NULL. */
static bool nat_rule(struct ros *r, const struct ros_cmd *c, enum family fam,
	const struct ros_cmd *via)
{
	const char *action = ros_get(c, "action"), *to;
	struct nat_rule n = {.action = NAT_TO, .set_dst = true};
	enum family read;
	bool ok = true;

	to = ros_get(c, "to-addresses");
	if (action && !strcmp(action, "accept"))
		n.action = NAT_THROUGH;
	else
		ok = action && (!strcmp(action, "dst-nat") ||
				!strcmp(action, "netmap")) && to &&
		     !addr_parse(to, &read, &n.dst) && read == fam &&
		     to_ports(&n, c);
	if (!ok)
		return false;
	conditions(r, c, fam, &n.match, F_DPORT);
	if (via)
		conditions(r, via, fam, &n.match, F_DPORT);
	origin_set(&n.origin, NULL, c->no, c->text, "nat");
	*GROW(r->pl->nat_in, r->pl->nat_in_n, r->pl->nat_in_cap) = n;
	return true;
}

static bool nat_one(struct ros *r, const struct ros_cmd *c, enum family fam,
	const struct ros_cmd *via)
{
	const char *action = ros_get(c, "action");

	if (ros_is(c, "disabled", "yes") || (action &&
		(!strcmp(action, "log") || !strcmp(action, "passthrough"))))
		return true;
	return !ros_get(c, "port") && !ros_get(c, "place-before") &&
	       nat_rule(r, c, fam, via);
}

/* dstnat jumps to a chain of one's own: its rules under the jump's conditions. */
static bool nat_jump(struct ros *r, const struct ros_cmd *via, enum family fam)
{
	const char *target = ros_get(via, "jump-target");
	bool ok = target != NULL;

	for (size_t i = 0; i < r->script.n && ok; i++) {
		const struct ros_cmd *c = &r->script.v[i];

		if (strcmp(c->path, via->path) || strcmp(c->verb, "add") ||
			!ros_is(c, "chain", target))
			continue;
		if (ros_is(c, "action", "return"))
			return true; /* what stands behind it does not count */
		ok = nat_one(r, c, fam, via);
	}
	return ok;
}

static bool jumped_to(const struct ros *r, const struct ros_cmd *rule)
{
	for (size_t i = 0; i < r->script.n; i++) {
		const struct ros_cmd *c = &r->script.v[i];
		const char *target = ros_get(c, "jump-target");

		if (target && !strcmp(c->path, rule->path) &&
			ros_is(c, "chain", "dstnat") &&
			ros_is(rule, "chain", target))
			return true;
	}
	return false;
}

void ros_nat(struct ros *r, const struct ros_cmd *c, enum family fam)
{
	const char *chain = ros_get(c, "chain"), *action = ros_get(c, "action");

	if (ros_is(c, "disabled", "yes")) {
		if (chain && !strcmp(chain, "dstnat") && action &&
			!strcmp(action, "dst-nat"))
			add_rule(r, c, fam, "nat", V_ACCEPT, F_DPORT);
		return;
	}
	if (chain && !strcmp(chain, "srcnat")) {
		if (fam == FAM_4 && action && (!strcmp(action, "masquerade") ||
				!strcmp(action, "src-nat")))
			r->pl->masquerade = true;
		return;
	}
	if (chain && jumped_to(r, c))
		return;
	if (!chain || strcmp(chain, "dstnat") ||
		!(action && !strcmp(action, "jump") ? nat_jump(r, c, fam)
						    : nat_one(r, c, fam, NULL)))
		pipeline_unknown(r->pl, c->no, true, "%s", c->text);
}
