// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The states of an address.
 *
 *	DAD NS ─▶ TENTATIVE ─answer─▶ LIVE ◀──evidence── IDLE, CHECK, GONE
 *	WAN asks ─▶ PROBING ─answer─▶  │ 30 s silent
 *	NS, NA ─▶ CHECK ─────answer─▶  ▼
 *	              ▲              IDLE ── WAN asks: answered, then ─▶ CHECK
 *	              └────────────────────────────────────────────────┘
 *	CHECK ─ 3 s silent ─▶ GONE ─ 24 h ─▶ free (spoke only: 10 min,
 *	never heard: 3 s)
 *	LIVE, IDLE, CHECK ─ another MAC or port ─▶ CONTEST ─▶ LIVE or new owner
 *
 * Who is silent is asked once a second, and four times a second while somebody
 * wants it (a question from the other side, a packet that the kernel could not
 * deliver): a host that wakes right after a question, or comes out of its DAD,
 * must not wait for the next second. In GONE that goes on for T_WANTED. All
 * such repeats together have one budget (AGAIN_RATE).
 *
 * A newcomer that only spoke is in CHECK: answered for at once, asked once by
 * unicast, LIVE when it answers. So a sender of invented addresses never gets
 * an entry that others cannot displace.
 */
#include "own.h"

enum { CONTEST_TRIES = 3,
	/* steps of T_ASK, and how many make one for whom nobody wants */
	CHECK_STEPS = 12, CHECK_STRIDE = T_CHECK / T_ASK, CHECK_ALL = 8,
	DAD_STEPS = 6, DAD_STRIDE = 2, GONE_ASKS = 12,
	/* tokens of the LAN's multicast budget kept for proven hosts */
	MCAST_KEEP = 5 };

/* Steps of T_PROBE: to all, or to the MAC alone that had it last. */
static const bool probe_all[] = {true, true, false, true, false};

/* ---- questions that wait for an answer ---- */

void host_keep_question(struct np *np, struct host *h, unsigned port,
	const struct nd_msg *m)
{
	struct question q = {m->l2src, m->src, (uint8_t)port};

	for (unsigned i = 0; i < h->q_n; i++)
		if (h->q[i].port == q.port && !addr_cmp(&h->q[i].src, &q.src) &&
			!memcmp(&h->q[i].mac, &q.mac, sizeof(q.mac)))
			return;
	if (h->q_n == QUESTIONS_MAX) {
		np->count[C_QUESTIONS_FULL]++;
		return;
	}
	np->count[C_KEPT]++;
	h->q[h->q_n++] = q;
}

static void answer_kept(struct np *np, struct host *h)
{
	for (unsigned i = 0; i < h->q_n; i++)
		if (h->q[i].port != h->port)
			send_na(np, h->q[i].port, &h->addr, &h->q[i]);
	h->q_n = 0;
}

/* ---- entering a state ---- */

static void note_kind(struct np *np, struct host *h)
{
	uint8_t kind = (uint8_t)host_kind(h);

	np->changes += kind != h->kind;
	h->kind = kind;
}

void host_free(struct np *np, struct host *h)
{
	if (h->state == HOST_PROBING)
		np->probing_n--;
	h->state = HOST_FREE;
	h->pinned = false;
	host_publish(np, h);
	shield_host(np, 0, h);
	note_kind(np, h);
	hosts_drop(np, h);
}

static unsigned keep_for(const struct host *h)
{
	return h->seen || h->has_mac || h->pinned ? 0 : MCAST_KEEP;
}

/* Which side: a host of the WAN is looked for there, all others on each LAN. */
static void ask_everywhere(struct np *np, msec_t now, struct host *h)
{
	if (h->port == NP_WAN) {
		send_ns(np, now, NP_WAN, &h->addr, NULL, 0);
		return;
	}
	for (unsigned p = 1; p <= np->conf.lan_n; p++)
		send_ns(np, now, p, &h->addr, NULL, keep_for(h));
}

/* May it be asked beyond the second's question? */
static bool may_ask_again(struct np *np, msec_t now, const struct host *h)
{
	return host_wanted(h, now) &&
	       bucket_take(&np->again, now, h->seen ? 0 : AGAIN_KEEP);
}

/* By unicast: nobody but it wakes up. */
static void ask_owner(struct np *np, msec_t now, const struct host *h)
{
	send_ns(np, now, h->port, &h->addr, &h->mac, 0);
}

static void probe_step(struct np *np, msec_t now, struct host *h)
{
	if (h->tries == ARRAY_LEN(probe_all)) {
		host_enter(np, now, h, HOST_GONE);
		return;
	}
	if (probe_all[h->tries])
		ask_everywhere(np, now, h);
	else if (may_ask_again(np, now, h))
		ask_owner(np, now, h);
	h->tries++;
	hosts_arm(np, h, now + T_PROBE);
}

/* One step for who is wanted, else as many as end the stride. */
static void step_on(struct np *np, msec_t now, struct host *h, unsigned stride)
{
	unsigned n = stride - h->tries % stride;

	if (n > 1 && may_ask_again(np, now, h))
		n = 1;
	h->tries = (uint8_t)(h->tries + n);
	hosts_arm(np, h, now + n * T_ASK);
}

void host_hurry(struct np *np, msec_t now, struct host *h)
{
	unsigned n = (unsigned)(MAX2(h->deadline - now, 0) / T_ASK);

	/* a claimant in its DAD answers nobody yet */
	if ((h->state != HOST_CHECK && h->state != HOST_TENTATIVE) ||
		!h->tries || n < 2 || !may_ask_again(np, now, h))
		return;
	h->tries = (uint8_t)(h->tries - (n - 1));
	hosts_arm(np, h, h->deadline - (n - 1) * T_ASK);
}

/* It may have moved in silence: once, earlier for who is wanted. */
static bool time_for_all(const struct host *h, msec_t now)
{
	return !h->asked_all && (h->tries >= CHECK_ALL ||
		(h->tries >= CHECK_STRIDE && host_wanted(h, now)));
}

static void check_step(struct np *np, msec_t now, struct host *h)
{
	if (h->tries >= CHECK_STEPS) {
		host_enter(np, now, h, HOST_GONE);
		return;
	}
	if (time_for_all(h, now)) {
		h->asked_all = true;
		ask_everywhere(np, now, h);
	} else {
		ask_owner(np, now, h);
	}
	step_on(np, now, h, CHECK_STRIDE);
}

static void tentative_step(struct np *np, msec_t now, struct host *h)
{
	if (h->tries >= DAD_STEPS) {
		/* it may have fallen asleep meanwhile: its claim is remembered */
		host_enter(np, now, h, HOST_GONE);
		return;
	}
	ask_owner(np, now, h);
	step_on(np, now, h, DAD_STRIDE);
}

static void take_over(struct np *np, msec_t now, struct host *h);

static void contest_step(struct np *np, msec_t now, struct host *h)
{
	/* who is behind a link that is down cannot answer */
	if (h->tries == CONTEST_TRIES || !np->port[h->port].up) {
		take_over(np, now, h);
		return;
	}
	h->tries++;
	ask_owner(np, now, h);
	hosts_arm(np, h, now + T_CONTEST);
}

static msec_t rest_until(const struct host *h, msec_t now)
{
	if (h->pinned)
		return now + T_PIN_CHECK;
	if (h->state == HOST_IDLE)
		return MAX2(h->heard + T_IDLE_KEPT, now + 1);
	if (h->seen)
		return now + T_GONE_KEPT;
	return now + (h->has_mac ? T_CLAIM_KEPT : T_NEGATIVE);
}

/* Neighbours that wait go on waiting, but nobody's claim does. */
static void forget_claims(struct host *h)
{
	unsigned n = 0;

	for (unsigned i = 0; i < h->q_n; i++)
		if (!addr_is_zero(&h->q[i].src))
			h->q[n++] = h->q[i];
	h->q_n = (uint8_t)n;
}

/* tries 0: at rest. */
static void gone_step(struct np *np, msec_t now, struct host *h)
{
	if (!host_wanted(h, now)) {
		h->tries = 0;
		h->q_n = 0;
		hosts_arm(np, h, rest_until(h, now));
		return;
	}
	if (may_ask_again(np, now, h))
		ask_owner(np, now, h);
	h->tries = (uint8_t)MIN2(h->tries + 1, GONE_ASKS + 1);
	hosts_arm(np, h,
		now + (h->tries > GONE_ASKS ? T_WANTED_EVERY : T_ASK));
}

void host_enter(struct np *np, msec_t now, struct host *h, enum host_state s)
{
	np->probing_n += (s == HOST_PROBING) - (h->state == HOST_PROBING);
	h->state = (uint8_t)s;
	h->tries = 0;
	h->asked_all = false;
	hosts_relist(np, h);
	host_publish(np, h);
	shield_host(np, now, h);
	note_kind(np, h);
	switch (s) {
	case HOST_FREE:
		return;
	case HOST_TENTATIVE:
		hosts_arm(np, h, now + T_DAD);
		return;
	case HOST_PROBING:
		probe_step(np, now, h);
		return;
	case HOST_CHECK:
		check_step(np, now, h);
		return;
	case HOST_CONTEST:
		contest_step(np, now, h);
		return;
	case HOST_LIVE:
		hosts_arm(np, h, h->heard + T_FRESH);
		return;
	case HOST_GONE:
		np->count[C_GONE] += h->seen;
		forget_claims(h);
		gone_step(np, now, h);
		return;
	case HOST_IDLE:
		hosts_arm(np, h, rest_until(h, now));
		return;
	}
}

static void silent_ends(struct np *np, msec_t now, struct host *h)
{
	if (!h->pinned)
		host_free(np, h);
	else
		host_enter(np, now, h,
			h->state == HOST_IDLE ? HOST_CHECK : HOST_PROBING);
}

void host_timer(struct np *np, msec_t now, struct host *h)
{
	switch ((enum host_state)h->state) {
	case HOST_FREE:
		return;
	case HOST_TENTATIVE:
		tentative_step(np, now, h);
		return;
	case HOST_PROBING:
		probe_step(np, now, h);
		return;
	case HOST_CHECK:
		check_step(np, now, h);
		return;
	case HOST_CONTEST:
		contest_step(np, now, h);
		return;
	case HOST_LIVE:
		if (h->heard + T_FRESH > now) {
			shield_host(np, now, h);
			hosts_arm(np, h, h->heard + T_FRESH);
		} else {
			host_enter(np, now, h, HOST_IDLE);
		}
		return;
	case HOST_IDLE:
		silent_ends(np, now, h);
		return;
	case HOST_GONE:
		if (h->tries)
			gone_step(np, now, h);
		else
			silent_ends(np, now, h);
		return;
	}
}

/* ---- evidence ---- */

static bool proves(enum evidence e)
{
	/* a packet's source may be invented, an answer to us hardly */
	return e == EV_ANSWER || e == EV_KERNEL;
}

static void alive(struct np *np, msec_t now, struct host *h, enum evidence e)
{
	h->heard = now;
	h->evidence = (uint8_t)e;
	if (proves(e) && !h->seen) {
		h->seen = true;
		np->count[C_BORN]++;
		proxy_announce_new(np, now, h);
	}
	if (h->seen || proves(e)) {
		if (h->state != HOST_LIVE)
			host_enter(np, now, h, HOST_LIVE);
	} else if (h->state != HOST_CHECK) {
		host_enter(np, now, h, HOST_CHECK);
	}
	answer_kept(np, h);
}

static bool same_owner(const struct host *h, unsigned port,
	const struct mac *mac)
{
	return h->has_mac && h->port == port &&
	       !memcmp(&h->mac, mac, sizeof(*mac));
}

/* The old owner kept silent. */
static void take_over(struct np *np, msec_t now, struct host *h)
{
	struct mac rival = h->rival;
	unsigned port = h->rival_port;

	if (!hosts_set_owner(np, h, port, &rival)) {
		host_enter(np, now, h, HOST_GONE);
		return;
	}
	np->count[C_CONTEST_LOST]++;
	np->count[C_MOVED]++;
	np_say(np, SAY_MOVED, &h->addr, &h->mac, port);
	/* who spoke last for it; the next question is for the new owner */
	h->heard = now;
	host_enter(np, now, h, HOST_CHECK);
	answer_kept(np, h);
}

/* The old owner answered: it stays. A claimant on another port hears so. */
static void kept(struct np *np, msec_t now, struct host *h)
{
	struct question all = {.port = h->rival_port};

	np->count[C_CONTEST_KEPT]++;
	np_say(np, SAY_CONTEST_KEPT, &h->addr, &h->rival, h->rival_port);
	if (h->rival_dad && h->rival_port != h->port)
		send_na(np, h->rival_port, &h->addr, &all);
	alive(np, now, h, EV_ANSWER);
}

static void contest(struct np *np, msec_t now, struct host *h, unsigned port,
	const struct mac *mac, enum evidence e)
{
	if (h->mac_pinned) {
		struct question all = {.port = (uint8_t)port};

		np->count[C_PIN_ALARM]++;
		np_say(np, SAY_PIN_ALARM, &h->addr, mac, port);
		if (e == EV_DAD)
			send_na(np, port, &h->addr, &all);
		return;
	}
	if (h->state == HOST_CONTEST)
		return;
	np->count[C_CONTEST]++;
	h->rival = *mac;
	h->rival_port = (uint8_t)port;
	h->rival_dad = e == EV_DAD;
	np->changes++; /* a successor must not take the rival for nobody */
	host_enter(np, now, h, HOST_CONTEST);
}

static bool pinned_mac(const struct np *np, const struct mac *mac)
{
	for (size_t i = 0; i < np->conf.pin_n; i++)
		if (np->conf.pin[i].has_mac &&
			!memcmp(&np->conf.pin[i].mac, mac, sizeof(*mac)))
			return true;
	return false;
}

static void note_pin(const struct np *np, struct host *h, unsigned port,
	const struct mac *mac)
{
	if (port != NP_WAN && pinned_mac(np, mac))
		h->pinned = h->mac_pinned = true;
}

static struct host *newcomer(struct np *np, msec_t now, unsigned port,
	const struct addr *a, const struct mac *mac)
{
	struct host *h;

	if (!bucket_take(&np->port[port].claims, now, 0)) {
		np->count[C_CLAIM_BUDGET]++;
		return NULL;
	}
	h = hosts_new(np, now, a, port, mac);
	if (h)
		note_pin(np, h, port, mac);
	return h;
}

/* Nobody has it now: whoever speaks is the owner. */
static void settle(struct np *np, msec_t now, struct host *h, unsigned port,
	const struct mac *mac, enum evidence e)
{
	if (h->mac_pinned && h->has_mac &&
		(port == NP_WAN || memcmp(&h->mac, mac, sizeof(*mac)))) {
		contest(np, now, h, port, mac, e);
		return;
	}
	/* proof belongs to the owner who gave it */
	if (h->has_mac && memcmp(&h->mac, mac, sizeof(*mac)))
		h->seen = h->pinned;
	if (!hosts_set_owner(np, h, port, mac))
		return;
	note_pin(np, h, port, mac);
	if (e == EV_DAD)
		host_enter(np, now, h, HOST_TENTATIVE);
	else
		alive(np, now, h, e);
}

void host_claim(struct np *np, msec_t now, unsigned port,
	const struct addr *a, const struct mac *mac, enum evidence e)
{
	struct host *h;

	if (mac->b[0] & 1) {
		np->count[C_CLAIM_MULTICAST]++;
		return;
	}
	if (!np_prefix_of(np, a)) {
		np->count[C_CLAIM_OUTSIDE] += port != NP_WAN;
		return;
	}
	if (np_is_own(np, a) || (port == NP_WAN && !np->conf.proxy))
		return;
	h = hosts_find(np, a);
	if (!h) {
		h = newcomer(np, now, port, a, mac);
		if (h && e == EV_DAD)
			host_enter(np, now, h, HOST_TENTATIVE);
		else if (h)
			alive(np, now, h, e);
		return;
	}
	if (!host_answers(h) && !same_owner(h, port, mac))
		settle(np, now, h, port, mac, e);
	else if (!same_owner(h, port, mac))
		contest(np, now, h, port, mac, e);
	else if (h->state == HOST_CONTEST)
		kept(np, now, h);
	else if (e != EV_DAD)
		alive(np, now, h, e);
	else if (!host_answers(h))
		host_enter(np, now, h, HOST_TENTATIVE);
}

/*
 * Real traffic keeps its sender alive (ndp-proxy-go #8: a talking device that
 * expired) and makes an unknown one be asked. Another MAC than the owner's
 * moves nothing: repeaters do that, and so do forgers (RFC 6620, log only).
 */
void host_flow(struct np *np, msec_t now, unsigned port, const struct addr *a,
	const struct mac *mac)
{
	struct host *h = hosts_find(np, a);

	if (h && h->has_mac && !same_owner(h, port, mac)) {
		np->count[C_FLOW_OTHER_MAC]++;
		if (!h->told_flow && host_answers(h))
			np_say(np, SAY_FLOW_OTHER_MAC, a, mac, port);
		h->told_flow = true;
		return;
	}
	/* a contest is settled by answers alone */
	if (!h || (h->state != HOST_CONTEST && h->state != HOST_TENTATIVE))
		host_claim(np, now, port, a, mac, EV_FLOW);
}

struct stir {
	msec_t now;
	unsigned port;
};

static void ask_stirred(struct np *np, struct host *h, void *arg)
{
	const struct stir *s = arg;

	if (!host_wanted(h, s->now) || h->port == NP_WAN ||
		(h->state != HOST_GONE && h->state != HOST_CHECK &&
			h->state != HOST_PROBING) ||
		!bucket_take(&np->again, s->now, AGAIN_KEEP))
		return;
	send_ns(np, s->now, s->port, &h->addr, &h->mac, 0);
}

void host_stirs(struct np *np, msec_t now, unsigned port,
	const struct mac *mac)
{
	struct stir s = {now, port};

	hosts_each_of_mac(np, mac, ask_stirred, &s);
}

void host_doubt(struct np *np, msec_t now, struct host *h)
{
	/* it had a packet for it */
	h->wanted = now;
	if (h->state == HOST_LIVE || h->state == HOST_IDLE) {
		/* the kernel dropped its entry: write it again */
		h->has_neigh = false;
		host_enter(np, now, h, HOST_CHECK);
	}
}
