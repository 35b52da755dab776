/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regular files out of a tar stream (ustar, GNU long names, pax paths). */
#ifndef KADOMORI_CMD_TAR_H
#define KADOMORI_CMD_TAR_H

#include "base/text.h"

#include <stdio.h>

struct tar_file {
	struct text name, body;
	bool too_large;	/* body is empty then */
};

/*
 * The next regular file; its texts are reused from call to call and freed by
 * tar_done(). 1, 0 at the end, or -EBADMSG: this is no tar, or it is cut.
 */
int tar_next(FILE *f, size_t most, struct tar_file *ret);
void tar_done(struct tar_file *t);

#endif
