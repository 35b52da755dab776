/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NDP filter's program in the kernel, frame by frame, against wire/nd.c:
 * what it drops as junk is what the parser refuses, with the same name; what it
 * answers is the answer that the daemon would build; everything else goes up
 * unchanged. First by hand, then with a hundred thousand damaged frames.
 */
#include "base/clock.h"
#include "dataplane/dataplane.h"
#include "wire/nd.h"
#include "wire/sum.h"

#include <linux/pkt_cls.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#define MUST(x) must(x, #x, __LINE__)
static unsigned failed, checked;

static void must(bool ok, const char *what, int line)
{
	checked++;
	if (ok)
		return;
	failed++;
	if (failed < 20)
		printf("FAIL: line %d: %s\n", line, what);
}

static struct nd_filter *f;
static const struct mac our_mac = {{2, 0, 0, 0, 0, 1}};
static const struct mac router = {{2, 0, 0, 0, 1, 0}};
static struct addr our_ll, known, idle, gone, ours, nobody, asker, claim;

static struct addr A(const char *s)
{
	struct addr a;
	enum family fam;

	if (addr_parse(s, &fam, &a))
		abort();
	return a;
}

static uint64_t counter(enum nd_map_count c)
{
	return nd_filter_counts(f)[c];
}

/* The parser's word for a reason of the filter. */
static const struct {
	enum nd_map_count c;
	enum nd_verdict v;
} reasons[] = {
	{ND_C_HOPLIMIT, ND_BAD_HOPLIMIT}, {ND_C_SUM, ND_BAD_SUM},
	{ND_C_CODE, ND_BAD_CODE}, {ND_C_LENGTH, ND_BAD_LENGTH},
	{ND_C_EXTHDR, ND_BAD_EXTHDR}, {ND_C_FRAGMENT, ND_BAD_FRAGMENT},
	{ND_C_TARGET, ND_BAD_TARGET}, {ND_C_SHORT, ND_BAD_SHORT},
};

static size_t solicit(uint8_t *b, const struct addr *src,
	const struct addr *target, bool unicast, bool sll)
{
	struct nd_msg m = {.type = ND_NS, .l2src = router, .src = *src,
		.target = *target, .has_sll = sll, .sll = router};
	struct wr w = wr_of(b, ND_FRAME_MAX);

	m.dst = unicast ? *target : addr_solicited_node(target);
	m.l2dst = unicast ? our_mac : mac_of_multicast(&m.dst);
	if (nd_build(&w, &m))
		abort();
	return wr_len(&w);
}

static uint8_t out[2048];
static size_t out_n;

static int run(const uint8_t *b, size_t n)
{
	out_n = sizeof(out);
	return nd_filter_try(f, b, n, out, &out_n);
}

/* ---- by hand ---- */

static void answer_is_ours(const struct addr *target, const struct addr *to)
{
	struct nd_msg m;

	MUST(nd_parse(out, out_n, &m) == ND_GOOD);
	MUST(m.type == ND_NA && m.flags == NA_SOLICITED);
	MUST(!addr_cmp(&m.target, target));
	MUST(!addr_cmp(&m.src, &our_ll) && !addr_cmp(&m.dst, to));
	MUST(m.has_tll && !memcmp(&m.tll, &our_mac, 6));
	MUST(!memcmp(&m.l2src, &our_mac, 6) && !memcmp(&m.l2dst, &router, 6));
}

static void known_is_answered_in_each_form(void)
{
	uint8_t b[ND_FRAME_MAX];

	for (int form = 0; form < 4; form++) {
		uint64_t before = counter(ND_C_ANSWERED);
		size_t n = solicit(b, &asker, &known, form & 1, form & 2);

		MUST(run(b, n) == TC_ACT_REDIRECT);
		answer_is_ours(&known, &asker);
		MUST(counter(ND_C_ANSWERED) == before + 1);
	}
}

/* Has a machine that stood still taken the second that this needs? */
static bool late(msec_t since)
{
	return clock_ms() - since > 900;
}

static void idle_is_answered_and_told(void)
{
	uint8_t b[ND_FRAME_MAX];

	for (int sll = 0; sll < 2; sll++) {
		uint64_t before = counter(ND_C_ANSWERED);
		size_t n = solicit(b, &asker, &idle, false, sll);
		msec_t start = clock_ms();
		int next;

		MUST(run(b, n) == TC_ACT_OK);
		MUST(out_n == n && !memcmp(out, b, n));
		MUST(counter(ND_C_ANSWERED) == before + 1);
		/* the next within a second is answered only */
		next = run(b, n);
		MUST(counter(ND_C_ANSWERED) == before + 2);
		if (late(start))
			sll--;
		else
			MUST(next == TC_ACT_REDIRECT);
		usleep(1050000);
	}
}

static void unchanged_goes_up(const struct addr *src, const struct addr *target)
{
	uint8_t b[ND_FRAME_MAX];
	uint64_t before = counter(ND_C_ANSWERED);
	size_t n = solicit(b, src, target, false, !addr_is_zero(src));

	MUST(run(b, n) == TC_ACT_OK);
	MUST(out_n == n && !memcmp(out, b, n));
	MUST(counter(ND_C_ANSWERED) == before);
}

static void speaker_with_a_global_address_is_told(void)
{
	uint8_t b[ND_FRAME_MAX];
	struct addr heard = A("2404:7a80:1:2::44"), new = A("2404:7a80:1:2::45");
	size_t n = solicit(b, &new, &known, false, true);

	MUST(run(b, n) == TC_ACT_OK);
	MUST(!nd_filter_set(f, &heard, ND_HEARD, 60));
	n = solicit(b, &heard, &known, false, true);
	MUST(run(b, n) == TC_ACT_REDIRECT);
}

static void strangers_are_few(void)
{
	uint8_t b[ND_FRAME_MAX];
	struct addr a = nobody;
	unsigned passed = 0;

	for (unsigned i = 0; i < 5000; i++) {
		size_t n;

		a.b[12] = (uint8_t)(i >> 8);
		a.b[13] = (uint8_t)i;
		n = solicit(b, &asker, &a, false, true);
		passed += run(b, n) == TC_ACT_OK;
	}
	MUST(passed >= 20 && passed < 400);
	MUST(counter(ND_C_OVER_STRANGER) > 4000);
	/* and cost the known and the remembered nothing */
	known_is_answered_in_each_form();
	unchanged_goes_up(&asker, &gone);
	unchanged_goes_up(&asker, &ours);
}

static void other_traffic_is_untouched(void)
{
	uint8_t b[ND_FRAME_MAX];
	size_t n = solicit(b, &asker, &known, false, true);

	b[54] = 128; /* an echo request */
	MUST(run(b, n) == TC_ACT_OK && !memcmp(out, b, n));
	n = solicit(b, &asker, &known, true, true);
	b[5] ^= 1; /* for another machine */
	MUST(run(b, n) == TC_ACT_OK && !memcmp(out, b, n));
	n = solicit(b, &asker, &known, false, true);
	memcpy(b + 6, our_mac.b, 6); /* our own, come back */
	MUST(run(b, n) == TC_ACT_OK && !memcmp(out, b, n));
	n = solicit(b, &asker, &known, false, true);
	b[12] = 8, b[13] = 0;
	MUST(run(b, n) == TC_ACT_OK && !memcmp(out, b, n));
}

static void end_of_belief(void)
{
	uint8_t b[ND_FRAME_MAX];
	struct addr a = A("2404:7a80:1:2::66");
	size_t n = solicit(b, &asker, &a, false, true);

	msec_t start;
	int next;

	do {
		start = clock_ms();
		MUST(!nd_filter_set(f, &a, ND_ANSWER, 1));
		next = run(b, n);
	} while (late(start));
	MUST(next == TC_ACT_REDIRECT);
	usleep(1100000);
	MUST(run(b, n) == TC_ACT_OK);
	MUST(!nd_filter_set(f, &a, 0, 0));
}

static void old_generation_goes(void)
{
	uint8_t b[ND_FRAME_MAX];
	struct addr a = A("2404:7a80:1:2::67"), c = A("2404:7a80:1:2::68");
	size_t n = solicit(b, &asker, &a, false, true);

	MUST(!nd_filter_set(f, &a, ND_ANSWER, 60));
	nd_filter_generation(f);
	MUST(!nd_filter_set(f, &c, ND_ANSWER, 60));
	MUST(run(b, n) == TC_ACT_REDIRECT);
	nd_filter_forget_old(f);
	MUST(run(b, n) == TC_ACT_OK);
	n = solicit(b, &asker, &c, false, true);
	MUST(run(b, n) == TC_ACT_REDIRECT);
	MUST(!nd_filter_set(f, &c, 0, 0));
}

static void off_means_off(void)
{
	uint8_t b[ND_FRAME_MAX];
	size_t n = solicit(b, &asker, &known, false, true);

	MUST(!nd_filter_port(f, false, &our_mac, &our_ll));
	MUST(run(b, n) == TC_ACT_OK && !memcmp(out, b, n));
	b[21] = 64;
	MUST(run(b, n) == TC_ACT_OK);
	MUST(!nd_filter_port(f, true, &our_mac, &our_ll));
}

/* ---- damaged frames ---- */

static uint64_t rnd = 88172645463325252ull;
static uint32_t any(uint32_t below)
{
	rnd ^= rnd << 13;
	rnd ^= rnd >> 7;
	rnd ^= rnd << 17;
	return (uint32_t)(rnd >> 33) % below;
}

static void mend(uint8_t *b, size_t n)
{
	struct addr src, dst;

	memcpy(&src, b + 22, 16);
	memcpy(&dst, b + 38, 16);
	put_be16(b + 18, (uint16_t)(n - 54));
	put_be16(b + 56, 0);
	sum_put(b + 54, n - 54, 2, FAM_6, &src, &dst, 58);
}

/* An extension header of eight bytes before ICMPv6. */
static size_t behind_header(uint8_t *b, size_t n)
{
	static const uint8_t kinds[] = {0, 43, 44, 51, 60};
	uint8_t kind = kinds[any(5)];

	memmove(b + 62, b + 54, n - 54);
	memset(b + 54, 0, 8);
	b[54] = 58;
	if (kind == 0 || kind == 60)
		b[56] = 1, b[57] = 4;
	if (kind == 44)
		b[57] = (uint8_t)any(2);
	b[20] = kind;
	put_be16(b + 18, (uint16_t)(n - 54 + 8));
	return n + 8;
}

static size_t damaged(uint8_t *b)
{
	const struct addr *targets[] = {&known, &idle, &gone, &ours, &nobody};
	struct addr none = {{0}};
	size_t n = solicit(b, any(9) ? &asker : &none, targets[any(5)],
		any(2), any(2));

	for (unsigned k = any(4); k--;)
		b[any(8) ? 54 + any((uint32_t)n - 54) : any((uint32_t)n)] =
			(uint8_t)any(256);
	if (any(3) == 0)
		n -= any(12);
	if (any(3) == 0)
		n += any(40), memset(b + 86, (int)any(2), 60);
	if (any(16) == 0)
		b[62] = 0xff;
	if (any(2))
		mend(b, n);
	if (any(8) == 0)
		n = behind_header(b, n);
	if (any(12) == 0)
		b[21] = (uint8_t)any(256);
	return n;
}

static void judged(const uint8_t *b, size_t n)
{
	uint64_t before[ND_C_MAX];
	struct nd_msg m, a;
	enum nd_verdict v = nd_parse(b, n, &m);
	int rc;

	for (unsigned i = 0; i < ND_C_MAX; i++)
		before[i] = counter((enum nd_map_count)i);
	rc = run(b, n);
	if (rc == TC_ACT_OK) {
		MUST(out_n == n && !memcmp(out, b, n));
	} else if (rc == TC_ACT_REDIRECT) {
		MUST(v == ND_GOOD && m.type == ND_NS);
		MUST(nd_parse(out, out_n, &a) == ND_GOOD);
		MUST(a.type == ND_NA && !addr_cmp(&a.target, &m.target));
		MUST(!addr_cmp(&a.target, &known) || !addr_cmp(&a.target, &idle));
		MUST(!addr_cmp(&a.dst, &m.src));
	} else {
		MUST(rc == TC_ACT_SHOT);
		for (unsigned i = 0; i < ARRAY_LEN(reasons); i++)
			if (counter(reasons[i].c) != before[reasons[i].c])
				MUST(reasons[i].v == v);
		/* what the parser takes is dropped for a budget only */
		if (v == ND_GOOD)
			MUST(counter(ND_C_OVER_STRANGER) + counter(ND_C_OVER_ASKED) +
				counter(ND_C_OVER_OURS) + counter(ND_C_OVER_OTHER) ==
				before[ND_C_OVER_STRANGER] + before[ND_C_OVER_ASKED] +
				before[ND_C_OVER_OURS] + before[ND_C_OVER_OTHER] + 1);
	}
}

static void a_hundred_thousand_damaged_frames(void)
{
	uint8_t b[2048] = {0};
	unsigned dropped = 0, answered = 0;

	for (int i = 0; i < 100000; i++) {
		size_t n = damaged(b);
		uint64_t was = counter(ND_C_ANSWERED);

		judged(b, n);
		answered += counter(ND_C_ANSWERED) != was;
	}
	for (unsigned i = 0; i < ARRAY_LEN(reasons); i++) {
		MUST(counter(reasons[i].c) > 10);
		dropped += (unsigned)counter(reasons[i].c);
	}
	MUST(answered > 1000);
	printf("100000 damaged frames: %u dropped with the parser's own reason, %u answered\n",
		dropped, answered);
}

static void prepare_hosts(void)
{
	MUST(!nd_filter_port(f, true, &our_mac, &our_ll));
	MUST(!nd_filter_set(f, &known, ND_ANSWER, 600));
	MUST(!nd_filter_set(f, &idle, ND_ANSWER | ND_TELL, 600));
	MUST(!nd_filter_set(f, &gone, ND_ASKED, 600));
	MUST(!nd_filter_set(f, &ours, ND_OURS, 600));
}

static int prepare(void)
{
	int rc = nd_filter_new(&f);

	if (rc)
		return rc;
	our_ll = A("fe80::1");
	asker = A("fe80::100");
	known = A("2404:7a80:1:2::10");
	idle = A("2404:7a80:1:2::20");
	gone = A("2404:7a80:1:2::30");
	ours = A("2404:7a80:1:2::f1");
	nobody = A("2404:7a80:1:2:5::1");
	prepare_hosts();
	return 0;
}

int main(void)
{
	int rc;

	if (geteuid() || unshare(CLONE_NEWNET)) {
		puts("skip: needs root for BPF");
		return 77;
	}
	rc = prepare();
	if (rc) {
		printf("skip: the kernel refuses the program: %s\n", strerror(-rc));
		return 77;
	}
	known_is_answered_in_each_form();
	idle_is_answered_and_told();
	unchanged_goes_up(&asker, &gone);
	unchanged_goes_up(&asker, &ours);
	unchanged_goes_up(&asker, &nobody);
	unchanged_goes_up(&claim, &known); /* DAD */
	speaker_with_a_global_address_is_told();
	other_traffic_is_untouched();
	off_means_off();
	end_of_belief();
	old_generation_goes();
	/* the old one is over: what follows belongs to this one */
	prepare_hosts();
	strangers_are_few();
	a_hundred_thousand_damaged_frames();
	nd_filter_free(f);
	printf("%u checks, %u failed\n", checked, failed);
	puts(failed ? "FAIL" : "ok");
	return failed != 0;
}
