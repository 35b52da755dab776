// SPDX-License-Identifier: GPL-2.0-or-later
#include "table.h"
#include "frame.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LETS_MAX = 64, LINE_LEN = 1024 };

struct reading {
	const char *path;
	unsigned line;
	struct text conf;
	bool in_conf;
	char *let[LETS_MAX][2];
	size_t let_n;
	struct table *t;
};

static _Noreturn void die(const struct reading *r, const char *why,
	const char *what)
{
	fprintf(stderr, "%s:%u: %s: %s\n", r->path, r->line, why, what);
	exit(1);
}

static void fact_net(struct reading *r, struct addrmask **v, size_t *n,
	size_t *cap, const char *arg)
{
	struct addrmask m;

	if (addrmask_parse(arg, &m))
		die(r, "no prefix", arg);
	*GROW(*v, *n, *cap) = m;
}

static bool fact(struct reading *r, const char *word, const char *arg)
{
	struct facts *f = &r->t->f;
	enum family fam;

	if (!strcmp(word, "lan6"))
		fact_net(r, &f->lan6, &f->lan6_n, &f->lan6_cap, arg);
	else if (!strcmp(word, "seg6"))
		fact_net(r, &f->seg6, &f->seg6_n, &f->seg6_cap, arg);
	else if (!strcmp(word, "lan4"))
		fact_net(r, &f->lan4, &f->lan4_n, &f->lan4_cap, arg);
	else if (!strcmp(word, "wan4"))
		f->has_wan4 = !addr_parse(arg, &fam, &f->wan4);
	else if (!strcmp(word, "known")) {
		if (addr_parse(arg, &fam, GROW(f->known, f->known_n, f->known_cap)))
			die(r, "no address", arg);
		f->ndproxy_gate = true;
	} else {
		return false;
	}
	return true;
}

/* $NAME -> its value. Caller frees. */
static char *substitute(struct reading *r, const char *s)
{
	struct text t = TEXT_INIT;

	for (; *s; s++) {
		size_t n = 0, i;

		if (*s != '$') {
			text_addc(&t, *s);
			continue;
		}
		while (s[1 + n] == '_' || (s[1 + n] >= '0' && s[1 + n] <= '9') ||
			(s[1 + n] >= 'A' && s[1 + n] <= 'Z'))
			n++;
		for (i = 0; i < r->let_n; i++)
			if (strlen(r->let[i][0]) == n &&
				!memcmp(r->let[i][0], s + 1, n))
				break;
		if (i == r->let_n)
			die(r, "not defined by \"let\"", s);
		text_add(&t, r->let[i][1]);
		s += n;
	}
	return text_take(&t);
}

static void parse(struct reading *r, const char *words, struct packet *ret)
{
	char *why = NULL;

	if (packet_parse(words, ret, &why))
		die(r, why, words);
}

static void add_row(struct reading *r, bool pass, const char *words)
{
	struct table *t = r->t;
	struct table_row row = {.pass = pass, .words = xstrdup(words),
		.line = r->line};
	char *copy = xstrdup(words);
	char *after = strstr(copy, " after ");

	if (after) {
		*after = '\0';
		parse(r, after + strlen(" after "), &row.before);
		row.has_before = true;
	}
	parse(r, copy, &row.p);
	if (!after && row.p.ct == CT_ESTABLISHED) {
		row.before = frame_reverse(&row.p);
		row.before.ct = CT_NEW;
		if (row.p.proto == PROTO_TCP)
			row.before.tcp_flags = TCP_SYN;
		if (row.p.proto == PROTO_ICMPV6 && row.p.icmp_type == 129)
			row.before.icmp_type = 128;
		if (row.p.proto == PROTO_ICMP && row.p.icmp_type == 0)
			row.before.icmp_type = 8;
		row.has_before = true;
	}
	free(copy);
	*GROW(t->rows, t->row_n, t->row_cap) = row;
}

/* One row for each choice of the first word with '|'; then the next word. */
static void expand(struct reading *r, bool pass, const char *words)
{
	const char *bar = strchr(words, '|');
	const char *start = bar, *end = bar;

	if (!bar) {
		add_row(r, pass, words);
		return;
	}
	while (start > words && start[-1] != ' ')
		start--;
	while (*end && *end != ' ')
		end++;
	for (const char *p = start; p <= end;) {
		size_t n = strcspn(p, "| ");
		char *one;

		if (n > (size_t)(end - p))
			n = (size_t)(end - p);
		one = xasprintf("%.*s%.*s%s", (int)(start - words), words,
			(int)n, p, end);
		expand(r, pass, one);
		free(one);
		p += n + 1;
	}
}

static void let(struct reading *r, const char *arg)
{
	size_t n = strcspn(arg, " ");

	if (r->let_n == LETS_MAX || !arg[n])
		die(r, "let NAME VALUE", arg);
	r->let[r->let_n][0] = strndup(arg, n);
	r->let[r->let_n++][1] = substitute(r, arg + n + 1);
}

static void line(struct reading *r, char *s)
{
	char *arg;

	s[strcspn(s, "\n")] = '\0';
	if (r->in_conf) {
		r->in_conf = strcmp(s, "end") != 0;
		if (r->in_conf)
			text_addf(&r->conf, "%s\n", s);
		return;
	}
	if (!*s || *s == '#')
		return;
	arg = s + strcspn(s, " ");
	if (*arg)
		*arg++ = '\0';
	if (!strcmp(s, "conf")) {
		r->in_conf = true;
	} else if (!strcmp(s, "let")) {
		let(r, arg);
	} else if (!strcmp(s, "pass") || !strcmp(s, "drop")) {
		char *words = substitute(r, arg);

		expand(r, *s == 'p', words);
		free(words);
	} else if (!fact(r, s, arg)) {
		die(r, "unknown word", s);
	}
}

static void compile(struct reading *r)
{
	struct table *t = r->t;
	struct complaints c = {0};
	struct text out = TEXT_INIT;

	t->in = intent_new();
	if (intent_parse(t->in, r->path, text_str(&r->conf), false, &c) ||
		policy_compile(t->in, &t->f, &c, &t->pol)) {
		complaints_print(&c, &out);
		die(r, "its conf", text_str(&out));
	}
	complaints_done(&c);
	text_done(&out);
}

void table_load(const char *path, struct table *ret)
{
	struct reading r = {.path = path, .conf = TEXT_INIT, .t = ret};
	char buf[LINE_LEN];
	FILE *f = fopen(path, "re");

	*ret = (struct table){0};
	if (!f)
		die(&r, "cannot read", path);
	while (fgets(buf, sizeof(buf), f)) {
		r.line++;
		line(&r, buf);
	}
	fclose(f);
	compile(&r);
	for (size_t i = 0; i < r.let_n; i++) {
		free(r.let[i][0]);
		free(r.let[i][1]);
	}
	text_done(&r.conf);
}

void table_done(struct table *t)
{
	for (size_t i = 0; i < t->row_n; i++)
		free(t->rows[i].words);
	free(t->rows);
	policy_free(t->pol);
	intent_free(t->in);
	facts_done(&t->f);
}
