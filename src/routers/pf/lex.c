// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pf.conf as statements: macros are put in, comments left out, a line ends with
 * the line unless it is continued, or inside a { list }. The braces of an anchor
 * with rules inside end statements, too.
 */
#include "routers/pf/read-own.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 20000 /* of a statement or macro; more are left out */ };

struct lexer {
	struct pf_file *f;
	const char *p;
	unsigned no;
	struct pf_line *cur;
	int lists;	/* open braces of lists */
	bool value; /* what a macro stands for */
	bool fresh;	/* the next word begins a statement */
	const char *from; /* where the statement begins in the text */
};

static void add_word(struct pf_line *l, const char *w)
{
	if (l->n < WORDS_MAX)
		*GROW(l->w, l->n, l->cap) = xstrdup(w);
}

/* One line of text without its comment, for people. */
static char *own_words(const char *s)
{
	size_t n = strcspn(s, "\n"), k = 0;
	bool quote = false;

	while (k < n && (quote || s[k] != '#')) {
		quote ^= s[k] == '"';
		k++;
	}
	while (k && (isspace((unsigned char)s[k - 1]) || s[k - 1] == '\\'))
		k--;
	return xstrndup(s, k);
}

static void start(struct lexer *x, const char *at)
{
	if (!x->fresh)
		return;
	while (at > x->from && at[-1] != '\n')
		at--;
	at += strspn(at, " \t");
	x->cur = GROW(x->f->v, x->f->n, x->f->cap);
	x->cur->no = x->no;
	x->cur->text = own_words(at);
	x->fresh = false;
}

/* A macro's value is spliced in; it may hold macros that came before it. */
static void splice(struct lexer *x, const char *name, size_t n)
{
	for (size_t i = x->f->macro_n; i-- > 0;) {
		if (strlen(x->f->macros[i].name) != n ||
			strncmp(x->f->macros[i].name, name, n))
			continue;
		for (size_t k = 0; k < x->f->macros[i].n; k++)
			add_word(x->cur, x->f->macros[i].w[k]);
		return;
	}
	add_word(x->cur, "$?"); /* nothing accepts this word */
}

static size_t word_len(const char *s)
{
	size_t n = 0;

	while (s[n] && !isspace((unsigned char)s[n]) && !strchr("{}(),!=<>\"#", s[n]) &&
		!(s[n] == '\\' && (s[n + 1] == '\n' || s[n + 1] == '\r')))
		n++;
	return n;
}

/* "<table>", but "<" alone in "port < 1024" */
static size_t table_len(const char *s)
{
	size_t n = 1;

	while (isalnum((unsigned char)s[n]) || s[n] == '_' || s[n] == '-' ||
		s[n] == '.')
		n++;
	return s[n] == '>' && n > 1 ? n + 1 : 0;
}

static size_t sign_len(const char *s)
{
	static const char *const two[] = {"!=", "<=", ">=", "><", "<>"};

	for (size_t i = 0; i < ARRAY_LEN(two); i++)
		if (!strncmp(s, two[i], 2))
			return 2;
	return 1;
}

static void add_n(struct lexer *x, const char *s, size_t n)
{
	cleanup(freep) char *w = xstrndup(s, n);

	start(x, s);
	add_word(x->cur, w);
}

/*
 * "..." is one word, except that a macro's value is taken apart later. A macro's
 * value may run over several lines (pf.conf(5): newlines in quotes count for
 * nothing); elsewhere a lost quote shall not swallow the rest.
 */
static void quoted(struct lexer *x)
{
	bool value = x->cur && x->cur->n > 1 && !strcmp(x->cur->w[1], "=");
	size_t n = strcspn(x->p + 1, "\"");

	if (!value || !x->p[1 + n])
		n = strcspn(x->p + 1, "\"\n");
	add_n(x, x->p + 1, n);
	for (size_t i = 0; i < n; i++)
		x->no += x->p[1 + i] == '\n';
	x->p += n + 1;
	x->p += *x->p == '"';
}

static bool is(const struct lexer *x, size_t i, const char *w)
{
	return x->cur && i < x->cur->n && !strcmp(x->cur->w[i], w);
}

/* The "{" that ends an anchor's head, or "=" macros; lists are all others. */
static bool opens_rules(const struct lexer *x)
{
	return x->lists == 0 && !x->fresh &&
	       (is(x, 0, "anchor") || is(x, 0, "nat-anchor") ||
		       is(x, 0, "rdr-anchor"));
}

static void sign(struct lexer *x)
{
	size_t n = *x->p == '<' ? table_len(x->p) : 0;

	if (!n)
		n = sign_len(x->p);
	if (*x->p == '{' && opens_rules(x)) {
		add_n(x, x->p, 1);
		x->fresh = true;
	} else if (*x->p == '}' && x->lists == 0) {
		x->fresh = true; /* the anchor's end is a statement */
		add_n(x, x->p, 1);
		x->fresh = true;
	} else {
		if (x->fresh && *x->p == ',') {
			x->p++;
			return;
		}
		x->lists += *x->p == '{';
		x->lists -= *x->p == '}' && x->lists > 0;
		add_n(x, x->p, n);
	}
	x->p += n;
}

/* $int_if, and $int_if:network, which is one word with what it stands for. */
static void dollar(struct lexer *x)
{
	cleanup(freep) char *was = NULL;
	size_t n = 1, tail;
	char **last;

	while (isalnum((unsigned char)x->p[n]) || x->p[n] == '_')
		n++;
	start(x, x->p);
	splice(x, x->p + 1, n - 1);
	x->p += n;
	tail = *x->p == ':' || *x->p == '/' ? word_len(x->p) : 0;
	if (!tail || !x->cur->n)
		return;
	last = &x->cur->w[x->cur->n - 1];
	was = *last;
	*last = xasprintf("%s%.*s", was, (int)tail, x->p);
	x->p += tail;
}

static void end_statement(struct lexer *x);

/* One step: a word, a sign, or what stands between them. */
static void step(struct lexer *x)
{
	size_t n = word_len(x->p);

	if (*x->p == '\n') {
		if (x->lists == 0)
			end_statement(x);
		x->no++;
		x->p++;
	} else if (*x->p == '\\' && x->p[1] == '\n') {
		x->p += 2;
		x->no++;
	} else if (*x->p == '#') {
		x->p += strcspn(x->p, "\n");
	} else if (*x->p == '"') {
		quoted(x);
	} else if (*x->p == '$') {
		dollar(x);
	} else if (strchr("{}(),!=<>", *x->p)) {
		sign(x);
	} else if (n) {
		add_n(x, x->p, n);
		x->p += n;
	} else {
		x->p++;
	}
}

/* The words of a macro's value: what stands in quotes is taken apart. */
static void value_words(struct pf_file *f, const char *value, unsigned no)
{
	struct pf_file sub = {.macros = f->macros, .macro_n = f->macro_n - 1};
	struct lexer x = {.f = &sub, .p = value, .no = no, .from = value,
		.fresh = true, .value = true, .lists = 1 /* no anchors in here */};

	while (*x.p)
		step(&x);
	for (size_t s = 0; s < sub.n; s++) {
		for (size_t k = 0; k < sub.v[s].n; k++)
			*GROW(f->macros[f->macro_n - 1].w,
				f->macros[f->macro_n - 1].n,
				f->macros[f->macro_n - 1].cap) = sub.v[s].w[k];
		free(sub.v[s].w);
		free(sub.v[s].text);
	}
	free(sub.v);
}

/* name = value: one statement less, one macro more. */
static void take_macro(struct pf_file *f)
{
	struct pf_line *l = &f->v[f->n - 1];

	if (l->n < 2 || strcmp(l->w[1], "="))
		return;
	GROW(f->macros, f->macro_n, f->macro_cap)->name = xstrdup(l->w[0]);
	for (size_t i = 2; i < l->n && f->macros[f->macro_n - 1].n < WORDS_MAX; i++)
		value_words(f, l->w[i], l->no);
}

static void end_statement(struct lexer *x)
{
	/* a value with newlines in it has no macros: its array is not its own */
	if (!x->fresh && x->f->n && !x->value)
		take_macro(x->f);
	x->fresh = true;
	x->cur = NULL;
}

void pf_lex(const char *text, struct pf_file *ret)
{
	struct lexer x = {.f = ret, .p = text, .no = 1, .from = text,
		.fresh = true};

	*ret = (struct pf_file){0};
	while (*x.p)
		step(&x);
	ret->unclosed = x.lists != 0;
	end_statement(&x);
}

void pf_lex_done(struct pf_file *f)
{
	for (size_t i = 0; i < f->n; i++) {
		while (f->v[i].n)
			free(f->v[i].w[--f->v[i].n]);
		free(f->v[i].w);
		free(f->v[i].text);
	}
	for (size_t i = 0; i < f->macro_n; i++) {
		while (f->macros[i].n)
			free(f->macros[i].w[--f->macros[i].n]);
		free(f->macros[i].w);
		free(f->macros[i].name);
	}
	free(f->v);
	free(f->macros);
}
