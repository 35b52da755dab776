// SPDX-License-Identifier: GPL-2.0-or-later
/* The judge on made evidence, MAP-E's port sets, and the servers' messages. */
#include "test.h"

#include "line/line.h"

#include <stdio.h>
#include <stdlib.h>

static struct addr a6(const char *s)
{
	enum family f;
	struct addr a;

	assert_int_equal(addr_parse(s, &f, &a), 0);
	return a;
}

static void ra64(struct line_evidence *e, const char *prefix)
{
	e->has_ra = true;
	e->router_mac = (struct mac){{0, 1, 2, 3, 4, 5}};
	e->ra.prefix_n = 1;
	e->ra.prefix[0] = (struct ra_prefix){.prefix = a6(prefix), .len = 64,
		.flags = PIO_AUTO | PIO_ONLINK};
}

static void pd(struct line_evidence *e, const char *prefix, uint8_t len)
{
	e->has_ra = true;
	e->ra.flags = RA_MANAGED | RA_OTHER;
	e->has_dhcp6 = true;
	e->dhcp6.has_prefix = true;
	e->dhcp6.prefix = a6(prefix);
	e->dhcp6.prefix_len = len;
}

static void offer(struct line_evidence *e, const char *addr)
{
	e->has_offer = true;
	e->offer.yours = a6(addr);
	e->offer_mac = (struct mac){{0, 1, 2, 3, 4, 5}};
}

static void expect(struct line_evidence *e, const char *kind, enum line_v6 v6,
	enum line_v4 v4, bool ike6, bool ike4)
{
	struct line_verdict v;

	e->link = e->raw = true;
	line_judge(e, &v);
	if (kind)
		assert_string_equal(v.kind ? v.kind : "-", kind);
	else
		assert_null(v.kind);
	assert_int_equal(v.v6, v6);
	assert_int_equal(v.v4, v4);
	assert_int_equal(v.ike6, ike6);
	assert_int_equal(v.ike4, ike4);
	assert_true(v.reason_n > 0);
	line_verdict_done(&v);
}

static void lines_are_told_apart(void **state)
{
	struct line_evidence e = {0};

	(void)state;
	ra64(&e, "2409:11:4a0:2300::");
	e.has_pado = true;
	expect(&e, "flets-ra", V6_ONE_64, V4_DSLITE, true, false);
	e = (struct line_evidence){0};
	ra64(&e, "240b:10::");
	expect(&e, "flets-ra", V6_ONE_64, V4_MAPE, true, false);
	e = (struct line_evidence){0};
	pd(&e, "2001:db8:1::", 56);
	e.has_pado = true;
	expect(&e, "flets-pd", V6_DELEGATED, V4_PPPOE, true, true);
	e = (struct line_evidence){0};
	pd(&e, "2001:db8:1::", 60);
	expect(&e, "hgw", V6_DELEGATED, V4_NOTHING, true, false);
	e = (struct line_evidence){0};
	ra64(&e, "2001:db8:1::");
	offer(&e, "192.168.1.7");
	expect(&e, "hgw", V6_ONE_64, V4_PRIVATE, true, false);
	e = (struct line_evidence){0};
	offer(&e, "153.246.12.110");
	expect(&e, "dhcp4", V6_NOTHING, V4_GLOBAL_DHCP, false, true);
	offer(&e, "100.72.16.9");
	expect(&e, "private4", V6_NOTHING, V4_CGN, false, false);
	offer(&e, "10.1.2.3");
	expect(&e, "private4", V6_NOTHING, V4_PRIVATE, false, false);
	e = (struct line_evidence){0};
	e.has_pado = true;
	expect(&e, "pppoe4", V6_NOTHING, V4_PPPOE, false, true);
	e = (struct line_evidence){0};
	expect(&e, NULL, V6_NOTHING, V4_NOTHING, false, false);
	ra64(&e, "2404:1a8:1:2::");
	/* the device's gateway may lie inside: the gate still works there */
	expect(&e, "flets-ra", V6_CLOSED, V4_NOTHING, false, false);
}

static void dhcp6_says_what_ipv4_is(void **state)
{
	struct line_evidence e = {0};

	(void)state;
	pd(&e, "2001:db8:1::", 56);
	snprintf(e.dhcp6.aftr, sizeof(e.dhcp6.aftr), "gw.example.jp");
	expect(&e, "flets-pd", V6_DELEGATED, V4_DSLITE, true, false);
	e.dhcp6.mape = true;
	expect(&e, "flets-pd", V6_DELEGATED, V4_MAPE, true, false);
}

static void a_dead_cable_is_said(void **state)
{
	struct line_evidence e = {0};
	struct line_verdict v;

	(void)state;
	line_judge(&e, &v);
	assert_int_equal(v.reason_n, 1);
	assert_null(v.kind);
	line_verdict_done(&v);
}

/* RFC 7597 5.1; the two public rule shapes of Japan. */
static void port_500_is_never_shared_out(void **state)
{
	unsigned n500 = 0, n4500 = 0, count = 0;

	(void)state;
	for (unsigned psid = 0; psid < 256; psid++) {
		n500 += mape_has_port(4, 8, psid, 500);
		n4500 += mape_has_port(4, 8, psid, 4500);
	}
	assert_int_equal(n500, 0);
	assert_int_equal(n4500, 1);
	assert_true(mape_has_port(4, 8, 0x19, 4500));
	assert_false(mape_possible(4, 8, 500));
	assert_false(mape_possible(6, 6, 500));
	assert_true(mape_has_port(6, 6, 25, 4500));
	assert_int_equal(mape_count(4, 8), 240);
	assert_int_equal(mape_count(6, 6), 1008);
	for (uint32_t p = 0; p < 65536; p++)
		count += mape_has_port(4, 8, 0x19, (uint16_t)p);
	assert_int_equal(count, 240);
}

static void messages_survive_the_wire(void **state)
{
	/* ADVERTISE: IA_PD with a /56, AFTR, search list, MAP-E with a rule */
	static const uint8_t adv[] = {2, 0, 0x12, 0x34,
		0, 25, 0, 41, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 26, 0, 25, 0, 0, 14, 16, 0, 0, 56, 64, 56,
		0x24, 0x09, 0, 0x11, 4, 0xa0, 0x23, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 64, 0, 15, 2, 'g', 'w', 7, 't', 'r', 'a', 'n', 's', 'i', 'x', 2, 'j', 'p', 0,
		0, 24, 0, 14, 10, 'f', 'l', 'e', 't', 's', '-', 'e', 'a', 's', 't', 2, 'j', 'p',
		0, 94, 0, 25, 0, 89, 0, 21, 1, 16, 15, 106, 72, 0, 0, 31,
		0x24, 0x0b, 0, 0x10, 0, 93, 0, 4, 4, 8, 0x19, 0};
	struct dhcp6_answer a;
	uint8_t buf[600];
	struct wr w = wr_of(buf, sizeof(buf));
	struct mac mac = {{2, 0, 0, 0, 0, 1}};
	struct dhcp4_offer o;

	(void)state;
	assert_int_equal(dhcp6_parse(adv, sizeof(adv), &a), 0);
	assert_true(a.has_prefix);
	assert_int_equal(a.prefix_len, 56);
	assert_string_equal(a.aftr, "gw.transix.jp");
	assert_int_equal(a.xid, 0x1234);
	for (size_t n = 0; n < sizeof(adv); n++)
		(void)dhcp6_parse(adv, n, &a);
	assert_int_equal(dhcp6_solicit(&w, 7, &mac), 0);
	assert_int_not_equal(dhcp6_parse(buf, wr_len(&w), &a), 0);
	w = wr_of(buf, sizeof(buf));
	assert_int_equal(dhcp4_discover(&w, 7, &mac), 0);
	buf[0] = 2;
	assert_int_not_equal(dhcp4_parse(buf, wr_len(&w), &o), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_told_apart),
		cmocka_unit_test(dhcp6_says_what_ipv4_is),
		cmocka_unit_test(a_dead_cable_is_said),
		cmocka_unit_test(port_500_is_never_shared_out),
		cmocka_unit_test(messages_survive_the_wire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
