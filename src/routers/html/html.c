// SPDX-License-Identifier: GPL-2.0-or-later
/* Escaping, and the head and foot that all pages share. */
#include "routers/html/html.h"
#include "base/tr.h"

static const char style[] =
#include "style.inc"
	;

const char *html_style(void)
{
	return style;
}

void html_add(struct text *out, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&':
			text_add(out, "&amp;");
			break;
		case '<':
			text_add(out, "&lt;");
			break;
		case '>':
			text_add(out, "&gt;");
			break;
		case '"':
			text_add(out, "&quot;");
			break;
		case '\'':
			text_add(out, "&#39;");
			break;
		default:
			if ((unsigned char)*s >= ' ' || *s == '\n' || *s == '\t')
				text_addc(out, *s);
		}
	}
}

void html_elem(struct text *out, const char *tag, const char *attrs,
	const char *s)
{
	text_addf(out, "<%s%s>", tag, attrs);
	html_add(out, s);
	text_addf(out, "</%s>\n", tag);
}

static void header(const struct page *pg, struct text *out)
{
	bool ja = !strcmp(tr_lang(), "ja");

	text_addf(out, "<a class=\"skip\" href=\"#main\">%s</a>\n<header>\n",
		_("To the content"));
	if (pg->home)
		text_addf(out, "<a class=\"home\" href=\"%s\">kadomori</a>\n",
			pg->home);
	if (pg->other)
		text_addf(out, "<a class=\"langs\" href=\"%s\" lang=\"%s\" hreflang=\"%s\">%s</a>\n",
			pg->other, ja ? "en" : "ja", ja ? "en" : "ja",
			ja ? "English" : "日本語");
	text_add(out, "</header>\n");
}

void html_begin(const struct page *pg, struct text *out)
{
	text_addf(out, "<!doctype html>\n<html lang=\"%s\">\n<head>\n"
		"<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src %s\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
		tr_lang(), pg->style ? "'self'" : "'unsafe-inline'");
	html_elem(out, "title", "", pg->title);
	if (pg->style)
		text_addf(out, "<link rel=\"stylesheet\" href=\"%s\">\n", pg->style);
	else
		text_addf(out, "<style>\n%s</style>\n", style);
	text_addf(out, "</head>\n<body%s%s%s>\n", *pg->class ? " class=\"" : "",
		pg->class, *pg->class ? "\"" : "");
	if (pg->home || pg->other)
		header(pg, out);
	text_add(out, "<main id=\"main\">\n");
}

void html_end(const struct page *pg, struct text *out)
{
	text_add(out, "</main>\n");
	if (pg->home)
		html_elem(out, "footer", "", _("kadomori is free software (GPL-2.0-or-later). Names of routers and services belong to their owners, who have not checked these pages."));
	text_add(out, "</body>\n</html>\n");
}
