/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the UNIVERGE IX reader. */
#ifndef KADOMORI_IX_READ_OWN_H
#define KADOMORI_IX_READ_OWN_H

#include "routers/brand.h"
#include "routers/capture.h"

int ix_looks(const char *text);
int ix_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why);

/* ---- read-list.c: access lists ---- */

/* ip|ipv6 access-list NAME [SEQ] permit|deny ... */
struct ix_entry {
	const struct capture_line *line;
	struct words w;
	enum family fam;
	const char *name;	/* in w */
	uint32_t seq;
	bool dynamic;
	size_t at;		/* word of the action, or behind the name */
};

struct ix_lists {
	struct ix_entry *v;
	size_t n, cap;
};

/* Note a line; false: it is none of an access list. */
bool ix_list_note(struct ix_lists *l, const struct capture_line *line);
void ix_lists_done(struct ix_lists *l);
bool ix_list_exists(const struct ix_lists *l, enum family fam,
	const char *name);
/*
 * The rules of a list, appended to c; deny is the verdict of its deny lines.
 * False: some line was not understood, *bad is it.
 */
bool ix_list_rules(const struct ix_lists *l, struct chain *c, enum family fam,
	const char *name, enum verdict deny, const struct capture_line **bad);
/* Answers that a dynamic list on the way out lets back in. */
void ix_list_answers(const struct ix_lists *l, struct pipeline *pl,
	struct chain *c, enum family fam, const char *name);
bool ix_list_dynamic(const struct ix_lists *l, enum family fam,
	const char *name);

#endif
