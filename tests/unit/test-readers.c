// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A configuration cut off at every byte: read and audited without a crash, and
 * never called good when it was cut inside a line.
 */
#include "test.h"

#include "audit/audit.h"
#include "proof/proof.h"
#include "routers/routers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *slurp(const char *name)
{
	char path[256], *s;
	FILE *f;
	long n;

	snprintf(path, sizeof(path), "%s/tests/golden/%s", SOURCE_ROOT, name);
	f = fopen(path, "re");
	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	n = ftell(f);
	rewind(f);
	s = calloc(1, (size_t)n + 1);
	assert_int_equal(fread(s, 1, (size_t)n, f), (size_t)n);
	fclose(f);
	return s;
}

/* What audit calls complete: no line was left that may change what passes. */
static bool says_missing(const struct pipeline *pl)
{
	for (size_t i = 0; i < pl->unknown_n; i++)
		if (pl->unknown[i].affects_filter)
			return true;
	return false;
}

/* One prefix. True: it was read and nothing was said to be missing. */
static bool complete(const char *text, const char *brand, bool whole_way)
{
	struct read_hints h = {.wan = NULL};
	struct pipeline *pl = NULL;
	struct audit *a = NULL;
	struct audit_request rq = {.has6 = true};
	char *why = NULL;
	bool r = false;
	int rc;

	assert_int_equal(addrmask_parse("::211:22ff:fe33:4455/-64", &rq.device6), 0);
	if (routers_read(routers_brand(brand), text, &h, &pl, &why) == 0) {
		rq.pl = pl;
		r = !says_missing(pl);
		rc = whole_way ? audit_run(&rq, &a) : 0;
		assert_int_not_equal(rc, -EIO);
		assert_true(!a || a->complete == r);
	} else {
		assert_non_null(why);
	}
	audit_free(a);
	pipeline_free(pl);
	free(why);
	return r;
}

/* Between two whole sections nothing tells that there were more. */
static bool balanced(const char *s, size_t n)
{
	int depth = 0;

	for (size_t i = 0; i < n; i++)
		depth += s[i] == '{' ? 1 : s[i] == '}' ? -1 : 0;
	return n > 1 && depth == 0 && memchr(s, '{', n);
}

/*
 * At every byte; every step-th goes the whole way through the auditor.
 * closed: its end can be told (braces, "end"), so no cut at all looks whole.
 */
static void cut_at(const char *name, const char *brand, size_t step, bool closed)
{
	char *s = slurp(name);
	const char *end = !strcmp(brand, "ios") ? strstr(s, "\nend")
			  : !strcmp(brand, "iptables") ? strstr(s, "\nCOMMIT")
						      : strrchr(s, '}');
	size_t last = end ? (size_t)(end - s) : 0;

	for (size_t n = strlen(s) - 1; n > 0; n--) {
		char was = s[n];
		bool whole;

		s[n] = '\0';
		whole = complete(s, brand, n % step == 0);
		/* of JSON only the newline behind its last brace may go */
		if (whole && *s == '{' && n == last + 1)
			whole = false;
		if (whole && (s[n - 1] != '\n' || (closed && n < last && !balanced(s, n))))
			fail_msg("%s cut at byte %zu is called whole: ...%s",
				name, n, s + (n < 40 ? 0 : n - 40));
		s[n] = was;
	}
	free(s);
}

/* Every step-th byte; CUT_EVERY_BYTE=1 in the environment takes them all. */
static void cut(const char *name, const char *brand, size_t step)
{
	cut_at(name, brand, step, false);
}

static void cut_configurations_are_never_called_good(void **state)
{
	(void)state;
	cut("read/y-blog.conf", "yamaha", 3);
	cut("read/y-traps.conf", "yamaha", 3);
	cut("read/ros-home.rsc", "routeros", 31);
	cut("read/ros-bridge.rsc", "routeros", 3);
	cut("read/ix-home.conf", "ix", 31);
	cut("read/vyos-home.set", "vyos", 151);
	cut("read/srx-home.set", "srx", 157);
	cut_at("read/vyos-home.boot", "vyos", 149, true);
	cut_at("read/edge-home.boot", "edgeos", 149, true);
	cut_at("read/srx-home.conf", "srx", 163, true);
	cut_at("read/ios-home.conf", "ios", 123, true);
	cut_at("read/ios-zone.conf", "ios", 123, true);
	cut("read/ow-home.conf", "openwrt", 31);
	cut("read/ow-bridge.conf", "openwrt", 13);
	cut("read/pf-open.conf", "pf", 29);
	cut("read/pf-free.conf", "pf", 13);
	cut("read/opn-home.xml", "opnsense", 31);
	cut_at("read/ipt-home.save", "iptables", 31, true);
	cut_at("read/nft-cut.json", "nftables", 41, true);
	cut("read/w-ntt.txt", "ntt", 3);
	cut("read/w-buffalo.txt", "buffalo", 3);
}

/* Both forms of one configuration let exactly the same pass. */
static void same(const char *a, const char *b, const char *brand)
{
	struct read_hints h = {.wan = NULL};
	struct proof *pr = proof_new();
	const char *const names[] = {a, b};
	pset sets[2];

	for (int i = 0; i < 2; i++) {
		struct pipeline *pl = NULL;
		char *why = NULL, *s = slurp(names[i]);

		assert_int_equal(routers_read(routers_brand(brand), s, &h, &pl,
			&why), 0);
		assert_int_equal(proof_passes(pr, pl, PROOF_PERHAPS, &sets[i]), 0);
		pipeline_free(pl);
		free(s);
	}
	assert_true(sets[0] == sets[1]);
	assert_true(sets[0] != PSET_NONE);
	proof_free(pr);
}

static void set_lines_and_braces_mean_the_same(void **state)
{
	(void)state;
	same("read/vyos-home.set", "read/vyos-home.boot", "vyos");
	same("read/srx-home.set", "read/srx-home.conf", "srx");
}

static void no_secret(const char *s)
{
	assert_true(!s || !strstr(s, "hunter2"));
}

/* hunter2 is every password of the samples. */
static void secrets_in(const char *name, const char *brand, bool all)
{
	struct read_hints h = {.wan = NULL};
	struct pipeline *pl = NULL;
	char *why = NULL, *s = slurp(name);

	assert_non_null(strstr(s, "hunter2"));
	/* as lines that no reader knows, they are listed, too */
	for (char *p = s; all && (p = strstr(p, "hunter2")); p++)
		for (char *b = p; b > s && b[-1] != '\n'; b--)
			if (b - 1 == s || b[-2] == '\n')
				*b = 'X';
	if (routers_read(routers_brand(brand), s, &h, &pl, &why) == 0) {
		for (size_t i = 0; i < pl->unknown_n; i++)
			no_secret(pl->unknown[i].text);
		for (size_t i = 0; i < pl->nat_in_n; i++)
			no_secret(pl->nat_in[i].origin.text);
		for (size_t i = 0; i < pl->chain_n; i++)
			for (size_t k = 0; k < pl->chains[i]->rule_n; k++)
				no_secret(pl->chains[i]->rules[k].origin.text);
	}
	no_secret(why);
	pipeline_free(pl);
	free(why);
	free(s);
}

static void secrets_are_in_no_output(void **state)
{
	static const char *const rows[][2] = {{"read/vyos-home.set", "vyos"},
		{"read/vyos-home.boot", "vyos"}, {"read/edge-home.boot", "edgeos"},
		{"read/ios-home.conf", "ios"}, {"read/srx-home.set", "srx"},
		{"read/srx-home.conf", "srx"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		secrets_in(rows[i][0], rows[i][1], false);
		secrets_in(rows[i][0], rows[i][1], true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_configurations_are_never_called_good),
		cmocka_unit_test(set_lines_and_braces_mean_the_same),
		cmocka_unit_test(secrets_are_in_no_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
