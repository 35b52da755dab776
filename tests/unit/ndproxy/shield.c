/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the filter in front of the socket is told. */
#include "world.h"

/* What it would do for an address now, by all that it was told; -1: nothing. */
static int shield_of(const char *a)
{
	struct addr x = A(a);

	for (size_t i = w.n; i-- > 0;)
		if (w.log[i].what == ACT_SHIELD && !addr_cmp(&w.log[i].a.addr, &x))
			return (int)w.log[i].a.value;
	return -1;
}

static void shielded(void)
{
	world_with(&(struct np_conf){.lan_n = 1, .proxy = true, .shield = true});
}

static void filter_follows_the_state(void **s)
{
	(void)s;
	shielded();
	dad(1, &mac_pc, PC);
	assert_int_equal(shield_of(PC), SHIELD_ASKED);
	pass(1200);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(shield_of(PC), SHIELD_ANSWER);
	pass(31000);
	assert_int_equal(state_of(PC), HOST_IDLE);
	assert_int_equal(shield_of(PC), SHIELD_ANSWER | SHIELD_TELL);
	/* the solicitation that it let through as well */
	wan_asks(PC);
	assert_int_equal(shield_of(PC), SHIELD_ANSWER);
	pass(3500);
	assert_int_equal(state_of(PC), HOST_GONE);
	assert_int_equal(shield_of(PC), SHIELD_ASKED);
}

/* What the filter answers alone we do not hear of; should the newcomer stay
 * silent, it must be asked on. */
static void filter_tells_of_questions_for_who_is_being_asked(void **s)
{
	(void)s;
	shielded();
	ns(1, PC, &mac_pc, "fe80::2");
	assert_int_equal(state_of(PC), HOST_CHECK);
	assert_int_equal(shield_of(PC), SHIELD_ANSWER | SHIELD_TELL);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(shield_of(PC), SHIELD_ANSWER);
}

static void filter_forgets_a_stranger_that_nobody_is(void **s)
{
	(void)s;
	shielded();
	wan_asks(PC);
	assert_int_equal(shield_of(PC), SHIELD_ASKED);
	pass(1600);
	assert_int_equal(state_of(PC), HOST_GONE);
	assert_int_equal(shield_of(PC), 0);
}

static void filter_is_told_our_addresses_and_port(void **s)
{
	struct addr ours = A(PREFIX "::f1");

	(void)s;
	shielded();
	np_own(w.np, &ours, 1);
	assert_int_equal(shield_of(PREFIX "::f1"), SHIELD_OURS);
	np_own(w.np, NULL, 0);
	assert_int_equal(shield_of(PREFIX "::f1"), 0);
	forget();
	np_port_down(w.np, w.now, NP_WAN);
	assert_int_equal(count_act(ACT_SHIELD_PORT, NP_WAN), 1);
	assert_int_equal(w.log[w.n - 1].a.value, 0);
}

static void filter_is_off_while_both_sides_are_one_wire(void **s)
{
	(void)s;
	shielded();
	upstream_ra_from("fe80::2", &mac_lan, PREFIX "::", 1800, 86400, 14400);
	assert_true(np_loop(w.np, NP_WAN));
	assert_int_equal(count_act(ACT_SHIELD_PORT, NP_WAN), 1);
	for (size_t i = 0; i < w.n; i++)
		if (w.log[i].what == ACT_SHIELD_PORT)
			assert_int_equal(w.log[i].a.value, 0);
}

/* A host that speaks all day is told anew before the filter forgets it. */
static void filter_hears_again_of_a_host_that_never_rests(void **s)
{
	int64_t until = 0;
	size_t told = 0;

	(void)s;
	shielded();
	learn(1, &mac_pc, PC);
	for (int i = 0; i < 12 * 360; i++) {
		for (size_t k = 0; k < w.n; k++)
			if (w.log[k].what == ACT_SHIELD) {
				told++;
				until = w.now + w.log[k].a.valid_s * 1000ll;
			}
		forget();
		assert_true(until > w.now);
		pass(10000);
		na(1, &mac_pc, PC, NA_OVERRIDE);
		if (i % 60 == 0)
			upstream_ra(PREFIX "::", 1800, 14400, 14400);
	}
	assert_int_equal(state_of(PC), HOST_LIVE);
	assert_true(told > 5 && told < 40);
}

static void filter_notes_wan_hosts_as_heard_only(void **s)
{
	(void)s;
	shielded();
	learn(NP_WAN, &mac_phone, PHONE);
	assert_int_equal(shield_of(PHONE), SHIELD_HEARD);
	pass(31000);
	assert_int_equal(shield_of(PHONE), 0);
}

static void no_filter_is_told_nothing(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	assert_int_equal(shield_of(PC), -1);
	assert_int_equal(count_act(ACT_SHIELD_PORT, NP_WAN), 0);
}

int shield_tests(void)
{
	static const struct CMUnitTest t[] = {
		T(filter_follows_the_state),
		T(filter_tells_of_questions_for_who_is_being_asked),
		T(filter_forgets_a_stranger_that_nobody_is),
		T(filter_is_told_our_addresses_and_port),
		T(filter_is_off_while_both_sides_are_one_wire),
		T(filter_hears_again_of_a_host_that_never_rests),
		T(filter_notes_wan_hosts_as_heard_only),
		T(no_filter_is_told_nothing),
	};

	return cmocka_run_group_tests_name("shield", t, NULL, NULL);
}
