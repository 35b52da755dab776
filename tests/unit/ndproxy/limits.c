/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floods and their bounds. */
#include "world.h"

#include <stdio.h>

/* Somebody on the WAN asks for a thousand hosts that all sleep. */
static void questions_to_the_silent_have_one_budget(void **s)
{
	char a[64];
	uint64_t before, most = 0, first;

	(void)s;
	world();
	many_macs(PREFIX "::6:%x", 800, true);
	pass(31000);
	before = np_counter(w.np, C_LAN_UCAST);
	for (int i = 0; i < 800; i++) {
		snprintf(a, sizeof(a), PREFIX "::6:%x", i);
		wan_asks(a);
	}
	first = np_counter(w.np, C_LAN_UCAST) - before;
	assert_int_equal(first, 800);
	/* still in CHECK: once a second each, as ever, and the repeats */
	pass(900);
	assert_in_range(np_counter(w.np, C_LAN_UCAST) - before - first, 1,
		AGAIN_BURST + AGAIN_RATE);
	pass(2200);
	for (int sec = 0; sec < 15; sec++) {
		before = np_counter(w.np, C_LAN_UCAST);
		pass(1000);
		most = MAX2(most, np_counter(w.np, C_LAN_UCAST) - before);
	}
	assert_in_range(most, AGAIN_RATE / 2, AGAIN_RATE + AGAIN_BURST);
	pass(20000);
	before = np_counter(w.np, C_LAN_UCAST);
	pass(60000);
	assert_int_equal(np_counter(w.np, C_LAN_UCAST), before);
}

/* Inventors of addresses do not use up what a sleeping phone needs. */
static void invented_addresses_leave_questions_to_the_proven(void **s)
{
	size_t mcasts;
	char a[64];
	msec_t asked;

	(void)s;
	world_idle();
	many_macs(PREFIX "::7:%x", 300, false);
	for (int i = 0; i < 300; i++) {
		snprintf(a, sizeof(a), PREFIX "::7:%x", i);
		wan_asks(a);
	}
	pass(1000);
	forget();
	asked = w.now;
	wan_asks(PC);
	pass(5000);
	assert_in_range(longest_unasked(PC, asked, &mcasts), 1, T_ASK);
}

static void wan_hosts_are_at_most_64(void **s)
{
	char a[64];
	unsigned n = 0;

	(void)s;
	world();
	for (int i = 0; i < 200; i++) {
		struct mac m = {{2, 9, 0, 0, 0, (uint8_t)i}};

		snprintf(a, sizeof(a), PREFIX "::1:%x", i);
		ns(NP_WAN, a, &m, "fe80::1");
		na(NP_WAN, &m, a, NA_SOLICITED);
	}
	for (int i = 0; i < 200; i++) {
		snprintf(a, sizeof(a), PREFIX "::1:%x", i);
		n += host_of(a).in_wanhosts;
	}
	assert_true(n <= HOSTS_ON_WAN && n > 32);
}

static void one_mac_has_at_most_64_addresses(void **s)
{
	char a[64];

	(void)s;
	world();
	learn(1, &mac_phone, PHONE);
	for (int i = 0; i < 1000; i++) {
		snprintf(a, sizeof(a), PREFIX "::2:%x", i);
		ns(1, a, &mac_pc, "fe80::2");
	}
	assert_int_equal(hosts_of_mac(w.np, &mac_pc), HOSTS_PER_MAC);
	assert_int_equal(state_of(PHONE), HOST_LIVE);
}

static void invented_macs_displace_only_the_unproven(void **s)
{
	char a[64];

	(void)s;
	world();
	learn(1, &mac_phone, PHONE);
	for (int i = 0; i < 20000; i++) {
		struct mac m = {{2, 8, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}};

		snprintf(a, sizeof(a), PREFIX "::3:%x", i);
		ns(1, a, &m, "fe80::2");
		pass(5);
	}
	assert_true(w.np->port[1].host_n <= HOSTS_PER_PORT);
	assert_int_equal(state_of(PHONE), HOST_IDLE);
	learn(1, &mac_pc, PC);
}

static void multicasts_to_the_lan_stay_below_sixty_a_second(void **s)
{
	char a[64];
	uint64_t before, worst = 0;

	(void)s;
	world();
	for (int sec = 0; sec < 10; sec++) {
		before = np_counter(w.np, C_LAN_MCAST);
		for (int i = 0; i < 1000; i++) {
			snprintf(a, sizeof(a), PREFIX "::4:%x:%x", sec, i);
			wan_asks(a);
			pass(1);
		}
		worst = MAX2(worst, np_counter(w.np, C_LAN_MCAST) - before);
	}
	assert_true(worst <= 60 && worst >= 20);
	assert_true(np_counter(w.np, C_UNKNOWN_OVER_BUDGET) > 9000);
}

static void flood_leaves_room_for_a_host_seen_before(void **s)
{
	char a[64];

	(void)s;
	world_gone();
	for (int i = 0; i < 3000; i++) {
		snprintf(a, sizeof(a), PREFIX "::5:%x", i);
		wan_asks(a);
		pass(1);
	}
	forget();
	wan_asks(PC);
	assert_int_equal(count_nd(1, ND_NS, PC), 1);
}

int limits_tests(void)
{
	static const struct CMUnitTest t[] = {
		T(questions_to_the_silent_have_one_budget),
		T(invented_addresses_leave_questions_to_the_proven),
		T(wan_hosts_are_at_most_64),
		T(one_mac_has_at_most_64_addresses),
		T(invented_macs_displace_only_the_unproven),
		T(multicasts_to_the_lan_stay_below_sixty_a_second),
		T(flood_leaves_room_for_a_host_seen_before),
	};

	return cmocka_run_group_tests_name("limits", t, NULL, NULL);
}
