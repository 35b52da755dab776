/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Duplicate address detection across the gateway (RFC 4862 5.4, RFC 6957). A
 * claimant waits one second. Both sides see one address space, so each must
 * hear of the other's owners; nobody ever hears of its own claim.
 */
#include "own.h"

static bool is_echo(const struct np *np, const struct nd_msg *m)
{
	for (unsigned i = 0; m->nonce_len && i < RELAYED_MAX; i++) {
		const struct relayed *r = &np->relayed[i];

		if (r->len == m->nonce_len &&
			!memcmp(r->nonce, m->nonce, r->len) &&
			!addr_cmp(&r->target, &m->target))
			return true;
	}
	return false;
}

static bool echo_counted(struct np *np, const struct nd_msg *m)
{
	bool echo = is_echo(np, m);

	np->count[C_DAD_ECHO] += echo;
	return echo;
}

/*
 * IDLE may have left long ago: it is asked first and answers, if it is there,
 * within the claimant's second.
 */
static void defend(struct np *np, msec_t now, unsigned port, struct host *h,
	const struct nd_msg *m)
{
	struct question all = {.port = (uint8_t)port};

	host_asked(h, now);
	host_hurry(np, now, h);
	switch ((enum host_state)h->state) {
	case HOST_LIVE:
	case HOST_CONTEST:
	case HOST_TENTATIVE: /* first come, first served */
		send_na(np, port, &h->addr, &all);
		return;
	case HOST_IDLE:
		host_keep_question(np, h, port, m);
		host_enter(np, now, h, HOST_CHECK);
		return;
	case HOST_GONE:
		host_probe(np, now, port, h, m);
		return;
	case HOST_CHECK:
	case HOST_PROBING:
		host_keep_question(np, h, port, m);
		return;
	case HOST_FREE:
		return;
	}
}

static void dad_wan(struct np *np, msec_t now, const struct nd_msg *m)
{
	struct host *h = hosts_find(np, &m->target);

	np->count[C_DAD_WAN]++;
	if (!np->conf.proxy || echo_counted(np, m))
		return;
	if (!h)
		host_probe(np, now, NP_WAN, NULL, m);
	else if (h->port != NP_WAN)
		defend(np, now, NP_WAN, h, m);
}

static void relay(struct np *np, msec_t now, unsigned from,
	const struct nd_msg *m)
{
	struct np_port *p = &np->port[from];

	if (!np->conf.proxy || np->port[NP_WAN].loop ||
		(!np->conf.relay_dad && !np->port[NP_WAN].host_n))
		return;
	if (!bucket_take(&p->dad_relay, now, 0)) {
		np->count[C_DAD_RELAY_OVER_BUDGET]++;
		return;
	}
	send_dad_relay(np, NP_WAN, m);
}

static void dad_lan(struct np *np, msec_t now, unsigned port,
	const struct nd_msg *m)
{
	struct host *h = hosts_find(np, &m->target);

	np->count[C_DAD_LAN]++;
	if (echo_counted(np, m))
		return;
	if (h && h->port == NP_WAN && host_answers(h)) {
		defend(np, now, port, h, m);
		return;
	}
	host_claim(np, now, port, &m->target, &m->l2src, EV_DAD);
	h = hosts_find(np, &m->target);
	if (h && h->state == HOST_TENTATIVE)
		relay(np, now, port, m);
}

void dad_ns(struct np *np, msec_t now, unsigned port, const struct nd_msg *m)
{
	if (port == NP_WAN)
		dad_wan(np, now, m);
	else
		dad_lan(np, now, port, m);
}
