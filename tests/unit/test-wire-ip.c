// SPDX-License-Identifier: GPL-2.0-or-later
#include "test.h"

#include <errno.h>
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/sum.h"
#include "wire/udp.h"

static struct addr ad(const char *s)
{
	enum family f;
	struct addr a;

	assert_int_equal(addr_parse(s, &f, &a), 0);
	return a;
}

static void ethernet_tags_are_walked(void **state)
{
	static const uint8_t frame[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
		0x88, 0xa8, 0x20, 0x05, 0x81, 0x00, 0x00, 0x07, 0x86, 0xdd, 0x60};
	struct rd r = rd_of(frame, sizeof(frame));
	struct eth_head h;

	(void)state;
	assert_int_equal(eth_parse(&r, &h), 0);
	assert_int_equal(h.type, ETHTYPE_IP6);
	assert_int_equal(h.vlan, 5);
	assert_int_equal(rd_u8(&r), 0x60);
	r = rd_of(frame, 19);
	assert_int_equal(eth_parse(&r, &h), -EBADMSG);
}

/* The header of RFC 1071's commonest worked example: checksum b861. */
static const uint8_t known4[] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40,
	0x00, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8,
	0x00, 0xc7};

static void ip4_known_header_round_trips(void **state)
{
	uint8_t pkt[120] = {0}, out[IP4_HEAD_LEN];
	struct rd r;
	struct wr w = wr_of(out, sizeof(out));
	struct ip4_head h;

	(void)state;
	memcpy(pkt, known4, sizeof(known4));
	r = rd_of(pkt, sizeof(pkt));
	assert_int_equal(ip4_parse(&r, &h), 0);
	assert_int_equal(rd_left(&r), 0x73 - 20); /* padding is gone */
	assert_true(h.df && !h.mf && h.proto == 17 && h.ttl == 64);
	ip4_build(&w, &h);
	assert_true(wr_ok(&w));
	assert_memory_equal(out, known4, sizeof(out));
}

static void ip4_cut_by_a_logger_is_known_by_its_head(void **state)
{
	uint8_t pkt[115] = {0};
	struct ip4_head h;
	struct rd r;

	(void)state;
	memcpy(pkt, known4, sizeof(known4));
	r = rd_of(pkt, 28);
	assert_int_equal(ip4_parse(&r, &h), -EBADMSG);
	r = rd_of(pkt, 28);
	assert_int_equal(ip4_parse_cut(&r, &h), 0);
	assert_int_equal(rd_left(&r), 8);
	assert_true(h.len == 0x73 && h.proto == 17);
	r = rd_of(pkt, 19);
	assert_int_equal(ip4_parse_cut(&r, &h), -EBADMSG);
}

static void ip4_damage_is_refused(void **state)
{
	uint8_t pkt[115] = {0};
	struct ip4_head h = {.ttl = 99};
	static const struct {
		size_t at;
		uint8_t v;
	} bad[] = {{0, 0x55}, {0, 0x44}, {2, 1}, {3, 10}, {11, 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct rd r = rd_of(pkt, sizeof(pkt));

		memcpy(pkt, known4, sizeof(known4));
		pkt[bad[i].at] = bad[i].v;
		assert_int_equal(ip4_parse(&r, &h), -EBADMSG);
		assert_int_equal(h.ttl, 99);
	}
}

static void ip6_walks_to_the_upper_layer(void **state)
{
	static const uint8_t ext[] = {43, 0, 1, 4, 0, 0, 0, 0, /* HBH */
		51, 0, 0, 0, 0, 0, 0, 0,		       /* RH type 0 */
		44, 1, 0, 0, 0, 0, 1, 2, 0, 0, 0, 9,	       /* AH, 12 bytes */
		17, 0, 0, 1, 0, 0, 0, 7,		       /* first fragment */
		0xaa};
	struct rd r = rd_of(ext, sizeof(ext));
	struct ip6_upper u;

	(void)state;
	assert_int_equal(ip6_walk(&r, IP6_HOPOPTS, &u), 0);
	assert_int_equal(u.proto, 17);
	assert_int_equal(u.has, IP6_HAS_HOP | IP6_HAS_ROUTING |
		IP6_HAS_AH | IP6_HAS_FRAGMENT);
	assert_int_equal(u.routing_type, 0);
	assert_true(u.mf && u.frag_off == 0 && u.frag_id == 7);
	assert_int_equal(rd_u8(&r), 0xaa);
	for (size_t n = 0; n + 1 < sizeof(ext); n++) {
		r = rd_of(ext, n);
		assert_int_equal(ip6_walk(&r, IP6_HOPOPTS, &u), -EBADMSG);
	}
}

static void ip6_later_fragment_stops_the_walk(void **state)
{
	static const uint8_t ext[] = {60, 0, 0, 8, 0, 0, 0, 7, 0xaa, 0xbb};
	struct rd r = rd_of(ext, sizeof(ext));
	struct ip6_upper u;

	(void)state;
	assert_int_equal(ip6_walk(&r, IP6_FRAGMENT, &u), 0);
	assert_int_equal(u.frag_off, 8);
	assert_int_equal(u.proto, 60);
	assert_int_equal(rd_u8(&r), 0xaa);
}

static void ip6_headers_without_end_are_refused(void **state)
{
	uint8_t ext[8 * (IP6_EXT_MAX + 1)] = {0};
	struct rd r = rd_of(ext, sizeof(ext));
	struct ip6_upper u;

	(void)state;
	for (size_t i = 0; i < sizeof(ext); i += 8)
		ext[i] = IP6_DSTOPTS;
	assert_int_equal(ip6_walk(&r, IP6_DSTOPTS, &u), -EBADMSG);
}

static void udp_checksum_holds_both_families(void **state)
{
	static const struct {
		enum family f;
		const char *a, *b;
	} v[] = {{FAM_4, "198.18.0.1", "198.18.0.2"},
		{FAM_6, "2409:11::1", "2001:f60::2"}};
	uint8_t buf[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct addr a = ad(v[i].a), b = ad(v[i].b);
		struct wr w = wr_of(buf, sizeof(buf));
		struct udp_head h;
		struct rd r;

		assert_int_equal(udp_build(&w, v[i].f, &a, &b, 500, 4500,
			"odd", 3), 0);
		assert_true(sum_good(buf, 11, v[i].f, &a, &b, 17));
		r = rd_of(buf, 20);
		assert_int_equal(udp_parse(&r, &h), 0);
		assert_int_equal(h.dport, 4500);
		assert_int_equal(rd_left(&r), 3);
		buf[9] ^= 1;
		assert_false(sum_good(buf, 11, v[i].f, &a, &b, 17));
	}
}

static void udp_longer_than_its_packet_is_refused(void **state)
{
	static const uint8_t d[] = {1, 2, 3, 4, 0, 10, 0, 0, 1};
	struct rd r = rd_of(d, sizeof(d));
	struct udp_head h;

	(void)state;
	assert_int_equal(udp_parse(&r, &h), -EBADMSG);
}

static const struct test_case cases[] = {
	{"Ethernet tags are walked", ethernet_tags_are_walked},
	{"a known IPv4 header round trips", ip4_known_header_round_trips},
	{"a damaged IPv4 header is refused", ip4_damage_is_refused},
	{"a packet cut by a logger is known by its head", ip4_cut_by_a_logger_is_known_by_its_head},
	{"IPv6 extension headers are walked", ip6_walks_to_the_upper_layer},
	{"a later fragment stops the walk", ip6_later_fragment_stops_the_walk},
	{"headers without end are refused", ip6_headers_without_end_are_refused},
	{"UDP's checksum holds in both families", udp_checksum_holds_both_families},
	{"UDP longer than its packet is refused", udp_longer_than_its_packet_is_refused},
};
RUN(cases)
