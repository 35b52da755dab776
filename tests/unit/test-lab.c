// SPDX-License-Identifier: GPL-2.0-or-later
#include "test.h"

#include "base/rd.h"
#include "lab/lab-own.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/sum.h"

static struct addr ad(const char *s)
{
	enum family f;
	struct addr a;

	assert_int_equal(addr_parse(s, &f, &a), 0);
	return a;
}

static struct lab_probe probe(enum family fam)
{
	return (struct lab_probe){.fam = fam, .sport = 40000, .run = 7,
		.src = ad(fam == FAM_6 ? "2a02:c207:77::66" : "185.220.101.66"),
		.dst = ad(fam == FAM_6 ? "2409:11:4a0:2300::1" : "153.246.12.110"),
		.src_mac = {{2, 0, 0, 0, 0, 1}}, .dst_mac = {{2, 0, 0, 0, 0, 2}}};
}

/* Behind the IP header; proto as the header says. */
static struct rd upper(const uint8_t *p, size_t n, uint8_t *proto)
{
	struct rd r = rd_of(p, n);
	struct eth_head eth;
	struct ip4_head h4;
	struct ip6_head h6;

	assert_int_equal(eth_parse(&r, &eth), 0);
	if (eth.type == ETHTYPE_IP4) {
		assert_int_equal(ip4_parse(&r, &h4), 0);
		*proto = h4.proto;
	} else {
		assert_int_equal(ip6_parse(&r, &h6), 0);
		*proto = h6.next;
	}
	return r;
}

static void every_protocol_becomes_a_sound_frame(void **state)
{
	static const enum family fams[] = {FAM_4, FAM_6};
	uint8_t buf[256], mark[LAB_MARK_LEN], proto;

	(void)state;
	for (int f = 0; f < 2; f++) {
		for (unsigned i = 0; i < 256; i++) {
			struct lab_probe p = probe(fams[f]);
			struct ip6_upper up;
			struct rd r;
			int n;

			p.proto = (uint8_t)i;
			p.number = i;
			n = lab_probe_build(&p, buf, sizeof(buf));
			assert_true(n > 0);
			lab_mark_put(mark, 7, i);
			assert_non_null(memmem(buf, (size_t)n, mark, sizeof(mark)));
			r = upper(buf, (size_t)n, &proto);
			assert_int_equal(proto, i);
			if (i == 6 || i == 17 || (i == 58 && f))
				assert_true(sum_good(r.p, rd_left(&r), p.fam,
					&p.src, &p.dst, proto));
			if (f)
				assert_int_equal(ip6_walk(&r, proto, &up), 0);
		}
	}
}

static void a_frame_without_room_is_refused(void **state)
{
	struct lab_probe p = probe(FAM_6);
	uint8_t buf[256];
	int n;

	(void)state;
	p.proto = 17;
	n = lab_probe_build(&p, buf, sizeof(buf));
	assert_true(n > 0);
	for (int cap = 0; cap < n; cap++)
		assert_true(lab_probe_build(&p, buf, (size_t)cap) < 0);
}

/* --- the tap --------------------------------------------------------------- */

struct frame {
	uint8_t b[2048];
	size_t n;
};

/* A fragment (id not 0) or a whole packet of UDP data. */
static struct frame udp6(const uint8_t *udp, size_t n, uint32_t id, unsigned off,
	bool more)
{
	struct frame f;
	struct wr w = wr_of(f.b, sizeof(f.b));

	eth_build(&w, &(struct eth_head){.type = ETHTYPE_IP6});
	ip6_build(&w, &(struct ip6_head){.next = id ? IP6_FRAGMENT : 17,
		.hop_limit = 64, .len = (uint16_t)(n + (id ? 8 : 0)),
		.src = ad("2001:f60:5e::10"), .dst = ad("2409:11:4a0:2300::1")});
	if (id) {
		wr_u8(&w, 17);
		wr_u8(&w, 0);
		wr_be16(&w, (uint16_t)(off | more));
		wr_be32(&w, id);
	}
	wr_copy(&w, udp, n);
	assert_true(wr_ok(&w));
	f.n = wr_len(&w);
	return f;
}

/* UDP head and n bytes; an IKE header of that exchange at the given place. */
static size_t udp_fill(uint8_t *p, uint16_t sport, uint16_t dport, size_t n,
	size_t ike_at, uint8_t exchange, bool response)
{
	memset(p, 0, n + 8);
	put_be16(p, sport);
	put_be16(p + 2, dport);
	put_be16(p + 4, (uint16_t)(n + 8));
	if (exchange) {
		uint8_t *ike = p + 8 + ike_at;

		memset(ike, 0x5a, 16);
		ike[17] = 0x20;
		ike[18] = exchange;
		ike[19] = response ? 0x20 : 0x08;
		put_be32(ike + 20, 1);
	}
	return n + 8;
}

static void see(struct lab_tap *t, enum lab_dir dir, struct frame f)
{
	struct rd r = rd_of(f.b, f.n);

	lab_tap_frame(t, dir, &r);
}

static void fragments_are_joined_in_any_order(void **state)
{
	uint8_t whole[2400];
	size_t n = udp_fill(whole, 500, 500, 2336, 0, IKE_AUTH, true);

	(void)state;
	for (int reversed = 0; reversed < 2; reversed++) {
		struct frame a = udp6(whole, 1448, 99, 0, true);
		struct frame b = udp6(whole + 1448, n - 1448, 99, 1448, false);
		struct frame other = udp6(whole + 1448, 100, 98, 1448, false);
		struct lab_tap t = {.fd = -1};
		const struct lab_ike *m;

		see(&t, LAB_IN, other);
		see(&t, LAB_IN, reversed ? b : a);
		see(&t, LAB_OUT, b); /* the other way: not of this message */
		see(&t, LAB_IN, reversed ? a : b);
		m = lab_tap_ike(&t, LAB_IN, IKE_AUTH, true);
		assert_non_null(m);
		assert_int_equal(m->packets, 2);
		assert_int_equal(m->size, 2336);
		assert_int_equal(m->largest, 1448 + 8 + 40);
		assert_null(lab_tap_ike(&t, LAB_IN, IKE_AUTH, false));
		assert_null(lab_tap_ike(&t, LAB_OUT, IKE_AUTH, true));
	}
}

static void port_4500_carries_three_things(void **state)
{
	struct lab_tap t = {.fd = -1};
	uint8_t p[256];
	size_t n;

	(void)state;
	n = udp_fill(p, 4500, 1024, 60, 4, IKE_INFORMATIONAL, false);
	see(&t, LAB_IN, udp6(p, n, 0, 0, false)); /* four zeros: IKE */
	n = udp_fill(p, 1024, 4500, 60, 0, 0, false);
	put_be32(p + 8, 0xc0ffee01);
	see(&t, LAB_OUT, udp6(p, n, 0, 0, false));
	see(&t, LAB_OUT, udp6(p, n, 0, 0, false));
	n = udp_fill(p, 1024, 4500, 1, 0, 0, false);
	p[8] = 0xff; /* a keepalive */
	see(&t, LAB_OUT, udp6(p, n, 0, 0, false));
	assert_int_equal(t.ike_n, 1);
	assert_int_equal(t.ike[0].exchange, IKE_INFORMATIONAL);
	assert_int_equal(t.ike[0].port, 4500);
	assert_int_equal(t.esp_udp[LAB_OUT], 2);
	assert_int_equal(t.spi_n[LAB_OUT], 1);
	assert_int_equal(t.spi[LAB_OUT][0], 0xc0ffee01);
	assert_int_equal(t.esp[LAB_OUT] + t.esp[LAB_IN], 0);
}

static void cut_frames_are_no_message(void **state)
{
	uint8_t p[256];
	size_t n = udp_fill(p, 500, 500, 60, 0, IKE_SA_INIT, false);
	struct frame f = udp6(p, n, 0, 0, false);

	(void)state;
	for (size_t len = 0; len < f.n; len++) {
		struct lab_tap t = {.fd = -1};
		struct rd r = rd_of(f.b, len);

		lab_tap_frame(&t, LAB_OUT, &r);
		assert_int_equal(t.ike_n, 0);
	}
}

static const struct test_case cases[] = {
	{"every protocol of both families becomes a sound frame with its mark",
		every_protocol_becomes_a_sound_frame},
	{"a frame without room is refused", a_frame_without_room_is_refused},
	{"fragments of one IKE message are joined in any order",
		fragments_are_joined_in_any_order},
	{"port 4500 carries IKE, ESP and keepalives", port_4500_carries_three_things},
	{"a frame cut anywhere is no message", cut_frames_are_no_message},
};
RUN(cases)
