// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which lines a finding is about, as they stand in the file. Besides the rules
 * that the auditor names: each line is left out in turn, the rest is read again,
 * and where the finding's packet then has another fate while the rest of the
 * home has not, that line is named. This works for every language alike, and
 * says in those of many lines a rule (VyOS, OpenWrt) which of them it is.
 */
#include "audit.h"
#include "command.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 1500, WITHOUT_MAX = 4 };

struct blaming {
	const struct audit_asked *k;
	const struct audit_request *rq;
	const struct brand *b;
	struct audit *a;
	char *text;	/* the configuration, to blank a line in */
	unsigned lines;
};

static bool lets(const struct pipeline *pl, const struct packet *p)
{
	struct decision d;

	return !pipeline_ask(pl, p, &d) && d.verdict == V_ACCEPT;
}

static bool passes(const struct blaming *x, const struct pipeline *pl,
	const struct packet *p)
{
	struct decision d;

	if (pipeline_ask(pl, p, &d) || d.verdict != V_ACCEPT || d.uncertain)
		return false;
	/* by IPv4 the device must get it */
	return p->fam == FAM_6 || p->out != ROLE_SELF || !x->rq->has4 ||
	       (d.nat && !addr_cmp(&d.after.dst, &x->rq->device4));
}

/* Is this a finding whose lines are looked for? */
static bool wants(const struct finding *f)
{
	size_t named = 0;

	for (size_t i = 0; i < f->about_n; i++)
		named += f->about[i].why == ABOUT_WITHOUT;
	/* what lets a packet in is named as the rule that decides */
	return f->has_packet && !f->passes && !f->perhaps && named < WITHOUT_MAX;
}

/*
 * What must stay as it is for a line to be to blame: strangers' TCP stays out.
 */
static bool rest_stays(const struct blaming *x, const struct pipeline *now,
	const struct finding *f)
{
	static const char *const strangers[] = {
		"tcp from 2600:1f18::bad port 40000 to 2404:7a80:1:1::77 port 22",
		"tcp from 151.101.1.1 port 40000 to 119.104.5.6 port 22 out self"};
	struct packet p;
	char *why = NULL;

	if (packet_parse(strangers[f->packet.fam != FAM_6], &p, &why)) {
		free(why);
		return false;
	}
	return lets(x->rq->pl, &p) == lets(now, &p);
}

/* The text without this line (NULL terminated words stay where they are). */
static void one_line(struct blaming *x, unsigned no, const char *from, size_t n)
{
	struct read_options o = x->k->read;
	cleanup(pipeline_freep) struct pipeline *pl = NULL;
	cleanup(freep) char *kept = xstrndup(from, n);
	char *at = (char *)(uintptr_t)from;

	o.brand = brand_id(x->b);
	memset(at, ' ', n);
	if (!read_draft(x->text, &o, &pl))
		for (size_t i = 0; i < x->a->n; i++) {
			struct finding *f = &x->a->v[i];

			if (!wants(f) ||
				passes(x, pl, &f->packet) == f->passes ||
				!rest_stays(x, pl, f))
				continue;
			finding_about(f, no, ABOUT_WITHOUT, xstrdup(
				_("without this line it would pass")));
		}
	memcpy(at, kept, n);
}

void audit_blame(const struct audit_asked *k, const struct audit_request *rq,
	const struct brand *b, const char *words, struct audit *a)
{
	struct blaming x = {.k = k, .rq = rq, .b = b, .a = a,
		.text = routers_clean(words)};
	bool any = false;
	unsigned no = 0;

	for (const char *p = words; (p = strchr(p, '\n')); p++)
		x.lines++;
	for (size_t i = 0; i < a->n; i++)
		any |= wants(&a->v[i]);
	/* nft's own texts go through nft each time, which takes its while; a
	   rule of theirs is one line anyhow */
	if (!any || x.lines > LINES_MAX || !strcmp(brand_id(b), "nftables")) {
		free(x.text);
		return;
	}
	for (const char *p = x.text; *p;) {
		size_t n = strcspn(p, "\n");
		size_t gap = strspn(p, " \t");

		no++;
		if (gap < n && !strchr("#!}<", p[gap]) && p[n - 1] != '{')
			one_line(&x, no, p, n);
		p += n + (p[n] == '\n');
	}
	free(x.text);
}

char *audit_line(const char *words, unsigned no)
{
	cleanup(freep) char *line = NULL, *clean = NULL;
	enum { WIDE = 200 };
	size_t n;

	for (unsigned i = 1; i < no && *words; i++) {
		words += strcspn(words, "\n");
		words += *words == '\n';
	}
	words += strspn(words, " \t");
	n = strcspn(words, "\r\n");
	line = xstrndup(words, n);
	clean = routers_line(line);
	n = strlen(clean);
	if (n <= WIDE)
		return text_printable(clean, n);
	free(line);
	line = text_printable(clean, WIDE); /* whole letters only */
	return xasprintf("%s...", line);
}
