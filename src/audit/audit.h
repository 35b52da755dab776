/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * audit: what a configuration lets in, laid beside what the device needs. Every
 * finding that speaks of packets has one with it, and the line that decides it;
 * the packet was judged twice, as a set and by the interpreter.
 */
#ifndef KADOMORI_AUDIT_H
#define KADOMORI_AUDIT_H

#include "intent/intent.h"
#include "policy/policy.h"

enum severity {
	SEV_CRITICAL,	/* the home stands open */
	SEV_HIGH,	/* a service of the home stands open */
	SEV_BROKEN,	/* what the device needs does not pass */
	SEV_MEDIUM,	/* open on purpose perhaps, or works by luck */
	SEV_LOW,	/* wider than needed */
	SEV_NOTE,	/* what could not be judged */
};
#define SEVERITY_MAX (SEV_NOTE + 1)
/* "critical", "high", "broken", ...: for JSON, never translated. */
const char *severity_id(enum severity s);
/* In plain words, translated. */
const char *severity_words(enum severity s);

/* A line of the configuration that a finding has to do with. */
enum about {
	ABOUT_RULE,	/* of the rule that decides */
	ABOUT_NEAR,	/* of a rule that nearly decides otherwise */
	ABOUT_WITHOUT,	/* without it the packet's fate is another */
	ABOUT_ORDER,	/* where the line above it would stand better */
};
const char *about_id(enum about w);
struct about_line {
	unsigned no;
	enum about why;
	char *note;	/* translated, or NULL */
};

struct finding {
	const char *id;		/* stable: "bridge", "open-home", ... */
	enum severity severity;
	char *what;		/* one sentence, translated */
	char *mend;		/* what to do, translated; may be NULL */
	char *change;		/* lines of a patch that mend it; may be NULL */
	char *boxes;		/* which packets, a line each; may be NULL */
	bool has_packet;
	bool passes;		/* the packet passes, or is stopped */
	bool perhaps;		/* only if a condition not understood holds */
	struct packet packet;
	char *line;		/* the configuration's own words, or NULL */
	unsigned line_no;
	unsigned before;	/* rule-order: the line that decides first */
	struct about_line *about;
	size_t about_n, about_cap;
};

/* What is asked. All of it belongs to the caller. */
struct audit_request {
	const struct pipeline *pl;
	enum line_kind line;	/* LINE_AUTO: not said, both families count */
	bool has6, has4;	/* the device is known by ... */
	struct addrmask device6; /* its identifier under the suffix mask */
	struct addr device4;
	bool nat_t;		/* UDP 4500 is needed over IPv6 too */
	struct proof *pr;	/* to work in, again and again; NULL: one of its own */
	bool brief;		/* no boxes: only whether, not what all */
	/* findings that known has as well get no packet, except those two */
	const struct audit *known;
	const char *wanted[2];
};

struct audit {
	struct finding *v;	/* in order of harm */
	size_t n, cap;
	bool device_asked, device_works;
	bool device_unsure;	/* it depends on what is not understood */
	bool perhaps_open;	/* and so does what else may come in */
	bool complete;		/* every line was understood */
};

/*
 * Returns 0 and *ret (caller: audit_free), -ELOOP when the configuration's
 * chains call each other in a circle, or -EIO when the two ways of judging
 * disagree (an internal error: nothing is reported then).
 */
int audit_run(const struct audit_request *rq, struct audit **ret);
void audit_free(struct audit *a);
void audit_freep(struct audit **a);
/* note becomes the finding's. A line already named keeps its first reason. */
void finding_about(struct finding *f, unsigned no, enum about why, char *note);
/* The worst severity found, SEV_NOTE if nothing. */
enum severity audit_worst(const struct audit *a);

#endif
