// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rows: what happens to the devices, in phases; within a phase the order
 * is drawn. Hosts are 1..n, peers 101..; every host talks to every peer.
 */
#include "passtest/passtest.h"
#include "base/tr.h"

enum { HOST0 = 0xc0a80101, PEER0 = 0xcb000101, NEAR_MS = 20,
	ORDERS = 24 };

/* ---- programs of one pair ---- */

static uint64_t act(struct sim_pair *p, enum sim_step st, unsigned sa,
	uint64_t needs)
{
	if (p->n == SIM_STEPS_MAX)
		abort();
	p->act[p->n] = (struct sim_act){st, (uint8_t)sa, needs};
	return 1ull << p->n++;
}

/* n packets each way; inbound may begin after in, outbound after out. */
static void flow(struct sim_pair *p, unsigned sa, unsigned n, uint64_t in,
	uint64_t out)
{
	for (unsigned i = 0; i < n; i++) {
		in |= act(p, SIM_IN, sa, in);
		out |= act(p, SIM_OUT, sa, out);
	}
}

/*
 * Four messages; the peer may send once it has the request, before or after
 * its own answer arrives here.
 */
static void login(struct sim_pair *p, unsigned sa, unsigned packets)
{
	uint64_t a = act(p, SIM_INIT_OUT, 0, 0);
	uint64_t b = act(p, SIM_INIT_IN, 0, a);
	uint64_t c = act(p, SIM_AUTH_OUT, sa, a | b);
	uint64_t d = act(p, SIM_AUTH_IN, sa, c);

	flow(p, sa, packets, c, d);
}

static void rekey(struct sim_pair *p, unsigned sa, unsigned packets, uint64_t needs)
{
	uint64_t a = act(p, SIM_CHILD_OUT, sa, needs);
	uint64_t b = act(p, SIM_CHILD_IN, sa, a);

	flow(p, sa, packets, a, b);
}

static void rekey_by_peer(struct sim_pair *p, unsigned sa, unsigned in,
	unsigned out)
{
	uint64_t a = act(p, SIM_PCHILD_IN, sa, 0);
	uint64_t b = act(p, SIM_PCHILD_OUT, sa, a), c = b;

	for (unsigned i = 0; i < in; i++)
		b |= act(p, SIM_IN, sa, b);
	for (unsigned i = 0; i < out; i++)
		c |= act(p, SIM_OUT, sa, c);
}

/* ---- all pairs at once ---- */

struct all {
	struct sim_pair p[SIM_PAIRS_MAX];
	unsigned n, hosts, peers;
};

static void all_new(struct all *a, unsigned hosts, unsigned peers)
{
	a->n = 0;
	a->hosts = hosts;
	a->peers = peers;
	for (unsigned h = 0; h < hosts; h++)
		for (unsigned p = 0; p < peers && a->n < SIM_PAIRS_MAX; p++) {
			struct sim_pair *x = &a->p[a->n++];

			*x = (struct sim_pair){.host = HOST0 + h,
				.peer = PEER0 + p};
		}
}

static void all_clear(struct all *a)
{
	for (unsigned i = 0; i < a->n; i++)
		a->p[i].n = 0;
}

static void all_login(struct all *a, unsigned sa, unsigned packets)
{
	all_clear(a);
	for (unsigned i = 0; i < a->n; i++)
		login(&a->p[i], sa, packets);
}

static void all_flow(struct all *a, unsigned sa, unsigned packets)
{
	all_clear(a);
	for (unsigned i = 0; i < a->n; i++)
		flow(&a->p[i], sa, packets, 0, 0);
}

static void all_run(struct sim *s, struct all *a, unsigned seed)
{
	sim_one_order(s, a->p, a->n, NEAR_MS, seed);
}

/* One step of each, in turn, so far apart. */
static void each_ms(struct sim *s, struct all *a, enum sim_step st, unsigned sa,
	msec_t ms)
{
	for (unsigned i = 0; i < a->n; i++) {
		struct sim_pair p = {.host = a->p[i].host, .peer = a->p[i].peer};

		act(&p, st, sa, 0);
		sim_do(s, &p, 0);
		sim_pass(s, ms);
	}
}

static void each(struct sim *s, struct all *a, enum sim_step st, unsigned sa)
{
	each_ms(s, a, st, sa, 3);
}

/* Up and running, each SA firm. */
static void start(struct sim *s, struct all *a, unsigned hosts, unsigned peers,
	unsigned seed)
{
	all_new(a, hosts, peers);
	all_login(a, 0, 4);
	/* not all in the same second: one after the other */
	for (unsigned i = 0; i < a->n; i++) {
		sim_one_order(s, &a->p[i], 1, NEAR_MS, seed + i);
		sim_pass(s, 300);
	}
	for (unsigned i = 0; i < 16; i++) {
		sim_pass(s, 500);
		each(s, a, SIM_IN, 0);
		each(s, a, SIM_OUT, 0);
	}
}

/* ---- the rows ---- */

static void play_in_turn(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	struct all a;

	all_new(&a, hosts, peers);
	all_login(&a, 0, 12);
	for (unsigned i = 0; i < a.n; i++) {
		sim_one_order(s, &a.p[i], 1, NEAR_MS, seed + i);
		sim_pass(s, 2000);
	}
	all_flow(&a, 0, 12);
	all_run(s, &a, seed);
}

static void play_one(struct sim *s, unsigned hosts, unsigned peers, unsigned seed)
{
	(void)hosts;
	play_in_turn(s, 1, peers, seed);
}

static void play_together(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	struct all a;

	all_new(&a, hosts, peers);
	all_login(&a, 0, 16);
	all_run(s, &a, seed);
	all_flow(&a, 0, 16);
	all_run(s, &a, seed + 1);
}

static void play_four_sas(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	struct all a;

	all_new(&a, hosts, peers);
	all_login(&a, 0, 4);
	for (unsigned i = 0; i < a.n; i++)
		for (unsigned sa = 1; sa < 4; sa++)
			rekey(&a.p[i], sa, 4, 0xf);
	all_run(s, &a, seed);
	for (unsigned sa = 0; sa < 4; sa++) {
		all_flow(&a, sa, 8);
		all_run(s, &a, seed + sa);
	}
}

static void play_rekey(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	struct all a;

	start(s, &a, hosts, peers, seed);
	/* each in its minute, the old pair goes on for a while */
	for (unsigned i = 0; i < a.n; i++) {
		struct sim_pair p = {.host = a.p[i].host, .peer = a.p[i].peer};

		rekey(&p, 1, 12, 0);
		flow(&p, 0, 12, 0, 0);
		sim_one_order(s, &p, 1, NEAR_MS, seed + i);
		for (unsigned k = 0; k < 8; k++) {
			sim_pass(s, 500);
			each(s, &a, SIM_IN, 0);
		}
	}
	all_flow(&a, 1, 12);
	all_run(s, &a, seed);
}

static void play_rekey_peer(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	struct all a;

	start(s, &a, hosts, peers, seed);
	for (unsigned i = 0; i < a.n; i++) {
		struct sim_pair p = {.host = a.p[i].host, .peer = a.p[i].peer};

		rekey_by_peer(&p, 1, 24, 0);
		sim_one_order(s, &p, 1, 200, seed + i);
		if (a.n > 1) { /* another one is busy meanwhile */
			struct sim_pair q = {.host = a.p[(i + 1) % a.n].host,
				.peer = a.p[(i + 1) % a.n].peer};

			flow(&q, 0, 8, 0, 0);
			sim_one_order(s, &q, 1, NEAR_MS, seed + i);
		}
	}
}

static void play_rekey_all(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	struct all a;

	start(s, &a, hosts, peers, seed);
	all_clear(&a);
	for (unsigned i = 0; i < a.n; i++) {
		if (i % 2)
			rekey(&a.p[i], 1, 12, 0);
		else
			rekey_by_peer(&a.p[i], 1, 12, 12);
		flow(&a.p[i], 0, 6, 0, 0);
	}
	all_run(s, &a, seed);
	all_flow(&a, 1, 24);
	all_run(s, &a, seed + 1);
}

/* The peer renews the IKE SA, then is the first to use the new one. */
static void play_ike_rekey(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	struct all a;

	start(s, &a, hosts, peers, seed);
	all_clear(&a);
	for (unsigned i = 0; i < a.n; i++) {
		uint64_t x = act(&a.p[i], SIM_PCHILD_IN, 0, 0);
		uint64_t y = act(&a.p[i], SIM_PCHILD_OUT, 0, x);

		act(&a.p[i], SIM_IKE_NEW_IN, 0, x | y);
		flow(&a.p[i], 0, 8, 0, 0);
	}
	all_run(s, &a, seed);
}

static void play_login_again(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	struct all a;

	start(s, &a, hosts, peers, seed);
	all_login(&a, 1, 12);
	all_run(s, &a, seed);
	sim_pass(s, 60000);
	all_flow(&a, 1, 12);
	all_run(s, &a, seed + 1);
}

static void play_idle_in(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	struct all a;

	start(s, &a, hosts, peers, seed);
	for (unsigned i = 0; i < 30; i++) {
		sim_pass(s, 60000);
		each(s, &a, SIM_IN, 0);
	}
}

static void play_idle_out(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	struct all a;

	start(s, &a, hosts, peers, seed);
	for (unsigned i = 0; i < 30; i++) {
		sim_pass(s, 60000);
		each(s, &a, SIM_OUT, 0);
	}
	each(s, &a, SIM_IN, 0);
	all_flow(&a, 0, 12);
	all_run(s, &a, seed);
}

/* Eight hours of ESP without IKE; then the peer rekeys. */
static void play_ike_idle(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	struct all a;

	start(s, &a, hosts, peers, seed);
	for (unsigned i = 0; i < 8 * 6; i++) {
		sim_pass(s, 600 * 1000);
		each(s, &a, SIM_IN, 0);
		each(s, &a, SIM_OUT, 0);
	}
	all_clear(&a);
	for (unsigned i = 0; i < a.n; i++)
		rekey_by_peer(&a.p[i], 1, 12, 12);
	all_run(s, &a, seed);
}

static void restart(struct sim *s, unsigned hosts, unsigned peers, unsigned seed,
	bool table, bool speak)
{
	struct all a;

	start(s, &a, hosts, peers, seed);
	sim_restart(s, table);
	if (speak)
		each(s, &a, SIM_OUT, 0);
	all_flow(&a, 0, 24);
	all_run(s, &a, seed);
	all_clear(&a);
	for (unsigned i = 0; i < a.n; i++)
		rekey(&a.p[i], 1, 16, 0);
	all_run(s, &a, seed + 1);
}

static void play_restart_table(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	restart(s, hosts, peers, seed, true, false);
}

static void play_restart_bare(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	restart(s, hosts, peers, seed, false, true);
}

static void play_restart_silent(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	restart(s, hosts, peers, seed, false, false);
}

static void play_collision(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	struct all a;

	all_new(&a, MIN2(hosts, ESPNAT_COPIES_MAX), peers);
	all_login(&a, 0, 10);
	for (unsigned i = 0; i < a.n; i++) {
		sim_one_order(s, &a.p[i], 1, NEAR_MS, seed + i);
		sim_pass(s, 3000);
	}
	all_flow(&a, 0, 12);
	all_run(s, &a, seed);
}

/* The same SPI from different peers, each to its own device. */
static void play_same_spi(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	struct all a;

	(void)peers;
	all_new(&a, hosts, 1);
	for (unsigned i = 0; i < a.n; i++)
		a.p[i].peer = PEER0 + i;
	all_login(&a, 0, 12);
	all_run(s, &a, seed);
}

/* 10,000 forged SPIs a second from the peer's address, before and after. */
static void play_forged(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	struct sim_pair bad = {.peer = PEER0, .host = 0};
	struct all a;

	all_new(&a, hosts, peers);
	all_login(&a, 0, 8);
	act(&bad, SIM_FORGED, 0, 0);
	for (unsigned i = 0; i < a.n; i++) {
		struct sim_pair *p = &a.p[i];

		for (unsigned k = 0; k < p->n; k++) {
			sim_do(s, p, k);
			for (unsigned ms = 0; ms < 4; ms++) {
				sim_pass(s, 1);
				/* before the genuine one of this millisecond */
				for (unsigned f = 0; f < 10; f++)
					sim_do(s, &bad, 0);
			}
		}
	}
	all_flow(&a, 0, 8);
	all_run(s, &a, seed);
}

static void play_stranger(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	struct sim_pair bad = {.peer = PEER0 + 200};
	struct all a;

	act(&bad, SIM_FORGED, 0, 0);
	start(s, &a, hosts, peers, seed);
	for (unsigned f = 0; f < 1000; f++)
		sim_do(s, &bad, 0);
	all_flow(&a, 0, 4);
	all_run(s, &a, seed);
}

static void play_static(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	sim_fix(s, HOST0 + 100);
	play_rekey(s, hosts, peers, seed);
}

static void play_icmp(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	struct all a;

	start(s, &a, hosts, peers, seed);
	each(s, &a, SIM_ICMP, 0);
	each(s, &a, SIM_ICMP_IKE, 0);
}

/*
 * Up to four devices start in the same millisecond; the peer's first packets
 * come in the order of permutation seed of 24, then all in turn.
 */
static void play_orders(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	unsigned left[4] = {0, 1, 2, 3}, n = 4, k = (seed - 1) / 977 % 24;
	struct all a;

	all_new(&a, MIN2(hosts, 4), peers);
	each_ms(s, &a, SIM_INIT_OUT, 0, 0);
	each_ms(s, &a, SIM_AUTH_OUT, 0, 0);
	for (unsigned f = 6; n; f /= n ? n : 1) {
		unsigned at = k / f, who;

		k %= f;
		who = left[at];
		memmove(&left[at], &left[at + 1], (3 - at) * sizeof(left[0]));
		n--;
		for (unsigned i = 0; i < a.n; i++) {
			struct sim_pair p = {.host = a.p[i].host,
				.peer = a.p[i].peer};

			if (p.host != HOST0 + who)
				continue;
			act(&p, SIM_IN, 0, 0);
			sim_do(s, &p, 0);
			sim_do(s, &p, 0);
		}
	}
	each(s, &a, SIM_AUTH_IN, 0);
	all_flow(&a, 0, 12);
	all_run(s, &a, seed);
}

/* The peer forgets everything; each device notices and begins anew. */
static void play_peer_restart(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	struct all a;

	start(s, &a, hosts, peers, seed);
	each(s, &a, SIM_OUT, 0); /* answered by nobody */
	sim_pass(s, 30000);
	all_login(&a, 2, 16);
	all_run(s, &a, seed);
	sim_pass(s, 3600 * 1000);
	all_flow(&a, 2, 12);
	all_run(s, &a, seed + 1);
}

static void login1(struct sim_pair *p, bool aggressive, unsigned sa,
	unsigned packets)
{
	uint64_t done = 0;

	for (unsigned i = 0; i < (aggressive ? 2 : 3); i++) {
		done |= act(p, aggressive ? SIM_AGGR_OUT : SIM_MAIN_OUT, 0, done);
		if (!aggressive || !i)
			done |= act(p, aggressive ? SIM_AGGR_IN : SIM_MAIN_IN, 0,
				done);
	}
	done |= act(p, SIM_QUICK_OUT, sa, done);
	flow(p, sa, packets, done, done | act(p, SIM_QUICK_IN, sa, done));
}

/* IKEv1: every second device in aggressive mode; then quick mode again. */
static void play_v1(struct sim *s, unsigned hosts, unsigned peers, unsigned seed)
{
	struct all a;

	all_new(&a, hosts, peers);
	for (unsigned i = 0; i < a.n; i++) {
		login1(&a.p[i], i % 2, 0, 12);
		sim_one_order(s, &a.p[i], 1, NEAR_MS, seed + i);
		sim_pass(s, 2000);
	}
	all_clear(&a);
	for (unsigned i = 0; i < a.n; i++) {
		uint64_t o = act(&a.p[i], SIM_QUICK_OUT, 1, 0);

		flow(&a.p[i], 1, 12, o, o | act(&a.p[i], SIM_QUICK_IN, 1, o));
		flow(&a.p[i], 0, 6, 0, 0);
	}
	all_run(s, &a, seed);
}

/* Every second device has NAT traversal: IKE begins at 500, goes on at 4500. */
static void play_natt(struct sim *s, unsigned hosts, unsigned peers, unsigned seed)
{
	struct all a;

	all_new(&a, hosts, peers);
	for (unsigned i = 0; i < a.n; i++) {
		struct sim_pair *p = &a.p[i];
		uint64_t d;

		if ((p->host - HOST0) % 2 == 0) {
			login(p, 0, 12);
			continue;
		}
		d = act(p, SIM_INIT_OUT, 0, 0);
		d |= act(p, SIM_INIT_IN, 0, d);
		for (unsigned k = 0; k < 12; k++)
			d |= act(p, SIM_NATT, 0, d);
	}
	all_run(s, &a, seed);
}

static void play_moved(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	struct all a;

	start(s, &a, hosts, peers, seed);
	sim_moved(s);
	each(s, &a, SIM_OUT, 0);
	all_flow(&a, 0, 24);
	all_run(s, &a, seed);
}

/* RFC 1918 and RFC 6598: nothing is guessed from what an address looks like. */
static void play_ranges(struct sim *s, unsigned hosts, unsigned peers,
	unsigned seed)
{
	static const uint32_t nets[] = {0x0a000001, 0xac100001, 0xc0a80001,
		0x64400001};
	struct all a;

	all_new(&a, hosts, peers);
	for (unsigned i = 0; i < a.n; i++)
		a.p[i].host = nets[a.p[i].host % ARRAY_LEN(nets)] +
			      (a.p[i].host - HOST0);
	all_login(&a, 0, 16);
	all_run(s, &a, seed);
}

#define UNSURE                                                                 \
	N_("several SAs begin at once: which SPI is whose is said nowhere in the clear, so copies go to each candidate until answers tell; a copy's integrity check fails at the wrong one")
#define AMNESIA                                                                \
	N_("of a device that has not spoken since the restart nothing is known: until it does, its packets are lost or reach one that has spoken")
#define FORGED                                                                 \
	N_("a first packet of an SPI cannot be told from a forged one: over 200 a second and peer it is lost, the second one never")
const struct pass_row pass_rows[] = {
	{"EP-1", N_("one device"), play_one, 0, NULL},
	{"EP-2", N_("devices one after the other"), play_in_turn, 0, NULL},
	{"EP-3", N_("all start together"), play_together, 0, UNSURE},
	{"EP-3o", N_("start in one millisecond, all 24 orders"), play_orders,
		PASS_ORDERS, UNSURE},
	{"EP-4", N_("four SAs each, made together"), play_four_sas, 0, UNSURE},
	{"EP-5", N_("rekey by the device, old pair goes on"), play_rekey, 0, NULL},
	{"EP-6", N_("rekey by the peer, device silent"), play_rekey_peer, 0, NULL},
	{"EP-7", N_("all rekey together"), play_rekey_all, 0, UNSURE},
	{"EP-8", N_("IKE SA renewed, peer speaks first"), play_ike_rekey, 0, NULL},
	{"EP-9", N_("all log in again"), play_login_again, 0, UNSURE},
	{"EP-10a", N_("30 min: only the peer sends"), play_idle_in, PASS_SIM_ONLY, NULL},
	{"EP-10b", N_("30 min: only the device sends"), play_idle_out, PASS_SIM_ONLY, NULL},
	{"EP-10c", N_("8 h of ESP without IKE, then rekey"), play_ike_idle, PASS_SIM_ONLY, NULL},
	{"EP-11a", N_("gateway restarts with its table"), play_restart_table,
		PASS_RESTART, NULL},
	{"EP-11b", N_("gateway restarts without, devices speak"), play_restart_bare,
		PASS_BARE, NULL},
	{"EP-11c", N_("gateway restarts without, peers speak"), play_restart_silent,
		PASS_BARE | PASS_FORBIDDEN, AMNESIA},
	{"EP-12", N_("peer restarts, all begin anew"), play_peer_restart,
		PASS_SIM_ONLY, NULL},
	{"EP-13", N_("devices choose the same SPI"), play_collision, SIM_SAME_SPI, NULL},
	{"EP-14", N_("same SPI, different peers"), play_same_spi, SIM_SAME_SPI, NULL},
	{"EP-15", N_("10,000 forged SPIs a second"), play_forged, 0, FORGED},
	{"EP-16", N_("ESP from a stranger"), play_stranger, PASS_SIM_ONLY, NULL},
	{"EP-17", N_("static mapping beside it"), play_static, PASS_SIM_ONLY, NULL},
	{"EP-18", N_("rigid peers: answers to port 500"), play_in_turn, SIM_RIGID, NULL},
	{"EP-20", N_("NAT-T devices beside native ones"), play_natt, 0, NULL},
	{"EP-21", N_("another address outside, devices speak"), play_moved,
		PASS_MOVE, NULL},
	{"EP-22", N_("IKEv1: main, aggressive, quick mode"), play_v1, 0, NULL},
	{"EP-23", N_("too big: ICMP about ESP and IKE"), play_icmp, 0, NULL},
	{"EP-26", N_("four kinds of addresses inside"), play_ranges, PASS_SIM_ONLY, NULL},
	{"FR-4", N_("every ESP packet in fragments"), play_in_turn, SIM_FRAGMENTS, NULL},
};
const size_t pass_row_n = ARRAY_LEN(pass_rows);

bool pass_reached(const struct pass_row *r, const struct sim_score *s)
{
	if (r->flags & PASS_FORBIDDEN)
		return true;
	return !s->in_wrong && s->worst_lost <= 1 && s->out == s->out_good &&
	       s->ike == s->ike_good && s->icmp == s->icmp_good &&
	       s->natt == s->natt_good;
}

void pass_play(const struct pass_row *r, const struct judge *j, unsigned hosts,
	unsigned peers, unsigned rounds, struct sim_score *ret)
{
	*ret = (struct sim_score){0};
	if (r->flags & PASS_ORDERS)
		rounds = ORDERS;
	for (unsigned i = 0; i < rounds; i++) {
		struct sim *s = sim_new(j, i + 1, r->flags);

		r->play(s, hosts, peers, i * 977 + 1);
		sim_score_add(ret, sim_score(s));
		sim_free(s);
	}
}
