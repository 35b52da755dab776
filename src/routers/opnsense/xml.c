// SPDX-License-Identifier: GPL-2.0-or-later
/* config.xml as a tree, by expat. Nothing outside the text is ever opened. */
#include "routers/opnsense/read-own.h"
#include "base/text.h"
#include "base/tr.h"

#include <ctype.h>
#include <expat.h>
#include <stdlib.h>
#include <string.h>

struct build {
	XML_Parser p;
	struct xml *root, *at;
	struct text chars;
	size_t count;
	int depth;
	unsigned before; /* lines in front of the first element */
	bool doctype, too_much;
};

static struct xml *node(const char *name, struct xml *up, unsigned no)
{
	struct xml *x = xcalloc(1, sizeof(*x));

	x->name = xstrdup(name);
	x->text = xstrdup("");
	x->up = up;
	x->no = no;
	if (up)
		*GROW(up->v, up->n, up->cap) = x;
	return x;
}

static void XMLCALL on_start(void *data, const XML_Char *name,
	const XML_Char **attrs)
{
	struct build *b = data;

	(void)attrs;
	if (++b->count > XML_NODES_MAX || ++b->depth > XML_DEEP_MAX) {
		b->too_much = true;
		XML_StopParser(b->p, XML_FALSE);
		return;
	}
	b->at = node(name, b->at, b->before +
		(unsigned)XML_GetCurrentLineNumber(b->p));
	if (!b->root)
		b->root = b->at;
	text_clear(&b->chars);
}

static void XMLCALL on_end(void *data, const XML_Char *name)
{
	struct build *b = data;
	const char *s = text_str(&b->chars);
	size_t n = b->chars.len;

	(void)name;
	b->depth--;
	if (!b->at)
		return;
	while (n && isspace((unsigned char)*s)) {
		s++;
		n--;
	}
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	if (b->at->n == 0) {
		free(b->at->text);
		b->at->text = xstrndup(s, n);
	}
	b->at = b->at->up;
	text_clear(&b->chars);
}

static void XMLCALL on_text(void *data, const XML_Char *s, int n)
{
	struct build *b = data;

	text_addn(&b->chars, s, (size_t)n);
}

/* Entities are declared there and nowhere else. */
static void XMLCALL on_doctype(void *data, const XML_Char *name,
	const XML_Char *sys, const XML_Char *pub, int has)
{
	struct build *b = data;

	(void)name;
	(void)sys;
	(void)pub;
	(void)has;
	b->doctype = true;
	XML_StopParser(b->p, XML_FALSE);
}

static char *reason(const struct build *b)
{
	if (b->doctype)
		return xstrdup(_("a document type stands in it; no config.xml has one"));
	if (b->too_much)
		return xstrdup(_("more elements, or deeper ones, than a config.xml has"));
	return xasprintf(_("not well-formed XML: line %lu: %s"),
		(unsigned long)XML_GetCurrentLineNumber(b->p),
		XML_ErrorString(XML_GetErrorCode(b->p)));
}

struct xml *xml_parse(const char *text, char **why)
{
	struct build b = {.p = XML_ParserCreate("UTF-8")};
	enum XML_Status ok;

	/* a prompt or a blank line in front of the declaration */
	for (; *text && *text != '<'; text++)
		b.before += *text == '\n';
	XML_SetUserData(b.p, &b);
	XML_SetElementHandler(b.p, on_start, on_end);
	XML_SetCharacterDataHandler(b.p, on_text);
	XML_SetStartDoctypeDeclHandler(b.p, on_doctype);
	ok = XML_Parse(b.p, text, (int)strlen(text), 1);
	if (ok != XML_STATUS_OK)
		*why = reason(&b);
	XML_ParserFree(b.p);
	text_done(&b.chars);
	if (ok == XML_STATUS_OK)
		return b.root;
	xml_free(b.root);
	return NULL;
}

void xml_lines(struct origin *o, const struct xml *x)
{
	origin_more(o, x->no);
	for (size_t i = 0; i < x->n; i++)
		xml_lines(o, x->v[i]);
}

void xml_free(struct xml *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < x->n; i++)
		xml_free(x->v[i]);
	free(x->v);
	free(x->name);
	free(x->text);
	free(x);
}

const struct xml *xml_child(const struct xml *x, const char *name)
{
	for (size_t i = 0; x && i < x->n; i++)
		if (!strcmp(x->v[i]->name, name))
			return x->v[i];
	return NULL;
}

const char *xml_get(const struct xml *x, const char *name)
{
	const struct xml *c = xml_child(x, name);

	return c ? c->text : "";
}

bool xml_set(const struct xml *x, const char *name)
{
	const struct xml *c = xml_child(x, name);

	return c && strcmp(c->text, "0") && strcmp(c->text, "no");
}

const struct xml *xml_path(const struct xml *x, const char *path)
{
	while (x && *path) {
		size_t n = strcspn(path, "/");
		cleanup(freep) char *name = xstrndup(path, n);

		x = xml_child(x, name);
		path += n + (path[n] == '/');
	}
	return x;
}

static void add_children(const struct xml *x, struct text *t)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct xml *c = x->v[i];

		if (!strcmp(c->name, "updated") || !strcmp(c->name, "created"))
			continue;
		if (t->len)
			text_addc(t, ' ');
		text_add(t, c->name);
		if (c->n) {
			text_add(t, " {");
			add_children(c, t);
			text_add(t, " }");
		} else if (*c->text) {
			text_addc(t, '=');
			text_add(t, c->text);
		}
	}
}

char *xml_line(const struct xml *x)
{
	struct text t = TEXT_INIT;

	text_addf(&t, "<%s>", x->name);
	add_children(x, &t);
	return text_take(&t);
}
