/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table as text, so that a successor answers from its first moment:
 *
 *	kadomori-hosts 1 NOW
 *	prefix ADDRESS PORT VALID_S PREFERRED_S
 *	router LINK-LOCAL MAC REST_S
 *	host ADDRESS MAC PORT HEARD_AGO_S
 *
 * NOW is CLOCK_BOOTTIME; a file of another boot is not taken (its NOW lies
 * ahead, or its prefixes are over).
 */
#include "own.h"

#include <inttypes.h>
#include <stdio.h>

#define MAGIC "kadomori-hosts 1"

static void save_prefixes(const struct np *np, msec_t now, struct text *out)
{
	char s[ADDR_STR];

	for (size_t i = 0; i < NP_PREFIX_MAX; i++) {
		const struct np_prefix *p = &np->prefix[i];

		if (prefix_used(p) && !p->draining)
			text_addf(out, "prefix %s %u %lld %lld\n",
				addr_format(FAM_6, &p->addr, s), p->port,
				(long long)(p->valid_until - now) / 1000,
				(long long)MAX2(p->preferred_until - now, 0) / 1000);
	}
}

void np_save(const struct np *np, msec_t now, struct text *out)
{
	const struct np_router *r = &np->router;
	char s[ADDR_STR], m[MAC_STR];

	text_addf(out, MAGIC " %lld\n", (long long)now);
	save_prefixes(np, now, out);
	if (r->up && r->has_mac)
		text_addf(out, "router %s %s %lld\n",
			addr_format(FAM_6, &r->ll, s), mac_format(&r->mac, m),
			(long long)(r->until - now) / 1000);
	for (unsigned i = 0; i < HOSTS_MAX; i++) {
		const struct host *h = &np->host[i];

		if (h->lru && host_answers(h) && h->seen && h->has_mac)
			text_addf(out, "host %s %s %u %lld\n",
				addr_format(FAM_6, &h->addr, s),
				mac_format(&h->mac, m), h->port,
				(long long)(now - h->heard) / 1000);
	}
}

struct restore {
	struct np *np;
	msec_t now;
	int64_t passed_s;	/* since it was saved */
};

static bool parse6(const char *s, struct addr *ret)
{
	enum family f;

	return !addr_parse(s, &f, ret) && f == FAM_6;
}

static bool take_prefix(const struct restore *r, const char *line)
{
	char s[ADDR_STR];
	unsigned port;
	long long valid, preferred;
	struct addr a;

	if (sscanf(line, "prefix %63s %u %lld %lld", s, &port, &valid,
		    &preferred) != 4 ||
		!parse6(s, &a) || port > r->np->conf.lan_n)
		return false;
	valid -= r->passed_s;
	preferred = MAX2(preferred - r->passed_s, 0);
	if (valid > 0 && valid <= UINT32_MAX && preferred <= valid)
		prefix_set(r->np, r->now, &a, port, (uint32_t)valid,
			(uint32_t)preferred);
	return false;
}

static bool take_router(const struct restore *r, const char *line)
{
	struct np_router *o = &r->np->router;
	char s[ADDR_STR], m[MAC_STR];
	long long rest;

	if (sscanf(line, "router %63s %17s %lld", s, m, &rest) != 3 ||
		!parse6(s, &o->ll) || mac_parse(m, &o->mac))
		return false;
	rest -= r->passed_s;
	if (rest <= 0 || rest > UINT16_MAX)
		return false;
	o->up = o->has_mac = true;
	o->until = r->now + rest * 1000;
	return false;
}

static bool take_host(const struct restore *r, const char *line)
{
	char s[ADDR_STR], m[MAC_STR];
	long long ago;
	unsigned port;
	struct addr a;
	struct mac mac;
	struct host *h;

	if (sscanf(line, "host %63s %17s %u %lld", s, m, &port, &ago) != 4 ||
		!parse6(s, &a) || mac_parse(m, &mac) ||
		port > r->np->conf.lan_n || !np_prefix_of(r->np, &a) ||
		np_is_own(r->np, &a))
		return false;
	h = hosts_find(r->np, &a);
	if (h && host_answers(h))
		return false;
	if (!h)
		h = hosts_new(r->np, r->now, &a, port, &mac);
	else if (!hosts_set_owner(r->np, h, port, &mac))
		return false;
	if (!h)
		return false;
	h->seen = true;
	h->evidence = EV_SAVED;
	h->heard = r->now - (MAX2(ago, 0) + r->passed_s) * 1000;
	host_enter(r->np, r->now, h, HOST_IDLE);
	return true;
}

static bool take_line(const struct restore *r, const char *line)
{
	if (!strncmp(line, "prefix ", 7))
		return take_prefix(r, line);
	if (!strncmp(line, "router ", 7))
		return take_router(r, line);
	if (!strncmp(line, "host ", 5))
		return take_host(r, line);
	return false;
}

unsigned np_restore(struct np *np, msec_t now, const char *saved)
{
	struct restore r = {.np = np, .now = now};
	long long then;
	unsigned n = 0;

	if (sscanf(saved, MAGIC " %lld", &then) != 1 || then > now ||
		now - then > T_IDLE_KEPT)
		return 0;
	r.passed_s = (now - then + 999) / 1000;
	while ((saved = strchr(saved, '\n')) && *++saved) {
		char line[160];
		size_t len = strcspn(saved, "\n");

		if (len >= sizeof(line))
			continue;
		memcpy(line, saved, len);
		line[len] = '\0';
		n += take_line(&r, line);
	}
	return n;
}
