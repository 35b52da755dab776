/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmocka with spoken names: CASE("what must hold") { ... } */
#ifndef KADOMORI_TEST_H
#define KADOMORI_TEST_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

struct test_case {
	const char *name;
	void (*run)(void **);
};

/* CASES(...) at the end of a test file makes main(). */
#define RUN(cases)                                                             \
	int main(void)                                                         \
	{                                                                      \
		struct CMUnitTest t[sizeof(cases) / sizeof((cases)[0])];       \
		memset(t, 0, sizeof(t));                                       \
		for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {        \
			t[i].name = (cases)[i].name;                           \
			t[i].test_func = (cases)[i].run;                       \
		}                                                              \
		return cmocka_run_group_tests(t, NULL, NULL);                  \
	}

#endif
