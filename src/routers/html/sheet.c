// SPDX-License-Identifier: GPL-2.0-or-later
/* A sheet as HTML: a page to read, or one A4 page with short marks. */
#include "routers/html/html.h"
#include "base/tr.h"

#include <stdio.h>

enum {
	/* Measured with Chromium: what still fits one A4 page in the larger
	 * print, and in the middle one. Lines of settings weigh more than
	 * words. */
	PAGE_WEIGHT_MAX = 2700,
	SMALL_WEIGHT_MAX = 4200,
	LONG_LINES = 12, /* a block on paper goes into two columns from here */
};

struct marks {
	enum src v[SRC_MAX];
	size_t n;
	bool print;
};

const char *evidence_mark(enum evidence e)
{
	switch (e) {
	case EV_RUN:		return "A";
	case EV_MANUAL:		return "B";
	case EV_OWNER:		return "C";
	case EV_UNVERIFIED:	return "D";
	}
	return "?";
}

static size_t mark_number(struct marks *m, enum src s)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i] == s)
			return i + 1;
	m->v[m->n++] = s;
	return m->n;
}

static void add_evidence(struct marks *m, enum src src, struct text *out)
{
	enum evidence level = source_of(src)->level;
	size_t n = mark_number(m, src);

	text_addf(out, " <span class=\"ev ev-%s\"><a href=\"#source-%zu\">",
		evidence_id(level), n);
	if (m->print)
		text_addf(out, "%s%zu", evidence_mark(level), n);
	else
		html_add(out, evidence_words(level));
	text_add(out, "</a></span>");
}

static void add_sentence(struct marks *m, const struct part *p,
	struct text *out)
{
	if (p->menu) {
		text_add(out, "<span class=\"menu\">");
		html_add(out, p->menu);
		text_add(out, "</span>: ");
	}
	html_add(out, p->text);
	add_evidence(m, p->src, out);
}

static size_t count_lines(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += *s == '\n';
	return n;
}

static void add_lines(struct marks *m, const struct part *p, struct text *out)
{
	const char *body = text_str(&p->body);

	text_add(out, "<p>");
	add_sentence(m, p, out);
	text_add(out, "</p>\n");
	if (*p->where) {
		text_add(out, "<p class=\"where\">");
		html_add(out, p->where);
		text_add(out, "</p>\n");
	}
	text_addf(out, "<pre tabindex=\"0\"%s><code>",
		count_lines(body) >= LONG_LINES ? " class=\"long\"" : "");
	html_add(out, body);
	text_add(out, "</code></pre>\n");
}

static void add_part(struct marks *m, const struct part *p, struct text *out)
{
	switch (p->kind) {
	case PART_NOTE:
		text_add(out, "<p>");
		add_sentence(m, p, out);
		text_add(out, "</p>\n");
		return;
	case PART_CAUTION:
		text_addf(out, "<div class=\"caution\"><strong>%s</strong> ",
			_("Take care:"));
		add_sentence(m, p, out);
		text_add(out, "</div>\n");
		return;
	case PART_STEP:
		text_add(out, "<li>");
		add_sentence(m, p, out);
		text_add(out, "</li>\n");
		return;
	case PART_LINES:
		add_lines(m, p, out);
		return;
	}
}

/* Steps that follow each other are one list; its count goes on after a note. */
static void add_section(struct marks *m, const struct sheet *s,
	enum section sec, struct text *out)
{
	unsigned step = 0;
	bool open = false;

	for (size_t i = 0; i < s->n; i++) {
		const struct part *p = &s->parts[i];
		bool is_step = p->kind == PART_STEP;

		if (p->sec != sec)
			continue;
		if (open && !is_step)
			text_add(out, "</ol>\n");
		if (!open && is_step)
			text_addf(out, "<ol start=\"%u\">\n", step + 1);
		open = is_step;
		step += is_step;
		add_part(m, p, out);
	}
	if (open)
		text_add(out, "</ol>\n");
}

static bool has_section(const struct sheet *s, enum section sec)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->parts[i].sec == sec)
			return true;
	return false;
}

static void add_said(const struct sheet *s, struct text *out)
{
	for (size_t i = 0; i < s->said.n; i++) {
		const struct complaint *c = &s->said.v[i];

		text_addf(out, "<div class=\"said%s\"><strong>%s</strong> ",
			c->warning ? "" : " refused",
			c->warning ? _("Note:") : _("Not possible:"));
		html_add(out, c->say);
		if (c->quote && c->line) {
			text_add(out, "<pre tabindex=\"0\"><code>");
			html_add(out, c->quote);
			text_add(out, "</code></pre>");
		}
		text_add(out, "</div>\n");
	}
}

static void add_source(const struct marks *m, size_t i, struct text *out)
{
	const struct source *q = source_of(m->v[i]);

	text_addf(out, "<li id=\"source-%zu\">", i + 1);
	if (m->print)
		text_addf(out, "%s: ", evidence_mark(q->level));
	else {
		html_add(out, evidence_words(q->level));
		text_add(out, ": ");
	}
	html_add(out, _(q->title));
	if (*q->date) {
		text_add(out, " (");
		html_add(out, q->date);
		text_add(out, ")");
	}
	if (*q->url) {
		text_add(out, ", <a href=\"");
		html_add(out, q->url);
		text_add(out, "\">");
		html_add(out, q->url);
		text_add(out, "</a>");
	}
	text_add(out, "</li>\n");
}

static void add_sources(const struct marks *m, struct text *out)
{
	if (!m->n)
		return;
	html_elem(out, "h2", "", _("How this is known"));
	if (m->print) {
		text_add(out, "<p class=\"dense\">");
		for (int e = 0; e < EVIDENCE_MAX; e++)
			text_addf(out, "%s%s = %s", e ? ", " : "",
				evidence_mark((enum evidence)e),
				evidence_words((enum evidence)e));
		text_add(out, "</p>\n");
	}
	text_add(out, "<ol class=\"sources\">\n");
	for (size_t i = 0; i < m->n; i++)
		add_source(m, i, out);
	text_add(out, "</ol>\n");
}

void html_sheet(const struct sheet *s, bool print, struct text *out)
{
	struct marks m = {.print = print};

	html_elem(out, "h1", "", s->model->name);
	html_elem(out, "p", " class=\"line\"", line_words(s->line));
	text_addf(out, "<p class=\"verdict v-%s\">", verdict_id(s->verdict));
	html_add(out, verdict_words(s->verdict));
	text_add(out, "</p>\n");
	html_elem(out, "p", "", s->sentence);
	add_section(&m, s, SEC_VERDICT, out);
	add_said(s, out);
	for (int sec = SEC_BEFORE; sec < SECTION_MAX; sec++) {
		if (!has_section(s, (enum section)sec))
			continue;
		html_elem(out, "h2", "", section_words((enum section)sec));
		add_section(&m, s, (enum section)sec, out);
	}
	add_sources(&m, out);
}

/* How much there is to print, in columns of text. */
static size_t weight(const struct sheet *s)
{
	size_t w = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct part *p = &s->parts[i];

		w += (size_t)text_columns(p->text, strlen(p->text)) + 40;
		w += 55 * count_lines(text_str(&p->body));
	}
	for (size_t i = 0; i < s->said.n; i++)
		w += (size_t)text_columns(s->said.v[i].say,
			strlen(s->said.v[i].say)) + 40;
	return w;
}

static const char *page_class(const struct sheet *s)
{
	size_t w = weight(s);

	return w <= PAGE_WEIGHT_MAX ? "page" : w <= SMALL_WEIGHT_MAX ?
		"page small" : "page small tiny";
}

void sheet_html(const struct sheet *s, bool print, struct text *out)
{
	cleanup(freep) char *title = xasprintf("%s: %s", s->model->name,
		line_words(s->line));
	struct page pg = {.title = title,
		.class = print ? page_class(s) : ""};

	html_begin(&pg, out);
	html_sheet(s, print, out);
	html_end(&pg, out);
}
