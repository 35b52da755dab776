// SPDX-License-Identifier: GPL-2.0-or-later
/* The judge on made evidence, MAP-E's port sets, and the servers' messages. */
#include "test.h"

#include "line/line.h"
#include "line/outside.h"

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

/* ---- what each kind of line says, and how sure --------------------------- */

static void judged(struct line_evidence *e, struct line_verdict *v)
{
	e->link = e->raw = true;
	line_judge(e, v);
}

static bool says(const struct line_verdict *v, const char *part)
{
	for (size_t i = 0; i < v->reason_n; i++)
		if (strstr(v->reasons[i].text, part))
			return true;
	return false;
}

static void a_guess_never_wins_over_what_was_seen(void **state)
{
	struct line_evidence e = {0};
	struct line_verdict v;

	(void)state;
	ra64(&e, "2409:11:4a0:2300::"); /* a /16 row: a guess */
	judged(&e, &v);
	assert_int_equal(v.service, SVC_TRANSIX);
	assert_int_equal(v.v4_sure, SURE_GUESS);
	assert_int_equal(v.service_sure, SURE_GUESS);
	line_verdict_done(&v);
	e.hb.end = HB_GOOD;
	e.hb.checked = true;
	e.hb.order[0] = V4_IPIP;
	e.hb.order_n = 1;
	judged(&e, &v);
	assert_int_equal(v.v4, V4_IPIP);
	assert_int_equal(v.v4_sure, SURE_SEEN);
	assert_false(v.conflict);
	line_verdict_done(&v);
}

static void a_guess_of_a_16_makes_no_flets_of_a_dhcp_line(void **state)
{
	struct line_evidence e = {0};

	(void)state;
	ra64(&e, "2405:1:2:3::"); /* a /16 that is wider than v6 connect */
	e.router_mac = (struct mac){{7}};
	offer(&e, "153.246.12.110");
	expect(&e, "dhcp4", V6_ONE_64, V4_GLOBAL_DHCP, true, true);
}

static void contradictions_are_named(void **state)
{
	struct line_evidence e = {0};
	struct line_verdict v;

	(void)state;
	ra64(&e, "240b:10:a5c0:1900::");
	e.hb.end = HB_GOOD; /* not checked: as likely as the table */
	e.hb.order[0] = V4_DSLITE;
	e.hb.order_n = 1;
	judged(&e, &v);
	assert_true(v.conflict);
	assert_int_equal(v.v4_sure, SURE_GUESS);
	line_verdict_done(&v);
	e.hb.checked = true;
	judged(&e, &v);
	assert_true(v.conflict);
	assert_int_equal(v.v4, V4_DSLITE);
	assert_int_equal(v.v4_sure, SURE_LIKELY);
	line_verdict_done(&v);
}

static void a_liar_of_names_is_not_believed(void **state)
{
	struct line_evidence e = {0};
	struct line_verdict v;

	(void)state;
	ra64(&e, "2001:db8:1::");
	e.names.asked = e.names.answered = e.names.liar = true;
	for (size_t i = 0; i < LINE_NAMES; i++)
		e.names.name[i].there = e.names.name[i].reached = true;
	e.hb.end = HB_GOOD;
	e.hb.order[0] = V4_MAPE;
	e.hb.order_n = 1;
	snprintf(e.names.reverse, sizeof(e.names.reverse), "x.ppp.dion.ne.jp");
	judged(&e, &v);
	assert_true(v.conflict);
	assert_int_equal(v.service, SVC_NONE);
	assert_int_equal(v.v4, V4_NOTHING);
	assert_false(v.ntt_gateway);
	line_verdict_done(&v);
}

static void ntts_gateway_without_phone_filters_nothing(void **state)
{
	struct line_evidence e = {0};
	struct line_verdict v;
	struct text t = TEXT_INIT;

	(void)state;
	ra64(&e, "240b:10:a5c0:1900::");
	offer(&e, "192.168.1.7");
	e.offer_mac = (struct mac){{9, 9, 9, 9, 9, 9}};
	judged(&e, &v);
	assert_true(v.v6_past_router);
	assert_int_equal(v.access, ACC_HGW_NO_PHONE);
	assert_int_equal(v.access_sure, SURE_GUESS); /* a bridge looks the same */
	assert_string_equal(v.kind, "hgw");
	line_meaning(&v, &t);
	assert_non_null(strstr(text_str(&t), "may not work"));
	text_done(&t);
	line_verdict_done(&v);
	for (size_t i = 0; i < LINE_NAMES; i++)
		if (line_names[i].way == NAME_ROUTER) {
			e.names.name[i].there = true;
			e.names.name[i].addr = a6("192.168.1.1");
		}
	e.names.asked = e.names.answered = true;
	judged(&e, &v);
	assert_int_equal(v.access_sure, SURE_LIKELY);
	assert_true(v.ntt_gateway);
	line_verdict_done(&v);
	/* an address that is not the home's is no gateway's own name */
	for (size_t i = 0; i < LINE_NAMES; i++)
		e.names.name[i].addr = a6("203.0.113.1");
	judged(&e, &v);
	assert_false(v.ntt_gateway);
	line_verdict_done(&v);
}

static void pppoe_tells_hikari_denwa_from_cross(void **state)
{
	struct line_evidence e = {0};
	struct line_verdict v;

	(void)state;
	pd(&e, "240b:10:a5c0:1900::", 56);
	judged(&e, &v);
	assert_int_equal(v.access, ACC_CROSS);
	assert_int_equal(v.access_sure, SURE_GUESS);
	line_verdict_done(&v);
	e.has_pado = true;
	judged(&e, &v);
	assert_int_equal(v.access, ACC_FLETS_PHONE);
	assert_int_equal(v.v4, V4_MAPE);
	assert_true(v.pppoe);
	line_verdict_done(&v);
}

static struct stun_addr at4(const char *s, uint16_t port)
{
	return (struct stun_addr){FAM_4, a6(s), port};
}

/* A host: its router's address is private, the way outside tells the rest. */
static struct line_evidence host(const char *own, const char *prefix)
{
	struct line_evidence e = {.at = AT_HOST, .own4_n = 1};

	e.own4[0] = a6(own);
	if (prefix)
		ra64(&e, prefix);
	return e;
}

static void seen_by(struct line_evidence *e, const char *addr, uint16_t port)
{
	e->stun4 = (struct line_stun){.asked = true, .answered = true,
		.nat = true, .self = {FAM_4, e->own4[0], 40000},
		.seen = at4(addr, port), .mtu = 1460};
}

static void from_a_host_the_way_out_tells_the_line(void **state)
{
	struct line_evidence e = host("192.168.10.9", "240b:10:a5c0:1900::");
	struct line_verdict v;

	(void)state;
	seen_by(&e, "106.72.165.192", 4500);
	judged(&e, &v);
	assert_int_equal(v.v4, V4_MAPE);
	assert_int_equal(v.v4_sure, SURE_SEEN);
	assert_true(says(&v, "address and port seen outside"));
	line_verdict_done(&v);
	seen_by(&e, "203.0.113.9", 40000); /* the router dials PPPoE instead */
	judged(&e, &v);
	assert_int_equal(v.v4_sure, SURE_GUESS);
	assert_true(v.conflict);
	line_verdict_done(&v);
	e = host("192.168.10.9", NULL);
	seen_by(&e, "203.0.113.9", 40000);
	e.hops = (struct line_hops){true, 2, {a6("192.168.10.1"), a6("203.0.113.1")}};
	judged(&e, &v);
	assert_int_equal(v.v4, V4_ONE_NAT);
	assert_true(v.ike4);
	line_verdict_done(&v);
	e.hops.hop[1] = a6("192.168.0.1");
	judged(&e, &v);
	assert_true(v.double_nat);
	assert_false(v.ike4);
	line_verdict_done(&v);
	e.hops.hop[1] = a6("100.64.0.1");
	judged(&e, &v);
	assert_int_equal(v.v4, V4_CGN);
	line_verdict_done(&v);
	e.hops.hop[1] = a6("192.0.0.1");
	judged(&e, &v);
	assert_int_equal(v.v4, V4_DSLITE);
	line_verdict_done(&v);
}

static void a_global_address_that_is_not_seen_is_behind_a_nat(void **state)
{
	struct line_evidence e = {0};
	struct line_verdict v;

	(void)state;
	offer(&e, "153.246.12.110");
	e.own4[0] = a6("153.246.12.110");
	e.own4_n = 1;
	seen_by(&e, "203.0.113.9", 40000);
	judged(&e, &v);
	assert_int_equal(v.v4, V4_CGN);
	assert_false(v.ike4);
	line_verdict_done(&v);
}

static void a_ppp_session_has_the_lines_address(void **state)
{
	struct line_evidence e = {.ppp = true, .own4_n = 1, .ifname = "ppp0"};
	struct line_verdict v;

	(void)state;
	e.own4[0] = a6("203.0.113.5");
	judged(&e, &v);
	assert_int_equal(v.access, ACC_PPPOE);
	assert_string_equal(v.kind, "pppoe4");
	assert_true(v.ike4);
	line_verdict_done(&v);
}

/* ---- MAP-E by rules -------------------------------------------------------- */

/* RFC 7597 appendix A, example 1: PSID 0x34, 192.0.2.18 */
static void the_rfcs_own_example_is_computed(void **state)
{
	struct mape_rule r = {.prefix6 = a6("2001:db8::"), .prefix6_len = 40,
		.prefix4 = a6("192.0.2.0"), .prefix4_len = 24, .ea_len = 16,
		.offset = 6};
	struct addr ce = a6("2001:db8:12:3400::"), other = a6("2001:dead::");
	struct mape m;
	uint16_t lo, hi;

	(void)state;
	assert_int_equal(mape_of_rule(&r, &ce, &m), 0);
	assert_int_equal(m.psid, 0x34);
	assert_int_equal(m.psid_len, 8);
	assert_int_equal(addr_to4(&m.ipv4), 0xc0000212);
	/* the appendix names these ranges */
	assert_true(mape_block(6, 8, 0x34, 1, &lo, &hi));
	assert_int_equal(lo, 1232);
	assert_int_equal(hi, 1235);
	assert_true(mape_block(6, 8, 0x34, 63, &lo, &hi));
	assert_int_equal(lo, 64720);
	assert_int_equal(hi, 64723);
	assert_false(mape_block(6, 8, 0x34, 0, &lo, &hi));
	assert_false(mape_block(6, 8, 0x34, 64, &lo, &hi));
	assert_int_not_equal(mape_of_rule(&r, &other, &m), 0);
	r.ea_len = 7; /* fewer bits than the address needs */
	assert_int_not_equal(mape_of_rule(&r, &ce, &m), 0);
	r.ea_len = 48;
	assert_int_not_equal(mape_of_rule(&r, &ce, &m), 0);
}

static void blocks_and_the_predicate_agree(void **state)
{
	static const unsigned shapes[][2] = {{4, 8}, {6, 6}, {6, 8}, {0, 4}};

	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(shapes); s++) {
		unsigned o = shapes[s][0], k = shapes[s][1], n = 0;
		uint16_t lo, hi;

		for (unsigned a = 0; a <= 64; a++)
			if (mape_block(o, k, 5, a, &lo, &hi)) {
				assert_true(mape_has_port(o, k, 5, lo));
				assert_true(mape_has_port(o, k, 5, hi));
				assert_false(lo && mape_has_port(o, k, 5,
							   (uint16_t)(lo - 1)));
				n += hi - lo + 1u;
			}
		assert_int_equal(n, mape_count(o, k));
	}
}

static void the_tables_are_in_order(void **state)
{
	static const char *const known[] = {"240b:10:a5c0:1900::",
		"240b:253::", "2404:7a82:1000::", "2404:7a87::",
		"2400:4050:1::", "2400:4153::", "240d:f::", "240d:10::"};
	struct addrmask m;
	struct mape p;

	(void)state;
#define ROW(p, s, v4, area, closed, sure, source, date)                        \
	assert_int_equal(addrmask_parse(p, &m), 0);                            \
	assert_true(mask_to_len(FAM_6, &m.mask) > 0);                          \
	assert_true(sure != SURE_SEEN && *source && strlen(date) == 10);
#include "line/tables.def"
#undef ROW
	for (size_t i = 0; i < LINE_NAMES; i++)
		assert_true(*line_names[i].source && strlen(line_names[i].date) == 10);
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		struct addr a = a6(known[i]);

		assert_int_equal(mape_of_table(&a, &p), 0);
		assert_true(p.has_psid && p.has_br && p.source);
		assert_int_equal(p.sure, SURE_LIKELY);
		assert_int_equal(line_prefix_find(&a)->v4, V4_MAPE);
		assert_false(mape_possible(p.offset, p.psid_len, 500));
	}
	assert_non_null(line_reverse_find("M106072142033.v4.enabler.ne.jp"));
	assert_null(line_reverse_find("v4.enabler.ne.jp.evil.example"));
	assert_null(line_reverse_find("xv4.enabler.ne.jp"));
}

/* ---- messages of strangers ---------------------------------------------------- */

static int txt(const char *s, struct hb46pp_txt *t)
{
	return hb46pp_txt_parse(s, strlen(s), t);
}

static void the_txt_is_read_strictly(void **state)
{
	static const char *const bad[] = {"", "v=v6mig-1", "v=v6mig-2 url=https://a/ t=b",
		"v=v6mig-1 url=https://a/", "v=v6mig-1 url=ftp://a/ t=a",
		"v=v6mig-1 url=http://a/ t=b", "v=v6mig-1 url=https://u@a/ t=b",
		"v=v6mig-1 url=https:///x t=b", "v=v6mig-1 url=https://a:0/ t=b",
		"v=v6mig-1 url=https://a:99999/ t=b", "v=v6mig-1 url=https://a:1x/ t=b",
		"v=v6mig-1 url=https://a\033[2J/ t=b", "v=v6mig-1 url=https://[::1/ t=b",
		"v=v6mig-1 url=file:///etc/passwd t=a", "v=v6mig-1 url=https://a/ t=c",
		"v=v6mig-1 url=https://a\\b/ t=b", "v=v6mig-1 url=https://a/#x t=b"};
	struct hb46pp_txt t;

	(void)state;
	assert_int_equal(txt("v=v6mig-1 url=https://vne.example.jp/rule.cgi t=b", &t), 0);
	assert_string_equal(t.host, "vne.example.jp");
	assert_int_equal(t.port, 443);
	assert_true(t.https && t.check);
	assert_int_equal(txt("v=v6mig-1 url=http://[2001:db8::1]:8080/x?y=z t=a", &t), 0);
	assert_string_equal(t.host, "2001:db8::1");
	assert_int_equal(t.port, 8080);
	assert_false(t.https || t.check);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_not_equal(txt(bad[i], &t), 0);
}

static void the_specs_own_json_is_read(void **state)
{
	static const char json[] = "{\"enabler_name\":\"A VNE\",\"service_name\":"
		"\"High\\u001b[2Jspeed \\u009b4over6\",\"ttl\":86400,\"order\":[\"464xlat\","
		"\"map_e\",\"dslite\"],\"map_e\":{\"mesh\":true,\"br\":\"2001:db8:1::1\","
		"\"rules\":[{\"ipv6\":\"2001:db8:1:2000::/52\",\"ipv4\":\"203.0.113.0/24\","
		"\"ea_length\":12,\"psid_offset\":4}]},\"dslite\":{\"aftr\":\"a.example\"},"
		"\"ipip\":[{\"ipv4\":\"203.0.113.0/29\"}],\"unknown\":{\"x\":[[[]]]}}";
	struct addr ce = a6("2001:db8:1:2ab0::");
	struct hb46pp h = {0};
	struct mape m;

	(void)state;
	assert_int_equal(hb46pp_json_parse(json, sizeof(json) - 1, &ce, &h), 0);
	assert_string_equal(h.enabler, "A VNE");
	assert_string_equal(h.service, "High?[2Jspeed ?4over6");
	assert_int_equal(h.order_n, 3);
	assert_int_equal(h.order[1], V4_MAPE);
	assert_true(h.has_rule && h.has_br && h.has_ipip);
	assert_int_equal(mape_of_rule(&h.rule, &ce, &m), 0);
	assert_int_equal(addr_to4(&m.ipv4), 0xcb0071ab);
	assert_int_equal(m.psid_len, 4);
	assert_int_not_equal(hb46pp_json_parse("[]", 2, &ce, &h), 0);
	assert_int_not_equal(hb46pp_json_parse("{}", 2, &ce, &h), 0);
	for (size_t n = 0; n < sizeof(json) - 1; n++)
		assert_int_not_equal(hb46pp_json_parse(json, n, &ce, &h), 0);
}

static void stun_is_read_as_rfc_5769_wrote_it(void **state)
{
	/* RFC 5769 2.2, the response over IPv4, without its integrity */
	static const uint8_t id[STUN_ID_LEN] = {0xb7, 0xe7, 0xa7, 0x01, 0xbc,
		0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae};
	uint8_t answer[] = {0x01, 0x01, 0x00, 0x1c, 0x21, 0x12, 0xa4, 0x42,
		0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87,
		0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 't', 'e', 's', 't', ' ',
		'v', 'e', 'c', 't', 'o', 'r', 0x20, 0x00, 0x20, 0x00, 0x08,
		0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43};
	uint8_t buf[1500];
	struct wr w = wr_of(buf, sizeof(buf));
	struct stun_answer a;

	(void)state;
	assert_int_equal(stun_parse(answer, sizeof(answer), id, &a), 0);
	assert_int_equal(a.mapped.port, 32853);
	assert_int_equal(addr_to4(&a.mapped.addr), 0xc0000201);
	for (size_t n = 0; n < sizeof(answer); n++)
		assert_int_not_equal(stun_parse(answer, n, id, &a), 0);
	answer[8] ^= 1; /* somebody else's question */
	assert_int_not_equal(stun_parse(answer, sizeof(answer), id, &a), 0);
	assert_int_equal(stun_request(&w, id, STUN_CHANGE_IP, 1452), 0);
	assert_int_equal(wr_len(&w), 1452);
	w = wr_of(buf, sizeof(buf));
	assert_int_equal(stun_request(&w, id, 0, 0), 0);
	assert_int_equal(wr_len(&w), STUN_HEAD_LEN);
	assert_int_not_equal(stun_parse(buf, wr_len(&w), id, &a), 0);
}

static void names_are_turned_round(void **state)
{
	struct addr a = a6("2001:db8::1"), b = a6("106.72.142.33");
	char buf[LINE_NAME_MAX];

	(void)state;
	dns_reverse_name(FAM_4, &b, buf);
	assert_string_equal(buf, "33.142.72.106.in-addr.arpa");
	dns_reverse_name(FAM_6, &a, buf);
	assert_string_equal(buf, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
		"8.b.d.0.1.0.0.2.ip6.arpa");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_told_apart),
		cmocka_unit_test(dhcp6_says_what_ipv4_is),
		cmocka_unit_test(a_dead_cable_is_said),
		cmocka_unit_test(port_500_is_never_shared_out),
		cmocka_unit_test(messages_survive_the_wire),
		cmocka_unit_test(a_guess_never_wins_over_what_was_seen),
		cmocka_unit_test(a_guess_of_a_16_makes_no_flets_of_a_dhcp_line),
		cmocka_unit_test(contradictions_are_named),
		cmocka_unit_test(a_liar_of_names_is_not_believed),
		cmocka_unit_test(ntts_gateway_without_phone_filters_nothing),
		cmocka_unit_test(pppoe_tells_hikari_denwa_from_cross),
		cmocka_unit_test(from_a_host_the_way_out_tells_the_line),
		cmocka_unit_test(a_global_address_that_is_not_seen_is_behind_a_nat),
		cmocka_unit_test(a_ppp_session_has_the_lines_address),
		cmocka_unit_test(the_rfcs_own_example_is_computed),
		cmocka_unit_test(blocks_and_the_predicate_agree),
		cmocka_unit_test(the_tables_are_in_order),
		cmocka_unit_test(the_txt_is_read_strictly),
		cmocka_unit_test(the_specs_own_json_is_read),
		cmocka_unit_test(stun_is_read_as_rfc_5769_wrote_it),
		cmocka_unit_test(names_are_turned_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
