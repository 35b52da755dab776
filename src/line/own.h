/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the judge. */
#ifndef KADOMORI_LINE_OWN_H
#define KADOMORI_LINE_OWN_H

#include "line/line.h"

/* Keep a reason: from which evidence, how sure, whose rule, the sentence. */
void __attribute__((format(printf, 5, 6))) because(struct line_verdict *v,
	const char *from, enum sure sure, const char *source, const char *fmt,
	...);

/*
 * Claims: the surer wins; one that is as sure and says otherwise leaves doubt,
 * and the verdict says so (conflict). A guess against more than a guess is no
 * conflict.
 */
void claim4(struct line_verdict *v, enum line_v4 kind, enum sure sure);
void claim_service(struct line_verdict *v, enum line_service s,
	enum sure sure);

/* judge4.c: services and IPv4. Needs behind_gateway to be judged already. */
void judge_service(const struct line_evidence *e, struct line_verdict *v);
void judge_v4(const struct line_evidence *e, struct line_verdict *v);
void judge_mape(const struct line_evidence *e, struct line_verdict *v);
void judge_outside(const struct line_evidence *e, struct line_verdict *v);
void judge_mtu(const struct line_evidence *e, struct line_verdict *v);

#endif
