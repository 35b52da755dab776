// SPDX-License-Identifier: GPL-2.0-or-later
/* The NAT descriptors that stand on the line: static entries, and what becomes
 * of the rest. */
#include "routers/yamaha/read-own.h"
#include "routers/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct nat_rule *nat_rule(struct yamaha *y, const struct nat_entry *e,
	enum nat_action a)
{
	struct nat_rule *n = GROW(y->pl->nat_in, y->pl->nat_in_n,
		y->pl->nat_in_cap);

	n->action = a;
	cond_num(match_cond(&n->match, F_FAMILY, false), FAM_4, FAM_4);
	cond_num(match_cond(&n->match, F_IN, false), ROLE_WAN, ROLE_WAN);
	cond_num(match_cond(&n->match, F_OUT, false), ROLE_SELF, ROLE_SELF);
	origin_set(&n->origin, NULL, e ? e->line->no : 0,
		e ? e->line->text : "masquerade incoming reject", "nat");
	return n;
}

/* "500", "www", "500-510" */
static bool nat_range(const char *s, uint32_t *lo, uint32_t *hi)
{
	const char *dash = strchr(s, '-');
	char first[32];

	if (value_port(s, lo)) {
		*hi = *lo;
		return true;
	}
	if (!dash || (size_t)(dash - s) >= sizeof(first))
		return false;
	memcpy(first, s, (size_t)(dash - s));
	first[dash - s] = '\0';
	return value_port(first, lo) && value_port(dash + 1, hi) && *lo <= *hi;
}

/* One of a list: as above, or "8080=80", "8009=https" (outer=inner). */
static bool nat_ports(struct nat_rule *n, const char *s)
{
	const char *equal = strchr(s, '=');
	char outer[32];
	uint32_t lo, hi, in, in_hi;

	if (strlen(s) >= sizeof(outer))
		return false;
	snprintf(outer, sizeof(outer), "%.*s",
		equal ? (int)(equal - s) : (int)sizeof(outer) - 1, s);
	if (!nat_range(outer, &lo, &hi))
		return false;
	in = lo;
	if (equal && (!nat_range(equal + 1, &in, &in_hi) ||
			     in_hi - in != hi - lo))
		return false;
	cond_num(match_cond(&n->match, F_DPORT, false), lo, hi);
	n->set_port = true;
	n->port_lo = (uint16_t)in;
	n->port_hi = (uint16_t)(in + (hi - lo));
	n->match_lo = lo == hi ? 0 : (uint16_t)lo;
	return true;
}

static struct nat_rule *nat_to(struct yamaha *y, const struct nat_entry *e,
	const struct addr *inner, uint32_t proto)
{
	struct nat_rule *n = nat_rule(y, e, NAT_TO);

	n->set_dst = true;
	n->dst = *inner;
	cond_num(match_cond(&n->match, F_PROTO, false), proto, proto);
	return n;
}

static bool nat_static(struct yamaha *y, const struct nat_entry *e)
{
	/* nat descriptor masquerade static N ENTRY INNER PROTO [PORT] */
	const char *inner = words_at(&e->w, 6), *proto = words_at(&e->w, 7);
	cleanup(freep) char *ports = xstrdup(words_at(&e->w, 8));
	char *save = NULL;
	bool good = true;
	struct addr a;
	enum family fam;
	uint32_t p;

	if (addr_parse(inner, &fam, &a) || fam != FAM_4)
		return false;
	p = !strcmp(proto, "tcp")    ? PROTO_TCP
	    : !strcmp(proto, "udp")  ? PROTO_UDP
	    : !strcmp(proto, "esp")  ? PROTO_ESP
	    : !strcmp(proto, "ah")   ? PROTO_AH
	    : !strcmp(proto, "gre")  ? 47
	    : !strcmp(proto, "icmp") ? PROTO_ICMP
				     : (uint32_t)strtoul(proto, NULL, 10);
	if (!p || p > 255)
		return false;
	if (!*ports || !strcmp(ports, "*"))
		return nat_to(y, e, &a, p), true;
	for (char *s = strtok_r(ports, ",", &save); s;
		s = strtok_r(NULL, ",", &save))
		good = nat_ports(nat_to(y, e, &a, p), s) && good;
	return good;
}

/* Of a descriptor that stands on no interface towards the line. */
static void unused_entry(struct yamaha *y, const struct nat_entry *e)
{
	struct chain *c = read_unused(y->pl);
	size_t before = y->pl->nat_in_n;
	struct nat_rule *n;
	struct rule *r;

	(void)nat_static(y, e);
	while (y->pl->nat_in_n > before) {
		n = &y->pl->nat_in[--y->pl->nat_in_n];
		r = chain_rule(c, V_ACCEPT);
		r->match = n->match;
		r->origin = n->origin;
		memset(n, 0, sizeof(*n));
	}
}

static bool attached(const struct yamaha *y, const struct nat_entry *e)
{
	for (size_t i = 0; i < y->descriptor_n; i++)
		if (y->descriptors[i] == e->descriptor)
			return true;
	return false;
}

/* What no entry names: "incoming" decides, reject if it is not said. Of several
 * descriptors the one that lets in most. */
static void nat_rest(struct yamaha *y)
{
	static const char *const open[] = {"reject", "discard", "through",
		"forward"};
	const struct nat_entry *e = NULL;
	struct nat_rule *n;
	size_t most = 0;
	enum family fam;

	for (size_t i = 0; i < y->nat_n; i++)
		for (size_t k = 0; k < ARRAY_LEN(open); k++)
			if (attached(y, &y->nats[i]) && (!e || k > most) &&
				words_are(&y->nats[i].w, 2,
					"masquerade incoming") &&
				!strcmp(words_at(&y->nats[i].w, 5), open[k])) {
				e = &y->nats[i];
				most = k;
			}
	if (most == 2) {
		nat_rule(y, e, NAT_THROUGH);
	} else if (most == 3) {
		n = nat_rule(y, e, NAT_TO);
		n->set_dst = true;
		if (addr_parse(words_at(&e->w, 6), &fam, &n->dst))
			yamaha_not_understood(y, e->line, true);
	} else {
		nat_rule(y, e, most == 1 ? NAT_DISCARD : NAT_REJECT);
	}
}

void yamaha_nat(struct yamaha *y)
{
	if (!y->descriptor_n)
		return;
	y->pl->masquerade = true;
	for (size_t i = 0; i < y->nat_n; i++) {
		const struct nat_entry *e = &y->nats[i];

		if (!attached(y, e)) {
			if (words_are(&e->w, 2, "masquerade static"))
				unused_entry(y, e);
			continue;
		}
		if (words_are(&e->w, 2, "static") ||
			words_are(&e->w, 4, "nat")) {
			yamaha_not_understood(y, e->line, true);
		} else if (words_are(&e->w, 2, "masquerade static") &&
			!nat_static(y, e)) {
			yamaha_not_understood(y, e->line, true);
		}
	}
	nat_rest(y);
}
