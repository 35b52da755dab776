/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pin: the smallest opening that an observed device needs, in the household's
 * own words. Pure: an intent (with its files' text) and observed facts go in,
 * new texts, the difference and the reasons come out. Only what must change is
 * touched; comments and the order of lines stay.
 *
 * A peer is pinned only when the device itself showed that it is one: data went
 * both ways as ESP (which needs authentication), or the device began IKE and
 * its IKE_AUTH was answered. Who merely knocks at the device is not pinned.
 */
#ifndef KADOMORI_PIN_H
#define KADOMORI_PIN_H

#include "base/text.h"
#include "intent/intent.h"
#include "observe/observe.h"

struct pin_want {
	const struct intent *in;
	const struct obs_device *d;	/* what was observed */
	size_t n;
	const char *only;	/* a device's name, or NULL: all */
	bool keep_profile;	/* leave "profile standard" as it is */
	bool widen;		/* peers as /64 and /24, not single addresses */
	enum device_kind kind;	/* of a device that the text does not have */
};

/* A file of the intent with its new text. */
struct pin_file {
	const char *path;	/* owned by the intent */
	const char *before;	/* likewise */
	char *after;
};

struct pin {
	struct pin_file *files;	/* only those that change */
	size_t file_n, file_cap;
	/* sentences in the user's language, in order; heap */
	char **why;
	size_t why_n, why_cap;
	size_t devices;		/* that peers are known of */
};

/* 0 and *ret (caller: pin_done); -ENOENT: no such device, or none was seen. */
int pin_propose(const struct pin_want *w, struct pin *ret);
void pin_done(struct pin *p);

/* Lines that differ, "-" and "+", with one line of context; their number. */
size_t pin_diff(const char *before, const char *after, struct text *out);

/*
 * Is this a peer by what the device did itself? (See above.) For the report.
 */
bool pin_is_peer(const struct obs_peer *p);

#endif
