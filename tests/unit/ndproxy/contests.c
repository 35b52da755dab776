/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Duplicate address detection, contests for an address, and pins. */
#include "world.h"

/* ---- a newcomer ---- */

static void dad_leads_to_live_after_the_host_answers(void **s)
{
	(void)s;
	world();
	dad(1, &mac_pc, PC);
	assert_int_equal(state_of(PC), HOST_TENTATIVE);
	pass(1000);
	assert_int_equal(count_nd(1, ND_NS, PC), 0);
	pass(200);
	assert_int_equal(count_nd(1, ND_NS, PC), 1);
	/* by unicast: no other host is woken */
	assert_memory_equal(&last_nd(1, ND_NS)->nd.l2dst, &mac_pc, 6);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(state_of(PC), HOST_LIVE);
}

static void dad_without_answer_is_remembered_but_not_answered_for(void **s)
{
	(void)s;
	world();
	dad(1, &mac_pc, PC);
	wan_asks(PC);
	pass(5000);
	assert_int_equal(state_of(PC), HOST_GONE);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 0);
	assert_int_equal(count_set(ACT_SET_ADD, SET_KNOWN), 0);
	/* it slept while it took its address: found when it wakes */
	wan_asks(PC);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	assert_int_equal(state_of(PC), HOST_LIVE);
}

static void question_during_dad_is_kept(void **s)
{
	(void)s;
	world();
	dad(1, &mac_pc, PC);
	wan_asks(PC);
	pass(1200);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
}

/* ---- contests ---- */

static void silent_owner_loses_to_the_new_mac(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	forget();
	dad(1, &mac_phone, PC);
	assert_int_equal(state_of(PC), HOST_CONTEST);
	wan_asks(PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	pass(800);
	assert_true(owned_by(PC, &mac_phone));
	assert_int_equal(count_act(ACT_NEIGH_SET, 1), 1);
	assert_int_equal(count_say(SAY_MOVED), 1);
	na(1, &mac_phone, PC, NA_SOLICITED);
	assert_int_equal(state_of(PC), HOST_LIVE);
}

static void answering_owner_keeps_the_address(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	na(1, &mac_phone, PC, NA_OVERRIDE);
	assert_int_equal(state_of(PC), HOST_CONTEST);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(state_of(PC), HOST_LIVE);
	assert_true(owned_by(PC, &mac_pc));
	assert_int_equal(count_say(SAY_CONTEST_KEPT), 1);
}

static void owner_on_another_port_is_defended_against_dad(void **s)
{
	(void)s;
	world_two_lans();
	learn(1, &mac_pc, PC);
	forget();
	dad(2, &mac_phone, PC);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(count_nd(2, ND_NA, PC), 1);
	assert_int_equal(last_nd(2, ND_NA)->nd.flags, 0);
}

static void move_to_another_port_takes_route_and_neighbour_along(void **s)
{
	(void)s;
	world_two_lans();
	learn(1, &mac_pc, PC);
	forget();
	dad(2, &mac_pc, PC);
	pass(800);
	assert_int_equal(host_of(PC).port, 2);
	assert_int_equal(count_act(ACT_NEIGH_DEL, 1), 1);
	assert_int_equal(count_act(ACT_NEIGH_SET, 2), 1);
	assert_int_equal(count_act(ACT_ROUTE_SET, 2), 1);
	assert_int_equal(count_set(ACT_SET_DEL, SET_KNOWN), 0);
}

/* Who is behind a dead link cannot answer. */
static void owner_whose_port_is_down_loses_at_once(void **s)
{
	(void)s;
	world_two_lans();
	learn(1, &mac_pc, PC);
	np_port_down(w.np, w.now, 1);
	ns(2, PC, &mac_pc, "fe80::3");
	assert_int_equal(host_of(PC).port, 2);
	assert_int_equal(state_of(PC), HOST_CHECK);
	assert_int_equal(count_nd(2, ND_NS, PC), 1);
}

static void gone_address_is_anybodys(void **s)
{
	(void)s;
	world_gone();
	ns(1, PC, &mac_phone, "fe80::2");
	assert_true(owned_by(PC, &mac_phone));
	/* the proof was the old owner's */
	assert_false(host_of(PC).proven);
}

static void wan_node_does_not_steal_a_lan_address(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	na(NP_WAN, &mac_phone, PC, NA_OVERRIDE);
	assert_int_equal(state_of(PC), HOST_CONTEST);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(host_of(PC).port, 1);
}

/* ---- pinned ---- */

static void pinned_device_stands_in_the_sets_before_it_speaks(void **s)
{
	(void)s;
	world_pinned();
	assert_true(host_of(CASA).in_pinned);
	assert_true(host_of(CASA).in_known);
	pass(600 * 1000);
	assert_true(host_of(CASA).in_pinned);
	assert_int_equal(count_set(ACT_SET_DEL, SET_PINNED), 0);
}

static void pinned_device_that_is_away_is_not_answered_for(void **s)
{
	(void)s;
	world_pinned();
	pass(4000);
	forget();
	wan_asks(CASA);
	assert_int_equal(count_nd(NP_WAN, ND_NA, CASA), 0);
	na(1, &mac_casa, CASA, NA_SOLICITED);
	assert_int_equal(count_nd(NP_WAN, ND_NA, CASA), 1);
}

static void pinned_address_never_changes_its_owner(void **s)
{
	(void)s;
	world_pinned();
	na(1, &mac_casa, CASA, NA_SOLICITED);
	dad(1, &mac_phone, CASA);
	na(1, &mac_phone, CASA, NA_OVERRIDE);
	pass(5000);
	assert_true(owned_by(CASA, &mac_casa));
	assert_true(np_counter(w.np, C_PIN_ALARM) >= 2);
	assert_true(count_say(SAY_PIN_ALARM) >= 2);
}

static void pinned_mac_pins_every_address_of_it(void **s)
{
	(void)s;
	world_pinned();
	ns(1, PC, &mac_casa, "fe80::2");
	assert_true(host_of(PC).in_pinned);
}

static void pins_follow_the_prefix(void **s)
{
	(void)s;
	world_pinned();
	upstream_ra("2404:7a80:9:9::", 1800, 86400, 14400);
	assert_true(host_of("2404:7a80:9:9:21b:8bff:fe01:203").in_pinned);
}

/* ---- DAD across the gateway ---- */

static void wan_dad_for_a_live_host_is_defended(void **s)
{
	const struct event *e;

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	dad(NP_WAN, &mac_phone, PC);
	e = last_nd(NP_WAN, ND_NA);
	assert_non_null(e);
	assert_int_equal(addr_cmp(&e->nd.dst, &addr_all_nodes), 0);
	assert_int_equal(e->nd.flags, 0);
}

static void wan_dad_for_an_idle_host_waits_for_its_answer(void **s)
{
	(void)s;
	world_idle();
	forget();
	dad(NP_WAN, &mac_phone, PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 0);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
}

static void wan_dad_for_nobodys_address_passes(void **s)
{
	(void)s;
	world();
	dad(NP_WAN, &mac_phone, PC);
	pass(3000);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 0);
}

static void own_dad_is_never_defended(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	forget();
	dad(1, &mac_pc, PC);
	pass(3000);
	assert_int_equal(count_nd(1, ND_NA, NULL), 0);
}

static void lan_dad_for_a_wan_hosts_address_is_defended(void **s)
{
	(void)s;
	world();
	learn(NP_WAN, &mac_phone, PHONE);
	assert_true(host_of(PHONE).in_wanhosts);
	assert_int_equal(count_act(ACT_ROUTE_SET, NP_WAN), 1);
	dad(1, &mac_pc, PHONE);
	assert_int_equal(count_nd(1, ND_NA, PHONE), 1);
	assert_int_equal(host_of(PHONE).port, NP_WAN);
}

static void lan_dad_is_relayed_only_where_others_live_on_the_wan(void **s)
{
	(void)s;
	world();
	dad(1, &mac_pc, PC);
	assert_int_equal(count_nd(NP_WAN, ND_NS, PC), 0);
	learn(NP_WAN, &mac_phone, PHONE);
	dad(1, &mac_pc, PREFIX "::11");
	assert_int_equal(count_nd(NP_WAN, ND_NS, PREFIX "::11"), 1);
	assert_true(addr_is_zero(&last_nd(NP_WAN, ND_NS)->nd.src));
}

static void silent_wan_owner_found_by_relayed_dad_wins(void **s)
{
	(void)s;
	world_with(&(struct np_conf){.lan_n = 1, .proxy = true,
		.relay_dad = true});
	dad(1, &mac_pc, PC);
	na(NP_WAN, &mac_phone, PC, 0);
	assert_int_equal(count_nd(1, ND_NA, PC), 1);
	assert_int_equal(host_of(PC).port, NP_WAN);
}

static void echo_of_a_relayed_dad_is_no_claim(void **s)
{
	struct nd_msg m = {.type = ND_NS, .l2src = mac_pc, .target = A(PC),
		.nonce_len = 6, .nonce = {1, 2, 3, 4, 5, 6}};

	(void)s;
	world_with(&(struct np_conf){.lan_n = 1, .proxy = true,
		.relay_dad = true});
	m.dst = addr_solicited_node(&m.target);
	np_msg(w.np, w.now, 1, &m);
	assert_int_equal(last_nd(NP_WAN, ND_NS)->nd.nonce_len, 6);
	m.l2src = mac_router; /* a bridge on the WAN gives it back */
	np_msg(w.np, w.now, NP_WAN, &m);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 0);
}

int contests_tests(void)
{
	static const struct CMUnitTest t[] = {
		T(dad_leads_to_live_after_the_host_answers),
		T(dad_without_answer_is_remembered_but_not_answered_for),
		T(question_during_dad_is_kept),
		T(silent_owner_loses_to_the_new_mac),
		T(answering_owner_keeps_the_address),
		T(owner_on_another_port_is_defended_against_dad),
		T(move_to_another_port_takes_route_and_neighbour_along),
		T(owner_whose_port_is_down_loses_at_once),
		T(gone_address_is_anybodys),
		T(wan_node_does_not_steal_a_lan_address),
		T(pinned_device_stands_in_the_sets_before_it_speaks),
		T(pinned_device_that_is_away_is_not_answered_for),
		T(pinned_address_never_changes_its_owner),
		T(pinned_mac_pins_every_address_of_it),
		T(pins_follow_the_prefix),
		T(wan_dad_for_a_live_host_is_defended),
		T(wan_dad_for_an_idle_host_waits_for_its_answer),
		T(wan_dad_for_nobodys_address_passes),
		T(own_dad_is_never_defended),
		T(lan_dad_for_a_wan_hosts_address_is_defended),
		T(lan_dad_is_relayed_only_where_others_live_on_the_wan),
		T(silent_wan_owner_found_by_relayed_dad_wins),
		T(echo_of_a_relayed_dad_is_no_claim),
	};

	return cmocka_run_group_tests_name("contests", t, NULL, NULL);
}
