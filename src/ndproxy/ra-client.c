/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line's Router Advertisements (RFC 4861 6.3), read here and not by the
 * kernel: the NGN's retransmission timer of ten seconds, good for a router of
 * the carrier, would make every lost solicitation cost ten seconds at home.
 */
#include "own.h"

enum { RS_FIRST_MS = 4000, RS_MAX_MS = 3600 * 1000 }; /* RFC 7559 */

static void rs_send(struct np *np, msec_t now)
{
	const struct np_port *p = &np->port[NP_WAN];
	uint8_t body[64];
	struct wr w = wr_of(body, sizeof(body));
	msec_t i = np->rs_interval;

	if (!rs_build(&w, &p->mac))
		send_body(np, NP_WAN, NULL, &addr_all_routers, NULL, body,
			wr_len(&w));
	np->count[C_RS_OUT]++;
	i = i ? MIN2(i * 2, (msec_t)RS_MAX_MS) : RS_FIRST_MS;
	np->rs_interval = i;
	/* a tenth up or down */
	np->rs_next = now + i - i / 10 + np_random(np, (uint32_t)(i / 5));
}

static void rs_start(struct np *np, msec_t now)
{
	np->rs_interval = 0;
	np->rs_next = now;
}

static void route_default(struct np *np, enum np_act what)
{
	struct np_action a = {.what = what, .port = NP_WAN,
		.gate = np->router.ll};

	/* with a delegated prefix the kernel reads the RA itself */
	if (np->conf.proxy)
		np_do(np, &a);
}

static void router_neigh(struct np *np)
{
	struct np_action a = {.what = ACT_NEIGH_SET, .port = NP_WAN,
		.addr = np->router.ll, .mac = np->router.mac,
		.pin = np->router.mute};

	if (np->router.has_mac && np->conf.proxy)
		np_do(np, &a);
}

void rac_restored(struct np *np)
{
	router_neigh(np);
	route_default(np, ACT_ROUTE_SET);
}

static void router_lost(struct np *np, msec_t now)
{
	struct np_action a = {.what = ACT_NEIGH_DEL, .port = NP_WAN,
		.addr = np->router.ll};

	if (!np->router.up)
		return;
	np->router.up = false;
	route_default(np, ACT_ROUTE_DEL);
	if (np->router.mute)
		np_do(np, &a);
	np->router.mute = false;
	np_say(np, SAY_ROUTER_LOST, &np->router.ll, NULL, NP_WAN);
	ras_changed(np, now);
}

void rac_link_up(struct np *np, msec_t now)
{
	rs_start(np, now);
}

void rac_link_down(struct np *np, msec_t now)
{
	router_lost(np, now);
	np->rs_next = 0;
}

static void take_extras(struct np *np, msec_t now, const struct ra *ra)
{
	struct np_router *r = &np->router;

	r->hop_limit = ra->hop_limit;
	if (ra->mtu >= 1280 && ra->mtu != r->mtu) {
		struct np_action a = {.what = ACT_MTU, .port = NP_WAN,
			.value = ra->mtu};

		r->mtu = ra->mtu;
		if (np->conf.proxy)
			np_do(np, &a);
	}
	if (ra->rdnss_n) {
		memcpy(r->rdnss, ra->rdnss, sizeof(r->rdnss));
		r->rdnss_n = ra->rdnss_n;
		r->rdnss_until = now + (msec_t)ra->rdnss_s * 1000;
	}
	if (ra->dnssl_n) {
		memcpy(r->dnssl, ra->dnssl, sizeof(r->dnssl));
		r->dnssl_n = ra->dnssl_n;
	}
	if (ra->flags & RA_PROXY && !r->proxied)
		np_say(np, SAY_PROXIED_RA, &r->ll, NULL, NP_WAN);
	r->proxied = ra->flags & RA_PROXY;
}

static void take_router(struct np *np, msec_t now, const struct nd_msg *m,
	const struct ra *ra)
{
	struct np_router *r = &np->router;
	bool same = !addr_cmp(&r->ll, &m->src);
	bool fresh = !r->up || !same;
	struct mac mac = ra->has_sll ? ra->sll : m->l2src;

	/* the one we have serves until it ends */
	if (r->up && !same) {
		np->count[C_ROUTER_OTHER]++;
		return;
	}
	if (!ra->lifetime_s) {
		router_lost(np, now);
		return;
	}
	if (!same)
		memset(r, 0, sizeof(*r));
	r->up = true;
	r->ll = m->src;
	r->until = now + (msec_t)ra->lifetime_s * 1000;
	if (!r->has_mac || memcmp(&r->mac, &mac, sizeof(mac))) {
		r->mac = mac;
		r->has_mac = true;
		router_neigh(np);
	}
	np->rs_next = 0;
	take_extras(np, now, ra);
	if (!fresh)
		return;
	route_default(np, ACT_ROUTE_SET);
	np_say(np, SAY_ROUTER, &r->ll, &r->mac, NP_WAN);
	ras_changed(np, now);
}

static bool usable(const struct ra_prefix *p)
{
	return p->len == 64 && (p->flags & PIO_AUTO) &&
	       (p->prefix.b[0] & 0xe0) == 0x20; /* 2000::/3 */
}

/* A prefix that this router no longer lists beside a new one is stale. */
static void drain_unlisted(struct np *np, msec_t now)
{
	for (size_t i = 0; i < NP_PREFIX_MAX; i++) {
		struct np_prefix *p = &np->prefix[i];

		if (prefix_used(p) && !p->port && !p->listed)
			prefix_drain(np, now, p);
	}
}

static void take_prefixes(struct np *np, msec_t now, const struct ra *ra)
{
	bool any = false;

	for (size_t i = 0; i < NP_PREFIX_MAX; i++)
		np->prefix[i].listed = false;
	for (size_t i = 0; i < ra->prefix_n; i++) {
		const struct ra_prefix *p = &ra->prefix[i];

		if (!usable(p)) {
			np->count[C_PREFIX_REFUSED]++;
			continue;
		}
		any |= p->valid_s && p->preferred_s;
		prefix_set(np, now, &p->prefix, 0, p->valid_s, p->preferred_s);
	}
	if (any)
		drain_unlisted(np, now);
}

void rac_ra(struct np *np, msec_t now, const struct nd_msg *m)
{
	struct ra ra;

	np->count[C_RA_IN]++;
	if (ra_parse(m->body, m->body_len, &ra)) {
		np->count[C_RA_BAD]++;
		return;
	}
	take_router(np, now, m, &ra);
	if (np->conf.proxy && !addr_cmp(&np->router.ll, &m->src))
		take_prefixes(np, now, &ra);
}

/* Silent to the kernel's questions, yet sending RAs: keep its address. */
void rac_router_mute(struct np *np, const struct addr *a)
{
	if (!np->router.up || !np->conf.proxy || addr_cmp(&np->router.ll, a))
		return;
	if (!np->router.mute)
		np_say(np, SAY_ROUTER_MUTE, a, &np->router.mac, NP_WAN);
	np->router.mute = true;
	router_neigh(np);
}

void rac_tick(struct np *np, msec_t now)
{
	if (np->router.up && np->router.until <= now) {
		router_lost(np, now);
		rs_start(np, now);
	}
	if (np->rs_next && np->rs_next <= now && np->port[NP_WAN].up)
		rs_send(np, now);
}

msec_t rac_next(const struct np *np)
{
	msec_t t = np->router.up ? np->router.until : INT64_MAX;

	if (np->rs_next && np->port[NP_WAN].up)
		t = MIN2(t, np->rs_next);
	return t;
}
