/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a filter in front of the socket is told (stage 2, dataplane/nd.bpf.c).
 * Like the sets it follows from the state alone, so that the filter never
 * answers for a host that we would not answer for.
 */
#include "own.h"

/* Remembered by something else than one question of a stranger. */
static bool remembered(const struct host *h)
{
	return h->seen || h->has_mac || h->pinned;
}

static uint8_t wanted(const struct np *np, msec_t now, const struct host *h)
{
	bool lan = h->port != NP_WAN;

	if (!np->conf.shield || !np->conf.proxy)
		return 0;
	switch ((enum host_state)h->state) {
	case HOST_LIVE:
		return lan ? SHIELD_ANSWER : SHIELD_HEARD;
	case HOST_CHECK:
		/* should it stay silent, we must know that it is wanted */
		if (lan && !host_wanted(h, now))
			return SHIELD_ANSWER | SHIELD_TELL;
		return lan ? SHIELD_ANSWER : 0;
	case HOST_CONTEST:
		return lan ? SHIELD_ANSWER : 0;
	case HOST_IDLE:
		/* the first question wakes us: the host is asked once */
		return lan ? SHIELD_ANSWER | SHIELD_TELL : 0;
	case HOST_TENTATIVE:
	case HOST_PROBING:
		return SHIELD_ASKED;
	case HOST_GONE:
		return remembered(h) ? SHIELD_ASKED : 0;
	case HOST_FREE:
		return 0;
	}
	return 0;
}

static void tell(struct np *np, const struct addr *a, uint8_t flags,
	msec_t valid)
{
	struct np_action act = {.what = ACT_SHIELD, .addr = *a, .value = flags,
		.valid_s = (uint32_t)(valid / 1000)};

	np_do(np, &act);
}

/* How long the filter may believe it without hearing from us again. */
static msec_t believed(const struct np *np, msec_t now, const struct host *h)
{
	const struct np_prefix *p = np_prefix_of(np, &h->addr);
	msec_t prefix = p ? p->valid_until - now : 0;

	return MAX2(MIN2(prefix, (msec_t)T_IDLE_KEPT), 0);
}

void shield_host(struct np *np, msec_t now, struct host *h)
{
	uint8_t want = wanted(np, now, h);
	msec_t valid, moved;

	if (!want && !h->shield)
		return;
	valid = want ? believed(np, now, h) : 0;
	moved = now + valid - h->shield_until;
	if (want == h->shield &&
		(want == 0 || (moved < T_SHIELD_AGAIN && moved > -T_SHIELD_AGAIN)))
		return;
	h->shield = want;
	h->shield_until = now + valid;
	tell(np, &h->addr, want, valid);
}

static bool among(const struct addr *v, size_t n, const struct addr *a)
{
	for (size_t i = 0; i < n; i++)
		if (!addr_cmp(&v[i], a))
			return true;
	return false;
}

/* Called before np->own becomes v. */
void shield_own(struct np *np, const struct addr *v, size_t n)
{
	if (!np->conf.shield || !np->conf.proxy)
		return;
	for (size_t i = 0; i < np->own_n; i++)
		if (!among(v, n, &np->own[i]))
			tell(np, &np->own[i], 0, 0);
	for (size_t i = 0; i < n; i++)
		if (!among(np->own, np->own_n, &v[i]))
			tell(np, &v[i], SHIELD_OURS, T_IDLE_KEPT);
}

void shield_port(struct np *np)
{
	const struct np_port *p = &np->port[NP_WAN];
	bool on = p->up && !p->loop;
	struct np_action act = {.what = ACT_SHIELD_PORT, .port = NP_WAN,
		.value = on, .mac = p->mac, .addr = p->ll};

	if (!np->conf.shield || !np->conf.proxy)
		return;
	if (on == np->shield_on && !addr_cmp(&p->ll, &np->shield_ll) &&
		!memcmp(&p->mac, &np->shield_mac, sizeof(p->mac)))
		return;
	np->shield_on = on;
	np->shield_mac = p->mac;
	np->shield_ll = p->ll;
	np_do(np, &act);
}
