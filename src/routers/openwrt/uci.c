// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * UCI: "config TYPE ['NAME']", "option KEY 'VALUE'", "list KEY 'VALUE'"; and the
 * form of "uci show", one line a value: firewall.@rule[2].proto='esp'.
 */
#include "routers/openwrt/read-own.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_WORDS = 64, VALUES_MAX = 4096 };

/* 'single' and "double" quotes, glued to what stands beside them. */
static char *next_word(const char **p)
{
	struct text t = TEXT_INIT;
	char quote = 0;
	size_t plain;

	while (isspace((unsigned char)**p))
		(*p)++;
	if (!**p || **p == '#')
		return NULL;
	plain = strcspn(*p, " \t\r\n\v\f'\"\\");
	if (plain && (!(*p)[plain] || isspace((unsigned char)(*p)[plain]))) {
		*p += plain;
		return xstrndup(*p - plain, plain);
	}
	for (; **p; (*p)++) {
		char c = **p;

		if (quote ? c == quote : c == '\'' || c == '"') {
			quote = quote ? 0 : c;
			continue;
		}
		if (!quote && isspace((unsigned char)c))
			break;
		if (c == '\\' && quote != '\'' && (*p)[1])
			c = *++*p;
		text_addc(&t, c);
	}
	return text_take(&t);
}

static struct uci_opt *opt_of(struct uci_section *s, const char *key)
{
	struct uci_opt *o;

	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->opts[i].key, key))
			return &s->opts[i];
	o = GROW(s->opts, s->n, s->cap);
	o->key = xstrdup(key);
	return o;
}

static void set_value(struct uci_section *s, const char *key,
	const char *value, bool list)
{
	struct uci_opt *o = opt_of(s, key);

	if (!list || !o->list) /* the last option stands */
		while (o->n)
			free(o->v[--o->n]);
	o->list = list;
	if (o->n < VALUES_MAX)
		*GROW(o->v, o->n, o->cap) = xstrdup(value);
}

static struct uci_section *add_section(struct uci *u, const char *type,
	const char *name, unsigned no)
{
	struct uci_section *s = GROW(u->v, u->n, u->cap);

	s->type = xstrdup(type);
	s->name = xstrdup(name);
	s->no = no;
	return s;
}

static void note_line(struct uci_section *s, unsigned no)
{
	*GROW(s->more, s->more_n, s->more_cap) = no;
}

/* ---- files ---- */

static void file_line(struct uci *u, const char *verb, const char *rest,
	unsigned no)
{
	cleanup(freep) char *a = next_word(&rest);
	cleanup(freep) char *b = a ? next_word(&rest) : NULL;

	if (!strcmp(verb, "config") && a)
		add_section(u, a, b ? b : "", no);
	else if ((!strcmp(verb, "option") || !strcmp(verb, "list")) && a && b &&
		u->n) {
		set_value(&u->v[u->n - 1], a, b, *verb == 'l');
		note_line(&u->v[u->n - 1], no);
	}
}

/* ---- "uci show" ---- */

/* "firewall.@rule[2]" or "firewall.casa"; type "" for a name. */
static struct uci_section *find_section(struct uci *u, const char *id,
	const char *type)
{
	for (size_t i = 0; i < u->n; i++)
		if (!strcmp(u->v[i].name, id) &&
			(!type || !strcmp(u->v[i].type, type)))
			return &u->v[i];
	return NULL;
}

/* firewall.@rule[0]=rule / firewall.@rule[0].target='ACCEPT' */
static bool show_line(struct uci *u, const char *line, unsigned no)
{
	static const char *const packages[] = {"firewall.", "network.", "dhcp."};
	cleanup(freep) char *path = NULL;
	const char *eq = strchr(line, '='), *value;
	struct uci_section *s;
	char *id, *key;
	bool ours = false, many = false;

	for (size_t i = 0; i < ARRAY_LEN(packages); i++)
		ours |= !strncmp(line, packages[i], strlen(packages[i]));
	if (!ours || !eq)
		return false;
	path = xstrndup(line, (size_t)(eq - line));
	id = path;
	key = strchr(strchr(path, '.') + 1, '.');
	value = eq + 1;
	if (!key) { /* the section itself: its name is the whole path */
		add_section(u, value, id, no);
		return true;
	}
	*key++ = '\0';
	s = find_section(u, id, NULL);
	if (!s)
		return false;
	note_line(s, no);
	for (char *w; (w = next_word(&value)); free(w)) {
		many |= strchr(value, '\'') != NULL;
		set_value(s, key, w, many);
	}
	return true;
}

/* ---- lines ---- */

static const char *after_prompt(const char *s)
{
	const char *hash = strstr(s, "# ");

	return !strncmp(s, "root@", 5) && hash ? hash + 2 : s;
}

static bool harmless(const char *verb)
{
	static const char *const names[] = {"package", "cat", "uci", "config",
		"option", "list", "exit", "==>", NULL};

	for (size_t i = 0; names[i]; i++)
		if (!strcmp(names[i], verb))
			return true;
	return false;
}

static void one_line(struct uci *u, const char *line, unsigned no)
{
	const char *p = after_prompt(line + strspn(line, " \t"));
	const char *rest = p;
	cleanup(freep) char *verb = next_word(&rest);

	if (!verb || show_line(u, p, no))
		return;
	file_line(u, verb, rest, no);
	if (harmless(verb) || strchr(verb, '='))
		return;
	GROW(u->odd, u->odd_n, u->odd_cap)->no = no;
	u->odd[u->odd_n - 1].text = xstrdup(p);
}

void uci_read(const char *text, struct uci *ret)
{
	unsigned no = 0;

	*ret = (struct uci){0};
	while (*text) {
		size_t n = strcspn(text, "\n");
		cleanup(freep) char *line = xstrndup(text, n);

		while (n && isspace((unsigned char)line[n - 1]))
			line[--n] = '\0';
		text += strcspn(text, "\n");
		text += *text == '\n';
		one_line(ret, line, ++no);
	}
}

void uci_done(struct uci *u)
{
	for (size_t i = 0; i < u->n; i++) {
		struct uci_section *s = &u->v[i];

		for (size_t k = 0; k < s->n; k++) {
			while (s->opts[k].n)
				free(s->opts[k].v[--s->opts[k].n]);
			free(s->opts[k].v);
			free(s->opts[k].key);
		}
		free(s->opts);
		free(s->more);
		free(s->type);
		free(s->name);
	}
	for (size_t i = 0; i < u->odd_n; i++)
		free(u->odd[i].text);
	free(u->odd);
	free(u->v);
}

/* ---- reading values ---- */

const struct uci_opt *uci_opt(const struct uci_section *s, const char *key)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->opts[i].key, key))
			return &s->opts[i];
	return NULL;
}

const char *uci_get(const struct uci_section *s, const char *key)
{
	const struct uci_opt *o = uci_opt(s, key);

	return o && o->n ? o->v[0] : "";
}

bool uci_word(const struct uci_section *s, const char *key, size_t i,
	char buf[UCI_WORD])
{
	const struct uci_opt *o = uci_opt(s, key);

	for (size_t k = 0; o && k < o->n; k++) {
		const char *p = o->v[k];

		while (*(p += strspn(p, " \t"))) {
			size_t n = strcspn(p, " \t");

			if (!i--) {
				n = MIN2(n, (size_t)UCI_WORD - 1);
				memcpy(buf, p, n);
				buf[n] = '\0';
				return true;
			}
			p += n;
		}
	}
	return false;
}

bool uci_bool(const struct uci_section *s, const char *key, bool dflt)
{
	const char *v = uci_get(s, key);

	if (!*v)
		return dflt;
	return !strcmp(v, "1") || !strcmp(v, "on") || !strcmp(v, "true") ||
	       !strcmp(v, "yes");
}

char *uci_line(const struct uci_section *s)
{
	struct text t = TEXT_INIT;

	text_add(&t, "config ");
	text_add(&t, s->type);
	for (size_t i = 0; i < s->n; i++) {
		text_addc(&t, ' ');
		text_add(&t, s->opts[i].key);
		text_add(&t, " '");
		for (size_t k = 0; k < s->opts[i].n; k++) {
			if (k)
				text_addc(&t, ' ');
			text_add(&t, s->opts[i].v[k]);
		}
		text_addc(&t, '\'');
	}
	return text_take(&t);
}

void uci_lines(struct origin *o, const struct uci_section *s)
{
	for (size_t i = 0; i < s->more_n; i++)
		origin_more(o, s->more[i]);
}
