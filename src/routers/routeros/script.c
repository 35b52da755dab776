// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A RouterOS export as commands. A line that begins with '/' names the menu for
 * those below it, or is a whole command by itself; '\' at the end continues a
 * line, with the next one's indentation left out.
 */
#include "routers/routeros/read-own.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

static const char *const verbs[] = {"add", "set", "remove", "enable", "disable",
	"move", "edit", "unset", "reset", "print", "export", "comment", NULL};

static bool is_verb(const char *s)
{
	for (size_t i = 0; verbs[i]; i++)
		if (!strcmp(verbs[i], s))
			return true;
	return false;
}

/* A word, a "quoted string" and a [ command ] may be glued together. */
static char *next_token(const char **p)
{
	struct text t = TEXT_INIT;
	int depth = 0;
	bool quote = false;
	size_t plain;

	while (isspace((unsigned char)**p))
		(*p)++;
	if (!**p)
		return NULL;
	plain = strcspn(*p, " \t\r\n\v\f\"\\[]");
	if (!(*p)[plain] || isspace((unsigned char)(*p)[plain])) {
		*p += plain;
		return xstrndup(*p - plain, plain);
	}
	for (; **p; (*p)++) {
		char c = **p;

		if (c == '\\' && quote && (*p)[1]) {
			(*p)++;
			c = **p == 'n' || **p == 'r' ? ' ' : **p;
			text_addc(&t, c);
			continue;
		}
		if (c == '"') {
			quote = !quote;
			continue;
		}
		if (!quote && c == '[')
			depth++;
		if (!quote && c == ']')
			depth--;
		if (!quote && depth <= 0 && isspace((unsigned char)c))
			break;
		text_addc(&t, c);
	}
	return text_take(&t);
}

static void add_arg(struct ros_cmd *c, char *token)
{
	struct ros_arg *a = GROW(c->v, c->n, c->cap);
	char *eq = *token == '[' ? NULL : strchr(token, '=');

	a->key = eq ? xstrndup(token, (size_t)(eq - token)) : xstrdup(token);
	a->value = xstrdup(eq ? eq + 1 : "");
}

/* Path words up to a verb or an argument. Returns the token that ended it. */
static char *take_path(const char **p, struct text *path)
{
	char *token;

	while ((token = next_token(p))) {
		char *s = token;

		if (is_verb(token) || strpbrk(token, "=["))
			return token;
		s += *s == '/' && path->len == 0;
		if (path->len == 0)
			text_addc(path, '/');
		else
			text_addc(path, ' ');
		for (; *s; s++) /* "/ip/firewall/filter" is the same */
			text_addc(path, *s == '/' ? ' ' : *s);
		free(token);
	}
	return NULL;
}

static void command(struct ros_script *s, struct text *path,
	const struct capture_line *l)
{
	const char *p = l->text;
	char *token;
	struct ros_cmd *c;

	if (*p == '/') {
		text_clear(path);
		token = take_path(&p, path);
	} else {
		token = next_token(&p);
	}
	if (!token)
		return;
	if (!is_verb(token) || path->len == 0) {
		struct capture_line *o = GROW(s->odd, s->odd_n, s->odd_cap);

		o->no = l->no;
		o->text = xstrdup(l->text);
		free(token);
		return;
	}
	c = GROW(s->v, s->n, s->cap);
	c->no = l->no;
	c->path = xstrdup(text_str(path));
	c->text = *l->text == '/' ? xstrdup(l->text)
				  : xasprintf("%s %s", c->path, l->text);
	c->verb = token;
	while ((token = next_token(&p))) {
		add_arg(c, token);
		free(token);
	}
}

/* Join what '\' continues; returns how many lines were taken. */
static size_t join(const struct capture *cap, size_t i, struct text *t)
{
	size_t n = 0;

	text_clear(t);
	while (i + n < cap->n) {
		const char *s = cap->v[i + n++].text;
		size_t len = strlen(s);

		if (!len || s[len - 1] != '\\') {
			text_add(t, s);
			break;
		}
		text_addn(t, s, len - 1);
	}
	return n;
}

void ros_script_read(const char *text, struct ros_script *ret)
{
	struct capture cap;
	struct text path = TEXT_INIT, line = TEXT_INIT;

	*ret = (struct ros_script){0};
	capture_read(text, NULL, &cap);
	for (size_t i = 0; i < cap.n;) {
		struct capture_line l = {.no = cap.v[i].no};

		if (!*cap.v[i].text || *cap.v[i].text == '#') {
			i++;
			continue;
		}
		i += join(&cap, i, &line);
		l.text = line.s;
		if (line.len)
			command(ret, &path, &l);
	}
	text_done(&path);
	text_done(&line);
	capture_done(&cap);
}

void ros_script_done(struct ros_script *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct ros_cmd *c = &s->v[i];

		for (size_t k = 0; k < c->n; k++) {
			free(c->v[k].key);
			free(c->v[k].value);
		}
		free(c->v);
		free(c->text);
		free(c->path);
		free(c->verb);
	}
	for (size_t i = 0; i < s->odd_n; i++)
		free(s->odd[i].text);
	free(s->v);
	free(s->odd);
}

const char *ros_get(const struct ros_cmd *c, const char *key)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->v[i].key, key))
			return c->v[i].value;
	return NULL;
}

bool ros_is(const struct ros_cmd *c, const char *key, const char *value)
{
	const char *v = ros_get(c, key);

	return v && !strcmp(v, value);
}
