/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configurations that are one tree of words: VyOS, EdgeOS and Junos. Each is
 * written in two forms, "set a b c" lines and curly braces; both give the same
 * tree here.
 *
 *	set firewall name X rule 10 action accept
 *	firewall { name X { rule 10 { action accept } } }
 */
#ifndef KADOMORI_ROUTERS_TREE_H
#define KADOMORI_ROUTERS_TREE_H

#include "policy/policy.h"

/* Deeper than any real configuration (about 12); what lies below is noted as
 * not understood. */
enum { TREE_DEPTH_MAX = 48 };

struct tree {
	char *name;
	unsigned line;	/* where it was said first, from 1 */
	struct tree **kids;
	size_t n, cap;
};

enum tree_form {
	TREE_VYOS,	/* curly: a line is a statement */
	TREE_JUNOS,	/* curly: ';' ends a statement, [ a b ] are values */
};

/*
 * Text (from clean_text()) -> root, never NULL; caller: tree_free(). Lines that
 * are no statement are noted in pl. "set" and "delete" lines may follow braces. "inactive:", "deactivate", "delete" take
 * what they name away.
 */
struct tree *tree_read(const char *text, enum tree_form form,
	struct pipeline *pl);
void tree_free(struct tree *t);

/* Child by name, or NULL; t may be NULL. */
struct tree *tree_kid(const struct tree *t, const char *name);
/* Down a path of words, "global-options state-policy"; NULL if it ends. */
struct tree *tree_at(const struct tree *t, const char *path);
/* Name of the child set last ("drop" of "action drop"), or NULL. */
const char *tree_value(const struct tree *t, const char *path);
/* Children in the order of their numbers ("rule 10" after "rule 9"). */
void tree_sort(struct tree *t);
/*
 * "set" lines may hold several statements of one level ("protocol udp
 * destination-port 500"): bring grandchildren so named up to t.
 */
void tree_hoist(struct tree *t, const char *const *names);

struct mender;
struct mends;
/*
 * Changes in the words of "set" and "delete", appended: take out what the
 * quoted line names; let the device in through the list that stops it.
 */
void tree_mend(const struct mender *m, struct mends *ret);

/* Every line that says something of t belongs to o's rule. */
void tree_lines(struct origin *o, const struct tree *t);

/* "PREFIX name a b; c d" on one line, as a finding quotes it. Caller frees. */
char *tree_quote(const char *prefix, const struct tree *t);

#endif
