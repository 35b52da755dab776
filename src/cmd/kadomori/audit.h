/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by "audit" and "audit --stream". */
#ifndef KADOMORI_CMD_AUDIT_H
#define KADOMORI_CMD_AUDIT_H

#include <jansson.h>

#include "reading.h"
#include "audit/audit.h"

/* What the user said about the device and the line; strings not owned. */
struct audit_asked {
	struct read_options read;
	const char *mac, *id, *ipv4, *line, *ask, *save, *prefix;
	bool sarif, natt, stream, no_change;
};

/* 0, or -EINVAL: *bad names the option whose value is not understood. */
int audit_request_of(const struct audit_asked *a, struct audit_request *rq,
	const char **bad);
/* The report as one object (caller: json_decref). words: what was judged. */
json_t *audit_json(const struct audit *a, const char *path,
	const struct brand *b, const char *words);

/* The same as SARIF 2.1.0, what code-scanning services read. */
json_t *audit_sarif(const struct audit *a, const char *path);

/* To each finding the lines without which its packet's fate were another. */
void audit_blame(const struct audit_asked *k, const struct audit_request *rq,
	const struct brand *b, const char *words, struct audit *a);
/* Line no of words as people may see it: no secrets. Caller frees. */
char *audit_line(const char *words, unsigned no);

/*
 * To each finding of a, which judged words, the smallest change that mends it,
 * where one is found that a copy bears out.
 */
void audit_mend(const struct audit_asked *k, const struct audit_request *rq,
	const struct brand *b, const char *words, struct audit *a);

/*
 * Ask on stderr, read from stdin; the answers as lines that a reader takes, also
 * in the new file save unless it is NULL. 0 or an exit code.
 */
int audit_ask(const char *router, const char *save, struct text *answers);

/*
 * stdin: one JSON object a line, {"id", "config", and as wished "kind", "line",
 * "mac", "device_id", "ipv4", "wan", "lan"}; stdout: one report a line with the
 * same id, in any order. Or a tar: each regular file in it is a configuration,
 * its name the id. A process per core, nothing kept between lines.
 * Returns an exit code.
 */
int audit_stream(const struct audit_asked *defaults);

#endif
