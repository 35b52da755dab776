/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Life, events and the look from outside. */
#include "own.h"

#include <stdio.h>

const char *host_state_name(enum host_state s)
{
	switch (s) {
	case HOST_FREE:	     return "free";
	case HOST_TENTATIVE: return "tentative";
	case HOST_PROBING:   return "probing";
	case HOST_LIVE:	     return "live";
	case HOST_IDLE:	     return "idle";
	case HOST_CHECK:     return "check";
	case HOST_GONE:	     return "gone";
	case HOST_CONTEST:   return "contest";
	}
	return "?";
}

const char *evidence_name(enum evidence e)
{
	switch (e) {
	case EV_NONE:	return "none";
	case EV_DAD:	return "dad";
	case EV_NS:	return "ns";
	case EV_NA:	return "na";
	case EV_ANSWER:	return "answer";
	case EV_KERNEL:	return "kernel";
	case EV_FLOW:	return "flow";
	case EV_LEASE:	return "lease";
	case EV_SAVED:	return "saved";
	}
	return "?";
}

const char *np_count_name(enum np_count c)
{
	static const char *const names[NP_COUNT_MAX] = {
		[C_NS_WAN] = "ns-wan", [C_NS_LAN] = "ns-lan",
		[C_NA_WAN] = "na-wan", [C_NA_LAN] = "na-lan",
		[C_DAD_WAN] = "dad-wan", [C_DAD_LAN] = "dad-lan",
		[C_ANSWERED] = "answered", [C_DEFENDED] = "defended",
		[C_KEPT] = "question-kept",
		[C_UNKNOWN_OVER_BUDGET] = "unknown-over-budget",
		[C_UNKNOWN_PROBED] = "unknown-probed",
		[C_QUESTIONS_FULL] = "questions-full",
		[C_OUTSIDE_PREFIX] = "outside-prefix",
		[C_OWN_TARGET] = "own-target", [C_NEGATIVE] = "just-not-there",
		[C_MCAST_BUDGET] = "multicast-over-budget",
		[C_LAN_MCAST] = "lan-multicasts",
		[C_LAN_UCAST] = "lan-unicasts", [C_CONTEST] = "contest",
		[C_CONTEST_KEPT] = "contest-kept",
		[C_CONTEST_LOST] = "contest-lost",
		[C_PIN_ALARM] = "pin-alarm", [C_MAC_QUOTA] = "mac-quota",
		[C_PORT_QUOTA] = "port-quota", [C_TABLE_FULL] = "table-full",
		[C_CLAIM_BUDGET] = "claims-over-budget",
		[C_EVICTED] = "evicted", [C_ROGUE_RA] = "rogue-ra",
		[C_ROGUE_REDIRECT] = "redirect", [C_LOOP] = "loop",
		[C_DAD_RELAYED] = "dad-relayed", [C_RA_IN] = "ra-in",
		[C_RA_OUT] = "ra-out", [C_RS_IN] = "rs-in",
		[C_RS_OUT] = "rs-out", [C_RA_BAD] = "ra-bad",
		[C_BORN] = "hosts-proven", [C_GONE] = "hosts-gone",
		[C_MOVED] = "hosts-moved", [C_ANNOUNCED] = "announced",
		[C_OWN_ECHO] = "own-echo", [C_LOOP_DROPPED] = "loop-dropped",
		[C_RS_WAN] = "rs-on-wan",
		[C_RS_OVER_BUDGET] = "rs-over-budget",
		[C_DAD_RELAY_OVER_BUDGET] = "dad-relay-over-budget",
		[C_DAD_ECHO] = "dad-echo",
		[C_PREFIX_REFUSED] = "prefix-not-usable",
		[C_PREFIX_FULL] = "prefixes-full",
		[C_ROUTER_OTHER] = "ra-of-another-router",
		[C_CLAIM_MULTICAST] = "claim-by-multicast-mac",
		[C_CLAIM_OUTSIDE] = "claim-outside-prefix",
		[C_FLOW_OTHER_MAC] = "flow-with-another-mac",
	};

	return c < NP_COUNT_MAX ? names[c] : "?";
}

void np_do(struct np *np, const struct np_action *a)
{
	np->act(np->arg, a);
}

void np_say(struct np *np, enum np_say s, const struct addr *a,
	const struct mac *m, unsigned port)
{
	struct np_action act = {.what = ACT_SAY, .say = s, .addr = *a,
		.port = (uint8_t)port};

	if (m)
		act.mac = *m;
	np_do(np, &act);
}

uint32_t np_random(struct np *np, uint32_t below)
{
	np->rnd ^= np->rnd << 13;
	np->rnd ^= np->rnd >> 7;
	np->rnd ^= np->rnd << 17;
	return below ? (uint32_t)(np->rnd >> 32) % below : 0;
}

static void bucket_init(struct bucket *b, msec_t now, unsigned rate,
	unsigned burst)
{
	*b = (struct bucket){rate, burst, (int64_t)burst * 1000, now};
}

struct np *np_new(const struct np_conf *c, struct hash_key key, msec_t now0,
	void (*act)(void *, const struct np_action *), void *arg)
{
	struct np *np = xcalloc(1, sizeof(*np));

	np->conf = *c;
	np->key = key;
	np->act = act;
	np->arg = arg;
	np->rnd = key.k[0] | 1;
	np->strange_until = now0 + T_STRANGE;
	hosts_init(np);
	bucket_init(&np->probe_new, now0, 20, 40);
	bucket_init(&np->probe_seen, now0, 20, 20);
	/* fifty a second and ten at once: never more than sixty in a second */
	bucket_init(&np->lan_mcast, now0, 50, 10);
	bucket_init(&np->wan_mcast, now0, 20, 20);
	bucket_init(&np->again, now0, AGAIN_RATE, AGAIN_BURST);
	for (unsigned i = 0; i < NP_PORT_MAX; i++) {
		struct np_port *p = &np->port[i];

		bucket_init(&p->claims, now0, 200, 1000);
		bucket_init(&p->dad_relay, now0, 10, 10);
		bucket_init(&p->ra_urgent, now0, 1, 3);
		bucket_init(&p->rs, now0, 10, 20);
		p->ra_next = INT64_MAX;
	}
	return np;
}

void np_free(struct np *np)
{
	free(np);
}

void np_own(struct np *np, const struct addr *v, size_t n)
{
	n = MIN2(n, (size_t)NP_OWN_MAX);
	shield_own(np, v, n);
	np->own_n = n;
	if (n)
		memcpy(np->own, v, n * sizeof(*v));
}

bool np_is_own(const struct np *np, const struct addr *a)
{
	for (size_t i = 0; i < np->own_n; i++)
		if (!addr_cmp(&np->own[i], a))
			return true;
	for (size_t i = 0; i < NP_PREFIX_MAX; i++)
		if (prefix_used(&np->prefix[i]) &&
			(!addr_cmp(&np->prefix[i].own_wan, a) ||
				!addr_cmp(&np->prefix[i].own_lan, a)))
			return true;
	return false;
}

/* ---- links ---- */

static void prefixes_write(struct np *np, msec_t now)
{
	for (size_t i = 0; i < NP_PREFIX_MAX; i++)
		if (prefix_used(&np->prefix[i]))
			prefix_write(np, now, &np->prefix[i]);
}

void np_port_up(struct np *np, msec_t now, unsigned port,
	const struct mac *mac, const struct addr *ll, uint32_t mtu)
{
	struct np_port *p = &np->port[port];
	bool was_up = p->up;
	bool new_mac = memcmp(&p->mac, mac, sizeof(*mac)) != 0;
	bool known = !!memcmp(&p->mac, &(struct mac){{0}}, sizeof(*mac));
	bool new_mtu = p->mtu != mtu;

	p->up = true;
	p->mac = *mac;
	p->ll = *ll;
	p->mtu = mtu;
	shield_port(np);
	if (was_up && !new_mac && !new_mtu)
		return;
	if (!was_up || new_mac)
		prefixes_write(np, now);
	if (port == NP_WAN && new_mac && known)
		proxy_announce_all(np, now);
	if (!was_up && port == NP_WAN)
		rac_link_up(np, now);
	else if (!was_up)
		ras_port_up(np, now, port);
	else
		ras_changed(np, now);
}

void np_port_down(struct np *np, msec_t now, unsigned port)
{
	struct np_port *p = &np->port[port];

	if (!p->up)
		return;
	if (port == NP_WAN)
		rac_link_down(np, now);
	p->up = false;
	p->loop = false;
	shield_port(np);
}

/* ---- frames ---- */

static bool from_us(const struct np *np, const struct nd_msg *m)
{
	for (unsigned i = 0; i <= np->conf.lan_n; i++) {
		const struct np_port *p = &np->port[i];

		if (p->up && (!memcmp(&p->mac, &m->l2src, sizeof(p->mac)) ||
				     !addr_cmp(&p->ll, &m->src)))
			return true;
	}
	return false;
}

/* Our own RA comes back on the WAN: both sides are one wire. */
static void loop_found(struct np *np, const struct nd_msg *m)
{
	struct np_port *p = &np->port[NP_WAN];

	np->count[C_LOOP]++;
	if (!p->loop)
		np_say(np, SAY_LOOP, &m->src, &m->l2src, NP_WAN);
	p->loop = true;
	shield_port(np);
}

static void rogue_ra(struct np *np, const struct nd_msg *m, unsigned port)
{
	np->count[C_ROGUE_RA]++;
	np_say(np, SAY_ROGUE_RA, &m->src, &m->l2src, port);
}

static void take_msg(struct np *np, msec_t now, unsigned port,
	const struct nd_msg *m)
{
	switch (m->type) {
	case ND_RS:
		if (port != NP_WAN)
			ras_rs(np, now, port, m);
		else
			np->count[C_RS_WAN]++;
		return;
	case ND_RA:
		if (port == NP_WAN)
			rac_ra(np, now, m);
		else
			rogue_ra(np, m, port);
		return;
	case ND_NS:
		proxy_ns(np, now, port, m);
		return;
	case ND_NA:
		proxy_na(np, now, port, m);
		return;
	case ND_REDIRECT:
		np->count[C_ROGUE_REDIRECT]++;
		return;
	}
}

void np_msg(struct np *np, msec_t now, unsigned port, const struct nd_msg *m)
{
	if (!np->port[port].up)
		return;
	if (from_us(np, m)) {
		if (m->type == ND_RA && port == NP_WAN)
			loop_found(np, m);
		else
			np->count[C_OWN_ECHO]++;
		return;
	}
	if (np->port[port].loop) {
		np->count[C_LOOP_DROPPED]++;
		return;
	}
	take_msg(np, now, port, m);
	if (port != NP_WAN)
		host_stirs(np, now, port, &m->l2src);
}

void np_frame(struct np *np, msec_t now, unsigned port, const uint8_t *f,
	size_t n)
{
	struct nd_msg m;
	enum nd_verdict v = nd_parse(f, n, &m);

	np->bad[v]++;
	if (v == ND_GOOD)
		np_msg(np, now, port, &m);
}

/* ---- other events ---- */

void np_kernel(struct np *np, msec_t now, unsigned port, const struct addr *a,
	const struct mac *mac, bool reachable)
{
	struct host *h = hosts_find(np, a);

	if (!reachable && port == NP_WAN)
		rac_router_mute(np, a);
	/* the kernel's word confirms what we know; it makes nothing new */
	if (!h || h->port != port)
		return;
	if (!reachable)
		host_doubt(np, now, h);
	else if (mac && h->has_mac && !memcmp(&h->mac, mac, sizeof(*mac)))
		host_claim(np, now, port, a, mac, EV_KERNEL);
}

void np_evidence(struct np *np, msec_t now, unsigned port,
	const struct addr *a, const struct mac *mac, enum evidence e)
{
	if (port >= NP_PORT_MAX || !np->port[port].up)
		return;
	if (e == EV_FLOW)
		host_flow(np, now, port, a, mac);
	else
		host_claim(np, now, port, a, mac, e);
}

void np_delegated(struct np *np, msec_t now, unsigned port,
	const struct addr *own, uint32_t valid_s, uint32_t preferred_s)
{
	struct np_prefix *p;

	prefix_set(np, now, own, port, valid_s, preferred_s);
	p = (struct np_prefix *)np_prefix_of(np, own);
	if (p)
		p->own_lan = *own;
}

void np_tick(struct np *np, msec_t now)
{
	struct host *h;

	while ((h = hosts_due(np, now)))
		host_timer(np, now, h);
	rac_tick(np, now);
	prefix_tick(np, now);
	ras_tick(np, now);
	proxy_announce(np, now);
	proxy_census(np, now);
}

msec_t np_next(const struct np *np, msec_t now)
{
	msec_t t = MIN2(hosts_next(np), rac_next(np));

	t = MIN2(t, prefix_next(np));
	t = MIN2(t, ras_next(np));
	if (np->announce_next)
		t = MIN2(t, np->announce_next);
	if (np->census_at)
		t = MIN2(t, np->census_at);
	return t == INT64_MAX ? t : MAX2(t, now);
}

/* ---- to look at ---- */

static void show(const struct host *h, msec_t now, struct np_host *ret)
{
	*ret = (struct np_host){.addr = h->addr, .mac = h->mac,
		.has_mac = h->has_mac, .proven = h->seen, .pinned = h->pinned,
		.in_known = h->in_known, .in_pinned = h->in_pinned,
		.in_wanhosts = h->in_wan, .port = h->port,
		.state = (enum host_state)h->state,
		.evidence = (enum evidence)h->evidence,
		.age = now - h->born, .heard_ago = now - h->heard,
		.asked_ago = h->asked < 0 ? -1 : now - h->asked,
		.asked = h->asked_n};
}

void np_each(const struct np *np, msec_t now,
	void (*each)(void *, const struct np_host *), void *arg)
{
	struct np_host s;

	for (unsigned i = 0; i < HOSTS_MAX; i++) {
		if (!np->host[i].lru)
			continue;
		show(&np->host[i], now, &s);
		each(arg, &s);
	}
}

bool np_lookup(const struct np *np, msec_t now, const struct addr *a,
	struct np_host *ret)
{
	const struct host *h = hosts_find(np, a);

	if (h)
		show(h, now, ret);
	return h;
}

unsigned np_used(const struct np *np)
{
	return np->used;
}

unsigned np_changes(const struct np *np)
{
	return np->changes;
}

uint64_t np_counter(const struct np *np, enum np_count c)
{
	return np->count[c];
}

uint64_t np_refused(const struct np *np, enum nd_verdict v)
{
	return np->bad[v];
}

bool np_in_prefix(const struct np *np, const struct addr *a)
{
	return np_prefix_of(np, a) != NULL;
}

bool np_router(const struct np *np, msec_t now, struct addr *ll,
	int64_t *rest_s)
{
	*ll = np->router.ll;
	*rest_s = (np->router.until - now) / 1000;
	return np->router.up;
}

bool np_loop(const struct np *np, unsigned port)
{
	return np->port[port].loop;
}

size_t np_prefixes(const struct np *np, struct addr *v, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < NP_PREFIX_MAX && n < max; i++)
		if (prefix_used(&np->prefix[i]))
			v[n++] = np->prefix[i].addr;
	return n;
}
