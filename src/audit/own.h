/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside audit only: what its parts share. */
#ifndef KADOMORI_AUDIT_OWN_H
#define KADOMORI_AUDIT_OWN_H

#include "audit/audit.h"
#include "proof/proof.h"

struct auditor {
	const struct audit_request *rq;
	struct audit *a;
	struct proof *pr;
	pset pass, perhaps;	/* in from the WAN, new */
	pset lan, self;		/* to a host of the home, to the gateway */
	bool no_ipv6;		/* told once, instead of what it entails */
	int error;
};

pset au_where(struct auditor *x, pset s, enum field f, uint32_t v);
/* Packets of a question (match_parse); a wrong one is none. */
pset au_question(struct auditor *x, const char *words);
/* The union of questions, NULL at the end. */
pset au_any_of(struct auditor *x, const char *const *words);
pset au_to(struct auditor *x, pset s, const struct addrmask *m);
pset au_ipsec(struct auditor *x);
pset au_housekeeping(struct auditor *x);

/* what and mend become the finding's. Valid until the next. */
struct finding *au_finding(struct auditor *x, const char *id,
	enum severity s, char *what, char *mend);
void au_quote(struct finding *f, const struct origin *o);
const struct origin *au_deciding(const struct decision *d);
/* A packet of s, judged again by the interpreter; it must say `passes`. */
void au_prove(struct auditor *x, struct finding *f, pset s, bool passes);

/* The rules that would decide otherwise, if one thing in them were other. */
void au_near(struct auditor *x);	/* near.c */

void au_needs(struct auditor *x);	/* need.c */
void au_luck(struct auditor *x);	/* luck.c: what works by luck only */
void au_mistakes(struct auditor *x);	/* lines that mean something else */
void au_unknown(struct auditor *x);	/* what was not understood */

#endif
