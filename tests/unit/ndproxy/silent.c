/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts that sleep while somebody wants them. */
#include "world.h"

static void rs(unsigned port, const char *src, const struct mac *mac)
{
	struct nd_msg m = {.type = ND_RS, .l2src = *mac, .src = A(src),
		.dst = A("ff02::2")};

	m.l2dst = mac_of_multicast(&m.dst);
	np_msg(w.np, w.now, port, &m);
}

/* It may wake right after a question that it did not hear. */
static void who_is_wanted_never_waits_long_for_a_question(void **s)
{
	size_t mcasts;
	msec_t asked;

	(void)s;
	world_idle();
	forget();
	asked = w.now;
	wan_asks(PC);
	pass(5900);
	assert_int_equal(state_of(PC), HOST_GONE);
	assert_in_range(longest_unasked(PC, asked, &mcasts), 1, T_ASK);
	/* one of them to all, for it may have moved */
	assert_int_equal(mcasts, 1);
	pass(T_WANTED - 5900);
	assert_in_range(longest_unasked(PC, asked, &mcasts), 1, T_WANTED_EVERY);
	assert_int_equal(mcasts, 1);
	/* and that is all that one question can cause */
	assert_in_range(count_nd(1, ND_NS, PC), 40, 56);
	assert_false(last_nd(1, ND_NS)->nd.l2dst.b[0] & 1);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(state_of(PC), HOST_LIVE);
	assert_int_equal(count_set(ACT_SET_ADD, SET_KNOWN), 1);
}

static void whom_nobody_wants_is_asked_three_times(void **s)
{
	size_t mcasts;
	msec_t spoke;

	(void)s;
	world();
	spoke = w.now;
	ns(1, PC, &mac_pc, "fe80::2");
	pass(2900);
	assert_int_equal(count_nd(1, ND_NS, PC), 3);
	assert_int_equal(longest_unasked(PC, spoke, &mcasts), T_CHECK);
	pass(60000);
	assert_int_equal(state_of(PC), HOST_GONE);
	assert_int_equal(count_nd(1, ND_NS, PC), 3);
}

/* It said one word and fell asleep; the router has it in its cache. */
static void newcomer_that_is_wanted_is_asked_on(void **s)
{
	size_t mcasts;
	msec_t asked;

	(void)s;
	world();
	ns(1, PC, &mac_pc, "fe80::2");
	asked = w.now;
	wan_asks(PC);
	pass(5000);
	assert_int_equal(state_of(PC), HOST_GONE);
	assert_in_range(longest_unasked(PC, asked, &mcasts), 1, T_ASK);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(count_set(ACT_SET_ADD, SET_KNOWN), 2);
}

/* The kernel had a packet for it: that too is somebody who wants it. */
static void undeliverable_packet_makes_its_host_wanted(void **s)
{
	struct addr pc = A(PC);
	size_t mcasts;
	msec_t then;

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	pass(10000);
	forget();
	then = w.now;
	np_kernel(w.np, w.now, 1, &pc, NULL, false);
	pass(5000);
	assert_int_equal(state_of(PC), HOST_GONE);
	assert_in_range(longest_unasked(PC, then, &mcasts), 1, T_ASK);
	/* nobody asked us, and that is what is shown */
	assert_int_equal(host_of(PC).asked_ago, -1);
}

static void who_left_its_dad_is_found_soon_if_wanted(void **s)
{
	size_t mcasts;
	msec_t asked;

	(void)s;
	world();
	dad(1, &mac_pc, PC);
	wan_asks(PC);
	pass(T_DAD);
	asked = w.now;
	pass(4000);
	assert_in_range(longest_unasked(PC, asked, &mcasts), 1, T_ASK);
	assert_int_equal(mcasts, 0);
	world();
	dad(1, &mac_pc, PC);
	pass(4000);
	assert_int_equal(count_nd(1, ND_NS, PC), 3);
}

static void probed_host_with_a_mac_is_asked_between_the_multicasts(void **s)
{
	size_t mcasts;
	msec_t asked;

	(void)s;
	world_idle();
	wan_asks(PC);
	pass(30000);
	assert_int_equal(state_of(PC), HOST_GONE);
	forget();
	asked = w.now;
	wan_asks(PC);
	pass(1400);
	assert_int_equal(state_of(PC), HOST_PROBING);
	assert_in_range(longest_unasked(PC, asked, &mcasts), 1, T_PROBE);
	assert_int_equal(mcasts, 3);
}

/* The neighbour that asked waits a second before it asks again. */
static void question_outlives_gone_and_is_answered_when_the_host_wakes(void **s)
{
	(void)s;
	world_gone();
	wan_asks(PC);
	pass(1600);
	assert_int_equal(state_of(PC), HOST_GONE);
	forget();
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	assert_memory_equal(&last_nd(NP_WAN, ND_NA)->nd.l2dst, &mac_router, 6);
	/* but not for ever */
	pass(31000);
	wan_asks(PC);
	pass(4000);
	wan_asks(PC);
	pass(T_WANTED + 2000);
	forget();
	na(1, &mac_pc, PC, NA_OVERRIDE);
	assert_int_equal(state_of(PC), HOST_LIVE);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 0);
}

/* A phone that wakes solicits routers, from its link-local address: its other
 * addresses are asked for in that moment, but believed only when they answer. */
static void any_frame_of_a_silent_hosts_mac_has_it_asked_at_once(void **s)
{
	(void)s;
	world_two_lans();
	learn(1, &mac_pc, PC);
	pass(31000);
	wan_asks(PC);
	pass(10100);
	assert_int_equal(state_of(PC), HOST_GONE);
	forget();
	rs(1, "fe80::77", &mac_phone);
	assert_int_equal(count_nd(1, ND_NS, PC), 0);
	rs(1, "fe80::10", &mac_pc);
	assert_int_equal(count_nd(1, ND_NS, PC), 1);
	assert_int_equal(state_of(PC), HOST_GONE);
	/* or where it is now */
	rs(2, "fe80::10", &mac_pc);
	assert_int_equal(count_nd(2, ND_NS, PC), 1);
	na(2, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(host_of(PC).port, 2);
	assert_int_equal(count_set(ACT_SET_ADD, SET_KNOWN), 1);
	/* whom nobody wants is left alone */
	pass(60000);
	forget();
	rs(2, "fe80::10", &mac_pc);
	assert_int_equal(count_nd(2, ND_NS, PC), 0);
	/* a babbler has no more than half of the questions */
	wan_asks(PC);
	pass(10100);
	forget();
	for (int i = 0; i < 1000; i++)
		rs(2, "fe80::10", &mac_pc);
	assert_in_range(count_nd(2, ND_NS, PC), 1, AGAIN_BURST - AGAIN_KEEP);
}

static void claim_does_not_outlive_gone(void **s)
{
	(void)s;
	world_idle();
	dad(NP_WAN, &mac_router, PC);
	pass(3100);
	assert_int_equal(state_of(PC), HOST_GONE);
	forget();
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 0);
}

static void gone_and_no_longer_wanted_is_left_alone(void **s)
{
	(void)s;
	world_idle();
	wan_asks(PC);
	pass(21000);
	assert_int_equal(state_of(PC), HOST_GONE);
	forget();
	pass(3600 * 1000);
	assert_int_equal(count_nd(1, ND_NS, PC), 0);
	assert_int_equal(state_of(PC), HOST_GONE);
}

int silent_tests(void)
{
	static const struct CMUnitTest t[] = {
		T(who_is_wanted_never_waits_long_for_a_question),
		T(whom_nobody_wants_is_asked_three_times),
		T(newcomer_that_is_wanted_is_asked_on),
		T(undeliverable_packet_makes_its_host_wanted),
		T(who_left_its_dad_is_found_soon_if_wanted),
		T(probed_host_with_a_mac_is_asked_between_the_multicasts),
		T(question_outlives_gone_and_is_answered_when_the_host_wakes),
		T(any_frame_of_a_silent_hosts_mac_has_it_asked_at_once),
		T(claim_does_not_outlive_gone),
		T(gone_and_no_longer_wanted_is_left_alone),
	};

	return cmocka_run_group_tests_name("silent", t, NULL, NULL);
}
