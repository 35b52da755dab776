/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kadomori, the command. One subcommand, one file cmd-NAME.c, one row in
 * commands.def; help, the man page and completions come from the rows.
 */
#ifndef KADOMORI_COMMAND_H
#define KADOMORI_COMMAND_H

#include "base/base.h"
#include "base/tr.h"

/* Exit codes, stable. */
enum {
	EXIT_GOOD = 0,
	EXIT_USAGE = 1,
	EXIT_CHECK_FAILED = 2,
	EXIT_WARNINGS = 3,
	EXIT_UNDECIDED = 4,
	EXIT_NOT_PERMITTED = 5,
};

struct options {
	bool json;
	const char *run;  /* --run FOLDER, see daemon_folder() */
	const char *conf; /* --conf FILE, default /etc/kadomori/kadomori.conf */
};
extern struct options opt;

#define CMD(name, func, root, args, help) int func(int argc, char **argv);
#include "commands.def"
#undef CMD

#endif
