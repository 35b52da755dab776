/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A step that reads what strangers send, in a process of its own: nobody when
 * we are root, no new privilege, no file, no second process, no terminal. It
 * tells a struct of a known size through a pipe; who takes it cleans it as if
 * the process had been taken over.
 */
#ifndef KADOMORI_LINE_STEP_H
#define KADOMORI_LINE_STEP_H

#include "base/base.h"
#include "base/clock.h"

#include <sys/types.h>

struct step_work {
	/* Still with rights (a raw socket); NULL: nothing to prepare. */
	void (*prepare)(void *arg);
	/* Without; told is zeroed and of size n. */
	void (*run)(void *arg, void *told);
	void *arg;	/* seen as it is at the start */
	size_t n;
};

struct step {
	pid_t pid;
	int fd;
	msec_t until;
	size_t n;
};

void step_start(struct step *s, const struct step_work *w, msec_t until);
/* Wait, at the latest until a little after `until`. 0, or -EIO: it ended early
 * or too late, and told (s->n bytes) is zero. The process is gone after it. */
int step_finish(struct step *s, void *told);

/* End a string that came through and take out what steers a terminal. */
void step_clean(char *s, size_t n);

#endif
