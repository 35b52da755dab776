// SPDX-License-Identifier: GPL-2.0-or-later
#include "test.h"
#include "probe/probe.h"
#include "wire/ikev2.h"

#include <errno.h>

static const uint8_t rnd[40] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

static struct endpoint ep(const char *s, uint16_t port)
{
	struct endpoint e = {.port = port};

	assert_int_equal(addr_parse(s, &e.fam, &e.addr), 0);
	return e;
}

static void probe_start(struct ike_probe *p, uint16_t group)
{
	struct ike_want w = {.self = ep("192.168.1.2", 500),
		.peer = ep("133.237.60.10", 500), .group = group};

	assert_int_equal(ike_probe_init(p, &w, rnd), 0);
}

/* An answer's head; the payloads are the test's. */
static void answer_head(struct ike_build *b, struct wr *w, struct ike_probe *p,
	uint64_t spi_r)
{
	struct ike_head h = {.spi_i = p->spi_i, .spi_r = spi_r, .version = 0x20,
		.exchange = IKE_SA_INIT, .flags = IKE_FLAG_RESPONSE};

	ike_build_head(b, w, &h);
}

static int answer_notify(struct ike_probe *p, uint16_t type, const void *d,
	size_t n)
{
	uint8_t buf[512];
	struct wr w = wr_of(buf, sizeof(buf));
	struct ike_build b;

	answer_head(&b, &w, p, 0);
	ike_build_notify(&b, type, d, n);
	assert_int_equal(ike_build_finish(&b), 0);
	return ike_probe_answer(p, buf, wr_len(&w));
}

static size_t answer_full(struct ike_probe *p, uint8_t *buf, size_t cap,
	const struct endpoint *seen_as)
{
	struct wr w = wr_of(buf, cap);
	uint8_t key[DH_PUBLIC_MAX], hash[NATD_HASH_LEN];
	struct ike_build b;

	answer_head(&b, &w, p, 77);
	ike_build_sa(&b, &p->group, 1);
	ike_build_ke(&b, p->group, key, (size_t)dh_public(p->group, key));
	ike_build_raw(&b, IKE_PL_NONCE, rnd, 32);
	natd_hash(p->spi_i, 77, &p->want.peer, hash);
	ike_build_notify(&b, IKE_N_NAT_DETECTION_SOURCE_IP, hash, sizeof(hash));
	natd_hash(p->spi_i, 77, seen_as, hash);
	ike_build_notify(&b, IKE_N_NAT_DETECTION_DESTINATION_IP, hash, sizeof(hash));
	ike_build_raw(&b, IKE_PL_VENDOR, "\033[2Jx", 5);
	assert_int_equal(ike_build_finish(&b), 0);
	return wr_len(&w);
}

static void groups_make_good_keys(void **st)
{
	uint8_t k[DH_PUBLIC_MAX], bad[DH_PUBLIC_MAX] = {0};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(dh_groups); i++) {
		int n = dh_public(dh_groups[i], k);

		assert_true(n > 0);
		assert_true(dh_public_good(dh_groups[i], k, (size_t)n));
		assert_false(dh_public_good(dh_groups[i], k, (size_t)n - 1));
		assert_false(dh_public_good(dh_groups[i], bad, (size_t)n));
	}
	assert_int_equal(dh_public(2, k), -EINVAL);
	dh_public(DH_P256, k);
	k[40] ^= 1; /* off the curve */
	assert_false(dh_public_good(DH_P256, k, 64));
	memset(bad, 0xff, sizeof(bad));
	assert_false(dh_public_good(DH_MODP2048, bad, 256));
}

static void request_is_well_formed(void **st)
{
	uint8_t buf[IKE_SEND_MAX];
	struct ike_probe p;
	struct ike_payload pl;
	struct ike_chain c;
	struct ike_head h;
	unsigned seen = 0;

	(void)st;
	for (size_t size = 0; size <= 3000; size += 1500) {
		struct rd r;
		int n;

		probe_start(&p, 0);
		p.want.size = size;
		n = ike_probe_request(&p, buf, sizeof(buf));
		assert_true(n > 200);
		assert_true(!size || (size_t)n == size);
		r = rd_of(buf, (size_t)n);
		assert_int_equal(ike_parse(&r, &h), 0);
		assert_int_equal(h.len, n);
		c = ike_chain_of(&h, r);
		while (ike_payload_next(&c, &pl) == 1)
			seen++;
		assert_int_equal(c.next, 0);
	}
	assert_int_equal(seen, 5 + 6 + 6);
	p.want.peer.port = IKE_NATT_PORT;
	assert_true(ike_probe_request(&p, buf, sizeof(buf)) > 4);
	assert_memory_equal(buf, "\0\0\0\0", 4);
}

static void cookie_comes_back_first(void **st)
{
	uint8_t buf[IKE_SEND_MAX];
	struct ike_notify no;
	struct ike_payload pl;
	struct ike_probe p;
	struct ike_chain c;
	struct ike_head h;
	struct rd r;

	(void)st;
	probe_start(&p, 0);
	assert_int_equal(answer_notify(&p, IKE_N_COOKIE, "keks", 4), 1);
	r = rd_of(buf, (size_t)ike_probe_request(&p, buf, sizeof(buf)));
	assert_int_equal(ike_parse(&r, &h), 0);
	c = ike_chain_of(&h, r);
	assert_int_equal(ike_payload_next(&c, &pl), 1);
	assert_int_equal(ike_notify_parse(pl.body, &no), 0);
	assert_int_equal(no.type, IKE_N_COOKIE);
	assert_int_equal(rd_left(&no.data), 4);
	assert_memory_equal(no.data.p, "keks", 4);
	assert_int_equal(p.a.cookies, 1);
}

static void endless_cookies_end(void **st)
{
	struct ike_probe p;
	int rounds = 0;

	(void)st;
	probe_start(&p, 0);
	while (answer_notify(&p, IKE_N_COOKIE, &rounds, sizeof(rounds)) && rounds < 99)
		rounds++;
	assert_int_equal(rounds, IKE_ROUNDS_MAX);
	assert_true(p.over);
	assert_int_equal(p.a.end, IKE_REFUSED);
}

static void other_group_is_taken(void **st)
{
	struct ike_probe p;

	(void)st;
	probe_start(&p, DH_X25519);
	assert_int_equal(answer_notify(&p, IKE_N_INVALID_KE_PAYLOAD, "\0\x0e", 2), 1);
	assert_int_equal(p.group, DH_MODP2048);
	assert_int_equal(p.key_n, 256);
	/* the same again would go on for ever; a group not offered is an error */
	assert_int_equal(answer_notify(&p, IKE_N_INVALID_KE_PAYLOAD, "\0\x0e", 2), 0);
	assert_int_equal(p.a.end, IKE_REFUSED);
	assert_int_equal(p.a.error, IKE_N_INVALID_KE_PAYLOAD);
}

static void refusal_is_an_answer(void **st)
{
	struct ike_probe p;

	(void)st;
	probe_start(&p, 0);
	assert_int_equal(answer_notify(&p, IKE_N_NO_PROPOSAL_CHOSEN, "", 0), 0);
	assert_int_equal(p.a.end, IKE_REFUSED);
	assert_int_equal(p.a.error, IKE_N_NO_PROPOSAL_CHOSEN);
}

static void full_answer(void **st)
{
	struct endpoint nat = ep("153.246.12.110", 21500);
	struct addrmask wan, wide;
	struct ike_probe p;
	uint8_t buf[2000];
	struct natd n;
	size_t len;

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(dh_groups); i++) {
		probe_start(&p, dh_groups[i]);
		len = answer_full(&p, buf, sizeof(buf), &nat);
		assert_int_equal(ike_probe_answer(&p, buf, len), 0);
		assert_int_equal(p.a.end, IKE_ANSWERED);
		assert_true(p.a.key_good);
		assert_int_equal(p.a.group, dh_groups[i]);
		assert_int_equal(p.a.bits, 128); /* the last of the offer */
		assert_int_equal(p.a.vendor_n, 1);
	}
	addrmask_parse("153.246.12.110", &wan);
	addrmask_parse("153.246.12.0/24", &wide);
	natd_judge((const uint8_t (*)[NATD_HASH_LEN])p.a.natd_self,
		p.a.natd_self_n, p.a.spi_i, 77, &p.want.self, NULL, 0, &n);
	assert_int_equal(n.what, NATD_OTHER);
	natd_judge((const uint8_t (*)[NATD_HASH_LEN])p.a.natd_self,
		p.a.natd_self_n, p.a.spi_i, 77, &p.want.self, &wide, 1, &n);
	assert_int_equal(n.what, NATD_OTHER); /* port 21500 of 256 addresses */
	natd_judge((const uint8_t (*)[NATD_HASH_LEN])p.a.natd_self,
		p.a.natd_self_n, p.a.spi_i, 77, &p.want.self, &wan, 1, &n);
	assert_int_equal(n.what, NATD_BOTH);
	assert_int_equal(n.port, 21500);
	assert_int_equal(addr_to4(&n.addr), addr_to4(&nat.addr));
	natd_judge((const uint8_t (*)[NATD_HASH_LEN])p.a.natd_peer,
		p.a.natd_peer_n, p.a.spi_i, 77, &p.want.peer, NULL, 0, &n);
	assert_int_equal(n.what, NATD_SAME);
	natd_judge(NULL, 0, 1, 77, &p.want.peer, NULL, 0, &n);
	assert_int_equal(n.what, NATD_UNKNOWN);
}

static void natd_port_and_prefix(void **st)
{
	struct endpoint self = ep("192.168.1.2", 500), e;
	uint8_t h[1][NATD_HASH_LEN];
	struct addrmask wide;
	struct natd n;

	(void)st;
	e = ep("192.168.1.2", 1024);
	natd_hash(5, 6, &e, h[0]);
	natd_judge((const uint8_t (*)[NATD_HASH_LEN])h, 1, 5, 6, &self, NULL, 0, &n);
	assert_int_equal(n.what, NATD_PORT);
	assert_int_equal(n.port, 1024);
	e = ep("100.72.255.255", 500);
	natd_hash(5, 6, &e, h[0]);
	addrmask_parse("100.72.0.0/16", &wide);
	natd_judge((const uint8_t (*)[NATD_HASH_LEN])h, 1, 5, 6, &self, &wide, 1, &n);
	assert_int_equal(n.what, NATD_ADDR);
	assert_int_equal(addr_to4(&n.addr), addr_to4(&e.addr));
	/* a candidate too wide ends at the limit instead of running for ever */
	addrmask_parse("2409::/16", &wide);
	natd_judge((const uint8_t (*)[NATD_HASH_LEN])h, 1, 5, 6, &self, &wide, 1, &n);
	assert_int_equal(n.what, NATD_OTHER);
	assert_int_equal(n.tries, NATD_TRIES_MAX);
}

static void strangers_and_damage(void **st)
{
	struct endpoint self = ep("192.168.1.2", 500);
	struct ike_probe p;
	uint8_t buf[2000];
	size_t len;

	(void)st;
	probe_start(&p, 0);
	len = answer_full(&p, buf, sizeof(buf), &self);
	for (size_t cut = 0; cut < len; cut++) {
		assert_int_equal(ike_probe_answer(&p, buf, cut), 0);
		assert_false(p.over);
	}
	assert_int_equal(p.a.end, IKE_DAMAGED);
	buf[0] ^= 1; /* another SPI: not ours */
	assert_int_equal(ike_probe_answer(&p, buf, len), 0);
	assert_int_equal(p.a.foreign, 1);
	buf[0] ^= 1;
	assert_int_equal(ike_probe_answer(&p, buf, len), 0);
	assert_int_equal(p.a.end, IKE_ANSWERED); /* the true one wins */
}

static const struct test_case cases[] = {
	{"each group makes keys it takes itself, and refuses bad ones", groups_make_good_keys},
	{"the request is well formed, padded to the byte, 4500 marked", request_is_well_formed},
	{"a cookie comes back as the first payload", cookie_comes_back_first},
	{"ever new cookies end", endless_cookies_end},
	{"the group the peer wants is taken, once", other_group_is_taken},
	{"NO_PROPOSAL_CHOSEN is an answer", refusal_is_an_answer},
	{"a full answer, and who was rewritten to what", full_answer},
	{"port and prefix are found by trying; tries are bounded", natd_port_and_prefix},
	{"damage and strangers do not hide the true answer", strangers_and_damage},
};
RUN(cases)
