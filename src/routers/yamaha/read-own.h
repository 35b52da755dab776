/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the Yamaha reader. */
#ifndef KADOMORI_YAMAHA_READ_OWN_H
#define KADOMORI_YAMAHA_READ_OWN_H

#include "routers/brand.h"
#include "routers/capture.h"

int yamaha_looks(const char *text);
int yamaha_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why);

/*
 * One "ip filter" or "ipv6 filter" line (words from the action on) -> rules
 * appended to c. Two rules where ports bind only TCP and UDP. False: not
 * understood.
 */
bool yamaha_filter(struct chain *c, enum family fam, const struct words *w,
	size_t i, const struct origin *o);

/* undo.c: lines that a later "no" takes back become empty */
void yamaha_take_back(struct capture *c);

/* mend.c */
void yamaha_mend(const struct mender *m, struct mends *ret);

#endif
