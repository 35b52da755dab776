// SPDX-License-Identifier: GPL-2.0-or-later
#include "intent/intent.h"
#include "base/tr.h"

#include <stdarg.h>
#include <stdio.h>

void complaints_done(struct complaints *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i].file);
		free(c->v[i].quote);
		free(c->v[i].say);
	}
	free(c->v);
	memset(c, 0, sizeof(*c));
}

void complain(struct complaints *c, bool warning, const struct intent *in,
	const struct span *at, const char *fmt, ...)
{
	struct complaint *new = GROW(c->v, c->n, c->cap);
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&new->say, fmt, ap) < 0)
		new->say = xstrdup(fmt);
	va_end(ap);
	new->warning = warning;
	c->errors |= !warning;
	if (!in || !at || !at->line || at->file >= in->file_n)
		return;
	new->file = xstrdup(in->files[at->file]);
	new->line = at->line;
	new->col = at->col;
	new->len = at->len;
	new->quote = intent_quote(in, at);
}

/* The marker stands under the word also where wide characters precede it. */
static void print_quote(const struct complaint *m, struct text *out)
{
	cleanup(freep) char *safe =
		text_printable(m->quote, strcspn(m->quote, "\n"));
	size_t before = MIN2((size_t)m->col - 1, strlen(m->quote));
	size_t word = MIN2((size_t)m->len, strlen(m->quote) - before);
	int pad = text_columns(m->quote, before);
	int under = text_columns(m->quote + before, word);

	for (char *p = safe; *p; p++)
		if (*p == '\t')
			*p = ' ';
	text_addf(out, "    %s\n    %*s^", safe, pad, "");
	for (int i = 1; i < under; i++)
		text_addc(out, '~');
	text_addc(out, '\n');
}

void complaints_print(const struct complaints *c, struct text *out)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct complaint *m = &c->v[i];

		if (m->file)
			text_addf(out, "%s:%u:%u: ", m->file, m->line, m->col);
		text_addf(out, "%s: %s\n", m->warning ? _("warning") : _("error"),
			m->say);
		if (m->quote)
			print_quote(m, out);
	}
}
