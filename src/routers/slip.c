// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One-line changes that undo a slip: a line that got lost on the way, one word
 * that should be another, two lines in the wrong order. What could have been
 * meant is taken from the text itself (its other lines, the same words in
 * another place) and from the settings for this device, of which the text may be
 * a copy. No language is known here: nothing of this is true before a copy with
 * it was read and judged.
 */
#include "routers/slip-own.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- lines and words ---- */

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || strchr("_-./:!*$", c);
}

static void to_words(struct row *r)
{
	const char *p = r->s, *end = r->s + r->n;

	while (r->w_n < WORDS_MAX) {
		const char *from;

		while (p < end && !in_word(*p))
			p++;
		if (p == end)
			return;
		for (from = p; p < end && in_word(*p); p++)
			;
		r->w[r->w_n++] = (struct word){from, (size_t)(p - from)};
	}
}

static void rows_of(struct slips *x, const char *text, bool own)
{
	size_t cap = x->n;
	unsigned no = 0;

	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n"), len = n;
		struct row r = {.s = p, .no = own ? ++no : 0};

		while (len && isspace((unsigned char)p[len - 1]))
			len--;
		r.n = len;
		r.indent = strspn(p, " \t");
		if (r.indent > len)
			r.indent = len;
		if (len && !strchr("#!", p[r.indent]))
			to_words(&r);
		if (own || r.w_n)
			*GROW(x->v, x->n, cap) = r;
		p += n + (p[n] == '\n');
	}
}

bool slip_same_word(const struct word *a, const struct word *b)
{
	return a->n == b->n && !memcmp(a->at, b->at, a->n);
}

bool slip_same_row(const struct row *a, const struct row *b)
{
	return a->n - a->indent == b->n - b->indent &&
	       !memcmp(a->s + a->indent, b->s + b->indent, a->n - a->indent);
}

/* ---- candidates ---- */

static bool tried(struct slips *x, const struct mend *m)
{
	uint64_t h = 14695981039346656037ULL;

	for (size_t i = 0; i < m->n; i++) {
		h = (h ^ (m->v[i].line * 2 + m->v[i].replace)) * 1099511628211ULL;
		for (const char *s = m->v[i].text; s && *s; s++)
			h = (h ^ (unsigned char)*s) * 1099511628211ULL;
	}
	for (size_t i = 0; i < x->seen_n; i++)
		if (x->seen[i] == h)
			return true;
	*GROW(x->seen, x->seen_n, x->seen_cap) = h;
	return false;
}

/* Hands m on, unless it was before, and empties it. */
void slip_propose(struct slips *x, struct mend *m)
{
	if (!x->enough && !tried(x, m))
		x->enough = x->try(x->arg, m, x->why);
	for (size_t i = 0; i < m->n; i++)
		free(m->v[i].text);
	free(m->v);
	*m = (struct mend){0};
}

void slip_replace(struct slips *x, const struct row *r, char *by)
{
	struct mend m = {0};

	if (strlen(by) != r->n || memcmp(by, r->s, r->n)) {
		mend_replace(&m, r->no, by);
		slip_propose(x, &m);
	}
	free(by);
}

/* s stands in front of line `before` */
void slip_insert(struct slips *x, unsigned before, const struct row *s)
{
	cleanup(freep) char *by = xstrndup(s->s, s->n);
	struct mend m = {0};

	mend_insert(&m, before, by);
	slip_propose(x, &m);
}

static char *with_word(const struct row *r, size_t i, const char *by, size_t n)
{
	const char *after = r->w[i].at + r->w[i].n;

	return xasprintf("%.*s%.*s%.*s", (int)(r->w[i].at - r->s), r->s, (int)n,
		by, (int)(r->s + r->n - after), after);
}

/* ---- a copy of the settings ---- */

/* Length of the longest common part of rows a.. and b.., b's from settings. */
struct common {
	const struct slips *x;
	unsigned short *len;	/* [a * (b_n + 1) + b] */
	size_t a_n, b_n;
};

static size_t at(const struct common *c, size_t a, size_t b)
{
	return c->len[a * (c->b_n + 1) + b];
}

static bool meet(const struct common *c, size_t a, size_t b)
{
	const struct row *r = &c->x->v[a];

	return r->w_n && slip_same_row(r, &c->x->v[c->x->text_n + b]);
}

static void common_fill(struct common *c)
{
	for (size_t a = c->a_n; a-- > 0;)
		for (size_t b = c->b_n; b-- > 0;) {
			size_t n = at(c, a, b + 1), m = at(c, a + 1, b);

			n = m > n ? m : n;
			if (meet(c, a, b) && at(c, a + 1, b + 1) + 1 > n)
				n = at(c, a + 1, b + 1) + 1;
			c->len[a * (c->b_n + 1) + b] = (unsigned short)n;
		}
}

/* How many words two rows have in common, from both ends. */
size_t slip_alike(const struct row *a, const struct row *b)
{
	size_t n = MIN2(a->w_n, b->w_n), i = 0, k = 0;

	while (i < n && slip_same_word(&a->w[i], &b->w[i]))
		i++;
	while (k + i < n && slip_same_word(&a->w[a->w_n - 1 - k],
		&b->w[b->w_n - 1 - k]))
		k++;
	return i + k;
}

/*
 * Where the text (rows a..a1) has other lines than the settings (b..b1): one of
 * the settings' in the place of the likest, or as well.
 */
static void hunk(struct slips *x, size_t a, size_t a1, size_t b, size_t b1)
{
	for (size_t k = b; k < b1; k++) {
		const struct row *s = &x->v[x->text_n + k];
		size_t most = 0;

		for (size_t i = a; i < a1; i++)
			most = MAX2(most, slip_alike(&x->v[i], s));
		for (size_t i = a; most && i < a1; i++)
			if (slip_alike(&x->v[i], s) == most)
				slip_replace(x, &x->v[i], xstrndup(s->s, s->n));
		slip_insert(x, a < x->text_n ? (unsigned)a + 1
			: (unsigned)x->text_n + 1, s);
	}
}

static void by_settings(struct slips *x)
{
	struct common c = {.x = x, .a_n = x->text_n, .b_n = x->n - x->text_n};
	size_t a = 0, b = 0, a1, b1;

	if (!c.b_n)
		return;
	c.len = xcalloc((c.a_n + 1) * (c.b_n + 1), sizeof(*c.len));
	common_fill(&c);
	/* two lines may be wrong in a copy; with half of them it is none at all */
	if (at(&c, 0, 0) + 2 < c.b_n)
		x->why = SLIP_NEAR;
	while (at(&c, 0, 0) * 2 >= c.b_n && (a < c.a_n || b < c.b_n)) {
		for (a1 = a, b1 = b; (a1 < c.a_n || b1 < c.b_n) &&
			!(a1 < c.a_n && b1 < c.b_n && meet(&c, a1, b1));) {
			if (b1 == c.b_n || (a1 < c.a_n &&
				at(&c, a1 + 1, b1) >= at(&c, a1, b1 + 1)))
				a1++;
			else
				b1++;
		}
		hunk(x, a, a1, b, b1);
		a = a1 + (a1 < c.a_n);
		b = b1 + (b1 < c.b_n);
	}
	free(c.len);
}

/* ---- one word ---- */

/* Like another line but for one word: that word. */
static void by_twin(struct slips *x, const struct row *r, const struct row *o)
{
	size_t differ = 0, at = 0;

	if (r->w_n != o->w_n || r == o)
		return;
	for (size_t i = 0; i < r->w_n && differ < 2; i++)
		if (!slip_same_word(&r->w[i], &o->w[i])) {
			differ++;
			at = i;
		}
	if (differ == 1)
		slip_replace(x, r, with_word(r, at, o->w[at].at, o->w[at].n));
}

/* What is easily taken for the other; either way. */
static const char *const opposites[][2] = {{"in", "out"}, {"accept", "drop"},
	{"ACCEPT", "DROP"}, {"ACCEPT", "REJECT"}, {"pass", "block"},
	{"pass", "reject"}, {"permit", "deny"}, {"log", "drop"},
	{"permit-all", "deny-all"}, {"wan", "lan"}, {"WAN", "LAN"},
	{"!LAN", "LAN"}, {"INSIDE", "OUTSIDE"}, {"inside", "outside"},
	{"trust", "untrust"}, {"source", "destination"}, {"input", "forward"},
	{"ipv4", "ipv6"}, {"ip", "ipv6"}, {"inet", "inet6"}, {"tcp", "udp"},
	{"esp", "ah"}, {"SNAT", "DNAT"}, {"!dstnat", "dstnat"},
	{"inspect", "pass"}, {"match-any", "match-all"}, {"local", "in"},
	{"packet-based", "flow-based"}, {"host", "dynipv6host"},
	{"disable", "action accept"}, {"disable", "action drop"}, {"0", "1"},
	{"any", "esp"}, {"all", "udp"}, {"all", "esp"}, {"*", "esp"}};

static void by_opposite(struct slips *x, const struct row *r)
{
	for (size_t i = 0; i < r->w_n; i++)
		for (size_t k = 0; k < ARRAY_LEN(opposites); k++)
			for (int side = 0; side < 2; side++) {
				const char *s = opposites[k][side];
				const char *by = opposites[k][!side];

				if (strlen(s) == r->w[i].n &&
					!memcmp(s, r->w[i].at, r->w[i].n))
					slip_replace(x, r, with_word(r, i, by,
						strlen(by)));
			}
}

/* "disabled=yes", "disabled 1": what switches the line off goes. */
static void by_switch(struct slips *x, const struct row *r)
{
	static const char *const words[] = {" disabled=yes", " inactive:",
		" shutdown"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i]);
		const char *at = memmem(r->s, r->n, words[i], n);

		if (at)
			slip_replace(x, r, xasprintf("%.*s%.*s", (int)(at - r->s),
				r->s, (int)(r->s + r->n - at - (ptrdiff_t)n),
				at + n));
	}
}

/* A name of one thing alone is hardly what another was to be called. */
static bool is_common(const struct slips *x, const struct word *w)
{
	size_t n = 0;

	for (size_t i = 0; i < x->n && n < 2; i++)
		for (size_t k = 0; k < x->v[i].w_n; k++)
			if (slip_same_word(&x->v[i].w[k], w)) {
				n++;
				break;
			}
	return n >= 2;
}

/* A word that stands behind the same word in a line of the same kind. */
static void by_usage(struct slips *x, const struct row *r)
{
	for (size_t i = 1; i < r->w_n; i++)
		for (size_t k = 0; k < x->n; k++) {
			const struct row *o = &x->v[k];

			if (!o->w_n || !slip_same_word(&o->w[0], &r->w[0]))
				continue;
			for (size_t j = 1; j < o->w_n; j++)
				if (slip_same_word(&o->w[j - 1], &r->w[i - 1]) &&
					!slip_same_word(&o->w[j], &r->w[i]) &&
					is_common(x, &o->w[j]))
					slip_replace(x, r, with_word(r, i,
						o->w[j].at, o->w[j].n));
		}
}

/* "disabled=yes", or a word too many. */
static void by_leaving(struct slips *x, const struct row *r)
{
	const char *end = r->s + r->n;

	for (const char *p = r->s + r->indent; p < end;) {
		const char *from = p;

		while (p < end && !isspace((unsigned char)*p))
			p++;
		if (from > r->s + r->indent)
			slip_replace(x, r, xasprintf("%.*s%.*s", (int)(from - r->s) - 1,
				r->s, (int)(end - p), p));
		while (p < end && isspace((unsigned char)*p))
			p++;
	}
}

/* ---- in order: the likeliest first ---- */

/* Each row of the text that has words, and is named or is not. */
static void each(struct slips *x, bool named, enum slip why,
	void (*try)(struct slips *x, size_t i))
{
	x->why = why;
	for (size_t i = 0; i < x->text_n && !x->enough; i++)
		if (x->v[i].w_n && slip_named(x, x->v[i].no) == named)
			try(x, i);
}

static void twins(struct slips *x, size_t i)
{
	for (size_t k = x->n; k-- > 0;)
		by_twin(x, &x->v[i], &x->v[k]);
}

static void opposites_of(struct slips *x, size_t i)
{
	by_switch(x, &x->v[i]);
	by_opposite(x, &x->v[i]);
}

/* What stands open most often does so by a line that ought to refuse. */
static void opposites_refusing(struct slips *x, size_t i)
{
	if (slip_refuses(&x->v[i]))
		opposites_of(x, i);
}

static void near_words(struct slips *x, size_t i)
{
	twins(x, i);
	opposites_of(x, i);
}

static void other_words(struct slips *x, size_t i)
{
	by_leaving(x, &x->v[i]);
	slip_tail(x, &x->v[i]);
	by_usage(x, &x->v[i]);
}

static void other_lines(struct slips *x, size_t i)
{
	slip_sibling(x, &x->v[i]);
	if (i == 0 || slip_section_of(x, i) != slip_section_of(x, i - 1) ||
		!slip_named(x, x->v[i - 1].no))
		slip_section(x, i);
}

static void swaps(struct slips *x, size_t i)
{
	if (i + 1 < x->text_n)
		slip_swap(x, i);
}

static char *settings(const struct request *rq)
{
	struct text t = TEXT_INIT;
	struct sheet *s;

	if (!rq || !rq->model || !rq->in->device_n)
		return xstrdup("");
	s = routers_settings(rq);
	sheet_raw(s, false, &t);
	sheet_free(s);
	return text_take(&t);
}

/* How many lines of lines stand in text, against how many there are. */
static size_t shared(const char *text, const char *lines)
{
	size_t hits = 0, all = 0;

	for (const char *p = lines; *p;) {
		size_t n = strcspn(p, "\n");
		cleanup(freep) char *one = xstrndup(p, n);

		all += n > 0;
		hits += n && strstr(text, one);
		p += n + (p[n] == '\n');
	}
	return all ? 1000 * hits * hits / all : 0;
}

const struct model *routers_nearest(const struct brand *b, const char *text,
	const struct request *rq)
{
	const struct model *best = NULL, *all;
	size_t n, most = 0;

	all = brand_models(b, &n);
	for (size_t i = 0; i < n; i++) {
		struct request one = *rq;
		cleanup(freep) char *lines = NULL;
		size_t hits;

		one.model = &all[i];
		lines = n > 1 ? settings(&one) : NULL;
		hits = lines ? shared(text, lines) : 0;
		if (best && hits <= most)
			continue;
		best = &all[i];
		most = hits;
	}
	return best;
}

static void in_order(struct slips *x)
{
	x->why = SLIP_COPY;
	slip_order(x);
	by_settings(x);
	x->why = SLIP_NEAR;
	for (size_t i = 0; i < x->text_n && !x->enough; i++)
		slip_gap(x, i);
	each(x, true, SLIP_NEAR, near_words);
	each(x, true, SLIP_FAR, slip_missing);
	if (!x->enough)
		slip_second(x);
	x->why = SLIP_NEAR;
	each(x, false, SLIP_NEAR, opposites_refusing);
	each(x, false, SLIP_NEAR, opposites_of);
	each(x, true, SLIP_FAR, swaps);
	each(x, true, SLIP_FAR, other_lines);
	if (!x->enough)
		slip_refusal(x);
	if (!x->enough)
		slip_header(x);
	each(x, true, SLIP_FAR, other_words);
	each(x, false, SLIP_NEAR, twins);
	each(x, false, SLIP_FAR, swaps);
	each(x, false, SLIP_FAR, other_words);
}

void routers_slips(const struct slip_ask *a, slip_try *try, void *arg)
{
	cleanup(freep) char *meant = settings(a->rq);
	struct slips x = {.a = a, .try = try, .arg = arg};

	rows_of(&x, a->text, true);
	x.text_n = x.n;
	rows_of(&x, meant, false);
	if (x.text_n <= LINES_MAX && x.n - x.text_n <= LINES_MAX)
		in_order(&x);
	free(x.seen);
	free(x.v);
}
