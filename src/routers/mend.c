// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changes that may mend a finding: what the brand knows first, then what holds
 * for every text: take the deciding line out, or put the settings' own lines
 * behind it or in front of the line that stops the packet.
 */
#include "routers/brand.h"
#include "routers/clean.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- lines ---- */

static void split(struct mender *m)
{
	size_t cap = 0;

	for (const char *p = m->a->text; *p;) {
		size_t n = strcspn(p, "\n"), from = 0, len = n;

		while (from < len && isspace((unsigned char)p[from]))
			from++;
		while (len > from && isspace((unsigned char)p[len - 1]))
			len--;
		*GROW(m->line, m->n, cap) = xstrndup(p + from, len - from);
		p += n + (p[n] == '\n');
	}
}

static void unsplit(struct mender *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->line[i]);
	free(m->line);
}

unsigned mender_find(const struct mender *m, unsigned from, const char *begins)
{
	for (size_t i = from ? from - 1 : 0; i < m->n; i++)
		if (!strncmp(m->line[i], begins, strlen(begins)))
			return (unsigned)i + 1;
	return 0;
}

/* Blanks do not count, nor a comma more or less at the end (listings). */
static bool same_words(const char *a, const char *b)
{
	for (;;) {
		while (isspace((unsigned char)*a))
			a++;
		while (isspace((unsigned char)*b))
			b++;
		if (*a != *b || !*a)
			return !*a && !*b;
		a++;
		b++;
	}
}

/* A reader that knows the words of a line may not know where it stands. */
static unsigned deciding_line(const struct mender *m)
{
	const char *want = m->a->line_text;

	if (m->a->line && m->a->line <= m->n)
		return m->a->line;
	for (size_t i = 0; want && *want && i < m->n; i++)
		if (same_words(m->line[i], want))
			return (unsigned)i + 1;
	return 0;
}

/* ---- building ---- */

struct mend *mend_new(struct mends *m)
{
	return GROW(m->v, m->n, m->cap);
}

void mend_replace(struct mend *m, unsigned line, const char *text)
{
	*GROW(m->v, m->n, m->cap) = (struct mend_edit){line, true,
		text ? xstrdup(text) : NULL};
}

void mend_insert(struct mend *m, unsigned before, const char *text)
{
	*GROW(m->v, m->n, m->cap) = (struct mend_edit){before, false,
		xstrdup(text)};
}

bool mender_lets(const struct mender *m)
{
	static const char *const ids[] = {"need-", "replies-only", "esp-untracked",
		"ptb-blocked", "fragments-blocked"};

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		if (!strncmp(m->a->id, ids[i], strlen(ids[i])))
			return true;
	return false;
}

static const struct device *device_of(const struct mender *m)
{
	const struct request *rq = m->a->rq;

	return rq && rq->in && rq->in->device_n ? &rq->in->devices[0] : NULL;
}

bool mender_addr4(const struct mender *m, char *buf)
{
	const struct device *d = device_of(m);

	if (!d || !d->has_ipv4)
		return false;
	addr_format(FAM_4, &d->ipv4, buf);
	return true;
}

bool mender_iid(const struct mender *m, struct addr *ret)
{
	const struct device *d = device_of(m);

	if (!d || (!d->has_id && !d->has_mac))
		return false;
	*ret = d->has_id ? d->id.value : mac_to_iid(&d->mac);
	return true;
}

char *mend_swap(const char *s, const char *what, const char *by)
{
	const char *at = strstr(s, what);

	return at ? xasprintf("%.*s%s%s", (int)(at - s), s, by,
		at + strlen(what)) : NULL;
}

/* ---- what holds for every text ---- */

static char *settings(const struct mender *m)
{
	struct text t = TEXT_INIT;
	struct sheet *s;

	if (!m->a->rq || !m->a->rq->model || !m->a->rq->in->device_n)
		return NULL;
	s = routers_settings(m->a->rq);
	sheet_raw(s, false, &t);
	sheet_free(s);
	return text_take(&t);
}

static void insert_all(struct mends *ret, unsigned before, const char *lines)
{
	struct mend *k = mend_new(ret);

	for (const char *p = lines; *p;) {
		size_t n = strcspn(p, "\n");
		cleanup(freep) char *one = xstrndup(p, n);

		mend_insert(k, before, one);
		p += n + (p[n] == '\n');
	}
}

/* TCP or UDP 50 where ESP was meant, in languages of one line a rule. */
static void port_50(const struct mender *m, unsigned line, struct mends *ret)
{
	static const struct {
		const char *wrong, *right;
	} rows[] = {{"tcp dport 50 ", "meta l4proto esp "},
		{"udp dport 50 ", "meta l4proto esp "},
		{"-p tcp -m tcp --dport 50 ", "-p esp "},
		{"-p udp -m udp --dport 50 ", "-p esp "},
		{"protocol=tcp dst-port=50", "protocol=ipsec-esp"},
		{"protocol=udp dst-port=50", "protocol=ipsec-esp"},
		{"dst-port=50 protocol=tcp", "protocol=ipsec-esp"},
		{"dst-port=50 protocol=udp", "protocol=ipsec-esp"}};

	for (size_t i = 0; line && i < ARRAY_LEN(rows); i++) {
		cleanup(freep) char *by = mend_swap(m->line[line - 1],
			rows[i].wrong, rows[i].right);

		if (by)
			mend_replace(mend_new(ret), line, by);
	}
}

/* The line comes too late: it goes in front of the one that decides first. */
static void earlier(const struct mender *m, unsigned line, struct mends *ret)
{
	struct mend *k;

	if (!line || !m->a->before || m->a->before >= line)
		return;
	k = mend_new(ret);
	mend_replace(k, line, NULL);
	mend_insert(k, m->a->before, m->line[line - 1]);
}

/* Nothing refuses: then there is no line that could go. */
static bool lacks_filter(const char *id)
{
	return !strcmp(id, "open-home") || !strcmp(id, "open-wire") ||
	       !strcmp(id, "open-router");
}

/* Findings about a line that is there for nothing else. */
static bool line_may_go(const char *id)
{
	static const char *const ids[] = {"open-service", "open-router",
		"open-home", "mapped-service", "forward-host", "port-50",
		"bridge", "nat-self", "port-as-protocol"};

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		if (!strcmp(ids[i], id))
			return true;
	return false;
}

/* With what continues it behind a '\\' at its end. */
static void take_out(const struct mender *m, unsigned line, struct mends *ret)
{
	struct mend *k = mend_new(ret);
	size_t n;

	do {
		mend_replace(k, line, NULL);
		n = strlen(m->line[line - 1]);
	} while (n && m->line[line - 1][n - 1] == '\\' && line++ < m->n);
}

static void any_text(const struct mender *m, unsigned line, struct mends *ret)
{
	cleanup(freep) char *lines = NULL;

	if (!strcmp(m->a->id, "rule-order"))
		return earlier(m, line, ret);
	if (!strcmp(m->a->id, "port-50"))
		port_50(m, line, ret);
	if (line && line_may_go(m->a->id))
		take_out(m, line, ret);
	if (!mender_lets(m) && (line || !lacks_filter(m->a->id)))
		return;
	lines = settings(m);
	if (!lines || !*lines)
		return;
	insert_all(ret, (unsigned)m->n + 1, lines);
	if (line)
		insert_all(ret, line, lines);
}

void routers_mends(const struct mend_ask *a, struct mends *ret)
{
	struct mend_ask copy = *a;
	struct mender m = {.a = &copy};

	*ret = (struct mends){0};
	split(&m);
	copy.line = deciding_line(&m);
	if (a->brand->mend)
		a->brand->mend(&m, ret);
	any_text(&m, copy.line, ret);
	unsplit(&m);
}

void mends_done(struct mends *m)
{
	for (size_t i = 0; i < m->n; i++) {
		for (size_t k = 0; k < m->v[i].n; k++)
			free(m->v[i].v[k].text);
		free(m->v[i].v);
	}
	free(m->v);
	*m = (struct mends){0};
}

/* ---- applying and telling ---- */

static void added(const struct mend *m, unsigned line, struct text *out)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].line == line && !m->v[i].replace && m->v[i].text)
			text_addf(out, "%s\n", m->v[i].text);
}

static const struct mend_edit *replaced(const struct mend *m, unsigned line)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].line == line && m->v[i].replace)
			return &m->v[i];
	return NULL;
}

char *mend_apply(const char *text, const struct mend *m)
{
	struct text t = TEXT_INIT;
	unsigned no = 1;

	for (const char *p = text; *p; no++) {
		size_t n = strcspn(p, "\n");
		const struct mend_edit *e = replaced(m, no);

		added(m, no, &t);
		if (!e) {
			text_addn(&t, p, n + (p[n] == '\n'));
			if (!p[n]) /* ours begin on a line of their own */
				text_addc(&t, '\n');
		} else if (e->text) {
			text_addf(&t, "%s\n", e->text);
		}
		p += n + (p[n] == '\n');
	}
	added(m, no, &t);
	return text_take(&t);
}

static void tell(struct text *out, char mark, const char *line, size_t n)
{
	cleanup(freep) char *one = xstrndup(line, n);
	cleanup(freep) char *clean = clean_secrets(one);
	cleanup(freep) char *safe = NULL;

	if (mark == '-' && !clean[strspn(clean, " \t")])
		return; /* an empty line goes without a word */
	safe = text_printable(clean + strspn(clean, " \t"),
		strlen(clean + strspn(clean, " \t")));

	text_addf(out, "%c %s\n", mark, safe);
}

static void tell_added(const struct mend *m, unsigned line, struct text *out)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].line == line && !m->v[i].replace && m->v[i].text)
			tell(out, '+', m->v[i].text, strlen(m->v[i].text));
}

void mend_words(const char *text, const struct mend *m, struct text *out)
{
	unsigned no = 1;

	for (const char *p = text; *p; no++) {
		size_t n = strcspn(p, "\r\n");
		const struct mend_edit *e = replaced(m, no);

		tell_added(m, no, out);
		if (e)
			tell(out, '-', p, n);
		if (e && e->text)
			tell(out, '+', e->text, strlen(e->text));
		p += strcspn(p, "\n");
		p += *p == '\n';
	}
	tell_added(m, no, out);
}
