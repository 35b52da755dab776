/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The /64s of the home. A new one is used at once; an old one is drained:
 * announced with preferred lifetime 0 and kept in the table until its end, two
 * hours at the latest (RFC 9096 3.4, RFC 4862 5.5.3 e).
 */
#include "own.h"

enum { REWRITE_MS = 10000 };

static struct np_prefix *find(struct np *np, const struct addr *a)
{
	for (size_t i = 0; i < NP_PREFIX_MAX; i++)
		if (prefix_used(&np->prefix[i]) &&
			!memcmp(np->prefix[i].addr.b, a->b, 8))
			return &np->prefix[i];
	return NULL;
}

const struct np_prefix *np_prefix_of(const struct np *np, const struct addr *a)
{
	return find((struct np *)np, a);
}

static void addr_act(struct np *np, enum np_act what, unsigned port,
	const struct addr *a, unsigned len, int64_t valid, int64_t preferred)
{
	struct np_action act = {.what = what, .port = (uint8_t)port, .addr = *a,
		.len = (uint8_t)len, .valid_s = (uint32_t)MAX2(valid, 0),
		.preferred_s = (uint32_t)MAX2(preferred, 0)};

	if (!addr_is_zero(a))
		np_do(np, &act);
}

static struct addr own_in(const struct np_prefix *p, const struct np_port *port)
{
	struct addr iid = mac_to_iid(&port->mac);

	return addr_or(&p->addr, &iid);
}

void prefix_write(struct np *np, msec_t now, struct np_prefix *p)
{
	int64_t valid = (p->valid_until - now) / 1000;
	int64_t preferred = (p->preferred_until - now) / 1000;
	unsigned lan = p->port ? p->port : 1;

	/* a delegated prefix: whoever asked for it keeps the addresses */
	if (!np->conf.proxy)
		return;
	if (np->port[NP_WAN].up) {
		p->own_wan = own_in(p, &np->port[NP_WAN]);
		addr_act(np, ACT_ADDR_SET, NP_WAN, &p->own_wan, 128, valid,
			preferred);
	}
	if (np->port[lan].up) {
		p->own_lan = own_in(p, &np->port[lan]);
		addr_act(np, ACT_ADDR_SET, lan, &p->own_lan, 64, valid,
			preferred);
	}
	p->written = now;
}

static void prefix_end(struct np *np, struct np_prefix *p)
{
	if (np->conf.proxy) {
		addr_act(np, ACT_ADDR_DEL, NP_WAN, &p->own_wan, 128, 0, 0);
		addr_act(np, ACT_ADDR_DEL, p->port ? p->port : 1, &p->own_lan,
			64, 0, 0);
	}
	hosts_of_prefix_go(np, p);
	memset(p, 0, sizeof(*p));
}

/* A free slot, else the draining prefix that ends first. */
static struct np_prefix *slot(struct np *np)
{
	struct np_prefix *worst = NULL;

	for (size_t i = 0; i < NP_PREFIX_MAX; i++) {
		struct np_prefix *p = &np->prefix[i];

		if (!prefix_used(p))
			return p;
		if (p->draining &&
			(!worst || p->valid_until < worst->valid_until))
			worst = p;
	}
	if (worst)
		prefix_end(np, worst);
	return worst;
}

void prefix_drain(struct np *np, msec_t now, struct np_prefix *p)
{
	if (p->draining)
		return;
	p->draining = true;
	p->preferred_until = now;
	p->valid_until = MIN2(p->valid_until, now + T_DRAIN_MAX);
	prefix_write(np, now, p);
	np_say(np, SAY_PREFIX_OLD, &p->addr, NULL, p->port);
	ras_changed(np, now);
}

static msec_t moment(msec_t now, uint32_t s)
{
	/* "infinite" is a hundred years here */
	return now + (msec_t)MIN2(s, 3153600000u) * 1000;
}

void prefix_set(struct np *np, msec_t now, const struct addr *a, unsigned port,
	uint32_t valid_s, uint32_t preferred_s)
{
	struct addr net = addr_and(a, &(struct addr){
		{255, 255, 255, 255, 255, 255, 255, 255}});
	struct np_prefix *p = find(np, &net);
	bool fresh = !p || p->draining;

	if (!valid_s) {
		if (p)
			prefix_drain(np, now, p);
		return;
	}
	if (!p)
		p = slot(np);
	if (!p) {
		np->count[C_PREFIX_FULL]++;
		return;
	}
	p->addr = net;
	p->port = (uint8_t)port;
	p->draining = false;
	p->listed = true;
	p->valid_until = moment(now, valid_s);
	p->preferred_until = moment(now, preferred_s);
	if (fresh || now - p->written >= REWRITE_MS)
		prefix_write(np, now, p);
	if (!fresh)
		return;
	np_say(np, SAY_PREFIX, &net, NULL, port);
	pins_expand(np, now, p);
	np->census_at = now + T_CENSUS;
	ras_changed(np, now);
}

void prefix_tick(struct np *np, msec_t now)
{
	for (size_t i = 0; i < NP_PREFIX_MAX; i++)
		if (prefix_used(&np->prefix[i]) &&
			np->prefix[i].valid_until <= now)
			prefix_end(np, &np->prefix[i]);
}

msec_t prefix_next(const struct np *np)
{
	msec_t t = INT64_MAX;

	for (size_t i = 0; i < NP_PREFIX_MAX; i++)
		if (prefix_used(&np->prefix[i]))
			t = MIN2(t, np->prefix[i].valid_until);
	return t;
}
