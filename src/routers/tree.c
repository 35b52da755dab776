// SPDX-License-Identifier: GPL-2.0-or-later
#include "routers/tree.h"
#include "routers/capture.h"
#include "base/text.h"
#include "base/tr.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { QUOTE_MAX = 400, WORD_MAX = 1024 };

/* ---- nodes ---- */

static struct tree *node(const char *name, unsigned line)
{
	struct tree *t = xcalloc(1, sizeof(*t));

	t->name = xstrdup(name);
	t->line = line;
	return t;
}

void tree_free(struct tree *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		tree_free(t->kids[i]);
	free(t->kids);
	free(t->name);
	free(t);
}

static bool is_named(const struct tree *t, const char *name)
{
	return *t->name == *name && !strcmp(t->name, name);
}

struct tree *tree_kid(const struct tree *t, const char *name)
{
	/* a configuration speaks of the same thing several times in a row */
	if (t && t->n && is_named(t->kids[t->n - 1], name))
		return t->kids[t->n - 1];
	for (size_t i = 0; t && i < t->n; i++)
		if (is_named(t->kids[i], name))
			return t->kids[i];
	return NULL;
}

/* A value that is set again is the last one said. */
static void to_the_end(struct tree *t, struct tree *k)
{
	size_t i = 0;

	if (k->n)
		return;
	while (t->kids[i] != k)
		i++;
	memmove(&t->kids[i], &t->kids[i + 1], (t->n - i - 1) * sizeof(k));
	t->kids[t->n - 1] = k;
}

static struct tree *grow(struct tree *t, const char *name, unsigned line)
{
	struct tree *k = tree_kid(t, name);

	if (k)
		to_the_end(t, k);

	if (!k)
		*GROW(t->kids, t->n, t->cap) = k = node(name, line);
	return k;
}

struct tree *tree_at(const struct tree *t, const char *path)
{
	struct tree *at = (struct tree *)(uintptr_t)t;
	char word[64];

	while (at && *path) {
		size_t n = strcspn(path, " ");

		if (n >= sizeof(word))
			return NULL;
		memcpy(word, path, n);
		word[n] = '\0';
		at = tree_kid(at, word);
		path += n + (path[n] == ' ');
	}
	return at;
}

const char *tree_value(const struct tree *t, const char *path)
{
	const struct tree *at = tree_at(t, path);

	return at && at->n ? at->kids[at->n - 1]->name : NULL;
}

static int by_number(const void *a, const void *b)
{
	const struct tree *const *x = a, *const *y = b;
	unsigned long p = strtoul((*x)->name, NULL, 10);
	unsigned long q = strtoul((*y)->name, NULL, 10);

	if (p != q)
		return p < q ? -1 : 1;
	return strcmp((*x)->name, (*y)->name);
}

void tree_sort(struct tree *t)
{
	if (t && t->n > 1)
		qsort(t->kids, t->n, sizeof(*t->kids), by_number);
}

static void take_away(struct tree *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->kids[i]->name, name))
			continue;
		tree_free(t->kids[i]);
		memmove(&t->kids[i], &t->kids[i + 1],
			(t->n - i - 1) * sizeof(*t->kids));
		t->n--;
		return;
	}
}

static bool named(const char *s, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(s, *names))
			return true;
	return false;
}

/* Move k's children into t's child of the same name. */
static void merge(struct tree *t, struct tree *k)
{
	struct tree *to = grow(t, k->name, k->line);

	for (size_t i = 0; i < k->n; i++)
		merge(to, k->kids[i]);
}

void tree_hoist(struct tree *t, const char *const *names)
{
	/* t->n grows: what was brought up is looked through as well */
	for (size_t i = 0; t && i < t->n; i++) {
		struct tree *k = t->kids[i];

		for (size_t v = 0; named(k->name, names) && v < k->n; v++)
			for (size_t g = 0; g < k->kids[v]->n;) {
				struct tree *sub = k->kids[v]->kids[g];

				if (!named(sub->name, names)) {
					g++;
					continue;
				}
				k->kids[v]->kids[g] = NULL;
				memmove(&k->kids[v]->kids[g],
					&k->kids[v]->kids[g + 1],
					(k->kids[v]->n - g - 1) * sizeof(sub));
				k->kids[v]->n--;
				merge(t, sub);
				tree_free(sub);
			}
	}
}

/* ---- words of a line ---- */

/* Quotes of both kinds hold together; "[ a b ]" stays words of its own. */
static void cut(const char *s, struct words *w)
{
	size_t max;
	char *p = words_room(s, w, &max);

	while (w->n < max) {
		char end;

		while (isspace((unsigned char)*p))
			p++;
		if (!*p)
			return;
		end = *p == '"' || *p == '\'' ? *p++ : ' ';
		w->w[w->n++] = p;
		while (*p && *p != end && !(end == ' ' && isspace((unsigned char)*p)))
			p++;
		if (*p)
			*p++ = '\0';
	}
}

struct reader {
	enum tree_form form;
	struct pipeline *pl;
	struct tree *root;
	struct tree *path[TREE_DEPTH_MAX]; /* where curly braces stand */
	size_t depth;
	char *edit[TREE_DEPTH_MAX]; /* words of "edit a b" */
	size_t edit_n;
	bool deep;
};

/*
 * Words from i on below at. "[ a b ]" and, in Junos, further values after it
 * become children side by side. Returns the last node.
 */
static struct tree *plant(struct reader *r, struct tree *at,
	const struct words *w, size_t i, unsigned line, size_t depth)
{
	for (; i < w->n; i++) {
		const char *s = words_at(w, i);

		if (r->form == TREE_JUNOS && !strcmp(s, "[")) {
			for (i++; i < w->n && strcmp(words_at(w, i), "]"); i++)
				grow(at, words_at(w, i), line);
			continue;
		}
		if (++depth >= TREE_DEPTH_MAX) {
			if (!r->deep)
				pipeline_unknown(r->pl, line, true,
					_("nested deeper than any configuration"));
			r->deep = true;
			return at;
		}
		at = grow(at, s, line);
	}
	return at;
}

static void uproot(struct tree *at, const struct words *w, size_t i)
{
	for (; at && i + 1 < w->n; i++)
		at = tree_kid(at, words_at(w, i));
	if (at && i < w->n)
		take_away(at, words_at(w, i));
}

/* ---- set lines ---- */

static struct tree *edited(struct reader *r, unsigned line)
{
	struct tree *at = r->root;

	for (size_t i = 0; i < r->edit_n; i++)
		at = grow(at, r->edit[i], line);
	return at;
}

static void edit(struct reader *r, const struct words *w)
{
	for (size_t i = 1; i < w->n && r->edit_n < TREE_DEPTH_MAX / 2; i++)
		r->edit[r->edit_n++] = xstrdup(words_at(w, i));
}

static void edit_top(struct reader *r)
{
	while (r->edit_n)
		free(r->edit[--r->edit_n]);
}

/* What is typed at the same prompt and sets nothing. */
static bool typed(const char *s)
{
	static const char *const verbs[] = {"configure", "commit", "save",
		"exit", "show", "run", "compare", "quit", "commit-confirm",
		"cli", "terminal", "request", "load", "top", "up", "confirm",
		"rollback", "logout", "annotate", "comment", NULL};

	return named(s, verbs) || *s == '[' || *s == '#' || *s == '{';
}

/* "vyos@gw:~$", "joe@srx>": what stands behind it was typed. */
static bool prompt(const char *s)
{
	size_t n = strlen(s);

	return n && strchr(s, '@') && strchr("$#>", s[n - 1]);
}

static void set_line(struct reader *r, const struct capture_line *l)
{
	struct words w;
	const char *verb;

	cut(l->text, &w);
	if (prompt(words_at(&w, 0)))
		memmove(&w.w[0], &w.w[1], --w.n * sizeof(w.w[0]));
	verb = words_at(&w, 0);
	if (!strcmp(verb, "set"))
		plant(r, edited(r, l->no), &w, 1, l->no, r->edit_n);
	else if (!strcmp(verb, "delete") || !strcmp(verb, "deactivate"))
		uproot(edited(r, l->no), &w, 1);
	else if (!strcmp(verb, "edit"))
		edit(r, &w);
	else if (!strcmp(verb, "top"))
		edit_top(r);
	else if (!strcmp(verb, "up") && r->edit_n)
		free(r->edit[--r->edit_n]);
	else if (!strcmp(verb, "exit") || !strcmp(verb, "activate"))
		edit_top(r);
	else if (!typed(verb) && *verb)
		pipeline_unknown(r->pl, l->no, true, "%s", l->text);
	words_done(&w);
}

static bool begins(const char *s)
{
	static const char *const verbs[] = {"set ", "delete ", "deactivate ",
		"activate ", "edit ", "top", "up", "exit", "commit", "save",
		"insert ", "rename ", "copy ", "comment ", "annotate ", "[edit"};

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (!strncmp(s, verbs[i], strlen(verbs[i])))
			return true;
	return !*s || *s == '#';
}

static void set_lines(struct reader *r, const char *text)
{
	struct capture cap;

	capture_read(text, begins, &cap);
	for (size_t i = 0; i < cap.n; i++)
		set_line(r, &cap.v[i]);
	capture_done(&cap);
	edit_top(r);
}

/* ---- curly ---- */

static void open_brace(struct reader *r, const char *head, unsigned line)
{
	struct tree *at = r->path[r->depth];
	struct words w;

	cut(head, &w);
	at = plant(r, at, &w, 0, line, r->depth);
	words_done(&w);
	if (r->depth + 1 < TREE_DEPTH_MAX) {
		r->path[++r->depth] = at;
		return;
	}
	if (!r->deep)
		pipeline_unknown(r->pl, line, true,
			_("nested deeper than any configuration"));
	r->deep = true;
}

static void statement(struct reader *r, const char *s, unsigned line)
{
	struct words w;

	cut(s, &w);
	plant(r, r->path[r->depth], &w, 0, line, r->depth);
	words_done(&w);
}

static void close_brace(struct reader *r, unsigned line)
{
	if (r->depth)
		r->depth--;
	else
		pipeline_unknown(r->pl, line, true,
			_("a closing brace without its opening one"));
}

/* One character at a time; head gathers a statement. */
struct cursor {
	const char *p;
	unsigned line;
	char quote;
	struct text head;
};

/* Comments: C style, to the line's end after "##" (Junos) or "//" (VyOS). */
static bool skip_comment(struct cursor *c)
{
	const char *end;

	if (!strncmp(c->p, "/*", 2)) {
		end = strstr(c->p + 2, "*/");
		for (; *c->p && c->p != (end ? end + 2 : NULL); c->p++)
			c->line += *c->p == '\n';
		return true;
	}
	if (*c->p == '#' || !strncmp(c->p, "// ", 3)) {
		c->p += strcspn(c->p, "\n");
		return true;
	}
	return false;
}

/* Lines around the configuration that a console shows: prompts, "[edit]". */
static bool console(const char *s)
{
	size_t at = strcspn(s, "@ ");

	return !strncmp(s, "[edit", 5) || (s[at] == '@' && strpbrk(s, "#>$"));
}

static void end_statement(struct reader *r, struct cursor *c)
{
	const char *s = text_str(&c->head);
	size_t n;

	s += strspn(s, " \t\r\n");
	n = strlen(s);
	if (n && !(r->depth == 0 && console(s)))
		statement(r, s, c->line);
	text_clear(&c->head);
}

/* A line that the screen's width cut in two: the next goes on at its left edge. */
static bool wrapped(const struct cursor *c, const char *text)
{
	const char *start = c->p;

	while (start > text && start[-1] != '\n')
		start--;
	return (c->p - start == 80 || c->p - start == 79) && *start == ' ' &&
	       c->p[1] && !isspace((unsigned char)c->p[1]) && c->p[1] != '}';
}

static bool ends_here(const struct reader *r, const struct cursor *c,
	const char *text)
{
	if (r->form == TREE_JUNOS)
		return *c->p == ';' || (*c->p == '\n' && r->depth == 0 &&
			console(text_str(&c->head)));
	return *c->p == '\n' && !wrapped(c, text);
}

/* Junos "inactive: x { ... }": read into a twig of its own, then dropped. */
static const char *const dead = "inactive:";

/* Does a quoted value begin here? An apostrophe inside a word is none. */
static bool quotes(const struct reader *r, const struct cursor *c)
{
	bool first = !c->head.len || c->head.s[c->head.len - 1] == ' ';

	return first && (*c->p == '"' ||
		(*c->p == '\'' && r->form == TREE_VYOS));
}

static void curly_char(struct reader *r, struct cursor *c, const char *text)
{
	if (c->quote) {
		if (*c->p == c->quote)
			c->quote = 0;
	} else if (quotes(r, c)) {
		c->quote = *c->p;
	} else if (*c->p == '{' && r->depth < TREE_DEPTH_MAX) {
		open_brace(r, text_str(&c->head), c->line);
		text_clear(&c->head);
		return;
	} else if (*c->p == '}') {
		end_statement(r, c);
		close_brace(r, c->line);
		return;
	} else if (ends_here(r, c, text)) {
		end_statement(r, c);
		return;
	}
	if (c->head.len < WORD_MAX && *c->p != '\n')
		text_addc(&c->head, *c->p);
	else if (*c->p == '\n' && !wrapped(c, text))
		text_addc(&c->head, ' ');
}

static void bury(struct tree *t)
{
	while (tree_kid(t, dead))
		take_away(t, dead);
	for (size_t i = 0; i < t->n; i++)
		bury(t->kids[i]);
}

/* Behind the braces: what was typed since, or is to be. */
static bool typed_since(struct reader *r, struct cursor *c)
{
	size_t n = strcspn(c->p, "\n");
	struct capture_line l = {.no = c->line};

	if (r->depth || *text_str(&c->head) || !r->root->n ||
		(strncmp(c->p, "set ", 4) && strncmp(c->p, "delete ", 7)))
		return false;
	l.text = xstrndup(c->p, n);
	set_line(r, &l);
	free(l.text);
	c->p += n;
	return true;
}

/* Letters that are a word's and nothing else, all that follow, at once. */
static bool plain(struct cursor *c)
{
	const char *p = c->p;

	while (isalnum((unsigned char)*p) || *p == '-' || *p == '.' || *p == ':')
		p++;
	if (p == c->p)
		return false;
	text_addn(&c->head, c->p, MIN2((size_t)(p - c->p), c->head.len < WORD_MAX
		? WORD_MAX - c->head.len : 0));
	c->p = p;
	return true;
}

static void curly(struct reader *r, const char *text)
{
	struct cursor c = {.p = text, .line = 1};

	r->path[0] = r->root;
	while (*c.p) {
		if (*text_str(&c.head) ? plain(&c)
				       : *c.p == ' ' || *c.p == '\t') {
			c.p += !*text_str(&c.head);
			continue;
		}
		if (!c.quote && !*text_str(&c.head) &&
			(skip_comment(&c) || typed_since(r, &c)))
			continue;
		if (!c.quote && (!strncmp(c.p, "/*", 2) || !strncmp(c.p, "## ", 3)) &&
			skip_comment(&c))
			continue;
		/* spaces in front of a statement are no part of it */
		if (*text_str(&c.head) || !isspace((unsigned char)*c.p))
			curly_char(r, &c, text);
		c.line += *c.p == '\n';
		c.p++;
	}
	if (r->depth || c.quote || *text_str(&c.head))
		pipeline_unknown(r->pl, c.line, true,
			_("braces that are open at the end; is the text whole?"));
	text_done(&c.head);
	if (strstr(text, dead))
		bury(r->root);
}

/* ---- both ---- */

/* 1: a set line, -1: a brace opens, 0: neither. */
static int form_of(const char *text, size_t n)
{
	cleanup(freep) char *one = xstrndup(text, n);
	struct capture cap;
	const char *s;
	int form = 0;

	capture_read(one, NULL, &cap);
	s = cap.n ? cap.v[0].text : "";
	n = strlen(s);
	if (!strncmp(s, "set ", 4))
		form = 1;
	else if (n && s[n - 1] == '{' && *s != '[')
		form = -1;
	capture_done(&cap);
	return form;
}

/* The first line that is one or the other tells. */
static bool has_set_lines(const char *text)
{
	for (size_t n; *text; text += n + (text[n] == '\n')) {
		int form;

		n = strcspn(text, "\n");
		form = form_of(text, n);
		if (form)
			return form > 0;
	}
	return false;
}

struct tree *tree_read(const char *text, enum tree_form form,
	struct pipeline *pl)
{
	struct reader r = {.form = form, .pl = pl, .root = node("", 0)};

	if (has_set_lines(text))
		set_lines(&r, text);
	else
		curly(&r, text);
	return r.root;
}

static void quote(const struct tree *t, struct text *out)
{
	if (out->len > QUOTE_MAX)
		return;
	text_addc(out, ' ');
	text_add(out, t->name);
	for (size_t i = 0; i < t->n && out->len <= QUOTE_MAX; i++) {
		if (!strcmp(t->kids[i]->name, "description"))
			continue;
		if (i && out->s[out->len - 1] != ';')
			text_addc(out, ';');
		quote(t->kids[i], out);
	}
}

char *tree_quote(const char *prefix, const struct tree *t)
{
	struct text out = TEXT_INIT;

	text_add(&out, prefix);
	quote(t, &out);
	if (out.len > QUOTE_MAX) {
		out.s[QUOTE_MAX] = '\0';
		out.len = QUOTE_MAX;
		text_add(&out, "...");
	}
	return text_take(&out);
}

void tree_lines(struct origin *o, const struct tree *t)
{
	origin_more(o, t->line);
	for (size_t i = 0; i < t->n; i++)
		tree_lines(o, t->kids[i]);
}
