// SPDX-License-Identifier: GPL-2.0-or-later
#include "command.h"
#include "routers/routers.h"

#include <stdio.h>

int cmd_routers(int argc, char **argv)
{
	struct text out = TEXT_INIT;

	if (argc > 1) {
		fprintf(stderr, _("kadomori %s: unexpected word \"%s\"\n"),
			argv[0], argv[1]);
		return EXIT_USAGE;
	}
	if (opt.json)
		catalogue_json(&out);
	else
		catalogue_text(&out);
	fputs(text_str(&out), stdout);
	text_done(&out);
	return EXIT_GOOD;
}
