// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *log_name = "kadomori";
static enum log_level log_max = LOG_INFO;

void log_open(const char *name, enum log_level level)
{
	log_name = name;
	log_max = level;
}

void log_line(enum log_level l, const char *fmt, ...)
{
	cleanup(freep) char *raw = NULL;
	cleanup(freep) char *safe = NULL;
	va_list ap;
	int n;

	if (l > log_max)
		return;
	va_start(ap, fmt);
	n = vasprintf(&raw, fmt, ap);
	va_end(ap);
	if (n < 0) {
		raw = NULL;
		return;
	}
	safe = text_printable(raw, (size_t)n);
	/* systemd reads the level off the line: sd-daemon(3). */
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "<%d>", (int)l);
	fprintf(stderr, "%s: %s\n", log_name, safe);
}
