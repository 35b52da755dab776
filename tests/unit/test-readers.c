// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A configuration cut off at every byte: read and audited without a crash, and
 * never called good when it was cut inside a line.
 */
#include "test.h"

#include "audit/audit.h"
#include "routers/routers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

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

/* One prefix. True: it was read and nothing was said to be missing. */
static bool complete(const char *text, const char *brand)
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
		rc = audit_run(&rq, &a);
		assert_int_not_equal(rc, -EIO);
		r = rc == 0 && a->complete;
	} else {
		assert_non_null(why);
	}
	audit_free(a);
	pipeline_free(pl);
	free(why);
	return r;
}

static void cut(const char *name, const char *brand, size_t step)
{
	char *s = slurp(name);

	for (size_t n = strlen(s) - 1; n > 0; n -= n < step ? n : step) {
		char was = s[n];

		s[n] = '\0';
		if (s[n - 1] != '\n')
			assert_false(complete(s, brand));
		else
			(void)complete(s, brand);
		s[n] = was;
	}
	free(s);
}

static void cut_configurations_are_never_called_good(void **state)
{
	(void)state;
	cut("read/y-blog.conf", "yamaha", 3);
	cut("read/y-traps.conf", "yamaha", 3);
	cut("read/ros-home.rsc", "routeros", 7);
	cut("read/ros-bridge.rsc", "routeros", 3);
	cut("read/ix-home.conf", "ix", 7);
	cut("read/ow-home.conf", "openwrt", 7);
	cut("read/ow-bridge.conf", "openwrt", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_configurations_are_never_called_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
