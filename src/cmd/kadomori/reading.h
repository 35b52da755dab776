/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading somebody's configuration, for ask, compare, audit and verify. */
#ifndef KADOMORI_CMD_READING_H
#define KADOMORI_CMD_READING_H

#include "base/text.h"
#include "policy/policy.h"
#include "routers/routers.h"

enum { READ_MAX = 16 << 20 }; /* bytes of one configuration */

/* Options that say what the text does not. Strings belong to argv. */
struct read_options {
	const char *brand;	/* --kind */
	const char *wan, *lan;	/* --wan, --lan */
	bool quiet;		/* say nothing on stderr */
};
/* Take them out of argv; returns the new argc, or -EINVAL (said). */
int read_options(int argc, char **argv, struct read_options *ret);

/*
 * A file ("-": stdin) -> what it makes of the router. An nftables text is first
 * given to nft itself, in an empty network. 0, or an exit code (said on stderr).
 */
int read_config(const char *path, const struct read_options *o,
	struct pipeline **ret, const struct brand **brand);
/* The text alone ("-": stdin), appended to t. 0, or an exit code (said). */
int read_file(const char *path, struct text *t);
/*
 * An nftables text without what nft refuses where its interfaces are not there:
 * iif becomes iifname, flowtables go. Same lines; caller frees. (nft-text.c)
 */
char *nft_text_tame(const char *text);
/* The same for text that is in memory; name is only shown. */
int read_text(const char *name, const char *text, const struct read_options *o,
	struct pipeline **ret, const struct brand **brand);

/*
 * A copy of a clean text of the kind o->brand, to be judged and forgotten: what is
 * read (caller: pipeline_free) is good until the next. 0, or an exit code.
 */
int read_draft(const char *text, const struct read_options *o,
	struct pipeline **ret);

/* A line of proof_words() in the reader's language; caller frees. (boxes.c) */
char *box_words(const char *line, size_t n);

/* What was not understood, to stderr. */
void read_unknown(const struct pipeline *pl, const char *name);
/*
 * "decided by ... (file:line: text)" for a packet. The packet is asked anew by
 * the interpreter; -EIO when it disagrees with `passes` (an internal error).
 */
int print_decision(const struct pipeline *pl, const struct packet *p,
	bool passes);

#endif
