// SPDX-License-Identifier: GPL-2.0-or-later
/* A sheet and how it grows. */
#include "routers/brand.h"

#include <stdarg.h>
#include <stdio.h>

void sheet_free(struct sheet *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++) {
		free(s->parts[i].text);
		free(s->parts[i].menu);
		free(s->parts[i].where);
		text_done(&s->parts[i].body);
	}
	free(s->parts);
	free(s->sentence);
	complaints_done(&s->said);
	free(s);
}

void sheet_freep(struct sheet **s)
{
	sheet_free(*s);
}

static char *vformat(const char *fmt, va_list ap)
{
	char *s;

	return vasprintf(&s, fmt, ap) < 0 ? xstrdup(fmt) : s;
}

static struct part *part_new(struct sheet *s, enum section sec,
	enum part_kind k, enum src src, char *text)
{
	struct part *p = GROW(s->parts, s->n, s->cap);

	p->sec = sec;
	p->kind = k;
	p->src = src;
	p->text = text;
	return p;
}

void sheet_say(struct sheet *s, enum section sec, enum part_kind k,
	enum src src, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	part_new(s, sec, k, src, vformat(fmt, ap));
	va_end(ap);
}

void sheet_step(struct sheet *s, enum section sec, enum src src,
	const char *menu, const char *fmt, ...)
{
	struct part *p;
	va_list ap;

	va_start(ap, fmt);
	p = part_new(s, sec, PART_STEP, src, vformat(fmt, ap));
	va_end(ap);
	p->menu = menu ? xstrdup(menu) : NULL;
}

void sheet_block(struct sheet *s, enum section sec, enum src src, bool main,
	const char *where, const char *fmt, ...)
{
	struct part *p;
	va_list ap;

	va_start(ap, fmt);
	p = part_new(s, sec, PART_LINES, src, vformat(fmt, ap));
	va_end(ap);
	p->where = xstrdup(where);
	p->main = main;
}

void sheet_line(struct sheet *s, const char *fmt, ...)
{
	va_list ap;
	char *line;

	va_start(ap, fmt);
	line = vformat(fmt, ap);
	va_end(ap);
	text_add(&s->parts[s->n - 1].body, line);
	text_addc(&s->parts[s->n - 1].body, '\n');
	free(line);
}

void sheet_verdict(struct sheet *s, enum verdict_kind v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	free(s->sentence);
	s->sentence = vformat(fmt, ap);
	va_end(ap);
	s->verdict = v;
}

/* A device made up for the catalogue has no line to quote. */
static void said(struct sheet *s, const struct plan *p, const struct span *at,
	bool warning, char *text)
{
	complain(&s->said, warning, p->in, at, "%s", text);
	free(text);
}

void sheet_warn(struct sheet *s, const struct plan *p, const struct span *at,
	const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	said(s, p, at, true, vformat(fmt, ap));
	va_end(ap);
}

void sheet_refuse(struct sheet *s, const struct plan *p, const struct span *at,
	const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	said(s, p, at, false, vformat(fmt, ap));
	va_end(ap);
}
