// SPDX-License-Identifier: GPL-2.0-or-later
#include "test.h"
#include "wire/esp.h"
#include "wire/ikev2.h"

#include <errno.h>

static const struct esp_key k1 = {{1, 2, 3}, {9}}, k2 = {{1, 2, 4}, {9}};

/*
 * RFC 4106 as computed by an independent implementation (Python cryptography):
 * key 000102..0f, salt a0a1a2a3, SPI 11223344, sequence 1, "ping", next 59.
 */
static void esp_is_gcm(void **st)
{
	struct esp_key k = {.salt = {0xa0, 0xa1, 0xa2, 0xa3}};
	static const uint8_t want[] = {0x11, 0x22, 0x33, 0x44, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x36, 0x18, 0x72, 0x95,
		0x6d, 0x86, 0x75, 0x6b, 0xe8, 0x49, 0xa3, 0x38, 0xe4, 0x5f,
		0xc2, 0xed, 0xe8, 0x72, 0xac, 0xc9, 0x4e, 0xcf, 0x7f, 0x91};
	struct esp_head h = {0x11223344, 1};
	uint8_t p[64];
	struct wr w = wr_of(p, sizeof(p));

	(void)st;
	for (size_t i = 0; i < sizeof(k.key); i++)
		k.key[i] = (uint8_t)i;
	assert_int_equal(esp_seal(&w, &k, &h, 59, "ping", 4), 0);
	assert_int_equal(wr_len(&w), sizeof(want));
	assert_memory_equal(p, want, sizeof(want));
}

static void esp_opens_with_its_key_only(void **st)
{
	uint8_t p[256], out[256], next = 0;
	struct esp_head h = {0x11223344, 7}, got = {0};

	(void)st;
	for (size_t n = 0; n < 100; n++) {
		struct wr w = wr_of(p, sizeof(p));

		assert_int_equal(esp_seal(&w, &k1, &h, 4, p + 150, n), 0);
		assert_int_equal(wr_len(&w) % 4, 0);
		assert_int_equal(esp_open(p, wr_len(&w), &k2, &got, &next, out),
			-EKEYREJECTED);
		assert_int_equal(esp_open(p, wr_len(&w), &k1, &got, &next, out),
			(int)n);
		assert_int_equal(next, 4);
		assert_int_equal(got.spi, h.spi);
		assert_memory_equal(out, p + 150, n);
		p[5] ^= 1; /* the sequence number is under the ICV */
		assert_int_equal(esp_open(p, wr_len(&w), &k1, &got, &next, out),
			-EKEYREJECTED);
	}
}

static void esp_short(void **st)
{
	uint8_t p[64] = {0}, out[64], next;
	struct esp_head h;

	(void)st;
	for (size_t n = 0; n < 36; n++) {
		struct rd r = rd_of(p, n);

		assert_int_equal(esp_parse(&r, &h), n < 8 ? -EBADMSG : 0);
		assert_int_equal(esp_open(p, n, &k1, &h, &next, out), -EBADMSG);
	}
}

static const struct ike_head init = {.spi_i = 0x1122334455667788, .version = 0x20,
	.exchange = IKE_SA_INIT, .flags = IKE_FLAG_INITIATOR};

static size_t build_init(uint8_t *p, size_t room)
{
	static const uint16_t groups[] = {31, 14};
	struct wr w = wr_of(p, room);
	struct ike_build b;

	ike_build_head(&b, &w, &init);
	ike_build_sa(&b, groups, 2);
	ike_build_ke(&b, 31, "01234567012345670123456701234567", 32);
	ike_build_raw(&b, IKE_PL_NONCE, "nonce nonce nonce nonce nonce 32", 32);
	ike_build_notify(&b, IKE_N_NAT_DETECTION_SOURCE_IP, "twenty bytes of sha1", 20);
	return ike_build_finish(&b) ? 0 : wr_len(&w);
}

static void ike_round_trip(void **st)
{
	static const uint8_t types[] = {IKE_PL_SA, IKE_PL_KE, IKE_PL_NONCE,
		IKE_PL_NOTIFY};
	uint8_t p[512];
	size_t n = build_init(p, sizeof(p)), i = 0;
	struct rd r = rd_of(p, n);
	struct ike_payload pl;
	struct ike_notify no;
	struct ike_chain c;
	struct ike_head h;

	(void)st;
	assert_int_equal(ike_parse(&r, &h), 0);
	assert_true(h.spi_i == init.spi_i && h.len == n);
	c = ike_chain_of(&h, r);
	while (ike_payload_next(&c, &pl) == 1)
		assert_int_equal(pl.type, types[i++]);
	assert_int_equal(i, 4);
	assert_int_equal(ike_notify_parse(pl.body, &no), 0);
	assert_int_equal(no.type, IKE_N_NAT_DETECTION_SOURCE_IP);
	assert_int_equal(rd_left(&no.data), 20);
	for (size_t room = 0; room < n; room++)
		assert_int_equal(build_init(p, room), 0);
}

static int walk(const uint8_t *p, size_t n)
{
	struct rd r = rd_of(p, n);
	struct ike_payload pl;
	struct ike_chain c;
	struct ike_head h;
	int rc = ike_parse(&r, &h);

	if (rc)
		return rc;
	c = ike_chain_of(&h, r);
	while ((rc = ike_payload_next(&c, &pl)) == 1)
		;
	return rc;
}

static void ike_damage(void **st)
{
	uint8_t p[512], q[512];
	size_t n = build_init(p, sizeof(p));

	(void)st;
	assert_int_equal(walk(p, n), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(walk(p, i), -EBADMSG);
	memcpy(q, p, n);
	q[17] = 0x30;
	assert_int_equal(walk(q, n), -EBADMSG);
	memcpy(q, p, n);
	memset(q, 0, 8); /* no initiator SPI */
	assert_int_equal(walk(q, n), -EBADMSG);
	memcpy(q, p, n);
	q[30] = q[31] = 0; /* payload of no length: never an endless loop */
	assert_int_equal(walk(q, n), -EBADMSG);
}

static void ike_sealed_is_last(void **st)
{
	struct ike_head h = init;
	struct ike_build b;
	struct ike_payload pl;
	struct ike_chain c;
	uint8_t p[128];
	struct wr w = wr_of(p, sizeof(p));
	struct rd r;

	(void)st;
	h.exchange = IKE_AUTH;
	ike_build_head(&b, &w, &h);
	ike_build_raw(&b, IKE_PL_SK, "sealed", 6);
	p[28] = IKE_PL_IDI;
	assert_int_equal(ike_build_finish(&b), 0);
	r = rd_of(p, wr_len(&w));
	assert_int_equal(ike_parse(&r, &h), 0);
	c = ike_chain_of(&h, r);
	assert_int_equal(ike_payload_next(&c, &pl), 1);
	assert_int_equal(ike_payload_next(&c, &pl), 0);
}

static const struct test_case cases[] = {
	{"a sealed ESP packet is RFC 4106's, byte by byte", esp_is_gcm},
	{"ESP opens with its own key only", esp_opens_with_its_key_only},
	{"ESP cut short is refused", esp_short},
	{"IKE: what is built is read again", ike_round_trip},
	{"IKE: every cut and the usual lies are refused", ike_damage},
	{"IKE: behind an encrypted payload nothing is read", ike_sealed_is_last},
};
RUN(cases)
