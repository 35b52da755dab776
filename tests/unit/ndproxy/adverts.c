/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Router advertisements: those of the line and our own. */
#include "world.h"

static const struct ra *last_ra(unsigned port)
{
	const struct event *e = last_nd(port, ND_RA);

	return e ? &e->ra : NULL;
}

static void our_ra_has_default_timers_and_capped_lifetimes(void **s)
{
	const struct ra *ra;

	(void)s;
	world();
	upstream_ra(PREFIX "::", 1800, 2592000, 604800);
	pass(20000);
	ra = last_ra(1);
	assert_non_null(ra);
	assert_int_equal(ra->retrans_ms, 0);
	assert_int_equal(ra->reachable_ms, 0);
	assert_int_equal(ra->prefix_n, 1);
	assert_int_equal(ra->prefix[0].flags, PIO_ONLINK | PIO_AUTO);
	assert_true(ra->prefix[0].valid_s <= 5400);
	assert_true(ra->prefix[0].preferred_s <= 2700);
	assert_true(ra->lifetime_s <= 1800 && ra->lifetime_s > 1700);
	assert_true(ra->flags & RA_PROXY);
}

static void lifetimes_count_down_with_the_lines(void **s)
{
	struct ra ra;

	(void)s;
	world();
	upstream_ra(PREFIX "::", 600, 1000, 500);
	pass(100 * 1000);
	ras_compose(w.np, w.now, 1, &ra);
	assert_int_equal(ra.lifetime_s, 500);
	assert_int_equal(ra.prefix[0].valid_s, 900);
	assert_int_equal(ra.prefix[0].preferred_s, 400);
}

static void lost_router_is_told_at_once(void **s)
{
	(void)s;
	world();
	pass(5000);
	forget();
	upstream_ra(NULL, 0, 0, 0);
	pass(300);
	assert_non_null(last_ra(1));
	assert_int_equal(last_ra(1)->lifetime_s, 0);
	assert_int_equal(count_act(ACT_ROUTE_DEL, NP_WAN), 1);
	assert_int_equal(count_say(SAY_ROUTER_LOST), 1);
}

static void expired_router_is_asked_for_again(void **s)
{
	(void)s;
	world();
	upstream_ra(PREFIX "::", 30, 86400, 14400);
	forget();
	pass(31000);
	assert_int_equal(count_act(ACT_ROUTE_DEL, NP_WAN), 1);
	assert_true(np_counter(w.np, C_RS_OUT) >= 2);
}

static void solicitations_back_off(void **s)
{
	struct np_conf c = {.lan_n = 1, .proxy = true};
	struct addr ll = A("fe80::1");

	(void)s;
	np_free(w.np);
	memset(&w, 0, sizeof(w));
	w.now = 1000;
	w.np = np_new(&c, (struct hash_key){{3, 4}}, w.now, on_act, NULL);
	np_port_up(w.np, w.now, 0, &mac_wan, &ll, 1500);
	pass(3600 * 1000);
	/* 4, 8, 16 ... 3600 s: about ten in the first hour, not nine hundred */
	assert_true(np_counter(w.np, C_RS_OUT) >= 9);
	assert_true(np_counter(w.np, C_RS_OUT) <= 12);
	upstream_ra(PREFIX "::", 1800, 86400, 14400);
	forget();
	pass(60 * 1000);
	assert_int_equal(count_nd(NP_WAN, ND_RS, NULL), 0);
}

static void new_prefix_drains_the_old_one(void **s)
{
	struct ra ra;

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	forget();
	upstream_ra("2404:7a80:9:9::", 1800, 86400, 14400);
	pass(300);
	assert_non_null(last_ra(1));
	assert_int_equal(last_ra(1)->prefix_n, 2);
	ras_compose(w.np, w.now, 1, &ra);
	for (size_t i = 0; i < 2; i++) {
		struct addr old = A(PREFIX "::");
		bool is_old = !addr_cmp(&ra.prefix[i].prefix, &old);

		assert_int_equal(ra.prefix[i].preferred_s == 0, is_old);
		assert_true(ra.prefix[i].valid_s > 0);
	}
	/* hosts of the old one are still answered for */
	forget();
	wan_asks(PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	for (int i = 0; i < 9; i++) {
		pass(900 * 1000);
		upstream_ra("2404:7a80:9:9::", 1800, 86400, 14400);
	}
	assert_int_equal(state_of(PC), HOST_FREE);
	ras_compose(w.np, w.now, 1, &ra);
	assert_int_equal(ra.prefix_n, 1);
}

static void several_lans_are_not_on_link(void **s)
{
	struct ra ra;

	(void)s;
	world_two_lans();
	ras_compose(w.np, w.now, 2, &ra);
	assert_int_equal(ra.prefix[0].flags, PIO_AUTO);
	learn(2, &mac_pc, PC);
	assert_int_equal(count_act(ACT_ROUTE_SET, 2), 1);
	learn(1, &mac_phone, PHONE);
	assert_int_equal(count_act(ACT_ROUTE_SET, 1), 0);
}

static void solicitation_is_answered_by_unicast(void **s)
{
	struct nd_msg m = {.type = ND_RS, .l2src = mac_pc, .src = A("fe80::77"),
		.dst = addr_all_routers, .has_sll = true, .sll = mac_pc};

	(void)s;
	world();
	pass(60000);
	forget();
	np_msg(w.np, w.now, 1, &m);
	assert_int_equal(count_nd(1, ND_RA, NULL), 1);
	assert_memory_equal(&last_nd(1, ND_RA)->nd.l2dst, &mac_pc, 6);
}

static void mute_router_is_pinned_until_it_ends(void **s)
{
	struct addr ll = A("fe80::100");
	const struct event *e = NULL;

	(void)s;
	world();
	np_kernel(w.np, w.now, NP_WAN, &ll, NULL, false);
	for (size_t i = 0; i < w.n; i++)
		if (w.log[i].what == ACT_NEIGH_SET)
			e = &w.log[i];
	assert_non_null(e);
	assert_true(e->a.pin);
	assert_memory_equal(&e->a.mac, &mac_router, 6);
	upstream_ra(NULL, 0, 0, 0);
	assert_int_equal(count_act(ACT_NEIGH_DEL, NP_WAN), 1);
}

static void ra_on_the_lan_is_ignored_and_told(void **s)
{
	struct nd_msg m = {.type = ND_RA, .l2src = mac_pc, .src = A("fe80::77"),
		.dst = addr_all_nodes};

	(void)s;
	world();
	np_msg(w.np, w.now, 1, &m);
	assert_int_equal(np_counter(w.np, C_ROGUE_RA), 1);
	assert_int_equal(count_say(SAY_ROGUE_RA), 1);
}

static void own_ra_on_the_wan_is_a_loop(void **s)
{
	struct addr ll = A("fe80::1");

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	upstream_ra_from("fe80::2", &mac_lan, PREFIX "::", 1800, 86400, 14400);
	assert_true(np_loop(w.np, NP_WAN));
	assert_int_equal(count_say(SAY_LOOP), 1);
	forget();
	wan_asks(PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, NULL), 0);
	np_port_down(w.np, w.now, NP_WAN);
	np_port_up(w.np, w.now, NP_WAN, &mac_wan, &ll, 1500);
	wan_asks(PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
}

static void delegated_prefix_is_announced_without_proxying(void **s)
{
	struct addr p = A(PREFIX "::");
	struct ra ra;

	(void)s;
	world_with(&(struct np_conf){.lan_n = 2, .proxy = false});
	np_delegated(w.np, w.now, 1, &p, 14400, 12600);
	ras_compose(w.np, w.now, 1, &ra);
	assert_int_equal(ra.prefix_n, 1);
	assert_int_equal(ra.prefix[0].flags, PIO_AUTO | PIO_ONLINK);
	assert_false(ra.flags & RA_PROXY);
	ras_compose(w.np, w.now, 2, &ra);
	assert_int_equal(ra.prefix_n, 0);
	learn(1, &mac_pc, PC);
	assert_true(host_of(PC).in_known);
	wan_asks(PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, NULL), 0);
	assert_int_equal(count_act(ACT_JOIN, NP_WAN), 0);
}

int adverts_tests(void)
{
	static const struct CMUnitTest t[] = {
		T(our_ra_has_default_timers_and_capped_lifetimes),
		T(lifetimes_count_down_with_the_lines),
		T(lost_router_is_told_at_once),
		T(expired_router_is_asked_for_again),
		T(solicitations_back_off),
		T(new_prefix_drains_the_old_one),
		T(several_lans_are_not_on_link),
		T(solicitation_is_answered_by_unicast),
		T(mute_router_is_pinned_until_it_ends),
		T(ra_on_the_lan_is_ignored_and_told),
		T(own_ra_on_the_wan_is_a_loop),
		T(delegated_prefix_is_announced_without_proxying),
	};

	return cmocka_run_group_tests_name("adverts", t, NULL, NULL);
}
