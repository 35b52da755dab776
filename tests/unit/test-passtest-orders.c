// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every order of events that causality allows, up to a number, each in a world
 * of its own: kadomori never gives a packet to a wrong device only. A judge
 * that does is shown to be caught by the same test.
 */
#include "test.h"
#include "passtest/passtest.h"

enum { H1 = 0xc0a80101, P1 = 0xcb000101, ORDERS = 100000 };

static uint64_t act(struct sim_pair *p, enum sim_step st, unsigned sa,
	uint64_t needs)
{
	p->act[p->n] = (struct sim_act){st, (uint8_t)sa, needs};
	return 1ull << p->n++;
}

/* A login; the peer's answer may be overtaken by its first ESP. */
static struct sim_pair login(unsigned i, unsigned in, unsigned out)
{
	struct sim_pair p = {.host = H1 + i, .peer = P1};
	uint64_t a = act(&p, SIM_INIT_OUT, 0, 0);
	uint64_t c = act(&p, SIM_AUTH_OUT, 0, a), n = c;
	uint64_t d = act(&p, SIM_AUTH_IN, 0, c);

	for (unsigned k = 0; k < in; k++)
		n |= act(&p, SIM_IN, 0, n);
	for (unsigned k = 0; k < out; k++)
		d |= act(&p, SIM_OUT, 0, d);
	return p;
}

static struct sim_pair rekeys(unsigned i, bool by_peer)
{
	struct sim_pair p = {.host = H1 + i, .peer = P1};
	uint64_t a = act(&p, SIM_INIT_OUT, 0, 0), b, c;

	a |= act(&p, SIM_AUTH_OUT, 0, a);
	b = a | act(&p, SIM_IN, 0, a);
	b |= act(&p, SIM_IN, 0, b);
	if (by_peer) {
		c = act(&p, SIM_PCHILD_IN, 1, a);
		c |= act(&p, SIM_PCHILD_OUT, 1, c);
	} else {
		c = act(&p, SIM_CHILD_OUT, 1, a);
		act(&p, SIM_CHILD_IN, 1, c);
	}
	c |= act(&p, SIM_IN, 1, c);
	act(&p, SIM_IN, 1, c);
	act(&p, SIM_OUT, 1, c);
	return p;
}

static void none_wrong(const char *what, const struct sim_pair *p, unsigned n,
	msec_t dt)
{
	struct sim_score s, oldest;
	uint64_t k = sim_drawn_orders(&judge_small, p, n, dt, ORDERS, &s);
	struct sim_score tail;

	sim_all_orders(&judge_small, p, n, dt, ORDERS / 20, &tail);
	sim_score_add(&s, &tail);
	sim_drawn_orders(&judge_oldest, p, n, dt, ORDERS / 50, &oldest);
	print_message("%s: %llu orders, %llu packets in, %llu copies, "
		      "%llu lost, %llu wrong (oldest-first: %llu of %llu)\n", what,
		(unsigned long long)k, (unsigned long long)s.in,
		(unsigned long long)s.copies, (unsigned long long)s.in_lost,
		(unsigned long long)s.in_wrong, (unsigned long long)oldest.in_wrong,
		(unsigned long long)oldest.in);
	assert_int_equal(k, ORDERS);
	assert_int_equal(s.in_wrong, 0);
	assert_int_equal(s.in_lost, 0);
	assert_true(s.in_good == s.in);
	assert_true(s.ike_good == s.ike);
	assert_true(oldest.in_wrong > 0);
}

static void two_start(void **st)
{
	struct sim_pair p[] = {login(0, 4, 3), login(1, 4, 3)};

	(void)st;
	none_wrong("two start", p, 2, 1);
	none_wrong("two start, slowly", p, 2, 700);
}

static void three_start(void **st)
{
	struct sim_pair p[] = {login(0, 3, 1), login(1, 3, 1), login(2, 3, 1)};

	(void)st;
	none_wrong("three start", p, 3, 1);
}

static void rekey_beside_start(void **st)
{
	struct sim_pair p[] = {rekeys(0, false), login(1, 3, 2)};

	(void)st;
	none_wrong("one rekeys, one starts", p, 2, 1);
}

static void rekey_both(void **st)
{
	struct sim_pair p[] = {rekeys(0, false), rekeys(1, true)};

	(void)st;
	none_wrong("device and peer rekey", p, 2, 1);
	none_wrong("device and peer rekey, slowly", p, 2, 900);
}

static void rekey_by_peers(void **st)
{
	struct sim_pair p[] = {rekeys(0, true), rekeys(1, true), login(2, 2, 1)};

	(void)st;
	none_wrong("two rekeyed by the peer, one starts", p, 3, 1);
}

/* Starting in the middle: histories are not known, but both have spoken. */
static void cold(void **st)
{
	struct sim_pair p[2] = {{.host = H1, .peer = P1},
		{.host = H1 + 1, .peer = P1}};
	struct sim_pair first[2];
	struct sim_score sum = {0};

	(void)st;
	for (unsigned i = 0; i < 2; i++) {
		uint64_t o = 0, n = 0;

		first[i] = p[i];
		act(&first[i], SIM_OUT, 0, 0);
		for (unsigned k = 0; k < 8; k++) {
			n |= act(&p[i], SIM_IN, 0, n);
			o |= act(&p[i], SIM_OUT, 0, o);
		}
	}
	for (unsigned i = 0; i < ORDERS; i++) {
		struct sim *s = sim_new(&judge_small, i, 0);

		sim_do(s, &first[0], 0);
		sim_do(s, &first[1], 0);
		sim_one_order(s, p, 2, i % 2 ? 5 : 9000, i + 1);
		sim_score_add(&sum, sim_score(s));
		sim_free(s);
	}
	assert_int_equal(sum.in, ORDERS * 16);
	assert_int_equal(sum.in_wrong, 0);
	assert_true(sum.in_good == sum.in);
}

static const struct test_case cases[] = {
	{"two devices start: no order of 100,000 misdelivers", two_start},
	{"three devices start", three_start},
	{"one rekeys while another starts", rekey_beside_start},
	{"a device and a peer rekey at once", rekey_both},
	{"two peers' rekeys and a start", rekey_by_peers},
	{"after a restart without a table", cold},
};
RUN(cases)
