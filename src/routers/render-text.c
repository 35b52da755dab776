// SPDX-License-Identifier: GPL-2.0-or-later
/* A sheet as plain text, as Markdown, and as bare lines to paste. */
#include "routers/brand.h"
#include "base/tr.h"

#include <stdio.h>

/* Sources are numbered in the order in which they are first used. */
struct notes {
	enum src v[SRC_MAX];
	size_t n;
};

static size_t note_number(struct notes *t, enum src s)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i] == s)
			return i + 1;
	t->v[t->n++] = s;
	return t->n;
}

static void add_wrapped(struct text *out, const char *first, const char *rest,
	const char *s)
{
	int col = text_columns(first, strlen(first)), limit = 78;
	const char *end = s + strlen(s);

	text_add(out, first);
	while (s < end) {
		/* break after a blank, or before a wide character */
		size_t n = 1;
		bool wide = (unsigned char)*s >= 0xe0;

		if (wide)
			while (s + n < end && ((unsigned char)s[n] & 0xc0) == 0x80)
				n++;
		else
			while (s + n < end && s[n - 1] != ' ' &&
				(unsigned char)s[n] < 0xe0)
				n++;
		int w = text_columns(s, n - (s[n - 1] == ' '));
		/* no line begins with a closing mark */
		bool closing = wide && (!strncmp(s, "、", 3) ||
			!strncmp(s, "。", 3) || !strncmp(s, "」", 3) ||
			!strncmp(s, ")", 3) || !strncmp(s, "ー", 3));

		if (col + w > limit && !closing) {
			while (out->len && out->s[out->len - 1] == ' ')
				out->s[--out->len] = '\0';
			text_addf(out, "\n%s", rest);
			col = text_columns(rest, strlen(rest));
		}
		text_addn(out, s, n);
		col += text_columns(s, n);
		s += n;
	}
	text_addc(out, '\n');
}

static void part_text(const struct part *p, unsigned step, struct notes *t,
	struct text *out)
{
	struct text line = TEXT_INIT;
	char head[16];
	size_t ref = note_number(t, p->src);
	const char *how = evidence_words(source_of(p->src)->level);

	if (p->kind == PART_STEP)
		snprintf(head, sizeof(head), "  %2u. ", step);
	else
		snprintf(head, sizeof(head), "%s", p->kind == PART_CAUTION ?
			"   !  " : p->kind == PART_LINES ? "  --  " : "      ");
	if (p->menu)
		text_addf(&line, "%s: ", p->menu);
	text_addf(&line, "%s (%s [%zu])", p->text, how, ref);
	add_wrapped(out, head, "      ", text_str(&line));
	text_done(&line);
	if (p->kind != PART_LINES)
		return;
	if (p->where && *p->where)
		text_addf(out, "      [%s]\n", p->where);
	text_addf(out, "\n%s\n", text_str(&p->body));
}

static void add_notes(const struct notes *t, struct text *out)
{
	text_addf(out, "\n%s\n\n", _("How this is known"));
	for (size_t i = 0; i < t->n; i++) {
		const struct source *s = source_of(t->v[i]);
		cleanup(freep) char *line = xasprintf("%s: %s%s%s%s%s%s",
			evidence_words(s->level), _(s->title),
			*s->date ? " (" : "", s->date, *s->date ? ")" : "",
			*s->url ? ", " : "", s->url);
		char head[16];

		snprintf(head, sizeof(head), " [%zu] ", i + 1);
		add_wrapped(out, head, "      ", line);
	}
}

void sheet_text(const struct sheet *s, struct text *out)
{
	struct notes t = {.n = 0};

	text_addf(out, "%s\n%s\n\n", s->model->name, line_words(s->line));
	text_addf(out, "%s\n\n", verdict_words(s->verdict));
	add_wrapped(out, "      ", "      ", s->sentence);
	for (int sec = 0; sec < SECTION_MAX; sec++) {
		unsigned step = 0;
		bool any = sec == SEC_VERDICT;

		for (size_t i = 0; i < s->n; i++) {
			const struct part *p = &s->parts[i];

			if ((int)p->sec != sec)
				continue;
			if (!any)
				text_addf(out, "\n%s\n\n", section_words(p->sec));
			any = true;
			if (p->kind == PART_STEP)
				step++;
			part_text(p, step, &t, out);
		}
		if (sec == SEC_VERDICT && s->said.n) {
			text_addc(out, '\n');
			complaints_print(&s->said, out);
		}
	}
	add_notes(&t, out);
}

static void part_markdown(const struct part *p, unsigned step, struct notes *t,
	struct text *out)
{
	size_t ref = note_number(t, p->src);
	const char *how = evidence_words(source_of(p->src)->level);

	switch (p->kind) {
	case PART_STEP:
		text_addf(out, "%u. ", step);
		break;
	case PART_CAUTION:
		text_add(out, "> **!** ");
		break;
	case PART_NOTE:
	case PART_LINES:
		break;
	}
	if (p->menu)
		text_addf(out, "**%s** ", p->menu);
	text_addf(out, "%s *(%s [%zu])*\n", p->text, how, ref);
	if (p->kind == PART_LINES) {
		if (*p->where)
			text_addf(out, "\n`%s`\n", p->where);
		text_addf(out, "\n```\n%s```\n", text_str(&p->body));
	}
	text_addc(out, '\n');
}

void sheet_markdown(const struct sheet *s, struct text *out)
{
	struct notes t = {.n = 0};

	text_addf(out, "# %s\n\n%s\n\n## %s\n\n**%s** %s\n\n", s->model->name,
		line_words(s->line), section_words(SEC_VERDICT),
		verdict_words(s->verdict), s->sentence);
	if (s->said.n) {
		text_add(out, "```\n");
		complaints_print(&s->said, out);
		text_add(out, "```\n\n");
	}
	for (int sec = 0; sec < SECTION_MAX; sec++) {
		unsigned step = 0;
		bool any = sec == SEC_VERDICT;

		for (size_t i = 0; i < s->n; i++) {
			const struct part *p = &s->parts[i];

			if ((int)p->sec != sec)
				continue;
			if (!any)
				text_addf(out, "## %s\n\n", section_words(p->sec));
			any = true;
			if (p->kind == PART_STEP)
				step++;
			part_markdown(p, step, &t, out);
		}
	}
	text_addf(out, "## %s\n\n", _("How this is known"));
	for (size_t i = 0; i < t.n; i++) {
		const struct source *q = source_of(t.v[i]);

		text_addf(out, "- [%zu] %s: %s%s%s%s%s%s\n", i + 1,
			evidence_words(q->level), _(q->title),
			*q->date ? " (" : "", q->date, *q->date ? ")" : "",
			*q->url ? " " : "", q->url);
	}
}

void sheet_raw(const struct sheet *s, bool undo, struct text *out)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct part *p = &s->parts[i];

		if (p->kind == PART_LINES && p->main &&
			p->sec == (undo ? SEC_UNDO : SEC_SET))
			text_add(out, text_str(&p->body));
	}
}
