/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every reader gets before it looks: the text as a person saw it on the
 * screen, in UTF-8; and what no reader's output may show.
 */
#ifndef KADOMORI_ROUTERS_CLEAN_H
#define KADOMORI_ROUTERS_CLEAN_H

#include "policy/policy.h"

/*
 * A copy (caller frees) with the same lines: Shift_JIS, EUC-JP and ISO-2022-JP
 * become UTF-8, what cannot be converted becomes '?'; the pager's marks, what
 * was rubbed out by backspaces and terminal control sequences are gone.
 *
 * Without this a comment could change the meaning of a configuration: the second
 * byte of a Shift_JIS letter may be '\', '{', '}' or '|'.
 */
char *clean_text(const char *text);

/*
 * The line without what stands behind words like "password", "secret", "key"
 * or "community". Caller frees.
 */
char *clean_secrets(const char *line);
/* The same for every text that p holds. */
void clean_pipeline(struct pipeline *p);

#endif
