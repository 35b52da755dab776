// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The smallest change that mends a finding. The brand proposes; each proposal is
 * applied to a copy, the copy is read and judged anew, and only what mends the
 * finding, takes nothing from the device and opens nothing else is shown. Then
 * every line that can be left out is left out.
 */
#include "audit.h"
#include "audit-trial.h"
#include "command.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 6 };

/* The rest of a line that the console wrapped goes with its beginning. */
static bool is_rest(const struct mend *m, size_t i)
{
	while (i && m->v[i].replace && !m->v[i].text && m->v[i - 1].replace &&
		m->v[i - 1].line + 1 == m->v[i].line)
		if (m->v[--i].text)
			return true;
	return false;
}

/* Leave out each edit in turn; what still mends stays out. */
static void shrink(struct mending *x, const char *text, struct mend *m,
	const struct finding *f, struct trial *best)
{
	for (size_t i = m->n; !m->whole && i-- > 0 && m->n > 1;) {
		struct mend_edit e = m->v[i];
		struct trial t;

		if (is_rest(m, i))
			continue;
		memmove(&m->v[i], &m->v[i + 1], (m->n - i - 1) * sizeof(e));
		m->n--;
		if (trial_accepted(x, text, m, f, &t)) {
			trial_done(best);
			*best = t;
			free(e.text);
			continue;
		}
		memmove(&m->v[i + 1], &m->v[i], (m->n - i) * sizeof(e));
		m->v[i] = e;
		m->n++;
	}
}

/* One change that helps against f, told in out. */
static bool by_advice(struct mending *x, const char *text,
	const struct finding *f, const struct finding *of, struct text *out,
	struct trial *best)
{
	struct mend_ask ask = {.brand = x->b, .text = text, .id = of->id,
		.line = of->line_no, .before = of->before,
		.line_text = of->line,
		.packet = of->has_packet ? &of->packet : NULL,
		.rq = &x->settings};
	struct mends m;
	bool good = false;

	routers_mends(&ask, &m);
	for (size_t i = 0; i < m.n && !good; i++) {
		good = trial_accepted(x, text, &m.v[i], f, best);
		if (!good)
			continue;
		shrink(x, text, &m.v[i], f, best);
		mend_words(text, &m.v[i], out);
	}
	mends_done(&m);
	return good;
}

/* A line that is there but too late is moved rather than written again. */
static bool one_step(struct mending *x, const char *text,
	const struct finding *f, struct text *out, struct trial *best)
{
	const struct finding *late = trial_is_loss(f->id)
		? trial_find(x->before, "rule-order") : NULL;

	return (late && by_advice(x, text, f, late, out, best)) ||
	       by_advice(x, text, f, f, out, best);
}

/* Does the line (without blanks in front) stand in text exactly once? */
static bool once(const char *text, const char *line, size_t n)
{
	size_t found = 0;

	for (const char *p = text; *p;) {
		size_t len;

		p += strspn(p, " \t");
		len = strcspn(p, "\n");
		found += len == n && !memcmp(p, line, n);
		p += len + (p[len] == '\n');
	}
	return found == 1;
}

/* Where an earlier step, in the first `end` bytes, put that line in. */
static char *put_in(char *change, size_t end, const char *line, size_t n)
{
	for (char *p = change; p < change + end; p += strcspn(p, "\n") + 1)
		if (*p == '+' && !strncmp(p + 1, line, n))
			return p;
	return NULL;
}

static void cut(struct text *out, char *from, size_t n)
{
	memmove(from, from + n, strlen(from + n) + 1);
	out->len -= n;
}

/*
 * What an earlier step put in, and this one (from `step` on, applied to text)
 * takes out again, need not be written at all.
 */
static void cancel(struct text *out, size_t step, const char *text)
{
	for (size_t at = step; at < out->len;) {
		char *line = out->s + at, *add = NULL;
		size_t n = strcspn(line, "\n") + 1;

		if (*line == '-' && n > 3 && once(text, line + 2, n - 3))
			add = put_in(out->s, step, line + 1, n - 1);
		if (!add) {
			at += n;
			continue;
		}
		cut(out, line, n);
		cut(out, add, n);
		step -= n;
		at -= n;
	}
}

/*
 * Several lines may do the same harm: one after the other. A patient one then
 * gives back what the device lost by it. NULL: no way known.
 */
static char *steps(struct mending *x, const char *text,
	const struct finding *f)
{
	struct trial at = {0}, next;
	struct text out = TEXT_INIT;
	const struct finding *now = f;

	for (int i = 0; now && i < ROUNDS_MAX; i++) {
		const char *from = at.text ? at.text : text;
		size_t step = out.len;

		if (!one_step(x, from, now, &out, &next))
			break;
		cancel(&out, step, from);
		trial_done(&at);
		at = next;
		now = trial_find(at.a, f->id);
		now = now ? now : trial_loss(x, at.a);
	}
	trial_done(&at);
	if (!now)
		return text_take(&out);
	text_done(&out);
	return NULL;
}

static char *change(struct mending *x, const char *text,
	const struct finding *f)
{
	char *s;

	x->patient = false;
	x->wanted = f->id;
	s = steps(x, text, f);
	if (s || f->severity > SEV_HIGH)
		return s;
	x->patient = true;
	return steps(x, text, f);
}

/* The device as an intent, for the settings' own lines. */
static struct intent *intent_of(const struct audit_asked *k)
{
	cleanup(intent_freep) struct intent *in = intent_new();
	struct complaints c = {0};
	struct text t = TEXT_INIT;
	int rc;

	text_add(&t, "wan wan0\nlan lan0\n");
	if (k->mac || k->id || k->ipv4)
		text_add(&t, "device casa rakuten-casa");
	if (k->mac)
		text_addf(&t, " mac %s", k->mac);
	if (k->id)
		text_addf(&t, " id %s", k->id);
	if (k->ipv4)
		text_addf(&t, " ipv4 %s", k->ipv4);
	text_addc(&t, '\n');
	rc = intent_parse(in, "", text_str(&t), false, &c);
	complaints_done(&c);
	text_done(&t);
	return rc ? NULL : take(in);
}

bool audit_mendable(const struct audit *a, const struct finding *f)
{
	static const char *const no[] = {"not-understood", "perhaps-open",
		"need-unsure", "line-ipv4"};

	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		if (!strcmp(no[i], f->id))
			return false;
	/* perhaps it is just what the household wants */
	return a->device_asked || strcmp(f->id, "ipsec-any");
}

void audit_mend(const struct audit_asked *k, const struct audit_request *rq,
	const struct brand *b, const char *words, struct audit *a)
{
	cleanup(intent_freep) struct intent *in = intent_of(k);
	struct mending x = {.k = k, .rq = *rq, .b = b, .before = a};

	if (!in || !a->n)
		return;
	x.rq.brief = true;
	x.settings = (struct request){.in = in, .line = rq->line,
		.wan = k->read.wan, .lan = k->read.lan};
	if (rq->line == LINE_AUTO)
		x.settings.line = !rq->has6 ? LINE_DHCP4
			: rq->pl->ndproxy ? LINE_FLETS_RA : LINE_FLETS_PD;
	if (k->prefix && !addrmask_parse(k->prefix, &x.settings.prefix))
		x.settings.has_prefix = x.settings.prefix.fam == FAM_6;
	x.settings.model = routers_nearest(b, words, &x.settings);
	for (size_t i = 0; i < a->n; i++) {
		x.trials = 0;
		if (audit_mendable(a, &a->v[i]))
			a->v[i].change = change(&x, words, &a->v[i]);
	}
	audit_slips(&x, words, a);
}
