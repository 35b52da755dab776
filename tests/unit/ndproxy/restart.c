/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The saved table, and who reads it after a restart. */
#include "world.h"

/* The daemon dies, and its successor reads the saved table later ms after. */
static unsigned restart(unsigned lan_n, msec_t later, const struct text *saved)
{
	struct np_conf c = {.lan_n = lan_n, .proxy = true};
	unsigned n;

	start(&c, (struct hash_key){{5, 6}}, on_act);
	forget();
	n = np_restore(w.np, w.now + later, text_str(saved));
	w.now += later;
	return n;
}

static void saved_table_answers_from_the_first_moment(void **s)
{
	struct text t = TEXT_INIT;

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	ns(1, PHONE, &mac_phone, "fe80::2"); /* never answered */
	np_save(w.np, w.now, &t);
	assert_int_equal(restart(1, 2000, &t), 2);
	/* the router too: its route and its address */
	assert_int_equal(count_act(ACT_ROUTE_SET, NP_WAN), 1);
	assert_int_equal(count_act(ACT_NEIGH_SET, NP_WAN), 1);
	assert_int_equal(state_of(PC), HOST_IDLE);
	forget();
	wan_asks(PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	/* who only spoke is asked, and has proved nothing by being written down */
	assert_int_equal(state_of(PHONE), HOST_CHECK);
	assert_false(host_of(PHONE).proven);
	text_done(&t);
}

/* What the router asked while nobody listened, it asks again only after a
 * second: an answer that it was not expecting ends its waiting. */
static void router_hears_of_saved_hosts_at_once(void **s)
{
	struct text t = TEXT_INIT;
	struct addr router = A("fe80::100");
	const struct event *e;

	(void)s;
	world();
	learn(1, &mac_phone, PHONE);
	pass(31000);
	wan_asks(PHONE);
	pass(4000);
	assert_int_equal(state_of(PHONE), HOST_GONE);
	learn(1, &mac_pc, PC);
	np_save(w.np, w.now, &t);
	restart(1, 0, &t);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	e = last_nd(NP_WAN, ND_NA);
	assert_int_equal(e->nd.flags, 0);
	assert_memory_equal(&e->nd.l2dst, &mac_router, 6);
	assert_int_equal(addr_cmp(&e->nd.dst, &router), 0);
	assert_memory_equal(&e->nd.tll, &mac_wan, 6);
	/* not of whom we would not answer for */
	assert_int_equal(count_nd(NP_WAN, ND_NA, PHONE), 0);
	pass(60000);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	text_done(&t);
}

static void router_hears_of_many_saved_hosts_in_turn(void **s)
{
	struct text t = TEXT_INIT;

	(void)s;
	world();
	many_macs(PREFIX "::6:%x", 200, true);
	np_save(w.np, w.now, &t);
	restart(1, 0, &t);
	assert_int_equal(count_nd(NP_WAN, ND_NA, NULL), ANNOUNCE_BURST);
	pass(1010);
	assert_in_range(count_nd(NP_WAN, ND_NA, NULL), ANNOUNCE_BURST + 10,
		ANNOUNCE_BURST + 12);
	pass(10000);
	assert_int_equal(count_nd(NP_WAN, ND_NA, NULL), 200);
	/* to it alone: others on the line are not woken */
	for (size_t i = 0; i < w.n; i++)
		assert_false(w.log[i].is_nd && w.log[i].port == NP_WAN &&
			w.log[i].nd.type == ND_NA &&
			w.log[i].nd.l2dst.b[0] & 1);
	text_done(&t);
}

static void saved_claims_and_silent_hosts_come_back_as_they_were(void **s)
{
	struct text t = TEXT_INIT;

	(void)s;
	world_idle();
	wan_asks(PC);
	pass(3500);
	assert_int_equal(state_of(PC), HOST_GONE);
	dad(1, &mac_phone, PHONE);
	np_save(w.np, w.now, &t);
	assert_int_equal(restart(1, 0, &t), 2);
	assert_int_equal(state_of(PC), HOST_GONE);
	assert_int_equal(state_of(PHONE), HOST_TENTATIVE);
	pass(1200);
	na(1, &mac_phone, PHONE, NA_SOLICITED);
	assert_int_equal(state_of(PHONE), HOST_LIVE);
	/* asked for four seconds ago: it is asked on */
	assert_true(count_nd(1, ND_NS, PC) >= 1);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(state_of(PC), HOST_LIVE);
	text_done(&t);
}

/* A host went to another port, and the daemon died before its old place had
 * been given up. */
static void an_open_contest_goes_on_after_a_restart(void **s)
{
	struct text t = TEXT_INIT;
	unsigned was;

	(void)s;
	world_two_lans();
	learn(1, &mac_pc, PC);
	was = np_changes(w.np);
	dad(2, &mac_pc, PC);
	assert_int_equal(state_of(PC), HOST_CONTEST);
	assert_true(np_changes(w.np) != was);
	np_save(w.np, w.now, &t);
	assert_int_equal(restart(2, 0, &t), 1);
	assert_int_equal(state_of(PC), HOST_CONTEST);
	assert_int_equal(count_nd(1, ND_NS, PC), 1);
	pass(800);
	assert_int_equal(host_of(PC).port, 2);
	na(2, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(state_of(PC), HOST_LIVE);
	text_done(&t);
}

static void what_a_successor_must_know_is_counted(void **s)
{
	unsigned was;

	(void)s;
	world();
	was = np_changes(w.np);
	dad(1, &mac_pc, PC);
	assert_true(np_changes(w.np) != was);
	was = np_changes(w.np);
	pass(1200);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_true(np_changes(w.np) != was);
	was = np_changes(w.np);
	/* nothing of this must be written down at once */
	pass(31000);
	wan_asks(PC);
	na(1, &mac_pc, PC, NA_SOLICITED);
	wan_asks(PHONE);
	pass(2000);
	assert_int_equal(np_changes(w.np), was);
}

static void nonsense_in_a_saved_table_is_skipped(void **s)
{
	(void)s;
	world();
	assert_int_equal(np_restore(w.np, w.now, ""), 0);
	assert_int_equal(np_restore(w.np, w.now, "kadomori-hosts 1 999999999999\n"), 0);
	assert_int_equal(np_restore(w.np, w.now, "kadomori-hosts 1 1000\n"
		"host x y z\nhost 2404:db8::1 02:00:00:00:00:01 1 0\n"
		"host " PC " 02:00:00:00:00:01 9 0\n"
		"host " PREFIX ":0:ff:fe00:2 02:00:00:00:00:01 1 0\n"
		"prefix :: 0 -5 7\nrouter a b c\n\n"), 0);
}

int restart_tests(void)
{
	static const struct CMUnitTest t[] = {
		T(saved_table_answers_from_the_first_moment),
		T(router_hears_of_saved_hosts_at_once),
		T(router_hears_of_many_saved_hosts_in_turn),
		T(saved_claims_and_silent_hosts_come_back_as_they_were),
		T(an_open_contest_goes_on_after_a_restart),
		T(what_a_successor_must_know_is_counted),
		T(nonsense_in_a_saved_table_is_skipped),
	};

	return cmocka_run_group_tests_name("restart", t, NULL, NULL);
}
