/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The NDP proxy's machine, every transition, with the clock in our hand. */
#include "world.h"

int main(void)
{
	int failed = 0;

	failed += answers_tests();
	failed += silent_tests();
	failed += contests_tests();
	failed += limits_tests();
	failed += adverts_tests();
	failed += restart_tests();
	failed += shield_tests();
	failed += random_tests();
	return failed;
}
