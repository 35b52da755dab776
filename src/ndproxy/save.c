/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table as text, so that a successor answers from its first moment:
 *
 *	kadomori-hosts 1 NOW
 *	prefix ADDRESS PORT VALID_S PREFERRED_S
 *	router LINK-LOCAL MAC REST_S
 *	host ADDRESS MAC PORT HEARD_AGO_S ASKED_AGO_S	there, has answered us
 *	spoke ...	there, never answered yet
 *	claim ...	about to take the address (DAD)
 *	gone ...	silent, but seen before
 *	rival ADDRESS MAC PORT dad|spoke	another claims that host's address,
 *						and its owner was just asked
 *
 * NOW is CLOCK_BOOTTIME; a file of another boot is not taken (its NOW lies
 * ahead, or its prefixes are over).
 */
#include "own.h"

#include <inttypes.h>
#include <stdio.h>

#define MAGIC "kadomori-hosts 1"

static const char *const words[] = {[KIND_NONE] = NULL,
	[KIND_CLAIMED] = "claim", [KIND_SPOKE] = "spoke", [KIND_THERE] = "host",
	[KIND_GONE] = "gone"};

enum host_kind host_kind(const struct host *h)
{
	if (!h->has_mac)
		return KIND_NONE;
	switch ((enum host_state)h->state) {
	case HOST_FREE:
		return KIND_NONE;
	case HOST_TENTATIVE:
		return KIND_CLAIMED;
	case HOST_PROBING:
	case HOST_GONE:
		return h->seen ? KIND_GONE : KIND_NONE;
	case HOST_LIVE:
	case HOST_IDLE:
	case HOST_CHECK:
	case HOST_CONTEST:
		return h->seen ? KIND_THERE : KIND_SPOKE;
	}
	return KIND_NONE;
}

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

static void save_rival(const struct host *h, struct text *out)
{
	char s[ADDR_STR], m[MAC_STR];

	if (h->state == HOST_CONTEST)
		text_addf(out, "rival %s %s %u %s\n",
			addr_format(FAM_6, &h->addr, s),
			mac_format(&h->rival, m), h->rival_port,
			h->rival_dad ? "dad" : "spoke");
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

		if (!h->lru || !words[host_kind(h)])
			continue;
		text_addf(out, "%s %s %s %u %lld %lld\n", words[host_kind(h)],
			addr_format(FAM_6, &h->addr, s),
			mac_format(&h->mac, m), h->port,
			(long long)(now - h->heard) / 1000,
			h->asked < 0 ? -1ll : (long long)(now - h->asked) / 1000);
		save_rival(h, out);
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
	rac_restored(r->np);
	return false;
}

static enum host_kind kind_of(const char *word)
{
	for (int k = KIND_CLAIMED; k <= KIND_GONE; k++)
		if (!strcmp(word, words[k]))
			return (enum host_kind)k;
	return KIND_NONE;
}

static void enter_as(const struct restore *r, struct host *h, enum host_kind k)
{
	h->seen = k == KIND_THERE || k == KIND_GONE;
	h->evidence = EV_SAVED;
	switch (k) {
	case KIND_NONE:
		return;
	case KIND_CLAIMED:
		host_enter(r->np, r->now, h, HOST_TENTATIVE);
		return;
	case KIND_SPOKE:
		host_enter(r->np, r->now, h, HOST_CHECK);
		return;
	case KIND_THERE:
		host_enter(r->np, r->now, h, HOST_IDLE);
		return;
	case KIND_GONE:
		host_enter(r->np, r->now, h, HOST_GONE);
		return;
	}
}

static bool take_host(const struct restore *r, const char *line)
{
	char word[8], s[ADDR_STR], m[MAC_STR];
	long long ago, asked = -1;
	unsigned port;
	enum host_kind k;
	struct addr a;
	struct mac mac;
	struct host *h;

	if (sscanf(line, "%7s %63s %17s %u %lld %lld", word, s, m, &port, &ago,
		    &asked) < 5 ||
		!(k = kind_of(word)) || !parse6(s, &a) || mac_parse(m, &mac) ||
		ago < 0 || ago > T_IDLE_KEPT || asked > T_IDLE_KEPT ||
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
	h->heard = r->now - (ago + r->passed_s) * 1000;
	h->asked = asked < 0 ? -1 : r->now - (asked + r->passed_s) * 1000;
	h->wanted = h->asked;
	enter_as(r, h, k);
	return true;
}

/* The owner is asked once more. */
static bool take_rival(const struct restore *r, const char *line)
{
	char s[ADDR_STR], m[MAC_STR], how[8];
	struct addr a;
	struct mac mac;
	unsigned port;

	if (sscanf(line, "rival %63s %17s %u %7s", s, m, &port, how) == 4 &&
		parse6(s, &a) && !mac_parse(m, &mac) &&
		port <= r->np->conf.lan_n && hosts_find(r->np, &a))
		host_claim(r->np, r->now, port, &a, &mac,
			strcmp(how, "dad") ? EV_NS : EV_DAD);
	return false;
}

static bool take_line(const struct restore *r, const char *line)
{
	if (!strncmp(line, "prefix ", 7))
		return take_prefix(r, line);
	if (!strncmp(line, "router ", 7))
		return take_router(r, line);
	if (!strncmp(line, "rival ", 6))
		return take_rival(r, line);
	return take_host(r, line);
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
	np->strange_until = 0;
	while ((saved = strchr(saved, '\n')) && *++saved) {
		char line[160];
		size_t len = strcspn(saved, "\n");

		if (len >= sizeof(line))
			continue;
		memcpy(line, saved, len);
		line[len] = '\0';
		n += take_line(&r, line);
	}
	proxy_announce_restored(np, now);
	return n;
}
