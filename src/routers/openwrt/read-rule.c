// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule, forwarding and redirect sections -> rules, as firewall4 compiles them:
 * ports count for TCP and UDP only (with another protocol they are left out and
 * the rule is wider), a section with one bad value is skipped whole, the family
 * follows from the addresses when it is not said.
 */
#include "routers/openwrt/read-own.h"
#include "routers/value.h"
#include "base/tr.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void owrt_skipped(struct owrt *o, const struct uci_section *s)
{
	cleanup(freep) char *line = uci_line(s);

	pipeline_unknown(o->pl, s->no, true, "%s", line);
}

static void origin_of(struct origin *to, const struct uci_section *s)
{
	cleanup(freep) char *line = uci_line(s);

	origin_set(to, NULL, s->no, line, s->type);
	uci_lines(to, s);
}

/* ---- addresses ---- */

static bool not_sign(const char **v)
{
	bool neg;

	*v += strspn(*v, " \t");
	neg = **v == '!';
	*v += neg;
	*v += strspn(*v, " \t");
	return neg;
}

/*
 * Positive ones are alternatives; each negated one must not match. A masked
 * one ("::1/-64") is a rule of its own in fw4, which amounts to the same.
 */
struct nets {
	struct match pos4, pos6; /* one condition each, or none */
	struct match neg4, neg6;
	bool any, has4, has6;
};

static void nets_done(struct nets *n)
{
	match_done(&n->pos4);
	match_done(&n->pos6);
	match_done(&n->neg4);
	match_done(&n->neg6);
}

static bool net_word(struct nets *n, enum field f, const char *v)
{
	bool neg = not_sign(&v);
	struct match try = {0};
	struct cond *c = match_cond(&try, f, neg);
	enum family fam;
	struct match *to;
	bool ok = value_addr(c, FAM_NONE, v, &fam);

	if (ok) {
		to = neg ? (fam == FAM_6 ? &n->neg6 : &n->neg4)
			 : (fam == FAM_6 ? &n->pos6 : &n->pos4);
		n->any = true;
		*(fam == FAM_6 ? &n->has6 : &n->has4) = true;
		if (neg || to->n == 0)
			match_copy(to, &try);
		else
			ok = value_addr(&to->conds[0], fam, v, NULL);
	}
	match_done(&try);
	return ok;
}

static bool nets_read(struct nets *n, const struct uci_section *s,
	const char *key, enum field f)
{
	char w[UCI_WORD];

	*n = (struct nets){.any = false};
	for (size_t i = 0; uci_word(s, key, i, w); i++)
		if (!net_word(n, f, w))
			return false;
	return true;
}

static void nets_add(const struct nets *n, struct match *m, enum family fam)
{
	match_copy(m, fam == FAM_6 ? &n->pos6 : &n->pos4);
	match_copy(m, fam == FAM_6 ? &n->neg6 : &n->neg4);
}

/* ---- ports, ICMP types, protocols ---- */

static bool ports_read(struct match *m, const struct uci_section *s,
	const char *key, enum field f)
{
	struct match pos = {0};
	char w[UCI_WORD];
	bool ok = true;

	for (size_t i = 0; ok && uci_word(s, key, i, w); i++) {
		const char *v = w;
		bool neg = not_sign(&v);
		struct cond *c;

		if (neg)
			c = match_cond(m, f, true);
		else
			c = pos.n ? &pos.conds[0] : match_cond(&pos, f, false);
		ok = isdigit((unsigned char)*v) &&
		     isdigit((unsigned char)v[strlen(v) - 1]) &&
		     !strchr(v, ',') && value_ports(c, v);
	}
	if (ok)
		match_copy(m, &pos);
	match_done(&pos);
	return ok;
}

struct icmp_name {
	const char *name;
	int four, six;		/* type, -1: not in this family */
	int code4, code6;	/* -1: any */
};

static const struct icmp_name icmp_names[] = {
	{"echo-request", 8, 128, -1, -1}, {"ping", 8, 128, -1, -1},
	{"echo-reply", 0, 129, -1, -1}, {"pong", 0, 129, -1, -1},
	{"destination-unreachable", 3, 1, -1, -1},
	{"network-unreachable", 3, -1, 0, -1}, {"host-unreachable", 3, -1, 1, -1},
	{"protocol-unreachable", 3, -1, 2, -1},
	{"port-unreachable", 3, 1, 3, 4}, {"no-route", -1, 1, -1, 0},
	{"communication-prohibited", 3, 1, 13, 1},
	{"address-unreachable", -1, 1, -1, 3},
	{"fragmentation-needed", 3, -1, 4, -1}, {"packet-too-big", -1, 2, -1, -1},
	{"time-exceeded", 11, 3, -1, -1}, {"ttl-exceeded", 11, 3, -1, -1},
	{"ttl-zero-during-transit", 11, 3, 0, 0},
	{"ttl-zero-during-reassembly", 11, 3, 1, 1},
	{"parameter-problem", 12, 4, -1, -1}, {"bad-header", -1, 4, -1, 0},
	{"unknown-header-type", -1, 4, -1, 1}, {"unknown-option", -1, 4, -1, 2},
	{"router-solicitation", 10, 133, -1, -1},
	{"router-advertisement", 9, 134, -1, -1},
	{"neighbour-solicitation", -1, 135, -1, -1},
	{"neighbor-solicitation", -1, 135, -1, -1},
	{"neighbour-advertisement", -1, 136, -1, -1},
	{"neighbor-advertisement", -1, 136, -1, -1},
	{"redirect", 5, 137, -1, -1}, {"source-quench", 4, -1, -1, -1},
	{"timestamp-request", 13, -1, -1, -1}, {"timestamp-reply", 14, -1, -1, -1},
	{"multicast-listener-query", -1, 130, -1, -1},
	{"multicast-listener-report", -1, 131, -1, -1},
	{"multicast-listener-done", -1, 132, -1, -1},
};

static bool icmp_word(const char *w, struct icmp_name *ret)
{
	int type, code = -1, used = 0;

	for (size_t i = 0; i < ARRAY_LEN(icmp_names); i++)
		if (!strcmp(icmp_names[i].name, w)) {
			*ret = icmp_names[i];
			return true;
		}
	if (sscanf(w, "%d%n/%d%n", &type, &used, &code, &used) < 1 || w[used] ||
		type < 0 || type > 255 || code > 255)
		return false;
	*ret = (struct icmp_name){w, type, type, code, code};
	return true;
}

struct proto {
	char name[16];
	bool any;
	uint32_t number;
};

enum { PROTOS_MAX = 16 };

/*
 * "tcp udp", "tcpudp", "all", "esp", "50". fw4 reads "!tcp", then writes the rule
 * for TCP: what it does counts, and that it is not what was meant is said.
 */
static bool protos_read(struct owrt *o, const struct uci_section *s,
	struct proto *v, size_t *n)
{
	char w[UCI_WORD];

	*n = 0;
	if (!uci_opt(s, "proto")) {
		v[(*n)++] = (struct proto){"tcp", false, PROTO_TCP};
		v[(*n)++] = (struct proto){"udp", false, PROTO_UDP};
		return true;
	}
	for (size_t i = 0; uci_word(s, "proto", i, w); i++) {
		const char *p = w;
		bool neg = not_sign(&p);
		struct proto one = {.any = false};

		if (neg)
			pipeline_unknown(o->pl, s->no, true,
				_("\"!\" before a protocol, which the router ignores"));
		if (*n + 2 > PROTOS_MAX)
			return false;
		snprintf(one.name, sizeof(one.name), "%.15s", p);
		one.any = !strcasecmp(p, "all") || !strcasecmp(p, "any") ||
			  !strcmp(p, "*");
		if (!strcasecmp(p, "tcpudp")) {
			one.number = PROTO_TCP;
			v[(*n)++] = one;
			one.number = PROTO_UDP;
		} else if (!one.any && !value_proto(p, FAM_4, &one.number)) {
			return false;
		}
		v[(*n)++] = one;
	}
	return *n > 0;
}

/* ---- conditions that only the router can judge ---- */

static void opaques(const struct uci_section *s, struct match *m)
{
	static const char *const keys[] = {"limit", "mark", "dscp", "helper",
		"start_date", "stop_date", "start_time", "stop_time",
		"weekdays", "monthdays", "src_mac", "extra", "device"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (uci_opt(s, keys[i]))
			value_opaque(m, keys[i]);
}

/* A set with one kind of member and all of them in the text. */
static bool set_match(const struct owrt *o, struct match *m, const char *use,
	enum family *fam)
{
	bool neg = not_sign(&use), dst;
	size_t n = strcspn(use, " \t");
	const struct uci_section *s = NULL;
	const char *type;
	char w[UCI_WORD];
	struct cond *c;

	for (size_t i = 0; i < o->uci.n; i++)
		if (!strcmp(o->uci.v[i].type, "ipset") &&
			strlen(uci_get(&o->uci.v[i], "name")) == n &&
			!strncmp(uci_get(&o->uci.v[i], "name"), use, n))
			s = &o->uci.v[i];
	if (!s || uci_word(s, "match", 1, w) || uci_opt(s, "loadfile") ||
		uci_opt(s, "timeout") || uci_opt(s, "external") ||
		!uci_opt(s, "entry"))
		return false;
	type = uci_get(s, "match");
	dst = !strncmp(type, "dst_", 4) || !strncmp(type, "dest_", 5);
	dst = strstr(use + n, "dst") || strstr(use + n, "dest") ? true
	      : strstr(use + n, "src") ? false : dst;
	if (!strstr(type, "ip") && !strstr(type, "net"))
		return false;
	*fam = strchr(uci_get(s, "family"), '6') ? FAM_6 : FAM_4;
	c = match_cond(m, dst ? F_DST : F_SRC, neg);
	c->set_fam = *fam;
	for (size_t i = 0; uci_word(s, "entry", i, w); i++)
		if (!value_addr(c, *fam, w, NULL))
			return false;
	return true;
}

/* What the other parts of a section are restricted to. False: they disagree. */
static bool same_family(enum family *fam, enum family other)
{
	if (!*fam)
		*fam = other;
	return !other || *fam == other;
}

static bool ipset(const struct owrt *o, const struct uci_section *s,
	struct match *m, enum family *fam)
{
	struct match try = {0};
	enum family f = FAM_NONE;

	if (!uci_opt(s, "ipset"))
		return true;
	if (set_match(o, &try, uci_get(s, "ipset"), &f))
		match_copy(m, &try);
	else
		value_opaque(m, "ipset");
	match_done(&try);
	return same_family(fam, f);
}

/* ---- one rule section ---- */

struct draft {
	struct owrt *o;
	const struct uci_section *s;
	const struct zone *src, *dest;
	bool src_any, dest_any;
	enum family fam;
	bool fam_said;
	struct nets sip, dip;
	struct match ports, rest; /* rest: opaque, sets */
	struct icmp_name icmp[32];
	size_t icmp_n;
	enum verdict v;
	bool ignored;		/* fw4 leaves such a rule out */
};

static void draft_done(struct draft *d)
{
	nets_done(&d->sip);
	nets_done(&d->dip);
	match_done(&d->ports);
	match_done(&d->rest);
}

static bool zone_opt(const struct draft *d, const char *key,
	const struct zone **zone, bool *any)
{
	return !uci_opt(d->s, key) ||
	       owrt_zone(d->o, uci_get(d->s, key), zone, any);
}

static bool icmp_read(struct draft *d)
{
	char w[UCI_WORD];

	for (size_t i = 0; uci_word(d->s, "icmp_type", i, w); i++)
		if (d->icmp_n == ARRAY_LEN(d->icmp) ||
			!icmp_word(w, &d->icmp[d->icmp_n++]))
			return false;
	return true;
}

/* The chain that fw4 puts it in, or NULL: it does not touch what comes in. */
static char *chain_of(const struct draft *d)
{
	bool to = d->dest || d->dest_any;

	if (!d->src && !d->src_any)
		return NULL;
	if (d->src_any)
		return xstrdup(to ? "forward" : "input");
	return xasprintf("%s_%s", to ? "forward" : "input", d->src->name);
}

static struct rule *add(const struct draft *d, enum family fam,
	const struct proto *p)
{
	cleanup(freep) char *name = chain_of(d);
	struct rule *r;
	struct cond *c;

	r = chain_rule(pipeline_chain(d->o->pl, name, true), d->v);
	if (fam)
		value_family(&r->match, fam);
	if (!p->any) {
		bool icmp = p->number == PROTO_ICMP;
		uint32_t n = icmp && fam == FAM_6 ? PROTO_ICMPV6 : p->number;

		c = match_cond(&r->match, F_PROTO, false);
		cond_num(c, n, n);
		if (icmp && !fam)
			cond_num(c, PROTO_ICMPV6, PROTO_ICMPV6);
	}
	if (fam) {
		nets_add(&d->sip, &r->match, fam);
		nets_add(&d->dip, &r->match, fam);
	}
	/* fw4 reads ports with these two only */
	if (p->number == PROTO_TCP || p->number == PROTO_UDP)
		match_copy(&r->match, &d->ports);
	match_copy(&r->match, &d->rest);
	if (d->dest) {
		c = match_cond(&r->match, F_OUT, false);
		cond_num(c, d->dest->role, d->dest->role);
	}
	origin_of(&r->origin, d->s);
	return r;
}

static bool is_icmp(const struct proto *p)
{
	return p->number == PROTO_ICMP || p->number == PROTO_ICMPV6;
}

/* With types each is a rule of its own here; fw4 writes sets. */
static void add_family(const struct draft *d, enum family fam,
	const struct proto *p)
{
	bool any = false;

	for (size_t i = 0; is_icmp(p) && fam && i < d->icmp_n; i++) {
		int type = fam == FAM_6 ? d->icmp[i].six : d->icmp[i].four;
		int code = fam == FAM_6 ? d->icmp[i].code6 : d->icmp[i].code4;
		struct rule *r;

		if (type < 0)
			continue;
		/* fw4 writes names that only ICMPv6 has with their code, 0 */
		if (fam == FAM_6 && d->icmp[i].four < 0 && code < 0)
			code = 0;
		any = true;
		r = add(d, fam, p);
		cond_num(match_cond(&r->match, F_ITYPE, false), (uint32_t)type,
			(uint32_t)type);
		if (code >= 0)
			cond_num(match_cond(&r->match, F_ICODE, false),
				(uint32_t)code, (uint32_t)code);
	}
	if (!any)
		add(d, fam, p);
}

static void add_proto(const struct draft *d, const struct proto *p)
{
	enum family fam = p->number == PROTO_ICMPV6 ? FAM_6 : d->fam;
	bool four = d->sip.has4 || d->dip.has4, six = d->sip.has6 || d->dip.has6;

	for (size_t i = 0; is_icmp(p) && i < d->icmp_n; i++) {
		four |= p->number == PROTO_ICMP && d->icmp[i].four >= 0;
		six |= d->icmp[i].six >= 0;
	}
	if (!fam && !d->fam_said && four != six)
		fam = six ? FAM_6 : FAM_4;
	if (!fam && !four && !six) {
		add_family(d, FAM_NONE, p);
		return;
	}
	/* addresses of the other family only: fw4 makes no rule of this one */
	if (fam != FAM_6 && !((d->sip.any && !d->sip.has4) ||
				    (d->dip.any && !d->dip.has4)))
		add_family(d, FAM_4, p);
	if (fam != FAM_4 && !((d->sip.any && !d->sip.has6) ||
				    (d->dip.any && !d->dip.has6)))
		add_family(d, FAM_6, p);
}

/* Words that fw4 does not know are not in the rule; a typo makes it wider. */
static void unknown_options(const struct draft *d)
{
	static const char *const known[] = {"enabled", "name", "_name", "family",
		"src", "dest", "device", "direction", "ipset", "helper",
		"set_helper", "proto", "src_ip", "src_mac", "src_port", "dest_ip",
		"dest_port", "icmp_type", "extra", "limit", "limit_burst",
		"utc_time", "start_date", "stop_date", "start_time",
		"stop_time", "weekdays", "monthdays", "mark", "set_mark",
		"set_xmark", "dscp", "set_dscp", "counter", "log", "log_limit",
		"target", "src_dip", "src_dport", "reflection",
		"reflection_src", "reflection_zone", NULL};

	for (size_t i = 0; i < d->s->n; i++) {
		size_t k = 0;

		while (known[k] && strcmp(known[k], d->s->opts[i].key))
			k++;
		if (!known[k])
			pipeline_unknown(d->o->pl, d->s->no, true,
				_("the option %s, which the router ignores"),
				d->s->opts[i].key);
	}
}

static bool draft_read(struct draft *d)
{
	if (!zone_opt(d, "src", &d->src, &d->src_any) ||
		!zone_opt(d, "dest", &d->dest, &d->dest_any) ||
		!owrt_family(uci_get(d->s, "family"), &d->fam, &d->fam_said) ||
		!nets_read(&d->sip, d->s, "src_ip", F_SRC) ||
		!nets_read(&d->dip, d->s, "dest_ip", F_DST))
		return false;
	if (!ipset(d->o, d->s, &d->rest, &d->fam))
		return false;
	/* fw4: "is restricted to IPv6 but referenced source zone is IPv4 only" */
	d->ignored = !same_family(&d->fam, d->src ? d->src->fam : FAM_NONE) ||
		     !same_family(&d->fam, d->dest ? d->dest->fam : FAM_NONE);
	if (d->ignored)
		return false;
	opaques(d->s, &d->rest);
	return ports_read(&d->ports, d->s, "src_port", F_SPORT) &&
	       ports_read(&d->ports, d->s, "dest_port", F_DPORT) && icmp_read(d);
}

/* From one zone of the home: nothing that the line brings is meant. */
static bool at_home(const struct owrt *o, const struct uci_section *s)
{
	for (size_t i = 0; i < o->zone_n; i++)
		if (!strcmp(uci_get(o->zones[i].sec, "name"), uci_get(s, "src")))
			return o->zones[i].role == ROLE_LAN;
	return false;
}

void owrt_rule(struct owrt *o, const struct uci_section *s)
{
	struct draft d = {.o = o, .s = s};
	cleanup(freep) char *chain = NULL;
	const char *target = uci_get(s, "target");
	struct proto protos[PROTOS_MAX];
	size_t n;

	if (!uci_bool(s, "enabled", true))
		return;
	/* marks, helpers, no tracking: nothing is decided by these */
	if (!owrt_policy(target, &d.v) && strncasecmp(target, "mark", 4) &&
		strcasecmp(target, "dscp") && strcasecmp(target, "helper") && *target) {
		if (strcasecmp(target, "notrack") || !at_home(o, s))
			owrt_skipped(o, s);
		return;
	}
	if (!draft_read(&d) || !protos_read(o, s, protos, &n)) {
		if (!d.ignored)
			owrt_skipped(o, s);
	} else if ((chain = chain_of(&d)) && owrt_policy(target, &d.v)) {
		unknown_options(&d);
		for (size_t i = 0; i < n; i++)
			add_proto(&d, &protos[i]);
	}
	draft_done(&d);
}

void owrt_forwarding(struct owrt *o, const struct uci_section *s)
{
	struct draft d = {.o = o, .s = s, .v = V_ACCEPT};
	struct proto all = {.any = true};

	if (!uci_bool(s, "enabled", true))
		return;
	if (uci_opt(s, "src") && uci_opt(s, "dest") && draft_read(&d))
		add(&d, d.fam, &all);
	else if (!d.ignored)
		owrt_skipped(o, s);
	draft_done(&d);
}

/* ---- redirects ---- */

static struct nat_rule *nat(const struct draft *d, const struct proto *p,
	enum family fam)
{
	struct pipeline *pl = d->o->pl;
	struct nat_rule *n = GROW(pl->nat_in, pl->nat_in_n, pl->nat_in_cap);

	n->action = NAT_TO;
	n->set_dst = true;
	value_family(&n->match, fam);
	cond_num(match_cond(&n->match, F_IN, false), d->src->role, d->src->role);
	if (!p->any)
		cond_num(match_cond(&n->match, F_PROTO, false), p->number,
			p->number);
	nets_add(&d->sip, &n->match, fam);
	nets_add(&d->dip, &n->match, fam);
	match_copy(&n->match, &d->rest);
	origin_of(&n->origin, d->s);
	return n;
}

static bool port_of(const char *s, uint32_t *lo, uint32_t *hi)
{
	struct match m = {0};
	struct cond *c = match_cond(&m, F_DPORT, false);
	bool ok = value_ports(c, s) && c->num_n == 1;

	if (ok) {
		*lo = c->nums[0].lo;
		*hi = c->nums[0].hi;
	}
	match_done(&m);
	return ok;
}

/* src_dport is what is dialled, dest_port what the host sees (else the same). */
static bool nat_ports(const struct draft *d, struct nat_rule *n)
{
	const char *out = uci_get(d->s, "src_dport");
	const char *in = uci_get(d->s, "dest_port");
	uint32_t lo, hi, ilo, ihi;
	const char *bare = out;
	bool neg = not_sign(&bare);

	if (*out) {
		if (!port_of(bare, &lo, &hi))
			return false;
		cond_num(match_cond(&n->match, F_DPORT, neg), lo, hi);
	}
	if (!*in)
		return true;
	if (!*out)
		return false; /* nft refuses what fw4 writes then */
	if (!port_of(in, &ilo, &ihi))
		return false;
	n->set_port = true;
	n->port_lo = (uint16_t)ilo;
	n->port_hi = (uint16_t)ihi;
	if (ilo == ihi)
		return true;
	if (neg || hi - lo != ihi - ilo)
		return false;
	n->match_lo = (uint16_t)lo;
	return true;
}

static bool nat_proto(struct draft *d, const struct proto *p,
	const struct addr *to, enum family fam)
{
	struct nat_rule *n = nat(d, p, fam);

	n->dst = *to;
	if (p->number != PROTO_TCP && p->number != PROTO_UDP)
		return true; /* ports are not read then */
	match_copy(&n->match, &d->ports);
	return nat_ports(d, n);
}

static bool redirect(struct draft *d)
{
	struct proto protos[PROTOS_MAX];
	struct addr to;
	enum family fam;
	size_t n;

	if (!zone_opt(d, "src", &d->src, &d->src_any) || !d->src ||
		!zone_opt(d, "dest", &d->dest, &d->dest_any) ||
		!owrt_family(uci_get(d->s, "family"), &d->fam, &d->fam_said) ||
		!nets_read(&d->sip, d->s, "src_ip", F_SRC) ||
		!nets_read(&d->dip, d->s, "src_dip", F_DST) ||
		!ports_read(&d->ports, d->s, "src_port", F_SPORT) ||
		!protos_read(d->o, d->s, protos, &n))
		return false;
	if (!ipset(d->o, d->s, &d->rest, &d->fam) ||
		!same_family(&d->fam, d->src->fam))
		return false;
	opaques(d->s, &d->rest);
	if (addr_parse(uci_get(d->s, "dest_ip"), &fam, &to))
		return false; /* none: the router itself, not followed here */
	if (d->fam && d->fam != fam)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!nat_proto(d, &protos[i], &to, fam))
			return false;
	/* in the source zone's chains whatever was translated is accepted */
	((struct zone *)(uintptr_t)d->src)->dnat = true;
	return true;
}

void owrt_redirect(struct owrt *o, const struct uci_section *s)
{
	struct draft d = {.o = o, .s = s};
	const char *target = uci_get(s, "target");

	if (!uci_bool(s, "enabled", true) || !strcasecmp(target, "SNAT"))
		return;
	if (!redirect(&d))
		owrt_skipped(o, s);
	else
		unknown_options(&d);
	draft_done(&d);
}
