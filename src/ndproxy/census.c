// SPDX-License-Identifier: GPL-2.0-or-later
/* All hosts at once: told to the line, asked for, pinned, let go. */
#include "own.h"

enum { ANNOUNCE_MS = 100 };

/*
 * The line's router may hold another MAC for this address: an earlier gateway's
 * (we started without a table) or our own old one.
 */
void proxy_announce_new(struct np *np, msec_t now, struct host *h)
{
	if (h->port == NP_WAN || !np->conf.proxy || now >= np->strange_until)
		return;
	h->announce = ANNOUNCE_ALL;
	if (!np->announce_next)
		np->announce_next = now;
}

void proxy_announce_all(struct np *np, msec_t now)
{
	for (unsigned i = 0; i < HOSTS_MAX; i++)
		if (np->host[i].lru && np->host[i].port != NP_WAN)
			np->host[i].announce = ANNOUNCE_ALL;
	np->announce_next = now;
}

static bool router_reachable(const struct np *np)
{
	return np->router.up && np->router.has_mac && np->port[NP_WAN].up;
}

void proxy_announce_restored(struct np *np, msec_t now)
{
	unsigned n = 0;

	if (!np->conf.proxy || !router_reachable(np))
		return;
	for (unsigned i = 0; i < HOSTS_MAX; i++) {
		struct host *h = &np->host[i];

		if (!h->lru || h->port == NP_WAN || !host_answers(h))
			continue;
		if (n++ < ANNOUNCE_BURST) {
			np->count[C_ANNOUNCED]++;
			send_unsolicited(np, NP_WAN, &h->addr, true);
		} else {
			h->announce = ANNOUNCE_ROUTER;
			np->announce_next = now;
		}
	}
}

/* The next that waits, in turn; ret: how it is announced. */
static struct host *to_announce(struct np *np, enum announce *ret)
{
	for (unsigned i = 0; i < HOSTS_MAX; i++) {
		struct host *h = &np->host[np->announce_at++ % HOSTS_MAX];

		if (!h->announce)
			continue;
		*ret = (enum announce)h->announce;
		h->announce = ANNOUNCE_NO;
		if (host_answers(h) && h->port != NP_WAN)
			return h;
	}
	return NULL;
}

void proxy_announce(struct np *np, msec_t now)
{
	enum announce how = ANNOUNCE_NO;
	struct host *h;

	if (!np->announce_next || np->announce_next > now)
		return;
	h = to_announce(np, &how);
	np->announce_next = h ? now + ANNOUNCE_MS : 0;
	if (!h)
		return;
	np->count[C_ANNOUNCED]++;
	send_unsolicited(np, NP_WAN, &h->addr,
		how == ANNOUNCE_ROUTER && router_reachable(np));
}

/*
 * Who is there? One echo request to all nodes from our global address: to
 * answer it a host solicits us, and that names its address and MAC. So hosts
 * that had their addresses before us are known without being asked for.
 */
static void census_of(struct np *np, const struct np_prefix *p, unsigned port)
{
	static const uint8_t echo[8] = {128};

	if (!np->port[port].up || (p->port && p->port != port) ||
		addr_is_zero(&p->own_lan))
		return;
	send_body(np, port, &p->own_lan, &addr_all_nodes, NULL, echo,
		sizeof(echo));
}

void proxy_census(struct np *np, msec_t now)
{
	if (!np->census_at || np->census_at > now)
		return;
	np->census_at = 0;
	for (size_t i = 0; i < NP_PREFIX_MAX; i++)
		for (unsigned port = 1; port <= np->conf.lan_n; port++)
			if (prefix_used(&np->prefix[i]) &&
				!np->prefix[i].draining)
				census_of(np, &np->prefix[i], port);
}

void hosts_of_prefix_go(struct np *np, const struct np_prefix *p)
{
	for (unsigned i = 0; i < HOSTS_MAX; i++) {
		struct host *h = &np->host[i];

		if (h->lru && !memcmp(h->addr.b, p->addr.b, 8))
			host_free(np, h);
	}
}

static void pin_one(struct np *np, msec_t now, const struct addr *a,
	const struct np_pin *pin)
{
	struct host *h = hosts_find(np, a);

	if (h && h->pinned)
		return;
	if (!h)
		h = hosts_new(np, now, a, 1, pin->has_mac ? &pin->mac : NULL);
	if (!h)
		return;
	h->pinned = true;
	h->mac_pinned = pin->has_mac;
	if (!host_answers(h))
		host_enter(np, now, h, HOST_PROBING);
	else
		host_enter(np, now, h, HOST_CHECK);
}

/* A pinned device's address under a prefix: its identifier, or its MAC's. */
void pins_expand(struct np *np, msec_t now, const struct np_prefix *p)
{
	for (size_t i = 0; i < np->conf.pin_n; i++) {
		const struct np_pin *pin = &np->conf.pin[i];
		struct addr a = pin->has_iid ? pin->iid : mac_to_iid(&pin->mac);

		a = addr_or(&p->addr, &a);
		pin_one(np, now, &a, pin);
	}
}
