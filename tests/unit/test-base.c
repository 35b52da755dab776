// SPDX-License-Identifier: GPL-2.0-or-later
#include "test.h"

#include "base/addr.h"
#include "base/hash.h"
#include "base/rd.h"
#include "base/text.h"

#include <errno.h>

static struct addrmask am(const char *s)
{
	struct addrmask m;

	assert_int_equal(addrmask_parse(s, &m), 0);
	return m;
}

static void addresses_round_trip(void **state)
{
	static const char *const text[] = {"192.0.2.1", "2001:db8::1",
		"2404:1a8::/32", "10.0.0.0/8", "::211:22ff:fe33:4455/::ffff:ffff:ffff:ffff",
		"0.0.0.0/0", "::/0", "0.0.0.9/0.0.0.255"};
	char buf[ADDRMASK_STR];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(text); i++) {
		struct addrmask m = am(text[i]);

		assert_string_equal(addrmask_format(&m, buf), text[i]);
	}
}

static void suffix_forms_mean_the_same(void **state)
{
	struct addrmask a = am("::1:2/-64");
	struct addrmask b = am("2001:db8::1:2/::ffff:ffff:ffff:ffff");

	(void)state;
	assert_memory_equal(&a, &b, sizeof(a));
}

static void broken_addresses_are_refused(void **state)
{
	static const char *const text[] = {"", "1.2.3", "1.2.3.4/33", "::/129",
		"::1/", "::1/64x", "::/1.2.3.4", "1.2.3.4/-33", "2001:db8::/ 64",
		"::1/--4", "fe80::1%eth0"};
	struct addrmask m;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		assert_int_equal(addrmask_parse(text[i], &m), -EINVAL);
}

static void masks_cover_and_overlap(void **state)
{
	struct addrmask wide = am("2001::/16"), narrow = am("2001:db8::/32");
	struct addrmask host = am("::5/-64"), v4 = am("0.0.0.0/0");

	(void)state;
	assert_true(addrmask_covers(&wide, &narrow));
	assert_false(addrmask_covers(&narrow, &wide));
	assert_true(addrmask_overlaps(&host, &narrow));
	assert_false(addrmask_covers(&host, &narrow));
	assert_false(addrmask_overlaps(&v4, &wide));
}

static void eui64_flips_the_universal_bit(void **state)
{
	struct mac m;
	struct addr a;
	char buf[ADDR_STR];

	(void)state;
	assert_int_equal(mac_parse("00:11:22:33:44:55", &m), 0);
	a = mac_to_iid(&m);
	assert_string_equal(addr_format(FAM_6, &a, buf), "::211:22ff:fe33:4455");
	assert_int_equal(mac_parse("00:11:22:33:44", &m), -EINVAL);
	assert_int_equal(mac_parse("00:11:22:33:44:5g", &m), -EINVAL);
	assert_int_equal(mac_parse("00:11:22:33:44:-5", &m), -EINVAL);
}

static void cursor_past_its_end_stays_spent(void **state)
{
	static const uint8_t b[] = {1, 2, 3};
	struct rd r = rd_of(b, sizeof(b));

	(void)state;
	assert_int_equal(rd_be16(&r), 0x0102);
	assert_int_equal(rd_be16(&r), 0);
	assert_false(rd_ok(&r));
	assert_int_equal(rd_u8(&r), 0);
	assert_int_equal(rd_left(&r), 0);
}

static void writer_past_its_end_writes_nothing(void **state)
{
	uint8_t b[4] = {9, 9, 9, 9};
	struct wr w = wr_of(b, 3);

	(void)state;
	wr_be16(&w, 0x0102);
	wr_be32(&w, 0);
	assert_false(wr_ok(&w));
	assert_int_equal(b[2], 9);
	assert_int_equal(wr_len(&w), 2);
}

/* Vector of the SipHash paper, appendix A: key 00..0f, message 00..0e. */
static void siphash_gives_the_papers_vector(void **state)
{
	struct hash_key k = {{0x0706050403020100, 0x0f0e0d0c0b0a0908}};
	uint8_t m[15];

	(void)state;
	for (uint8_t i = 0; i < sizeof(m); i++)
		m[i] = i;
	assert_true(hash_bytes(&k, m, sizeof(m)) == 0xa129ca6149be45e5);
}

static void control_characters_are_shown_not_sent(void **state)
{
	char *s = text_printable("a\x1b[2J\xc2\x9b\xe9\x96\x80", 10);

	(void)state;
	assert_string_equal(s, "a\\x1b[2J\\x9b\xe9\x96\x80");
	free(s);
}

static void nearest_word_is_found(void **state)
{
	static const char *const words[] = {"device", "pinhole", "lan", NULL};

	(void)state;
	assert_string_equal(text_nearest("devcie", words), "device");
	assert_null(text_nearest("zzzzzz", words));
}

static void japanese_takes_two_columns(void **state)
{
	(void)state;
	assert_int_equal(text_columns("門守a", strlen("門守a")), 5);
}

static const struct test_case cases[] = {
	{"addresses, prefixes and masks round trip", addresses_round_trip},
	{"/-64 and a full suffix mask mean the same", suffix_forms_mean_the_same},
	{"broken addresses are refused", broken_addresses_are_refused},
	{"masks cover and overlap", masks_cover_and_overlap},
	{"EUI-64 flips the universal bit", eui64_flips_the_universal_bit},
	{"a cursor past its end stays spent", cursor_past_its_end_stays_spent},
	{"a writer past its end writes nothing", writer_past_its_end_writes_nothing},
	{"SipHash gives the paper's vector", siphash_gives_the_papers_vector},
	{"control characters are shown, not sent", control_characters_are_shown_not_sent},
	{"the nearest word is found", nearest_word_is_found},
	{"Japanese takes two columns", japanese_takes_two_columns},
};
RUN(cases)
