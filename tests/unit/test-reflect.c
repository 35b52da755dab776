// SPDX-License-Identifier: GPL-2.0-or-later
#include "test.h"
#include "probe/probe.h"

#include <errno.h>
#include <stdio.h>

static const struct reflect_key key = {.b = "a key of thirty-two bytes length", .n = 32};
static const struct reflect_key other = {.b = "b key of thirty-two bytes length", .n = 32};
static struct reflect_mind mind;
static uint8_t out[REFLECT_MSG_MAX];
enum { START = 1000000 };

static struct endpoint ep(const char *s, uint16_t port)
{
	struct endpoint e = {.port = port};

	assert_int_equal(addr_parse(s, &e.fam, &e.addr), 0);
	return e;
}

static void fresh(void)
{
	memset(&mind, 0, sizeof(mind));
	mind.key = key;
	memset(mind.secret, 7, sizeof(mind.secret));
}

/* Send m from e with key k; the answer's length and *a. */
static size_t say(const struct reflect_msg *m, const struct reflect_key *k,
	const struct endpoint *e, msec_t now, struct reflect_msg *a)
{
	uint8_t b[REFLECT_MSG_MAX];
	int n = reflect_build(m, k, b, sizeof(b));
	size_t len;

	assert_true(n > 0);
	len = reflect_mind_input(&mind, now, e, b, (size_t)n, out, sizeof(out));
	assert_true(len <= (size_t)n); /* always, whatever was asked */
	if (len)
		assert_int_equal(reflect_parse(out, len, &key, a), 0);
	return len;
}

static struct reflect_msg order_of(const struct endpoint *e, uint8_t nonce,
	msec_t now)
{
	struct reflect_msg m = {.type = REFLECT_HELLO, .nonce = {nonce}}, a;

	assert_true(say(&m, &key, e, now, &a) > 0);
	assert_int_equal(a.type, REFLECT_CHALLENGE);
	assert_int_equal(a.you.port, e->port);
	assert_int_equal(addr_cmp(&a.you.addr, &e->addr), 0);
	m.type = REFLECT_ORDER;
	m.number = 1;
	memcpy(m.cookie, a.cookie, sizeof(m.cookie));
	m.item[0] = (struct reflect_item){.kind = REFLECT_ESP, .size = 100,
		.tag = 5, .spi = 4711, .delay_ms = 50};
	m.item_n = 1;
	return m;
}

static void nothing_sent(msec_t now)
{
	struct reflect_token t;
	struct endpoint to;

	assert_null(reflect_mind_due(&mind, now, &to, &t));
	assert_int_equal(mind.stats.packets, 0);
}

static void message_round_trip(void **st)
{
	static struct reflect_msg m, a;
	uint8_t b[REFLECT_MSG_MAX];

	(void)st;
	for (uint8_t type = REFLECT_HELLO; type < REFLECT_TYPE_MAX; type++) {
		int n;

		memset(&m, 0, sizeof(m));
		m.type = type;
		m.nonce[3] = 9;
		m.you = ep("2409:11::2", 77);
		for (m.item_n = 0; m.item_n < REFLECT_ITEMS_MAX; m.item_n++)
			m.item[m.item_n].tag = (uint16_t)(m.item_n * 3);
		m.seen_n = REFLECT_SEEN_MAX;
		m.seen[47].sport = 4500;
		m.done_n = ARRAY_LEN(m.done);
		m.done[79].state = REFLECT_OPEN;
		n = reflect_build(&m, &key, b, sizeof(b));
		assert_true(n > 0);
		assert_int_equal(reflect_parse(b, (size_t)n, &key, &a), 0);
		assert_int_equal(a.type, type);
		assert_int_equal(reflect_parse(b, (size_t)n, &other, &a), -EKEYREJECTED);
		if (type == REFLECT_ORDER)
			assert_int_equal(a.item[39].tag, 0), reflect_parse(b, (size_t)n, &key, &a),
			assert_int_equal(a.item[39].tag, 117);
		if (type == REFLECT_REPORT) {
			reflect_parse(b, (size_t)n, &key, &a);
			assert_int_equal(a.seen[47].sport, 4500);
			assert_int_equal(a.done[79].state, REFLECT_OPEN);
		}
		for (int i = 0; i < n; i++) { /* no byte may be changed */
			b[i] ^= 0x20;
			assert_true(reflect_parse(b, (size_t)n, &key, &a) < 0);
			b[i] ^= 0x20;
		}
		for (int i = 0; i < n; i++)
			assert_true(reflect_parse(b, (size_t)i, &key, &a) < 0);
	}
}

static void wrong_key_gets_nothing(void **st)
{
	struct endpoint e = ep("153.246.12.110", 4000);
	struct reflect_msg m = {.type = REFLECT_HELLO}, a;

	(void)st;
	fresh();
	assert_int_equal(say(&m, &other, &e, START, &a), 0);
	assert_int_equal(mind.stats.refused_key, 1);
	assert_int_equal(mind.stats.before_out, 0);
}

static void proven_home_is_served(void **st)
{
	struct endpoint e = ep("153.246.12.110", 4000), to;
	struct reflect_msg m, a;
	struct reflect_token t;
	struct reflect_job *j;

	(void)st;
	fresh();
	m = order_of(&e, 1, START);
	nothing_sent(START + 1000);
	assert_true(say(&m, &key, &e, START, &a) > 0);
	assert_int_equal(a.type, REFLECT_ACCEPT);
	assert_int_equal(a.verdict[0], 0);
	assert_null(reflect_mind_due(&mind, START + 49, &to, &t));
	assert_int_equal(reflect_mind_wait(&mind, START + 20, 1000), 30);
	j = reflect_mind_due(&mind, START + 50, &to, &t);
	assert_non_null(j);
	assert_int_equal(addr_cmp(&to.addr, &e.addr), 0);
	assert_int_equal(t.tag, 5);
	assert_null(reflect_mind_due(&mind, START + 99, &to, &t));
}

static void order_without_proof(void **st)
{
	struct endpoint e = ep("153.246.12.110", 4000), victim = ep("133.237.60.9", 4000);
	struct endpoint port = ep("153.246.12.110", 4001);
	struct reflect_msg m, a, forged;

	(void)st;
	fresh();
	m = order_of(&e, 1, START);
	/* the key and a cookie, but of another address, port or nonce */
	assert_int_equal(say(&m, &key, &victim, START, &a), 0);
	assert_int_equal(say(&m, &key, &port, START, &a), 0);
	forged = m;
	forged.nonce[0] ^= 1;
	assert_int_equal(say(&forged, &key, &e, START, &a), 0);
	forged = m;
	forged.cookie[15] ^= 1;
	assert_int_equal(say(&forged, &key, &e, START, &a), 0);
	forged.type = REFLECT_ASK;
	assert_int_equal(say(&forged, &key, &e, START, &a), 0);
	assert_int_equal(mind.stats.refused_cookie, 5);
	/* a cookie grows old */
	assert_int_equal(say(&m, &key, &e, START + 2 * REFLECT_COOKIE_MS, &a), 0);
	nothing_sent(START + 9999);
	assert_int_equal(mind.stats.sessions, 0);
}

static void replay_is_refused(void **st)
{
	struct endpoint e = ep("2409:11:4a0:2300::2", 4000), to;
	struct reflect_msg m, a;
	struct reflect_token t;

	(void)st;
	fresh();
	m = order_of(&e, 1, START);
	assert_true(say(&m, &key, &e, START, &a) > 0);
	assert_int_equal(say(&m, &key, &e, START + 1, &a), 0);
	assert_int_equal(mind.stats.refused_replay, 1);
	assert_non_null(reflect_mind_due(&mind, START + 99, &to, &t));
	assert_null(reflect_mind_due(&mind, START + 99, &to, &t));
}

/* A session ends only when no cookie of its orders is good any more. */
static void replay_after_the_end(void **st)
{
	struct endpoint e = ep("2409:11:4a0:2300::2", 4000), to;
	struct reflect_msg m, a;
	struct reflect_token t;

	(void)st;
	for (msec_t wait = 0; wait < 10 * REFLECT_COOKIE_MS; wait += 7777) {
		fresh();
		m = order_of(&e, 1, START);
		assert_true(say(&m, &key, &e, START, &a) > 0);
		assert_non_null(reflect_mind_due(&mind, START + 99, &to, &t));
		assert_int_equal(say(&m, &key, &e, START + wait, &a), 0);
		assert_null(reflect_mind_due(&mind, START + wait + 99, &to, &t));
	}
}

/* What a spoofer with a captured HELLO gets: less than it sends, and slower. */
static void bounded_before_proof(void **st)
{
	struct endpoint victim = ep("133.237.60.9", 4000);
	struct reflect_msg m = {.type = REFLECT_HELLO}, a;
	size_t answers = 0;

	(void)st;
	fresh();
	for (int i = 0; i < 10000; i++)
		answers += say(&m, &key, &victim, START + i, &a) > 0;
	/* 10 s: the burst and 8 a second */
	assert_true(answers >= REFLECT_BURST);
	assert_true(answers <= REFLECT_BURST + 10 * REFLECT_PER_S + 1);
	assert_true(mind.stats.before_out * 2 < mind.stats.before_in);
	nothing_sent(START + 20000);
	assert_int_equal(mind.stats.sessions, 0);
}

static void homes_are_bounded(void **st)
{
	struct reflect_msg m, a;
	char s[64];
	unsigned ok = 0;

	(void)st;
	fresh();
	/* one household, many addresses of its /56 */
	for (unsigned i = 0; i < 20; i++) {
		struct endpoint e;

		snprintf(s, sizeof(s), "2409:11:4a0:23%02x::%x", i, i + 1);
		e = ep(s, 4000);
		m = order_of(&e, (uint8_t)i, START);
		ok += say(&m, &key, &e, START, &a) > 0 &&
			a.verdict[0] != REFLECT_FULL;
	}
	assert_int_equal(ok, REFLECT_SESSIONS_HOME);
	/* many households: a full house pushes nobody out */
	for (unsigned i = 0; i < 200; i++) {
		struct endpoint e;

		snprintf(s, sizeof(s), "153.246.%u.1", i);
		e = ep(s, 4000);
		m = order_of(&e, 1, START);
		ok += say(&m, &key, &e, START, &a) > 0 &&
			a.verdict[0] != REFLECT_FULL;
	}
	assert_int_equal(ok, REFLECT_SESSIONS_MAX);
	assert_true(mind.stats.refused_full >= 136);
}

static void items_are_judged(void **st)
{
	static const struct reflect_item bad[] = {
		{.kind = 0}, {.kind = REFLECT_KIND_MAX}, {.kind = 255},
		{.kind = REFLECT_ESP, .size = REFLECT_SIZE_MAX + 1},
		{.kind = REFLECT_ESP, .delay_ms = REFLECT_DELAY_MAX + 1},
		{.kind = REFLECT_TCP}, {.kind = REFLECT_UDP}};
	struct endpoint e = ep("153.246.12.110", 4000);
	struct reflect_msg m, a;
	size_t taken = 0;

	(void)st;
	fresh();
	m = order_of(&e, 1, START);
	memcpy(m.item, bad, sizeof(bad));
	m.item_n = ARRAY_LEN(bad);
	assert_true(say(&m, &key, &e, START, &a) > 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_not_equal(a.verdict[i], 0);
	assert_int_equal(mind.s[0].job_n, 0);
	for (int round = 0; round < 8; round++) {
		m.number++;
		for (m.item_n = 0; m.item_n < REFLECT_ITEMS_MAX; m.item_n++)
			m.item[m.item_n] = (struct reflect_item){.kind = REFLECT_ESP,
				.size = REFLECT_SIZE_MAX};
		assert_true(say(&m, &key, &e, START, &a) > 0);
		for (size_t i = 0; i < a.item_n; i++)
			taken += !a.verdict[i];
	}
	assert_true(taken * REFLECT_SIZE_MAX <= REFLECT_BYTES_MAX);
	assert_true(taken <= REFLECT_JOBS_MAX);
}

static void arrivals_are_matched(void **st)
{
	struct endpoint e = ep("153.246.12.110", 4000), x = ep("133.1.1.1", 500);
	struct reflect_token t = {.kind = REFLECT_ESP, .tag = 23, .nonce = {1}}, g;
	struct reflect_msg m, a;
	uint8_t b[4096];

	(void)st;
	fresh();
	m = order_of(&e, 1, START);
	assert_true(say(&m, &key, &e, START, &a) > 0);
	for (uint8_t kind = REFLECT_UDP; kind < REFLECT_TCP; kind++) {
		t.kind = kind;
		for (size_t size = 0; size <= 3000; size += 100) {
			int n = reflect_payload(&t, 9, size, b, sizeof(b));

			assert_true(n >= (int)size && n >= REFLECT_TOKEN);
			assert_int_equal(reflect_token_of(kind, b, (size_t)n, &g), 0);
			assert_int_equal(g.tag, 23);
			for (int cut = 0; cut < REFLECT_TOKEN; cut++)
				assert_int_equal(reflect_token_of(kind, b, (size_t)cut, &g), -EBADMSG);
			if (kind == REFLECT_ESP)
				assert_true(reflect_mind_saw(&mind, START, kind, &e, b, (size_t)n));
		}
	}
	t.kind = REFLECT_ESP;
	reflect_payload(&t, 9, 100, b, sizeof(b));
	assert_false(reflect_mind_saw(&mind, START, REFLECT_ESP, &x, b, 100));
	m.type = REFLECT_ASK;
	m.number = 2;
	assert_true(say(&m, &key, &e, START, &a) > 0);
	assert_int_equal(a.type, REFLECT_REPORT);
	assert_int_equal(a.seen_n, 1);
	assert_int_equal(a.seen[0].tag, 23);
	assert_int_equal(a.seen[0].size, 3000);
}

static const struct test_case cases[] = {
	{"every message comes through whole or not at all", message_round_trip},
	{"without the key there is no answer", wrong_key_gets_nothing},
	{"who proved his address is served, there and when asked", proven_home_is_served},
	{"a cookie of another address, port or nonce orders nothing", order_without_proof},
	{"an order heard and said again is refused", replay_is_refused},
	{"nor after its session ended", replay_after_the_end},
	{"before proof less goes out than came in, and slower", bounded_before_proof},
	{"sessions are bounded per home and in all", homes_are_bounded},
	{"what is too much is not taken", items_are_judged},
	{"what arrives is known by its token and its sender", arrivals_are_matched},
};
RUN(cases)
