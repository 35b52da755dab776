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

/* The likeliest first; what is left when BYTES_MAX were read stays unread. */
enum likely { NAMED, ELSEWHERE, ON_THE_WAY, OFF_THE_WAY, LIKELY_MAX_ };
enum { BYTES_MAX = 240 << 10 };

struct blaming {
	const struct audit_asked *k;
	const struct audit_request *rq;
	const struct brand *b;
	struct audit *a;
	char *text;	/* the configuration, to blank a line in */
	unsigned lines;
	enum likely *likely;	/* by line number */
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

/* ---- which lines first ---- */

static void mark(const struct blaming *x, unsigned no, enum likely k)
{
	if (no <= x->lines && k < x->likely[no])
		x->likely[no] = k;
}

static void mark_origin(const struct blaming *x, const struct origin *o,
	enum likely k)
{
	mark(x, o->line, k);
	for (size_t i = 0; i < o->more_n; i++)
		mark(x, o->more[i], k);
}

/* Chains that the finding's packet may come to, from `name` on. */
static void follow(const struct pipeline *pl, const char *name, bool *to)
{
	for (size_t i = 0; name && i < pl->chain_n; i++) {
		if (strcmp(pl->chains[i]->name, name) || to[i])
			continue;
		to[i] = true;
		for (size_t k = 0; k < pl->chains[i]->rule_n; k++)
			follow(pl, pl->chains[i]->rules[k].target, to);
	}
}

/* Rules behind the one that decides are not asked. */
static bool asked(const struct chain *c, size_t i, const struct decision *d)
{
	return c != d->chain || c->last_match || !d->rule ||
	       &c->rules[i] <= d->rule;
}

static void mark_way(const struct blaming *x, const struct finding *f)
{
	const struct pipeline *pl = x->rq->pl;
	cleanup(freep) bool *to = xcalloc(pl->chain_n + 1, sizeof(*to));
	struct decision d;
	enum path path;

	if (pipeline_ask(pl, &f->packet, &d))
		return;
	path = d.after.out == ROLE_SELF ? PATH_INPUT : PATH_FORWARD;
	follow(pl, pl->entry[path], to);
	for (size_t i = 0; i < pl->gate_n; i++)
		if (pl->gates[i].path == path)
			follow(pl, pl->gates[i].chain, to);
	for (size_t i = 0; i < pl->chain_n; i++)
		for (size_t k = 0; k < pl->chains[i]->rule_n; k++)
			if (to[i] && asked(pl->chains[i], k, &d))
				mark_origin(x, &pl->chains[i]->rules[k].origin,
					ON_THE_WAY);
}

/* Lines of rules off the way come last, lines of no rule before those. */
static void order_lines(struct blaming *x)
{
	const struct pipeline *pl = x->rq->pl;
	enum likely none = LIKELY_MAX_;

	x->likely = xcalloc(x->lines + 2, sizeof(*x->likely));
	for (unsigned i = 0; i <= x->lines; i++)
		x->likely[i] = none;
	for (size_t i = 0; i < pl->chain_n; i++)
		for (size_t k = 0; k < pl->chains[i]->rule_n; k++)
			mark_origin(x, &pl->chains[i]->rules[k].origin,
				OFF_THE_WAY);
	for (unsigned i = 0; i <= x->lines; i++)
		if (x->likely[i] == none)
			x->likely[i] = ELSEWHERE;
	for (size_t i = 0; i < x->a->n; i++) {
		const struct finding *f = &x->a->v[i];

		if (!wants(f))
			continue;
		mark_way(x, f);
		mark(x, f->line_no, NAMED);
		for (size_t k = 0; k < f->about_n; k++)
			mark(x, f->about[k].no, NAMED);
	}
}

static void all_lines(struct blaming *x, enum likely k, size_t *left)
{
	size_t size = strlen(x->text) + 1;
	unsigned no = 0;

	for (const char *p = x->text; *p;) {
		size_t n = strcspn(p, "\n");
		size_t gap = strspn(p, " \t");

		no++;
		if (gap < n && !strchr("#!}<", p[gap]) && p[n - 1] != '{' &&
			x->likely[no] == k && *left >= size) {
			one_line(x, no, p, n);
			*left -= size;
		}
		p += n + (p[n] == '\n');
	}
}

void audit_blame(const struct audit_asked *k, const struct audit_request *rq,
	const struct brand *b, const char *words, struct audit *a)
{
	struct blaming x = {.k = k, .rq = rq, .b = b, .a = a, .lines = 1};
	size_t left = BYTES_MAX;
	bool any = false;

	for (const char *p = words; (p = strchr(p, '\n')); p++)
		x.lines++;
	for (size_t i = 0; i < a->n; i++)
		any |= wants(&a->v[i]);
	/* nft's own texts go through nft each time, which takes its while; a
	   rule of theirs is one line anyhow */
	if (!any || x.lines > LINES_MAX || !strcmp(brand_id(b), "nftables"))
		return;
	x.text = routers_clean(words);
	order_lines(&x);
	for (int i = 0; i < OFF_THE_WAY; i++)
		all_lines(&x, (enum likely)i, &left);
	free(x.likely);
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
