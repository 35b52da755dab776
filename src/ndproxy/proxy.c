// SPDX-License-Identifier: GPL-2.0-or-later
/* What neighbours ask and answer, and whom we ask for them. */
#include "own.h"

static bool may_probe(struct np *np, msec_t now, const struct host *h)
{
	if (h && h->pinned)
		return true;
	if (h && (h->seen || h->has_mac)) {
		if (bucket_take(&np->probe_seen, now, 0))
			return true;
	} else if (np->probing_n < PROBING_MAX &&
		   bucket_take(&np->probe_new, now, 0)) {
		return true;
	}
	np->count[C_UNKNOWN_OVER_BUDGET]++;
	return false;
}

void host_probe(struct np *np, msec_t now, unsigned from, struct host *h,
	const struct nd_msg *m)
{
	/* never heard, and nobody answered three seconds ago */
	if (h && !h->seen && !h->has_mac && !h->pinned) {
		np->count[C_NEGATIVE]++;
		return;
	}
	if (!may_probe(np, now, h))
		return;
	if (!h)
		h = hosts_new(np, now, &m->target, from == NP_WAN ? 1 : NP_WAN,
			NULL);
	if (!h)
		return;
	np->count[C_UNKNOWN_PROBED]++;
	host_asked(h, now);
	host_keep_question(np, h, from, m);
	host_enter(np, now, h, HOST_PROBING);
}

/* A neighbour asks for an address that lives on the other side. */
static void judge(struct np *np, msec_t now, unsigned port, struct host *h,
	const struct nd_msg *m)
{
	struct question q = {m->l2src, m->src, (uint8_t)port};

	host_asked(h, now);
	host_hurry(np, now, h);
	if (host_answers(h)) {
		send_na(np, port, &h->addr, &q);
		if (h->state == HOST_IDLE)
			host_enter(np, now, h, HOST_CHECK);
	} else if (h->state == HOST_GONE) {
		host_probe(np, now, port, h, m);
	} else {
		host_keep_question(np, h, port, m);
	}
}

/* Others than the router were seen on the WAN, or the user says so. */
static bool wan_has_hosts(const struct np *np)
{
	return np->conf.relay_dad || np->port[NP_WAN].host_n;
}

static void ns_wan(struct np *np, msec_t now, const struct nd_msg *m)
{
	struct host *h = hosts_find(np, &m->target);

	if (!h)
		host_probe(np, now, NP_WAN, NULL, m);
	else if (h->port != NP_WAN)
		judge(np, now, NP_WAN, h, m);
	else if (!host_answers(h))
		host_free(np, h); /* both sides look for it: forget */
}

/* Hosts of the LAN answer for themselves; we only for those of the WAN. */
static void ns_lan(struct np *np, msec_t now, unsigned port,
	const struct nd_msg *m)
{
	struct host *h = hosts_find(np, &m->target);

	if (h && h->port == NP_WAN)
		judge(np, now, port, h, m);
	else if (!h && wan_has_hosts(np) && !np->port[NP_WAN].loop)
		host_probe(np, now, port, NULL, m);
}

static bool source_speaks(const struct nd_msg *m)
{
	return m->has_sll && !addr_is_linklocal(&m->src);
}

void proxy_ns(struct np *np, msec_t now, unsigned port, const struct nd_msg *m)
{
	bool dad = addr_is_zero(&m->src);

	np->count[port == NP_WAN ? C_NS_WAN : C_NS_LAN]++;
	if (!dad && source_speaks(m))
		host_claim(np, now, port, &m->src, &m->sll, EV_NS);
	if (addr_is_linklocal(&m->target))
		return;
	if (np_is_own(np, &m->target)) {
		np->count[C_OWN_TARGET]++;
		return;
	}
	if (!np_prefix_of(np, &m->target)) {
		np->count[C_OUTSIDE_PREFIX]++;
		return;
	}
	if (dad)
		dad_ns(np, now, port, m);
	else if (!np->conf.proxy)
		return;
	else if (port == NP_WAN)
		ns_wan(np, now, m);
	else
		ns_lan(np, now, port, m);
}

static bool was_asked(const struct host *h)
{
	return h->state == HOST_PROBING || h->state == HOST_CHECK ||
	       h->state == HOST_CONTEST || h->state == HOST_TENTATIVE;
}

void proxy_na(struct np *np, msec_t now, unsigned port, const struct nd_msg *m)
{
	const struct mac *mac = m->has_tll ? &m->tll : &m->l2src;
	struct host *h;

	np->count[port == NP_WAN ? C_NA_WAN : C_NA_LAN]++;
	if (addr_is_linklocal(&m->target) || !np_prefix_of(np, &m->target))
		return;
	if (np_is_own(np, &m->target)) {
		np->count[C_OWN_TARGET]++;
		return;
	}
	h = hosts_find(np, &m->target);
	/* somebody outside has what a host of ours is about to take */
	if (h && port == NP_WAN && h->port != NP_WAN &&
		h->state == HOST_TENTATIVE) {
		struct question all = {.port = h->port};

		if (h->mac_pinned)
			return;
		send_na(np, h->port, &m->target, &all);
		host_free(np, h);
		h = NULL;
	}
	host_claim(np, now, port, &m->target, mac,
		h && was_asked(h) && (m->flags & NA_SOLICITED) ? EV_ANSWER :
								 EV_NA);
}
