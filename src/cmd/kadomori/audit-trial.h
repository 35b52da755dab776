/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A change to a configuration, on trial: does it mend, and harm nothing? */
#ifndef KADOMORI_CMD_AUDIT_TRIAL_H
#define KADOMORI_CMD_AUDIT_TRIAL_H

#include "audit.h"
#include "routers/routers.h"

struct mending {
	const struct audit_asked *k;
	struct audit_request rq;
	const struct brand *b;
	const struct audit *before;	/* of the text as it is */
	struct request settings;
	unsigned trials;
	bool patient;	/* what the device loses is given back afterwards */
	const char *wanted;	/* the finding that the steps are for, or NULL */
	bool copy;	/* the change is a line of settings that the rest has all of */
};

/* A changed text, judged. */
struct trial {
	char *text;
	struct pipeline *pl;
	struct audit *a;
};

void trial_done(struct trial *t);

/* Of a finding that says what the device lacks? */
bool trial_is_loss(const char *id);
const struct finding *trial_find(const struct audit *a, const char *id);
/* What the device has lost since; NULL: nothing. */
const struct finding *trial_loss(const struct mending *x, const struct audit *a);
/*
 * m applied to text, read and judged: does it mend f, take nothing from the
 * device, open nothing else? Then *t is the caller's (trial_done). Past a limit of
 * trials nothing does.
 */
bool trial_accepted(struct mending *x, const char *text, const struct mend *m,
	const struct finding *f, struct trial *t);

/*
 * The same of t->text, which was read already (t->pl). t stays the caller's, and
 * t->a may be set either way.
 */
bool trial_judge(struct mending *x, struct trial *t, const struct finding *f);

/*
 * The line that f quotes lets in something that is needed (by the device, or
 * ICMP, DHCP); with m, of which now is read, it still does. What only shuts a line
 * is no mending of a slip.
 */
bool trial_serves(const struct mending *x, const struct mend *m,
	const struct pipeline *now, const struct finding *f);

/* audit-slip.c: one line, or one word in it, that mends a finding for which no
 * change is known, or a larger one. */
void audit_slips(struct mending *x, const char *text, struct audit *a);
/* Is a change looked for at all? */
bool audit_mendable(const struct audit *a, const struct finding *f);

#endif
