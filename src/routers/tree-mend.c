// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What mends a configuration that is a tree: "delete PATH" takes out the rule
 * that a finding quotes, "set PATH ..." lines of the settings let the device in
 * through the list that stops it. Both are what its owner types, and are read
 * when they stand behind the configuration in either form.
 */
#include "routers/brand.h"
#include "routers/tree.h"

#include <stdio.h>
#include <string.h>

/* Words behind which a name ends what can be deleted as a whole. */
static const char *const units[] = {" rule ", " policy ", " term "};

/* Length of "... rule 30" of a quoted line, 0: it names no such unit. */
static size_t unit(const char *s)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		const char *at = strstr(s, units[i]);
		size_t n;

		if (!at)
			continue;
		n = (size_t)(at - s) + strlen(units[i]);
		return n + strcspn(s + n, " ;");
	}
	return 0;
}

static void append(const struct mender *m, struct mend *k, char *line)
{
	mend_insert(k, (unsigned)m->n + 1, line);
	free(line);
}

/* Findings about a rule that is there for nothing else. */
static bool may_go(const char *id)
{
	static const char *const ids[] = {"open-service", "open-router",
		"open-home", "open-wire", "mapped-service", "forward-host",
		"port-50", "port-as-protocol", "nat-self"};

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		if (!strcmp(ids[i], id))
			return true;
	return false;
}

static void take_out(const struct mender *m, const char *quoted,
	struct mends *ret)
{
	size_t n = unit(quoted);
	const char *def = strstr(quoted, " default-action accept");

	if (def)
		append(m, mend_new(ret), xasprintf("set %.*s default-action drop",
			(int)(def - quoted), quoted));
	else if (n)
		append(m, mend_new(ret), xasprintf("delete %.*s", (int)n, quoted));
	else if (!strchr(quoted, ';') && strchr(quoted, ' '))
		append(m, mend_new(ret), xasprintf("delete %s", quoted));
}

/* "firewall ipv6 name X" of "firewall ipv6 name X default-action drop" */
static char *list_of(const char *quoted)
{
	const char *end = strstr(quoted, " default-action");

	if (strncmp(quoted, "firewall ", 9))
		return NULL;
	if (!end)
		end = strstr(quoted, " rule ");
	return end ? xstrndup(quoted, (size_t)(end - quoted)) : NULL;
}

/* Does this line of a rule speak of p's service? "": of no service at all. */
static bool other_service(const char *what, const struct packet *p)
{
	unsigned port;

	if (!strncmp(what, "protocol ", 9))
		return strcmp(what + 9, p->proto == PROTO_ESP ? "esp" : "udp");
	return sscanf(what, "destination port %u", &port) == 1 &&
	       port != p->dport;
}

/* One of the settings' rules, as they number it, if it is for p. */
struct rule_lines {
	char *v[16];
	size_t n;
	unsigned no;
	bool other;
};

static void flush(const struct mender *m, const char *list,
	struct rule_lines *r, struct mends *ret)
{
	struct mend *k = r->n && !r->other ? mend_new(ret) : NULL;

	for (size_t i = 0; i < r->n; i++) {
		if (k)
			append(m, k, xasprintf("set %s%s", list, r->v[i]));
		free(r->v[i]);
	}
	if (k)
		k->whole = true;
	*r = (struct rule_lines){0};
}

/* The settings' openings, written into that list from rule `first` on. */
static void into(const struct mender *m, const char *list, unsigned first,
	struct mends *ret)
{
	struct request rq = *m->a->rq;
	struct text raw = TEXT_INIT;
	struct rule_lines r = {0};
	struct sheet *s;

	rq.first = first;
	s = routers_settings(&rq);
	sheet_raw(s, false, &raw);
	sheet_free(s);
	for (const char *p = text_str(&raw); *p;) {
		size_t n = strcspn(p, "\n");
		cleanup(freep) char *line = xstrndup(p, n);
		const char *rule = strstr(line, " rule ");
		unsigned no = 0;
		int used = 0;

		p += n + (p[n] == '\n');
		if (strncmp(line, "set firewall ", 13) || !rule ||
			sscanf(rule, " rule %u %n", &no, &used) != 1 ||
			no >= first + 70 ||
			strstr(line, " inbound-interface "))
			continue;
		if (no != r.no)
			flush(m, list, &r, ret);
		r.no = no;
		r.other |= other_service(rule + used, m->a->packet);
		if (r.n < ARRAY_LEN(r.v))
			r.v[r.n++] = xstrdup(rule);
	}
	flush(m, list, &r, ret);
	text_done(&raw);
}

void tree_mend(const struct mender *m, struct mends *ret)
{
	const char *quoted = m->a->line_text;
	cleanup(freep) char *list = NULL;

	if (!quoted || !*quoted)
		return;
	if (may_go(m->a->id))
		take_out(m, quoted, ret);
	if (!mender_lets(m))
		return;
	list = list_of(quoted);
	if (!list || !m->a->packet || !m->a->rq || !m->a->rq->model || !m->a->rq->in->device_n)
		return;
	into(m, list, m->a->rq->model->first, ret);
	into(m, list, 1, ret);
}
