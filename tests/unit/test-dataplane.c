// SPDX-License-Identifier: GPL-2.0-or-later
/* Which device goes fast, how, and why not: the pure half of the fast path. */
#include "test.h"

#include "dataplane/dataplane.h"
#include "dataplane/lease.h"
#include "dataplane/tune.h"

#include <stdio.h>
#include <string.h>

static struct dataplane_device device(int ifindex, const char *driver)
{
	struct dataplane_device d = {.ifindex = ifindex, .mtu = 1500,
		.ethernet = true, .xmit = -1, .wan = ifindex == 1};

	snprintf(d.name, sizeof(d.name), "eth%d", ifindex);
	snprintf(d.driver, sizeof(d.driver), "%s", driver);
	return d;
}

struct planned {
	struct dataplane_port p[DP_PORTS_MAX];
	size_t n;
};

static struct planned plan(const struct dataplane_device *d, size_t n)
{
	struct planned r;

	r.n = dataplane_plan(d, n, DP_NATIVE, false, r.p);
	dataplane_finish(r.p, r.n, d, n);
	return r;
}

static void two_good_cards_go_native(void **state)
{
	struct dataplane_device d[] = {device(1, "igc"), device(2, "ixgbe")};
	struct planned r = plan(d, 2);

	(void)state;
	assert_int_equal(r.n, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(r.p[i].mode, DP_NATIVE);
		assert_int_equal(r.p[i].why, DP_WHY_NONE);
		assert_true(r.p[i].xdp_out && !r.p[i].tc_in);
	}
	assert_int_not_equal(r.p[0].side, r.p[1].side);
	assert_int_not_equal(r.p[0].side, 0);
}

static void a_bridge_that_filters_vlans_keeps_its_ports(void **state)
{
	struct dataplane_device d[] = {device(1, "igc"), device(2, ""),
		device(3, "igc")};
	struct planned r;

	(void)state;
	snprintf(d[1].kind, sizeof(d[1].kind), "bridge");
	d[2].master = 2;
	r = plan(d, 3);
	assert_int_equal(r.p[2].mode, DP_NATIVE);
	d[1].vlan_filtering = true;
	r = plan(d, 3);
	assert_int_equal(r.p[2].mode, DP_OFF);
	assert_int_equal(r.p[2].why, DP_WHY_BRIDGE_VLANS);
	assert_int_equal(r.p[0].mode, DP_NATIVE);
}

static void each_reason_has_its_mode(void **state)
{
	struct {
		enum dataplane_why why;
		enum dataplane_mode mode;
	} want[] = {{DP_WHY_NO_ETHERNET, DP_OFF}, {DP_WHY_VLAN, DP_TC},
		{DP_WHY_BOND, DP_TC}, {DP_WHY_VLAN_ABOVE, DP_TC},
		{DP_WHY_FOREIGN_XDP, DP_TC}, {DP_WHY_VETH, DP_TC},
		{DP_WHY_FOREIGN_TC, DP_OFF}, {DP_WHY_BARE, DP_TC}};
	struct dataplane_device d[8];
	struct planned r;

	(void)state;
	for (int i = 0; i < 8; i++)
		d[i] = device(i + 1, "igc");
	d[0].ethernet = d[7].ethernet = false;
	d[7].bare = true;
	strcpy(d[1].kind, "vlan");
	strcpy(d[2].kind, "bond");
	d[3].vlan_above = true;
	d[4].foreign_xdp = true;
	strcpy(d[5].kind, "veth");
	d[6].filters_in = true;
	r = plan(d, 8);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(r.p[i].why, want[i].why);
		assert_int_equal(r.p[i].mode, want[i].mode);
	}
}

static void what_must_see_all_is_not_passed_by(void **state)
{
	struct dataplane_device d[] = {device(1, "igc"), device(2, "igc"),
		device(3, "r8169")};
	struct planned r;

	(void)state;
	strcpy(d[0].qdisc, "cake");
	d[1].filters_out = true;
	r = plan(d, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(r.p[i].mode, DP_NATIVE);
		assert_false(r.p[i].xdp_out);
		assert_true(r.p[i].tc_in); /* the others' way towards it */
	}
	assert_int_equal(r.p[0].why, DP_WHY_SHAPER);
	assert_int_equal(r.p[1].why, DP_WHY_SHAPER);
	assert_int_equal(r.p[2].why, DP_WHY_NO_XMIT);
}

static void what_stands_at_a_bridge_is_not_passed_by(void **state)
{
	struct dataplane_device d[] = {device(1, "igc"), device(9, ""),
		device(2, "igc")};
	struct planned r;

	(void)state;
	strcpy(d[1].kind, "bridge");
	d[2].master = 9;
	for (int i = 0; i < 4; i++) {
		strcpy(d[1].qdisc, i == 1 ? "cake" : "noqueue");
		d[1].filters_in = i == 2;
		d[1].filters_out = i == 3;
		r = plan(d, 3);
		assert_int_equal(r.p[0].mode, DP_NATIVE);
		assert_int_equal(r.p[2].mode, i ? DP_OFF : DP_NATIVE);
		assert_int_equal(r.p[2].why,
			i ? DP_WHY_BRIDGE_TC : DP_WHY_NONE);
		assert_false(i && (r.p[2].xdp_out || r.p[2].tc_in));
	}
}

static void ports_of_a_bridge_share_its_side(void **state)
{
	struct dataplane_device d[] = {device(1, "igc"), device(9, ""),
		device(2, "igc"), device(3, "igc")};
	struct planned r;

	(void)state;
	strcpy(d[1].kind, "bridge");
	d[2].master = d[3].master = 9;
	r = plan(d, 4);
	assert_int_equal(r.n, 4);
	assert_true(r.p[1].bridge && r.p[1].mode == DP_OFF);
	assert_int_equal(r.p[2].side, r.p[3].side);
	assert_int_equal(r.p[2].side, r.p[1].side);
	assert_int_equal(r.p[2].l3, 9);
	assert_int_not_equal(r.p[2].side, r.p[0].side);
}

static void every_port_is_found_by_its_hash(void **state)
{
	static struct lease_conf c;
	struct dataplane_device d[DP_PORTS_MAX];
	struct planned r;

	(void)state;
	for (int i = 0; i < DP_PORTS_MAX; i++)
		d[i] = device(3 + i * 97, "igc");
	r = plan(d, DP_PORTS_MAX);
	assert_int_equal(dataplane_rows(r.p, r.n, &c), 0);
	for (size_t i = 0; i < r.n; i++) {
		uint32_t at = (uint32_t)r.p[i].ifindex * c.mult >> 26;

		assert_int_equal(c.ports[at].ifindex, r.p[i].ifindex);
		assert_int_equal(c.l3[r.p[i].side], r.p[i].l3);
	}
}

static void the_table_grows_with_memory_within_bounds(void **state)
{
	(void)state;
	assert_int_equal(dataplane_sets(0), 8192);
	assert_int_equal(dataplane_sets(UINT64_C(1) << 50), 131072);
	assert_true(dataplane_sets(UINT64_C(4) << 30) <= 131072);
	assert_true(dataplane_sets(UINT64_C(4) << 30) >= 8192);
}

static uint32_t after(struct dataplane_away *a, unsigned seconds, uint64_t fast,
	uint64_t missed, uint64_t checks)
{
	struct dataplane_second d = {.fast = fast, .missed = missed,
		.checks = checks};

	while (seconds--)
		dataplane_away(a, &d, false);
	return dataplane_away_mask(a);
}

static void a_million_slow_flows_are_not_looked_up(void **state)
{
	struct dataplane_away a = {0}, b;

	(void)state;
	/* one bad second is a beginning of many flows */
	assert_int_equal(after(&a, 1, 0, 500000, 100), 0);
	assert_int_equal(after(&a, 2, 0, 500000, 100), LEASE_AWAY);
	/* a sixteenth of as many is as bad: it stays */
	assert_int_equal(after(&a, 10, 100, 500000 / 16, 0), LEASE_AWAY);
	b = a;
	/* they are gone, or have become fast: it returns */
	assert_int_equal(after(&a, 3, 100, 1000, 0), 0);
	assert_int_equal(after(&b, 3, 500000, 50000, 20000), 0);
}

/*
 * So many flows of so many packets a second, all new at first: each misses four
 * before it goes fast, and its first check is no packet's. Ends with the bits
 * after so many seconds.
 */
static uint32_t flows_for(unsigned seconds, uint64_t flows, uint64_t pps)
{
	struct dataplane_away a = {0};
	uint64_t looked, fast = 0, missed = MIN2(pps, UINT64_C(4));

	while (seconds--) {
		uint32_t mask = dataplane_away_mask(&a);
		struct dataplane_second d = {0};

		looked = flows >> __builtin_popcount(mask);
		fast = MIN2(fast, looked);
		d.missed = (looked - fast) * missed;
		d.fast = looked * pps - d.missed;
		d.checks = fast;
		fast = pps > missed ? looked : 0;
		dataplane_away(&a, &d, false);
	}
	return dataplane_away_mask(&a);
}

static void flows_that_enter_are_waited_for(void **state)
{
	(void)state;
	for (unsigned s = 5; s < 30; s++)
		assert_int_equal(flows_for(s, 100000, 5), 0);
	assert_int_equal(flows_for(30, 100000, 2), LEASE_AWAY);
}

static void the_table_that_grew_is_waited_for(void **state)
{
	struct dataplane_second bad = {.missed = 400000};
	struct dataplane_away a = {0};

	(void)state;
	dataplane_away(&a, &bad, true);
	dataplane_away(&a, &bad, false);
	assert_int_equal(dataplane_away_mask(&a), 0);
	dataplane_away(&a, &bad, false);
	assert_int_not_equal(dataplane_away_mask(&a), 0);
}

/* More than the table holds: a quarter pays, the whole does not. */
static void what_failed_is_tried_less_often(void **state)
{
	struct dataplane_away a = {0};
	unsigned wide = 0;

	(void)state;
	for (int s = 0; s < 600; s++) {
		bool all = !dataplane_away_mask(&a);

		wide += all;
		after(&a, 1, all ? 100000 : 500000, all ? 900000 : 1000, 0);
	}
	assert_in_range(wide, 10, 120);
}

static void few_misses_beside_many_hits_do_not_matter(void **state)
{
	struct dataplane_away a = {0};

	(void)state;
	assert_int_equal(after(&a, 100, 0, 15000, 0), 0);
	assert_int_equal(after(&a, 100, 1000000, 300000, 100000), 0);
}

static void the_away_bits_are_none_of_the_set_and_way(void **state)
{
	(void)state;
	assert_int_equal(LEASE_AWAY & LEASE_SETS_MASK, 0);
	assert_int_equal((uint32_t)LEASE_AWAY >> 30, 0);
	for (unsigned bits = 0; bits <= 4; bits += 2) {
		struct dataplane_away a = {.level = bits / 2};
		uint32_t mask = dataplane_away_mask(&a);

		assert_int_equal(mask & ~(uint32_t)LEASE_AWAY, 0);
		assert_int_equal(__builtin_popcount(mask), bits);
	}
}

static void the_table_grows_where_it_is_full(void **state)
{
	struct dataplane_second d = {.full = 10};

	(void)state;
	assert_int_equal(dataplane_grown(2048, 131072, &d), 2048);
	d.full = 100;
	assert_int_equal(dataplane_grown(2048, 131072, &d), 8192);
	d.full = 90000;
	assert_int_equal(dataplane_grown(2048, 131072, &d), 32768);
	assert_int_equal(dataplane_grown(32768, 131072, &d), 131072);
	assert_int_equal(dataplane_grown(131072, 131072, &d), 131072);
}

static const struct test_case cases[] = {
	{"two good cards go native", two_good_cards_go_native},
	{"each reason has its mode", each_reason_has_its_mode},
	{"a bridge that filters VLANs keeps its ports", a_bridge_that_filters_vlans_keeps_its_ports},
	{"what must see all is not passed by", what_must_see_all_is_not_passed_by},
	{"what stands at a bridge is not passed by", what_stands_at_a_bridge_is_not_passed_by},
	{"ports of a bridge share its side", ports_of_a_bridge_share_its_side},
	{"every port is found by its hash", every_port_is_found_by_its_hash},
	{"the table grows with memory, within bounds", the_table_grows_with_memory_within_bounds},
	{"the table grows where it is full", the_table_grows_where_it_is_full},
	{"a million slow flows are not looked up", a_million_slow_flows_are_not_looked_up},
	{"few misses beside many hits do not matter", few_misses_beside_many_hits_do_not_matter},
	{"flows that enter are waited for", flows_that_enter_are_waited_for},
	{"the table that grew is waited for", the_table_that_grew_is_waited_for},
	{"what failed is tried less often", what_failed_is_tried_less_often},
	{"the bits to look away by are none of the set and way", the_away_bits_are_none_of_the_set_and_way},
};
RUN(cases)
