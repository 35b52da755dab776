/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom the WAN asks for: learnt, aged, forgotten, and kept by its traffic. */
#include "world.h"

static void flow(unsigned port, const struct mac *mac, const char *a)
{
	struct addr x = A(a);

	np_evidence(w.np, w.now, port, &x, mac, EV_FLOW);
}

/* ---- learning ---- */

static void speaker_is_answered_for_at_once_and_asked_once(void **s)
{
	(void)s;
	world();
	ns(1, PC, &mac_pc, "fe80::2");
	assert_int_equal(state_of(PC), HOST_CHECK);
	assert_int_equal(count_nd(1, ND_NS, PC), 1);
	wan_asks(PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	assert_int_equal(count_set(ACT_SET_ADD, SET_KNOWN), 1);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(state_of(PC), HOST_LIVE);
	assert_true(host_of(PC).proven);
}

static void answer_has_the_form_of_rfc4861_7_2_8(void **s)
{
	const struct event *e;
	struct addr src = A("fe80::1"), dst = A("fe80::100");

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	wan_asks(PC);
	e = last_nd(NP_WAN, ND_NA);
	assert_non_null(e);
	assert_int_equal(e->nd.flags, NA_SOLICITED);
	assert_int_equal(addr_cmp(&e->nd.src, &src), 0);
	assert_int_equal(addr_cmp(&e->nd.dst, &dst), 0);
	assert_memory_equal(&e->nd.l2dst, &mac_router, 6);
	assert_true(e->nd.has_tll);
	assert_memory_equal(&e->nd.tll, &mac_wan, 6);
}

static void unknown_target_is_asked_for_three_times_then_negative(void **s)
{
	(void)s;
	world();
	wan_asks(PC);
	assert_int_equal(state_of(PC), HOST_PROBING);
	assert_int_equal(count_nd(1, ND_NS, PC), 1);
	pass(310);
	assert_int_equal(count_nd(1, ND_NS, PC), 2);
	pass(610);
	assert_int_equal(count_nd(1, ND_NS, PC), 3);
	pass(610);
	assert_int_equal(state_of(PC), HOST_GONE);
	wan_asks(PC);
	assert_int_equal(count_nd(1, ND_NS, PC), 3);
	assert_int_equal(np_counter(w.np, C_NEGATIVE), 1);
	pass(3100);
	assert_int_equal(state_of(PC), HOST_FREE);
	assert_int_equal(count_nd(NP_WAN, ND_NA, NULL), 0);
}

static void four_questions_are_kept_and_all_answered(void **s)
{
	static const char *const who[] = {"fe80::101", "fe80::102", "fe80::103",
		"fe80::104", "fe80::105"};

	(void)s;
	world();
	for (int i = 0; i < 5; i++)
		ns(NP_WAN, who[i], &mac_router, PC);
	assert_int_equal(np_counter(w.np, C_QUESTIONS_FULL), 1);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 4);
	assert_int_equal(state_of(PC), HOST_LIVE);
}

/* ---- ageing ---- */

static void live_becomes_idle_and_nothing_is_sent_by_itself(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	forget();
	pass(31000);
	assert_int_equal(state_of(PC), HOST_IDLE);
	pass(3600 * 1000);
	assert_int_equal(state_of(PC), HOST_IDLE);
	assert_int_equal(count_nd(1, ND_NS, NULL), 0);
}

static void idle_is_answered_at_once_and_checked_by_unicast(void **s)
{
	(void)s;
	world_idle();
	forget();
	wan_asks(PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	assert_int_equal(state_of(PC), HOST_CHECK);
	assert_memory_equal(&last_nd(1, ND_NS)->nd.l2dst, &mac_pc, 6);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(state_of(PC), HOST_LIVE);
}

static void check_without_answer_is_gone_after_three_seconds(void **s)
{
	(void)s;
	world_idle();
	wan_asks(PC);
	forget();
	pass(2990);
	assert_int_equal(state_of(PC), HOST_CHECK);
	wan_asks(PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	pass(20);
	assert_int_equal(state_of(PC), HOST_GONE);
	assert_int_equal(count_set(ACT_SET_DEL, SET_KNOWN), 1);
	assert_int_equal(count_act(ACT_NEIGH_DEL, 1), 1);
	assert_int_equal(count_act(ACT_LEAVE, 0), 1);
}

static void gone_but_seen_is_asked_for_again_and_found(void **s)
{
	(void)s;
	world_gone();
	forget();
	wan_asks(PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 0);
	assert_int_equal(state_of(PC), HOST_PROBING);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(state_of(PC), HOST_LIVE);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
}

static void gone_and_idle_are_forgotten_after_a_day(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	learn(1, &mac_phone, PHONE);
	for (int i = 0; i < 24 * 4 + 2; i++) {
		upstream_ra(PREFIX "::", 1800, 86400, 14400);
		pass(900 * 1000);
	}
	assert_int_equal(state_of(PC), HOST_FREE);
	assert_int_equal(state_of(PHONE), HOST_FREE);
}

static void kernel_confirms_and_doubts(void **s)
{
	struct addr pc = A(PC);

	(void)s;
	world_idle();
	np_kernel(w.np, w.now, 1, &pc, &mac_pc, true);
	assert_int_equal(state_of(PC), HOST_LIVE);
	forget();
	np_kernel(w.np, w.now, 1, &pc, NULL, false);
	assert_int_equal(state_of(PC), HOST_CHECK);
	assert_int_equal(count_act(ACT_NEIGH_SET, 1), 1);
}

static void host_that_moved_in_silence_is_found_on_the_other_port(void **s)
{
	(void)s;
	world_two_lans();
	learn(1, &mac_pc, PC);
	pass(31000);
	wan_asks(PC);
	pass(1010);
	assert_true(last_nd(2, ND_NS)->nd.l2dst.b[0] & 1);
	na(2, &mac_pc, PC, NA_SOLICITED);
	pass(800);
	assert_int_equal(host_of(PC).port, 2);
	assert_int_equal(count_act(ACT_ROUTE_SET, 2), 1);
}

static void lan_asks_for_a_wan_host_and_is_answered(void **s)
{
	(void)s;
	world();
	learn(NP_WAN, &mac_phone, PHONE);
	ns(1, PC, &mac_pc, PHONE);
	assert_int_equal(count_nd(1, ND_NA, PHONE), 1);
	ns(1, PC, &mac_pc, PREFIX "::77");
	assert_int_equal(count_nd(1, ND_NA, PREFIX "::77"), 0);
}

/* ---- real traffic ---- */

static void talking_host_stays_live(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	for (int i = 0; i < 20; i++) {
		pass(15000);
		flow(1, &mac_pc, PC);
		assert_int_equal(state_of(PC), HOST_LIVE);
	}
	assert_int_equal(host_of(PC).evidence, EV_FLOW);
}

static void unknown_talker_is_asked_before_it_is_believed(void **s)
{
	(void)s;
	world();
	flow(1, &mac_pc, PC);
	assert_int_equal(state_of(PC), HOST_CHECK);
	assert_false(host_of(PC).proven);
	assert_int_equal(count_nd(1, ND_NS, PC), 1);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(state_of(PC), HOST_LIVE);
}

static void flow_of_another_mac_is_told_and_moves_nothing(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	forget();
	flow(1, &mac_phone, PC);
	flow(1, &mac_phone, PC);
	assert_int_equal(state_of(PC), HOST_LIVE);
	assert_true(owned_by(PC, &mac_pc));
	assert_int_equal(count_nd(1, ND_NS, PC), 0);
	assert_int_equal(count_say(SAY_FLOW_OTHER_MAC), 1);
	assert_int_equal(np_counter(w.np, C_FLOW_OTHER_MAC), 2);
}

static void flow_outside_the_prefix_or_of_ours_is_nobodys(void **s)
{
	struct addr ours = A(PREFIX "::f2");

	(void)s;
	world();
	np_own(w.np, &ours, 1);
	flow(1, &mac_pc, PREFIX "::f2");
	flow(1, &mac_pc, "2404:db8::7");
	assert_int_equal(state_of(PREFIX "::f2"), HOST_FREE);
	assert_int_equal(state_of("2404:db8::7"), HOST_FREE);
	assert_int_equal(np_counter(w.np, C_CLAIM_OUTSIDE), 1);
}

static void lease_makes_its_address_asked_for(void **s)
{
	struct addr x = A(PC);

	(void)s;
	world();
	np_evidence(w.np, w.now, 1, &x, &mac_pc, EV_LEASE);
	assert_int_equal(state_of(PC), HOST_CHECK);
	assert_int_equal(host_of(PC).evidence, EV_LEASE);
	pass(3100);
	assert_int_equal(state_of(PC), HOST_GONE);
}

/* ---- what is refused ---- */

static void target_outside_or_own_or_linklocal_is_not_ours(void **s)
{
	struct addr own = A(PREFIX ":0:ff:fe00:2");

	(void)s;
	world();
	assert_true(np_is_own(w.np, &own));
	wan_asks("2404:7a80:1:3::1");
	wan_asks(PREFIX ":0:ff:fe00:2");
	wan_asks("fe80::77");
	assert_int_equal(w.n, 0);
	assert_int_equal(np_counter(w.np, C_OUTSIDE_PREFIX), 1);
	assert_int_equal(np_counter(w.np, C_OWN_TARGET), 1);
}

static void bad_frames_are_counted_one_each_and_change_nothing(void **s)
{
	struct nd_msg m = {.type = ND_NS, .l2src = mac_router,
		.src = A("fe80::100"), .target = A(PC), .has_sll = true,
		.sll = mac_router};
	uint8_t good[200], bad[200];
	struct wr f = wr_of(good, sizeof(good));
	size_t n;

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	forget();
	m.dst = addr_solicited_node(&m.target);
	m.l2dst = mac_of_multicast(&m.dst);
	assert_int_equal(nd_build(&f, &m), 0);
	n = wr_len(&f);
	memcpy(bad, good, n);
	bad[21] = 64;
	np_frame(w.np, w.now, NP_WAN, bad, n);
	assert_int_equal(np_refused(w.np, ND_BAD_HOPLIMIT), 1);
	memcpy(bad, good, n);
	bad[60] ^= 1;
	np_frame(w.np, w.now, NP_WAN, bad, n);
	assert_int_equal(np_refused(w.np, ND_BAD_SUM), 1);
	np_frame(w.np, w.now, NP_WAN, good, n - 4);
	assert_int_equal(np_refused(w.np, ND_BAD_SHORT), 1);
	assert_int_equal(w.n, 0);
	np_frame(w.np, w.now, NP_WAN, good, n);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
}

static void what_is_left_undone_is_counted(void **s)
{
	(void)s;
	world();
	ns(NP_WAN, "fe80::9", &mac_wan, PC);
	assert_int_equal(np_counter(w.np, C_OWN_ECHO), 1);
	upstream_ra_from("fe80::200", &mac_phone, PREFIX "::", 1800, 86400, 14400);
	assert_int_equal(np_counter(w.np, C_ROUTER_OTHER), 1);
	upstream_ra("fd00::", 1800, 86400, 14400);
	assert_int_equal(np_counter(w.np, C_PREFIX_REFUSED), 1);
	ns(1, PC, &(struct mac){{0x33, 0x33, 0, 0, 0, 1}}, "fe80::2");
	assert_int_equal(np_counter(w.np, C_CLAIM_MULTICAST), 1);
}

/* ---- announced unasked ---- */

static void new_wan_mac_is_announced_for_every_host(void **s)
{
	struct addr ll = A("fe80::9");
	struct mac mac = {{2, 0, 0, 0, 0, 9}};

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	learn(1, &mac_phone, PHONE);
	forget();
	np_port_up(w.np, w.now, NP_WAN, &mac, &ll, 1500);
	pass(1000);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PHONE), 1);
}

/* A new gateway in the place of another: the line's router still sends to that
 * one's MAC. */
static void without_a_table_proven_hosts_are_announced_once(void **s)
{
	(void)s;
	world();
	ns(1, PC, &mac_pc, "fe80::2"); /* only spoke */
	pass(200);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 0);
	na(1, &mac_pc, PC, NA_SOLICITED);
	learn(1, &mac_phone, PHONE);
	pass(50);
	assert_int_equal(np_counter(w.np, C_ANNOUNCED), 1);
	pass(100);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PHONE), 1);
	assert_int_equal(last_nd(NP_WAN, ND_NA)->nd.flags, 0);
	pass(31000);
	na(1, &mac_pc, PC, NA_OVERRIDE);
	pass(1000);
	assert_int_equal(np_counter(w.np, C_ANNOUNCED), 2);
}

int answers_tests(void)
{
	static const struct CMUnitTest t[] = {
		T(speaker_is_answered_for_at_once_and_asked_once),
		T(answer_has_the_form_of_rfc4861_7_2_8),
		T(unknown_target_is_asked_for_three_times_then_negative),
		T(four_questions_are_kept_and_all_answered),
		T(live_becomes_idle_and_nothing_is_sent_by_itself),
		T(idle_is_answered_at_once_and_checked_by_unicast),
		T(check_without_answer_is_gone_after_three_seconds),
		T(gone_but_seen_is_asked_for_again_and_found),
		T(gone_and_idle_are_forgotten_after_a_day),
		T(kernel_confirms_and_doubts),
		T(host_that_moved_in_silence_is_found_on_the_other_port),
		T(lan_asks_for_a_wan_host_and_is_answered),
		T(talking_host_stays_live),
		T(unknown_talker_is_asked_before_it_is_believed),
		T(flow_of_another_mac_is_told_and_moves_nothing),
		T(flow_outside_the_prefix_or_of_ours_is_nobodys),
		T(lease_makes_its_address_asked_for),
		T(target_outside_or_own_or_linklocal_is_not_ours),
		T(bad_frames_are_counted_one_each_and_change_nothing),
		T(what_is_left_undone_is_counted),
		T(new_wan_mac_is_announced_for_every_host),
		T(without_a_table_proven_hosts_are_announced_once),
	};

	return cmocka_run_group_tests_name("answers", t, NULL, NULL);
}
