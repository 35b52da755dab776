/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The home's own Router Advertisements (RFC 4861 6.2). Lifetimes count down
 * with the line's and are capped, so that a prefix the line forgot does not
 * haunt the hosts (RFC 9096); solicitations are answered by unicast and the
 * rest is rare, because every multicast wakes every phone (RFC 7772).
 */
#include "own.h"

enum { ROUTER_MAX_S = 1800, VALID_MAX_S = 5400, PREFERRED_MAX_S = 2700,
	RDNSS_MAX_S = 3600 };
enum { EVERY_MAX_MS = 600000, EVERY_MIN_MS = 3000, FAST_MS = 16000, FAST_N = 3,
	URGENT_MS = 200, BETWEEN_MS = 3000 };

static uint32_t rest(msec_t until, msec_t now, uint32_t max)
{
	msec_t s = until > now ? (until - now) / 1000 : 0;

	return (uint32_t)MIN2(s, (msec_t)max);
}

/* With several LANs nothing is "on-link": hosts send through the gateway. */
static void compose_prefix(const struct np *np, msec_t now, unsigned port,
	const struct np_prefix *p, struct ra *ra)
{
	bool onlink = p->port || np->conf.lan_n == 1;
	struct ra_prefix *o;

	if (!prefix_used(p) || (p->port && p->port != port) ||
		ra->prefix_n == RA_PREFIX_MAX)
		return;
	o = &ra->prefix[ra->prefix_n++];
	o->prefix = p->addr;
	o->len = 64;
	o->flags = PIO_AUTO | (onlink ? PIO_ONLINK : 0);
	o->valid_s = rest(p->valid_until, now, VALID_MAX_S);
	o->preferred_s = rest(p->preferred_until, now, PREFERRED_MAX_S);
	o->preferred_s = MIN2(o->preferred_s, o->valid_s);
}

static void compose_names(const struct np *np, msec_t now, struct ra *ra)
{
	const struct np_router *r = &np->router;

	if (np->conf.rdnss_n) {
		ra->rdnss_n = np->conf.rdnss_n;
		memcpy(ra->rdnss, np->conf.rdnss, sizeof(np->conf.rdnss));
		ra->rdnss_s = RDNSS_MAX_S;
	} else if (r->rdnss_n && r->rdnss_until > now) {
		ra->rdnss_n = r->rdnss_n;
		memcpy(ra->rdnss, r->rdnss, sizeof(r->rdnss));
		ra->rdnss_s = rest(r->rdnss_until, now, RDNSS_MAX_S);
		ra->dnssl_n = r->dnssl_n;
		memcpy(ra->dnssl, r->dnssl, sizeof(r->dnssl));
		ra->dnssl_s = ra->rdnss_s;
	}
}

void ras_compose(const struct np *np, msec_t now, unsigned port,
	struct ra *ret)
{
	const struct np_port *p = &np->port[port];
	uint32_t line = np->router.mtu ? np->router.mtu : np->port[NP_WAN].mtu;

	memset(ret, 0, sizeof(*ret));
	ret->hop_limit = np->router.hop_limit ? np->router.hop_limit : 64;
	ret->flags = (uint8_t)((np->conf.other_config ? RA_OTHER : 0) |
			       (np->conf.proxy ? RA_PROXY : 0));
	if (np->router.up)
		ret->lifetime_s = (uint16_t)rest(np->router.until, now,
			ROUTER_MAX_S);
	/* reachable and retransmission time 0: the hosts' own defaults */
	ret->has_sll = true;
	ret->sll = p->mac;
	if (line >= 1280 && line < p->mtu)
		ret->mtu = line;
	for (size_t i = 0; i < NP_PREFIX_MAX; i++)
		compose_prefix(np, now, port, &np->prefix[i], ret);
	compose_names(np, now, ret);
}

static bool anything_to_say(const struct np *np)
{
	for (size_t i = 0; i < NP_PREFIX_MAX; i++)
		if (prefix_used(&np->prefix[i]))
			return true;
	return np->router.up;
}

/* A third of the shortest lifetime, so that two lost ones do no harm. */
static msec_t every(const struct np *np, msec_t now, unsigned port)
{
	msec_t t = EVERY_MAX_MS;
	struct ra ra;

	ras_compose(np, now, port, &ra);
	if (ra.lifetime_s)
		t = MIN2(t, ra.lifetime_s * 1000 / 3);
	for (size_t i = 0; i < ra.prefix_n; i++)
		if (ra.prefix[i].preferred_s)
			t = MIN2(t, (msec_t)ra.prefix[i].preferred_s * 1000 / 3);
	return MAX2(t, (msec_t)EVERY_MIN_MS);
}

static void ra_send(struct np *np, msec_t now, unsigned port,
	const struct addr *dst, const struct mac *to)
{
	uint8_t body[RA_BODY_MAX];
	struct wr w = wr_of(body, sizeof(body));
	struct ra ra;

	ras_compose(np, now, port, &ra);
	if (ra_build(&w, &ra))
		return;
	np->count[C_RA_OUT]++;
	send_body(np, port, NULL, dst, to, body, wr_len(&w));
}

static void ra_multicast(struct np *np, msec_t now, unsigned port)
{
	struct np_port *p = &np->port[port];
	msec_t e = every(np, now, port);

	ra_send(np, now, port, &addr_all_nodes, NULL);
	if (p->ra_fast) {
		p->ra_fast--;
		e = MIN2(e, (msec_t)FAST_MS);
	}
	p->ra_last = now;
	p->ra_next = now + e - np_random(np, (uint32_t)(e / 4));
}

void ras_port_up(struct np *np, msec_t now, unsigned port)
{
	np->port[port].ra_fast = FAST_N;
	np->port[port].ra_next = anything_to_say(np) ? now : INT64_MAX;
}

/*
 * RFC 4861 asks for three seconds between multicast RAs; a change of prefix is
 * worth an exception, three times in a row at most.
 */
void ras_changed(struct np *np, msec_t now)
{
	for (unsigned i = 1; i <= np->conf.lan_n; i++) {
		struct np_port *p = &np->port[i];
		msec_t at = now + URGENT_MS;

		if (!p->up)
			continue;
		if (p->ra_next <= at)
			continue;
		if (!bucket_take(&p->ra_urgent, now, 0))
			at = MAX2(at, p->ra_last + BETWEEN_MS);
		p->ra_next = MIN2(p->ra_next, at);
	}
}

void ras_rs(struct np *np, msec_t now, unsigned port, const struct nd_msg *m)
{
	struct np_port *p = &np->port[port];

	np->count[C_RS_IN]++;
	if (!p->up || !anything_to_say(np))
		return;
	if (!addr_is_zero(&m->src) && bucket_take(&p->rs, now, 0)) {
		ra_send(np, now, port, &m->src,
			m->has_sll ? &m->sll : &m->l2src);
		return;
	}
	/* one for all soon */
	np->count[C_RS_OVER_BUDGET] += !addr_is_zero(&m->src);
	p->ra_next = MIN2(p->ra_next,
		MAX2(now + URGENT_MS, p->ra_last + BETWEEN_MS));
}

void ras_tick(struct np *np, msec_t now)
{
	for (unsigned i = 1; i <= np->conf.lan_n; i++)
		if (np->port[i].up && np->port[i].ra_next <= now)
			ra_multicast(np, now, i);
}

msec_t ras_next(const struct np *np)
{
	msec_t t = INT64_MAX;

	for (unsigned i = 1; i <= np->conf.lan_n; i++)
		if (np->port[i].up)
			t = MIN2(t, np->port[i].ra_next);
	return t;
}

void np_stop(struct np *np, msec_t now)
{
	np->router.up = false;
	for (unsigned i = 1; i <= np->conf.lan_n; i++)
		if (np->port[i].up)
			ra_send(np, now, i, &addr_all_nodes, NULL);
}
