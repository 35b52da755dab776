// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One line that mends: many guesses (routers/slip.c), each read once. Where a
 * finding's packet then has the fate that it should have, the copy is judged as
 * a whole; what mends without harm becomes the finding's change.
 */
#include "audit-trial.h"
#include "command.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/*
 * Of one text, past which what was found is kept: of a thousand faults in 26
 * configurations nine of ten are found by the first five readings, 99 of 100 by
 * the 150th. A home's text takes 20 to 150 us to read.
 */
enum { READS_BROKEN = 150, READS_OPEN = 40, BYTES_MAX = 300 << 10, TRIALS_MAX = 10 };

struct slipping {
	struct mending *x;
	const char *text;
	struct audit *a;
	bool *done;	/* parallel to the findings */
	size_t left;	/* of them, not done */
	unsigned reads, reads_max, trials;
};

static size_t lines_in(const char *s)
{
	size_t n = 0;

	for (; s && *s; s++)
		n += *s == '\n';
	return n;
}

static bool takes_out(const char *change)
{
	return change && (*change == '-' || strstr(change, "\n-"));
}

/* None is known, or one that only adds where a word may be wrong. */
static bool wants(const struct audit *a, const struct finding *f)
{
	if (!f->has_packet && !f->perhaps)
		return false;
	return f->perhaps ? a->device_asked && f->has_packet
			  : audit_mendable(a, f) && !takes_out(f->change);
}

/* By IPv4 the packet must get to the device. */
static bool right(const struct slipping *s, const struct pipeline *pl,
	const struct finding *f)
{
	const struct audit_request *rq = &s->x->rq;
	struct decision d;
	bool in;

	if (pipeline_ask(pl, &f->packet, &d) || d.uncertain)
		return false;
	if (f->perhaps)
		return true;
	in = d.verdict == V_ACCEPT && (f->packet.fam == FAM_6 ||
		f->packet.out != ROLE_SELF || !rq->has4 ||
		(d.nat && !addr_cmp(&d.after.dst, &rq->device4)));
	return f->passes ? d.verdict != V_ACCEPT : in;
}

/* Line no as it is, for where an added one stands. */
static void context(const char *text, unsigned no, struct text *out)
{
	cleanup(freep) char *line = no ? audit_line(text, no) : NULL;

	if (line && *line)
		text_addf(out, "  %s\n", line);
}

/* An empty line that a section goes on behind; where a line stood, perhaps. */
static bool is_gap(const char *text, unsigned no)
{
	size_t gap;

	for (unsigned i = 1; i < no && *text; i++)
		text += strcspn(text, "\n") + (text[strcspn(text, "\n")] == '\n');
	gap = strspn(text, " \t\r");
	if (!no || text[gap] != '\n')
		return false;
	text += gap + 1;
	gap = strspn(text, " \t");
	return gap && text[gap] && !strchr("\r\n", text[gap]);
}

static void tell_gap(const struct slipping *s, struct finding *f, unsigned no)
{
	if (is_gap(s->text, no))
		finding_about(f, no, ABOUT_NEAR,
			xstrdup(_("this line is empty: what stood here may be lost")));
}

static void tell(struct slipping *s, struct finding *f, const struct mend *m)
{
	struct text t = TEXT_INIT;

	if (!m->v[0].replace)
		context(s->text, m->v[0].line - 1, &t);
	mend_words(s->text, m, &t);
	if (!m->v[0].replace)
		context(s->text, m->v[0].line, &t);
	tell_gap(s, f, m->v[0].line);
	if (!m->v[0].replace)
		tell_gap(s, f, m->v[0].line - 1);
	free(f->change);
	f->change = text_take(&t);
}

/* Smaller than what is known, or nearer to the cause. */
static bool better(const struct finding *f, const struct mend *m)
{
	return !f->change || m->v[0].replace || lines_in(f->change) > m->n;
}

/* Worth judging as a whole? */
static bool hopeful(const struct slipping *s, const struct finding *f,
	const struct mend *m, const struct pipeline *pl, enum slip why)
{
	/* where the brand knows a way, a guess from afar is no better */
	if (!better(f, m) || (why == SLIP_FAR && f->change) ||
		!right(s, pl, f))
		return false;
	/* what is not sure by a line not understood: it must be now */
	if (why != SLIP_COPY && f->perhaps &&
		pl->unknown_n >= s->x->rq.pl->unknown_n)
		return false;
	/* a line that lets in too much goes on letting in what it is for */
	return !f->passes || !f->line_no || f->perhaps || why == SLIP_COPY ||
	       trial_serves(s->x, m, pl, f);
}

static bool one(void *arg, const struct mend *m, enum slip why)
{
	struct slipping *s = arg;
	struct read_options o = s->x->k->read;
	cleanup(freep) char *copy = mend_apply(s->text, m);
	cleanup(pipeline_freep) struct pipeline *pl = NULL;

	o.brand = brand_id(s->x->b);
	if (++s->reads > s->reads_max)
		return true;
	if (read_draft(copy, &o, &pl))
		return false;
	for (size_t i = 0; i < s->a->n; i++) {
		struct finding *f = &s->a->v[i];
		struct trial t = {.pl = pl};
		bool good;

		if (s->done[i] || !hopeful(s, f, m, pl, why))
			continue;
		if (++s->trials > TRIALS_MAX)
			return true;
		s->x->copy = why == SLIP_COPY;
		good = trial_judge(s->x, &t, f);
		audit_free(t.a);
		if (!good)
			continue;
		tell(s, f, m);
		s->done[i] = true;
		s->left--;
	}
	return !s->left;
}

/* The lines that the findings wanted speak of; caller frees. */
static unsigned *named(const struct slipping *s, size_t *n)
{
	unsigned *v = NULL;
	size_t cap = 0;

	*n = 0;
	for (size_t i = 0; i < s->a->n; i++) {
		const struct finding *f = &s->a->v[i];

		if (s->done[i])
			continue;
		*GROW(v, *n, cap) = f->line_no;
		for (size_t k = 0; k < f->about_n; k++)
			*GROW(v, *n, cap) = f->about[k].no;
	}
	return v;
}

void audit_slips(struct mending *x, const char *words, struct audit *a)
{
	cleanup(freep) char *text = routers_clean(words);
	struct slipping s = {.x = x, .text = text, .a = a,
		.reads_max = READS_OPEN, .done = xcalloc(a->n + 1, 1)};
	struct slip_ask ask = {.text = text, .rq = &x->settings};
	cleanup(freep) unsigned *lines = NULL;
	size_t max = BYTES_MAX / (strlen(text) + 1);

	x->trials = 0;
	x->patient = false;
	x->wanted = NULL;
	for (size_t i = 0; i < a->n; i++) {
		s.done[i] = !wants(a, &a->v[i]);
		s.left += !s.done[i];
		if (!s.done[i] && a->v[i].severity <= SEV_BROKEN)
			s.reads_max = READS_BROKEN;
	}
	if (s.reads_max > max)
		s.reads_max = (unsigned)max;
	/* their text goes through nft each time, which takes its while */
	if (s.left && strcmp(brand_id(x->b), "nftables")) {
		lines = named(&s, &ask.line_n);
		ask.lines = lines;
		routers_slips(&ask, one, &s);
	}
	free(s.done);
}
