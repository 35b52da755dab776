// SPDX-License-Identifier: GPL-2.0-or-later
#include "test.h"
#include "espnat/espnat.h"

enum { A = 0xc0a8010b, B = 0xc0a8010c, P = 0xcb000101, Q = 0xcb000102 };

static unsigned set_n, del_n;
static long balance[ESPNAT_CHANGE_MAX];
/* as the kernel has it: whom it copies SPI 8000 to, and whether it does */
static uint32_t copy_to[ESPNAT_COPIES_MAX];
static bool copies;

static void count(void *arg, const struct espnat_change *c)
{
	(void)arg;
	set_n += c->kind == ESPNAT_IN_SET;
	del_n += c->kind == ESPNAT_IN_DEL;
	balance[c->kind]++;
	if (c->spi != 8000)
		return;
	if (c->kind == ESPNAT_COPY_SET || c->kind == ESPNAT_COPY_DEL)
		copy_to[c->at] = c->kind == ESPNAT_COPY_SET ? c->host : 0;
	if (c->kind == ESPNAT_OPEN_SET || c->kind == ESPNAT_OPEN_DEL)
		copies = c->kind == ESPNAT_OPEN_SET;
}

static struct espnat *fresh(void)
{
	static const struct hash_key key = {{1, 2}};

	set_n = del_n = 0;
	memset(balance, 0, sizeof(balance));
	memset(copy_to, 0, sizeof(copy_to));
	copies = false;
	return espnat_new(&espnat_limits_home, &key, count, NULL);
}

static struct ike_head head(uint64_t spi, uint8_t exchange, uint32_t msgid)
{
	return (struct ike_head){.spi_i = spi, .version = 0x20,
		.spi_r = exchange == IKE_SA_INIT ? 0 : spi + 1,
		.exchange = exchange, .msgid = msgid,
		.flags = IKE_FLAG_INITIATOR};
}

static void login(struct espnat *e, msec_t now, uint32_t host, uint32_t peer)
{
	struct ike_head i = head(host * 16ull, IKE_SA_INIT, 0);
	struct ike_head a = head(host * 16ull, IKE_AUTH, 1);

	espnat_ike_out(e, now, host, peer, &i);
	espnat_ike_out(e, now, host, peer, &a);
}

static struct espnat_verdict in(struct espnat *e, msec_t now, uint32_t peer,
	uint32_t spi, uint32_t seq)
{
	struct espnat_verdict v;

	espnat_esp_in(e, now, peer, spi, seq, &v);
	return v;
}

static void bound_by_repeat(void **st)
{
	struct espnat *e = fresh();
	struct espnat_verdict v;

	(void)st;
	assert_int_equal(in(e, 1, P, 5000, 1).why, ESPNAT_STRANGER);
	login(e, 10, A, P);
	v = in(e, 20, P, 5000, 1);
	assert_int_equal(v.why, ESPNAT_FIRST);
	assert_int_equal(v.n, 1);
	assert_int_equal(v.to[0], A);
	assert_int_equal(set_n, 0);
	assert_int_equal(in(e, 21, P, 5000, 2).why, ESPNAT_BOUND);
	assert_int_equal(set_n, 1);
	assert_int_equal(in(e, 22, P, 0, 1).why, ESPNAT_JUNK);
	assert_int_equal(in(e, 22, P, 255, 1).n, 1); /* RFC 4303: passes */
	espnat_free(e);
}

static void excluded(void **st)
{
	struct espnat *e = fresh();
	struct espnat_verdict v;

	(void)st;
	login(e, 0, A, P);
	for (uint32_t i = 1; i <= 20; i++)
		in(e, i * 200, P, 7000, i);
	login(e, 5000, B, P);
	v = in(e, 5100, P, 8000, 1);
	assert_int_equal(v.n, 1); /* A's only SA is accounted for */
	assert_int_equal(v.to[0], B);
	espnat_free(e);
}

static void copies_until_excluded(void **st)
{
	struct espnat *e = fresh();
	struct espnat_verdict v;

	(void)st;
	login(e, 0, A, P);
	in(e, 10, P, 7000, 1);
	in(e, 20, P, 7000, 2);	/* A's, tentative */
	login(e, 30, B, P);
	v = in(e, 40, P, 8000, 1);
	assert_int_equal(v.n, 2);
	for (uint32_t i = 3; i < 30; i++)
		in(e, i * 200, P, 7000, i);
	v = in(e, 7000, P, 8000, 2);
	v = in(e, 7001, P, 8000, 3);
	assert_int_equal(v.n, 1);
	assert_int_equal(v.to[0], B);
	espnat_free(e);
}

/* What is undecided the kernel copies by itself, until it is decided. */
static void kernel_copies(void **st)
{
	struct espnat *e = fresh();

	(void)st;
	login(e, 0, A, P);
	in(e, 10, P, 7000, 1);
	in(e, 20, P, 7000, 2);	/* A's, tentative */
	login(e, 30, B, P);
	in(e, 40, P, 8000, 1);
	assert_false(copies); /* seen once: may be forged */
	in(e, 41, P, 8000, 2);
	assert_true(copies);
	assert_int_equal(copy_to[0], A);
	assert_int_equal(copy_to[1], B);
	for (uint32_t i = 3; i < 30; i++)
		espnat_seen_in(e, i * 200, P, 7000, i);
	espnat_tick(e, 6000); /* A's is firm */
	assert_false(copies);
	assert_int_equal(copy_to[0] + copy_to[1], 0);
	assert_int_equal(in(e, 6001, P, 8000, 50).to[0], B);
	espnat_free(e);
}

/* Copied packets count once, by whom they were heard or by the kernel. */
static void copied_count(void *arg, const struct espnat_sa *s)
{
	if (s->spi == 8000)
		*(uint64_t *)arg = s->packets;
}

static void copies_are_counted(void **st)
{
	struct espnat *e = fresh();
	uint64_t n = 0;

	(void)st;
	login(e, 0, A, P);
	login(e, 0, B, P);
	in(e, 1, P, 8000, 1);
	in(e, 2, P, 8000, 2);
	for (uint32_t i = 0; i < 50; i++)
		espnat_esp_copied(e, 3 + i, P, 8000, 3 + i * 4);
	espnat_seen_in(e, 60, P, 8000, 200);
	espnat_seen_in(e, 70, P, 8000, 200);
	espnat_each_in(e, copied_count, &n);
	assert_int_equal(n, 202);
	/* beside the kernel: running totals of their own */
	espnat_fast_in(e, 72, P, 8000, 30);
	espnat_fast_in(e, 74, P, 8000, 50);
	espnat_seen_in(e, 76, P, 8000, 210);
	espnat_fast_in(e, 78, P, 9999, 50);
	espnat_each_in(e, copied_count, &n);
	assert_int_equal(n, 262);
	espnat_esp_copied(e, 80, P, 9999, 1); /* unknown: nothing */
	espnat_esp_copied(e, 80, Q, 8000, 1);
	espnat_free(e);
}

static void answers_tell(void **st)
{
	struct espnat *e = fresh();
	msec_t t = 1000;
	unsigned i;

	(void)st;
	login(e, 0, A, P);
	login(e, 0, B, P);
	for (i = 1; i <= 60; i++) {
		t += 700 + i * 37 % 11 * 200;
		if (in(e, t, P, 8000, i).n == 1)
			break;
		espnat_esp_out(e, t + 5, B, P, 99, i);
		espnat_esp_out(e, t + 400 + i, A, P, 98, i);
	}
	assert_in_range(i, 16, 40);
	assert_int_equal(in(e, 999000, P, 8000, 70).to[0], B);
	espnat_free(e);
}

/* In step by the clock alone: no evidence. */
static void regular_is_no_evidence(void **st)
{
	struct espnat *e = fresh();

	(void)st;
	login(e, 0, A, P);
	login(e, 0, B, P);
	for (uint32_t i = 1; i <= 100; i++) {
		msec_t t = 1000 + i * 1000;

		assert_int_equal(in(e, t, P, 8000, i).n, 2);
		espnat_esp_out(e, t + 5, B, P, 99, i);
		espnat_esp_out(e, t + 500, A, P, 98, i);
	}
	espnat_free(e);
}

/*
 * Both start at once and never say whose is whose; the next rekey of either is
 * certain all the same, because their first credits are used up.
 */
static void marriage(void **st)
{
	struct ike_head h = head(A * 16ull, IKE_CREATE_CHILD_SA, 2);
	struct espnat *e = fresh();
	struct espnat_verdict v;

	(void)st;
	login(e, 0, A, P);
	login(e, 0, B, P);
	for (uint32_t i = 1; i <= 20; i++) {
		assert_int_equal(in(e, i * 200, P, 8000, i).n, 2);
		assert_int_equal(in(e, i * 200, P, 9000, i).n, 2);
	}
	espnat_ike_out(e, 5000, A, P, &h);
	v = in(e, 5100, P, 7000, 1);
	v = in(e, 5101, P, 7000, 2);
	assert_int_equal(v.n, 1);
	assert_int_equal(v.to[0], A);
	/* the old ones stay open: nothing was said about them */
	assert_int_equal(in(e, 5102, P, 8000, 21).n, 2);
	espnat_free(e);
}

/* RFC 4303: equal answers, no answer: never settled by them. */
static void no_answers_no_guess(void **st)
{
	struct espnat *e = fresh();

	(void)st;
	login(e, 0, A, P);
	login(e, 0, B, P);
	for (uint32_t i = 1; i <= 200; i++) {
		msec_t t = 1000 + i * 1000;

		assert_int_equal(in(e, t, P, 8000, i).n, 2);
		espnat_esp_out(e, t + 5, B, P, 99, i);
		espnat_esp_out(e, t + 6, A, P, 98, i);
	}
	espnat_free(e);
}

static void forged_flood(void **st)
{
	struct espnat *e = fresh();
	struct espnat_stats s;
	unsigned lost = 0;

	(void)st;
	login(e, 0, A, P);
	for (uint32_t i = 0; i < 100000; i++) { /* ten seconds */
		msec_t t = 1 + i / 10;

		in(e, t, P, 0x10000 + i * 7919, 1);
		if (i % 500 == 0) /* A's own, 20 a second */
			lost += in(e, t, P, 7000, i / 500 + 1).n != 1;
	}
	espnat_stats_get(e, &s);
	assert_int_equal(s.in, 1);
	assert_true(lost <= 1);
	/* and with rising numbers on each: the pair's share is bounded */
	for (uint32_t i = 0; i < 100000; i++)
		in(e, 20000 + i / 10, P, 0x90000000 + i / 3, i % 3 + 1);
	espnat_stats_get(e, &s);
	assert_true(s.in <= 16);
	assert_int_equal(in(e, 31000, P, 7000, 300).why, ESPNAT_BOUND);
	espnat_free(e);
}

/* Each forged SPI three times, numbers rising: looks like a new SA's start. */
static void forged_risen(void **st)
{
	struct espnat *e = fresh();
	struct espnat_stats s;
	uint32_t seq_a = 0, seq_b = 0, f = 0;
	unsigned lost_a = 0, lost_b = 0;

	(void)st;
	login(e, 0, A, P);
	for (msec_t t = 1; t < 9000; t++) {
		if (t == 4000)
			login(e, t, B, P);
		for (unsigned k = 0; t > 2500 && k < 10; k++, f++)
			in(e, t, P, 0x80000000 + f / 3, f % 3 + 1);
		if (t % 5 == 0)
			lost_a += in(e, t, P, 7000, ++seq_a).n == 0;
		if (t > 4000 && t % 20 == 0)
			lost_b += in(e, t, P, 8000, ++seq_b).n == 0;
		if (t % 1000 == 0)
			espnat_tick(e, t);
	}
	espnat_stats_get(e, &s);
	print_message("lost %u and %u of %u; %u entries\n", lost_a, lost_b, seq_b,
		s.in);
	assert_int_equal(lost_a, 0);
	assert_in_range(lost_b, 0, 5);
	assert_in_range(s.in, 2, 100);
	espnat_free(e);
}

/*
 * A forger is quicker than the peer, with SPIs that last: they take the
 * credit; the device's own SPI is late and gets through all the same.
 */
static void credit_stolen(void **st)
{
	struct espnat *e = fresh();

	(void)st;
	login(e, 0, A, P);
	for (uint32_t i = 0; i < 100; i++)
		in(e, 10 + i * 50, P, 9000, i + 1);
	for (uint32_t i = 0; i < 3; i++)
		in(e, 6000 + i, P, 8000, i + 1);
	assert_int_equal(in(e, 6010, P, 8000, 4).to[0], A);
	assert_int_equal(in(e, 6020, P, 8000, 5).why, ESPNAT_BOUND);
	/* one SPI too many: neither counts as an account that is closed */
	assert_int_equal(in(e, 6030, P, 8100, 1).n, 1);
	espnat_free(e);
}

static void limits(void **st)
{
	struct espnat *e = fresh();
	struct espnat_stats s;

	(void)st;
	for (uint32_t i = 0; i < 1000; i++)
		login(e, i, A, P + 10 + i);
	espnat_stats_get(e, &s);
	assert_int_equal(s.peers, 16); /* a device's share of peers */
	login(e, 2000, B, P);
	assert_int_equal(in(e, 2001, P, 5, 1).to[0], B);
	for (uint32_t h = 0; h < 1000; h++)
		login(e, 3000, 0xc0a90000 + h, P);
	assert_int_equal(in(e, 3001, P, 6, 1).why, ESPNAT_CROWD);
	espnat_free(e);
}

static void peer_apart(void **st)
{
	struct espnat *e = fresh();

	(void)st;
	login(e, 0, A, P);
	login(e, 0, B, Q);
	assert_int_equal(in(e, 1, P, 7, 1).to[0], A);
	assert_int_equal(in(e, 1, Q, 7, 1).to[0], B);
	espnat_free(e);
}

static void survives(void **st)
{
	struct espnat *e = fresh(), *f;
	struct text t = TEXT_INIT;
	struct espnat_verdict v;
	struct ike_head h;

	(void)st;
	login(e, 0, A, P);
	login(e, 0, B, Q);
	for (uint32_t i = 1; i < 5; i++) {
		in(e, i, P, 7000, i);
		in(e, i, Q, 7000, i);
	}
	espnat_save(e, 10, &t);
	f = fresh();
	assert_int_equal(espnat_restore(f, 100, text_str(&t), t.len), 4);
	v = in(f, 101, P, 7000, 900);
	assert_int_equal(v.why, ESPNAT_BOUND);
	assert_int_equal(v.to[0], A);
	h = head(B * 16ull, IKE_INFORMATIONAL, 0);
	espnat_ike_in(f, 102, Q, &h, &v);
	assert_int_equal(v.to[0], B);
	assert_int_equal(espnat_restore(f, 0, "in 1 2\nxx\nin g 1 1 1\n", 21), 0);
	espnat_flush(f);
	assert_int_equal(in(f, 103, P, 7000, 901).n, 0);
	espnat_free(e);
	espnat_free(f);
	text_done(&t);
}

static void unasked(void **st)
{
	struct espnat *e = fresh();
	struct ike_head h = head(77, IKE_SA_INIT, 0);
	struct espnat_verdict v;

	(void)st;
	espnat_ike_in(e, 0, P, &h, &v);
	assert_int_equal(v.n, 0);
	espnat_static(e, A);
	espnat_ike_in(e, 0, P, &h, &v);
	assert_int_equal(v.why, ESPNAT_STATIC);
	assert_int_equal(v.to[0], A);
	h = head(77, IKE_AUTH, 1); /* the device answers: its own from now on */
	h.flags = IKE_FLAG_RESPONSE;
	espnat_ike_out(e, 1, A, P, &h);
	espnat_ike_in(e, 2, P, &h, &v);
	assert_int_equal(v.why, ESPNAT_BOUND);
	assert_int_equal(in(e, 3, P, 4000, 1).to[0], A);
	espnat_free(e);
}

/* A device cannot take another's IKE SA by copying its SPI. */
static void no_theft(void **st)
{
	struct espnat *e = fresh();
	struct ike_head h = head(A * 16ull, IKE_INFORMATIONAL, 5);
	struct espnat_verdict v;

	(void)st;
	login(e, 0, A, P);
	espnat_ike_out(e, 1, B, P, &h);
	espnat_ike_in(e, 2, P, &h, &v);
	assert_int_equal(v.to[0], A);
	espnat_ike_out(e, 60000, B, P, &h); /* the same box, a new lease */
	espnat_ike_in(e, 60001, P, &h, &v);
	assert_int_equal(v.to[0], B);
	espnat_free(e);
}

/* A login that fails is tried again every few seconds, with a new SPI. */
static void tries_again(void **st)
{
	struct espnat *e = fresh();
	struct espnat_verdict v;
	struct ike_head h;

	(void)st;
	login(e, 0, A, P);
	for (uint32_t i = 0; i < 6; i++) { /* the first one is in use */
		h = head(A * 16ull, IKE_INFORMATIONAL, 2 + i);
		espnat_ike_out(e, i, A, P, &h);
	}
	for (uint32_t i = 0; i < 50; i++) {
		msec_t t = 1000 + i * 1000;

		h = head(1000 + i, IKE_SA_INIT, 0);
		espnat_ike_out(e, t, A, P, &h);
		h.spi_r = 5;
		espnat_ike_in(e, t + 1, P, &h, &v);
		assert_int_equal(v.why, ESPNAT_BOUND);
	}
	h = head(A * 16ull, IKE_INFORMATIONAL, 0);
	espnat_ike_in(e, 52000, P, &h, &v);
	assert_int_equal(v.why, ESPNAT_BOUND);
	espnat_free(e);
}

static uint32_t next_random(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	return *x ^= *x << 5;
}

/* Two random devices, a few peers, any event: within limits, never crashes. */
static void storm(void **st)
{
	struct espnat *e = fresh();
	struct espnat_stats s;
	struct espnat_verdict v;
	uint32_t x = 12345;
	msec_t now = 0;

	(void)st;
	for (unsigned i = 0; i < 1000000; i++) {
		uint32_t peer = P + next_random(&x) % 40;
		uint32_t host = A + (peer + (next_random(&x) % 4096 == 0)) % 12;
		uint32_t spi = next_random(&x) % 100;
		struct ike_head h = {.spi_i = next_random(&x) % 50,
			.spi_r = next_random(&x) % 2,
			.exchange = (uint8_t)(30 + next_random(&x) % 9),
			.flags = (uint8_t)next_random(&x),
			.msgid = next_random(&x) % 5};

		now += next_random(&x) % 100;
		switch (next_random(&x) % 9) {
		case 0: espnat_ike_out(e, now, host, peer, &h); break;
		case 1: espnat_ike_in(e, now, peer, &h, &v); break;
		case 2: espnat_esp_out(e, now, host, peer, spi, i); break;
		case 3: espnat_seen_in(e, now, peer, spi, i); break;
		case 4: espnat_seen_out(e, now, host, peer, spi, i); break;
		case 5:
			if (i % 512 == 5)
				espnat_tick(e, now);
			break;
		case 6: espnat_esp_copied(e, now, peer, spi, i); break;
		default: v = in(e, now, peer, spi, next_random(&x) % 99); break;
		}
		if (i % 250000 == 249999)
			espnat_flush(e);
	}
	espnat_stats_get(e, &s);
	assert_int_equal(s.in + s.peers + s.open, 0);
	assert_int_equal(set_n, del_n);
	assert_in_range(set_n, 500, 1000000);
	for (int k = 0; k < ESPNAT_CHANGE_MAX; k += 2)
		assert_int_equal(balance[k], balance[k + 1]);
	print_message("%u bindings, %ld times somebody got copies\n", set_n,
		balance[ESPNAT_COPY_SET]);
	assert_true(balance[ESPNAT_COPY_SET] > 50);
	espnat_free(e);
}

static const struct test_case cases[] = {
	{"one candidate: given at once, bound when it repeats", bound_by_repeat},
	{"a device whose SAs are accounted for is no candidate", excluded},
	{"two candidates get copies until one is excluded", copies_until_excluded},
	{"what is undecided the kernel copies, until it is decided", kernel_copies},
	{"copies are counted once", copies_are_counted},
	{"answers tell which of two it was", answers_tell},
	{"regular traffic in step is no evidence", regular_is_no_evidence},
	{"after a start of both at once the next rekey is certain", marriage},
	{"where answers tell nothing, nothing is guessed", no_answers_no_guess},
	{"10,000 forged SPIs a second take nothing away", forged_flood},
	{"nor do forged ones that rise", forged_risen},
	{"a forger who takes the credit does not cut the device off", credit_stolen},
	{"one device, and many, stay within their limits", limits},
	{"the same SPI of two peers is two SPIs", peer_apart},
	{"bindings survive in text; damage is skipped", survives},
	{"what nobody asked for goes to the mapped device or nowhere", unasked},
	{"an IKE SPI is not stolen, but follows a new lease", no_theft},
	{"logins that fail replace each other, not the one in use", tries_again},
	{"a million random events: limits hold, every binding is undone", storm},
};
RUN(cases)
