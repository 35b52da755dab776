// SPDX-License-Identifier: GPL-2.0-or-later
/* What kernel and firewall hold of a host follows its state. */
#include "own.h"

static void publish_set(struct np *np, const struct host *h, enum np_set set,
	bool *is, bool want)
{
	struct np_action a = {.what = want ? ACT_SET_ADD : ACT_SET_DEL,
		.set = set, .addr = h->addr};

	if (*is == want)
		return;
	*is = want;
	np_do(np, &a);
}

static void publish_neigh(struct np *np, struct host *h, bool want)
{
	struct np_action a = {.addr = h->addr};

	if (h->has_neigh && (!want || h->neigh_port != h->port)) {
		a.what = ACT_NEIGH_DEL;
		a.port = h->neigh_port;
		np_do(np, &a);
		h->has_neigh = false;
	}
	if (!want || (h->has_neigh &&
			     !memcmp(&h->neigh_mac, &h->mac, sizeof(h->mac))))
		return;
	a.what = ACT_NEIGH_SET;
	a.port = h->neigh_port = h->port;
	a.mac = h->neigh_mac = h->mac;
	h->has_neigh = true;
	np_do(np, &a);
}

/* The primary LAN has the /64 itself; everybody else needs a /128. */
static void publish_route(struct np *np, struct host *h, bool want)
{
	struct np_action a = {.addr = h->addr, .len = 128};

	if (h->has_route && (!want || h->route_port != h->port)) {
		a.what = ACT_ROUTE_DEL;
		a.port = h->route_port;
		np_do(np, &a);
		h->has_route = false;
	}
	if (!want || h->has_route)
		return;
	a.what = ACT_ROUTE_SET;
	a.port = h->route_port = h->port;
	h->has_route = true;
	np_do(np, &a);
}

static void publish_join(struct np *np, struct host *h, bool want)
{
	struct np_action a = {.what = want ? ACT_JOIN : ACT_LEAVE,
		.port = NP_WAN, .addr = h->addr};

	if (h->joined == want)
		return;
	h->joined = want;
	np_do(np, &a);
}

void host_publish(struct np *np, struct host *h)
{
	bool there = host_answers(h), lan = h->port != NP_WAN;
	bool pinned = h->pinned && h->state != HOST_FREE;

	publish_set(np, h, SET_KNOWN, &h->in_known,
		(there && lan) || pinned);
	publish_set(np, h, SET_PINNED, &h->in_pinned, pinned);
	publish_set(np, h, SET_WANHOSTS, &h->in_wan, there && !lan);
	publish_neigh(np, h, there && h->has_mac);
	publish_route(np, h, there && h->port != 1 && np->conf.proxy);
	publish_join(np, h, there && lan && np->conf.proxy);
}
