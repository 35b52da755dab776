// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * "line auto": which line is it? Asked once on the wire, before the gate stands
 * and while this process has nobody to serve; only what commits nobody, and
 * nothing beyond the wire. What could not be told then (no cable yet) is told
 * later by what the kernel learns, without asking.
 */
#include "daemon.h"
#include "base/log.h"
#include "line/line.h"

#include <stdio.h>

enum { QUIET_MS = 2000, MOST_MS = 6000 };

/* What was found, for the next reading of the same configuration. */
static enum line_kind found;
static char found_on[16];

static bool take_kind(const struct line_verdict *v, struct intent *in)
{
	if (!v->kind || line_kind_parse(v->kind, &in->line))
		return false;
	found = in->line;
	snprintf(found_on, sizeof(found_on), "%s", in->wan);
	log_info(_("line auto: %s, %s (%s)"), line_kind_name(in->line),
		line_access_words(v->access), sure_words(v->sure));
	for (size_t i = 0; i < v->reason_n; i++)
		if (v->reasons[i].sure == SURE_SEEN)
			log_info("  - %s", v->reasons[i].text);
	return true;
}

void auto_line(struct intent *in)
{
	static struct line_evidence e;
	struct line_verdict v;

	if (in->line != LINE_AUTO || !in->wan ||
		line_gather(in->wan, AT_GATEWAY, QUIET_MS, MOST_MS, &e))
		return;
	line_judge(&e, &v);
	if (!take_kind(&v, in))
		log_warn(_("line auto: the line on %s was not recognised yet; \"kadomori line %s\" says why"),
			in->wan, in->wan);
	line_verdict_done(&v);
}

bool auto_line_later(struct intent *in)
{
	static struct line_evidence e;
	struct line_verdict v;
	bool told;

	if (in->line != LINE_AUTO || !in->wan)
		return false;
	if (found != LINE_AUTO && !strcmp(found_on, in->wan)) {
		in->line = found;
		return true;
	}
	memset(&e, 0, sizeof(e));
	if (line_local(in->wan, &e))
		return false;
	/* an address that somebody typed in tells nothing of the line */
	if (!(e.local.has_prefix && e.local.by_ra))
		e.own6_n = 0;
	line_judge(&e, &v);
	told = take_kind(&v, in);
	line_verdict_done(&v);
	return told;
}
