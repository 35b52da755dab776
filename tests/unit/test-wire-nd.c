// SPDX-License-Identifier: GPL-2.0-or-later
#include "test.h"
#include "wire/nd.h"
#include "wire/ra.h"
#include "wire/sum.h"

#include <errno.h>

static struct addr A(const char *s)
{
	struct addr a = {{0}};
	enum family f;

	assert_int_equal(addr_parse(s, &f, &a), 0);
	return a;
}

static const struct mac m1 = {{2, 0, 0, 0, 0, 1}}, m2 = {{2, 0, 0, 0, 0, 2}};

static struct nd_msg ns_plain(void)
{
	struct nd_msg m = {.l2src = m1, .src = A("fe80::1"), .type = ND_NS,
		.target = A("2404:6800::10"), .has_sll = true, .sll = m1};

	m.dst = addr_solicited_node(&m.target);
	m.l2dst = mac_of_multicast(&m.dst);
	return m;
}

static size_t build(const struct nd_msg *m, uint8_t *buf)
{
	struct wr w = wr_of(buf, ND_FRAME_MAX);

	assert_int_equal(nd_build(&w, m), 0);
	return wr_len(&w);
}

/* Redo the checksum after a byte was changed on purpose. */
static void resum(uint8_t *f, size_t n)
{
	struct addr s, d;

	memcpy(s.b, f + 22, 16);
	memcpy(d.b, f + 38, 16);
	f[56] = f[57] = 0;
	sum_put(f + 54, n - 54, 2, FAM_6, &s, &d, 58);
}

static void ns_round_trip(void **st)
{
	uint8_t f[ND_FRAME_MAX];
	struct nd_msg m = ns_plain(), r;
	size_t n = build(&m, f);

	(void)st;
	assert_int_equal(n, 86);
	assert_int_equal(nd_parse(f, n, &r), ND_GOOD);
	assert_int_equal(r.type, ND_NS);
	assert_memory_equal(&r.target, &m.target, 16);
	assert_memory_equal(&r.src, &m.src, 16);
	assert_true(r.has_sll && !r.has_tll);
	assert_memory_equal(&r.sll, &m1, 6);
	assert_memory_equal(f, "\x33\x33\xff\x00\x00\x10", 6);
}

static void na_keeps_flags_and_option(void **st)
{
	uint8_t f[ND_FRAME_MAX];
	struct nd_msg m = {.l2src = m2, .l2dst = m1, .src = A("fe80::2"),
		.dst = A("fe80::1"), .type = ND_NA, .flags = NA_SOLICITED,
		.target = A("2404:6800::10"), .has_tll = true, .tll = m2}, r;
	size_t n = build(&m, f);

	(void)st;
	assert_int_equal(nd_parse(f, n, &r), ND_GOOD);
	assert_int_equal(r.flags, NA_SOLICITED);
	assert_true(r.has_tll);
	m.dst = addr_all_nodes;
	n = build(&m, f);
	assert_int_equal(nd_parse(f, n, &r), ND_BAD_SOLICITED);
}

static void dad_keeps_nonce(void **st)
{
	uint8_t f[ND_FRAME_MAX];
	struct nd_msg m = ns_plain(), r;
	size_t n;

	(void)st;
	m.src = (struct addr){{0}};
	m.has_sll = false;
	m.nonce_len = 6;
	memcpy(m.nonce, "abcdef", 6);
	n = build(&m, f);
	assert_int_equal(nd_parse(f, n, &r), ND_GOOD);
	assert_int_equal(r.nonce_len, 6);
	assert_memory_equal(r.nonce, "abcdef", 6);
}

static void each_fault_has_its_name(void **st)
{
	uint8_t f[ND_FRAME_MAX], g[ND_FRAME_MAX];
	struct nd_msg m = ns_plain(), r;
	size_t n = build(&m, f);
	static const struct {
		size_t at;
		uint8_t v;
		bool sum;
		enum nd_verdict want;
	} t[] = {
		{21, 64, false, ND_BAD_HOPLIMIT}, {21, 254, false, ND_BAD_HOPLIMIT},
		{57, 0x11, false, ND_BAD_SUM}, {55, 1, true, ND_BAD_CODE},
		{79, 0, true, ND_BAD_OPTION}, {79, 2, true, ND_BAD_OPTION},
		{62, 0xff, true, ND_BAD_TARGET}, {22, 0xff, true, ND_BAD_SOURCE},
		{6, 1, true, ND_BAD_SOURCE}, {54, 128, true, ND_NOT_ND},
		{12, 8, false, ND_NOT_ND}, {14, 0x40, false, ND_BAD_SHORT},
	};

	(void)st;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		memcpy(g, f, n);
		g[t[i].at] = t[i].v;
		if (t[i].sum)
			resum(g, n);
		assert_int_equal(nd_parse(g, n, &r), t[i].want);
	}
	for (size_t k = 0; k < n; k++)
		assert_int_not_equal(nd_parse(f, k, &r), ND_GOOD);
}

static void short_body_is_refused(void **st)
{
	uint8_t f[ND_FRAME_MAX];
	struct nd_msg m = ns_plain(), r;
	size_t n;

	(void)st;
	m.has_sll = false;
	n = build(&m, f) - 8;
	put_be16(f + 18, 16);
	resum(f, n);
	assert_int_equal(nd_parse(f, n, &r), ND_BAD_LENGTH);
}

static size_t behind(uint8_t *f, uint8_t type, uint8_t off)
{
	uint8_t icmp[64];
	struct nd_msg m = ns_plain();
	size_t n = build(&m, f), k = n - 54;

	memcpy(icmp, f + 54, k);
	memset(f + 54, 0, 8);
	f[54] = 58;
	f[57] = off;
	f[20] = type;
	memcpy(f + 62, icmp, k);
	put_be16(f + 18, (uint16_t)(k + 8));
	return n + 8;
}

static void extension_headers_and_fragments_are_refused(void **st)
{
	uint8_t f[ND_FRAME_MAX];
	struct nd_msg r;

	(void)st;
	assert_int_equal(nd_parse(f, behind(f, 0, 0), &r), ND_BAD_EXTHDR);
	assert_int_equal(nd_parse(f, behind(f, 60, 0), &r), ND_BAD_EXTHDR);
	assert_int_equal(nd_parse(f, behind(f, 44, 0), &r), ND_BAD_FRAGMENT);
	assert_int_equal(nd_parse(f, behind(f, 44, 1), &r), ND_BAD_FRAGMENT);
	assert_int_equal(nd_parse(f, behind(f, 44, 8), &r), ND_BAD_FRAGMENT);
}

static void dad_form_is_checked(void **st)
{
	uint8_t f[ND_FRAME_MAX];
	struct nd_msg m = ns_plain(), r;

	(void)st;
	m.src = (struct addr){{0}};
	assert_int_equal(nd_parse(f, build(&m, f), &r), ND_BAD_DAD);
	m.has_sll = false;
	m.dst = m.target;
	assert_int_equal(nd_parse(f, build(&m, f), &r), ND_BAD_DAD);
}

/* Found by the fuzzer: two cut names made one that grew by a byte when built. */
static void ra_search_list_with_a_cut_name_is_ignored(void **st)
{
	static const uint8_t whole[] = {31, 2, 0, 0, 0, 0, 0, 60, 2, 'j', 'p', 0,
		0, 0, 0, 0}, cut[] = {31, 2, 0, 0, 0, 0, 0, 60, 7, 'j', 'p', 'j',
		'p', 'j', 'p', 'j'}, behind[] = {31, 2, 0, 0, 0, 0, 0, 60, 2, 'j',
		'p', 0, 0, 9, 0, 0}, large[] = {31, 2, 0, 0, 0, 0, 0, 60, 64, 'j',
		'p', 0, 0, 0, 0, 0};
	const uint8_t *const v[] = {whole, cut, behind, large};
	uint8_t b[32];
	struct ra r;

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		memset(b, 0, sizeof(b));
		b[0] = ND_RA;
		memcpy(b + 16, v[i], 16);
		assert_int_equal(ra_parse(b, sizeof(b), &r), 0);
		assert_int_equal(r.dnssl_n, i ? 0 : 4);
	}
}

static void ra_round_trip(void **st)
{
	uint8_t b[RA_BODY_MAX];
	struct wr w = wr_of(b, sizeof(b));
	struct ra a = {.hop_limit = 64, .flags = RA_OTHER | RA_PROXY,
		.lifetime_s = 1800, .has_sll = true, .sll = m1, .mtu = 1500,
		.prefix_n = 1, .rdnss_n = 2, .rdnss_s = 600, .route_n = 1,
		.dnssl_n = 7, .dnssl_s = 60}, r;

	(void)st;
	a.prefix[0] = (struct ra_prefix){.prefix = A("2404:6800::"), .len = 64,
		.flags = PIO_ONLINK | PIO_AUTO, .valid_s = 7200,
		.preferred_s = 3600};
	a.route[0] = (struct ra_route){.prefix = A("2404::"), .len = 32,
		.lifetime_s = 5};
	a.rdnss[0] = A("2404:6800::53");
	a.rdnss[1] = A("2404:6800::54");
	memcpy(a.dnssl, "\x01" "a\x02jp\x00", 7);
	a.dnssl_n = 6;
	assert_int_equal(ra_build(&w, &a), 0);
	assert_int_equal(ra_parse(b, wr_len(&w), &r), 0);
	assert_memory_equal(&r.prefix[0], &a.prefix[0], sizeof(a.prefix[0]));
	assert_memory_equal(&r.rdnss[1], &a.rdnss[1], 16);
	assert_int_equal(r.rdnss_n, 2);
	assert_int_equal(r.mtu, 1500);
	assert_int_equal(r.lifetime_s, 1800);
	assert_int_equal(r.route[0].len, 32);
	assert_int_equal(r.dnssl_n, 6);
	assert_int_equal(r.flags, RA_OTHER | RA_PROXY);
}

static void ra_prefix_with_preferred_over_valid_is_ignored(void **st)
{
	uint8_t b[RA_BODY_MAX];
	struct wr w = wr_of(b, sizeof(b));
	struct ra a = {.prefix_n = 1}, r;

	(void)st;
	a.prefix[0] = (struct ra_prefix){.len = 64, .valid_s = 1,
		.preferred_s = 2};
	assert_int_equal(ra_build(&w, &a), 0);
	assert_int_equal(ra_parse(b, wr_len(&w), &r), 0);
	assert_int_equal(r.prefix_n, 0);
}

static const struct test_case cases[] = {
	{"a solicitation is read back as built", ns_round_trip},
	{"an advertisement keeps flags and its option; S=1 to all nodes is refused",
		na_keeps_flags_and_option},
	{"a DAD solicitation keeps its nonce", dad_keeps_nonce},
	{"each fault has its own name; every cut is refused",
		each_fault_has_its_name},
	{"a body shorter than its type is refused", short_body_is_refused},
	{"ND behind extension headers or in fragments is refused",
		extension_headers_and_fragments_are_refused},
	{"DAD with a link-layer option or to a unicast address is refused",
		dad_form_is_checked},
	{"a search list with a cut name is ignored",
		ra_search_list_with_a_cut_name_is_ignored},
	{"a router advertisement is read back as built", ra_round_trip},
	{"a prefix preferred longer than valid is ignored",
		ra_prefix_with_preferred_over_valid_is_ignored},
};
RUN(cases)
