/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the room: HTML. Every string of ours, a manual's or a user's goes
 * through html_add(); pages need no script and load nothing from elsewhere.
 */
#ifndef KADOMORI_ROUTERS_HTML_H
#define KADOMORI_ROUTERS_HTML_H

#include "routers/brand.h"

/* Where a page stands: what its head and its links need. */
struct page {
	const char *title;
	const char *style;	/* address of style.css; NULL: inside the page */
	const char *home;	/* address of the index, or NULL */
	const char *other;	/* the same page in the other language, or NULL */
	const char *class;	/* of <body>, "" for none */
};

/* Append s with & < > " ' and control characters made harmless. */
void html_add(struct text *out, const char *s);
/* <tag>s</tag>, escaped; attrs is ours ("" or " class=\"x\""). */
void html_elem(struct text *out, const char *tag, const char *attrs,
	const char *s);
void html_begin(const struct page *pg, struct text *out);
void html_end(const struct page *pg, struct text *out);
/* The text of style.css. */
const char *html_style(void);

/* Short mark of an evidence level for paper: "A" to "D". */
const char *evidence_mark(enum evidence e);
/* The sheet between <main> and </main>, with its sources at the end. */
void html_sheet(const struct sheet *s, bool print, struct text *out);

#endif
