// SPDX-License-Identifier: GPL-2.0-or-later
#include "command.h"

#include <stdio.h>

int cmd_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts("kadomori " KADOMORI_VERSION);
	return EXIT_GOOD;
}
