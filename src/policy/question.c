// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A question about many packets: "udp from any to lan port 3389". What is not
 * said is any.
 */
#include "policy/policy.h"
#include "base/text.h"
#include "base/tr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 64 };

struct question {
	struct match *m;
	char *buf;
	char *w[WORDS_MAX];
	size_t n, i;
	bool to;	/* the last address word was "to" */
	bool ct;
};

static const char *next_word(struct question *q)
{
	return q->i < q->n ? q->w[q->i++] : NULL;
}

static void one(struct question *q, enum field f, uint32_t v)
{
	cond_num(match_cond(q->m, f, false), v, v);
}

static bool side(struct question *q, enum field f, const char *w)
{
	for (int r = 0; w && r < ROLE_MAX; r++)
		if (!strcmp(w, role_name((enum role)r)))
			return one(q, f, (uint32_t)r), true;
	return false;
}

static bool where(struct question *q, bool to)
{
	const char *w = next_word(q);
	struct addrmask m;

	q->to = to;
	if (!w)
		return false;
	if (!strcmp(w, "any") || side(q, to ? F_OUT : F_IN, w))
		return true;
	if (addrmask_parse(w, &m))
		return false;
	cond_addr(match_cond(q->m, to ? F_DST : F_SRC, false), &m);
	return true;
}

/* "80", "80-90", "80,443" */
static bool numbers(struct question *q, enum field f, unsigned long max)
{
	const char *w = next_word(q);
	struct cond *c;

	if (!w)
		return false;
	c = match_cond(q->m, f, false);
	for (const char *p = w; *p;) {
		char *end;
		unsigned long lo = strtoul(p, &end, 0), hi = lo;

		if (end == p)
			return false;
		if (*end == '-') {
			p = end + 1;
			hi = strtoul(p, &end, 0);
			if (end == p)
				return false;
		}
		if (lo > hi || hi > max || (*end && *end != ','))
			return false;
		cond_num(c, (uint32_t)lo, (uint32_t)hi);
		p = *end ? end + 1 : end;
	}
	return c->num_n > 0;
}

static bool state(struct question *q, const char *w)
{
	for (int s = 0; s < CT_MAX; s++)
		if (!strcmp(w, ct_state_name((enum ct_state)s)))
			return one(q, F_CT, (uint32_t)s), q->ct = true;
	return false;
}

static bool protocol(struct question *q, const char *w)
{
	struct packet p;
	char *why = NULL;
	bool good;

	if (!strcmp(w, "any"))
		return true;
	good = packet_parse(w, &p, &why) == 0;
	free(why);
	if (good)
		one(q, F_PROTO, p.proto);
	return good;
}

static bool word(struct question *q, const char *w)
{
	if (!strcmp(w, "from"))
		return where(q, false);
	if (!strcmp(w, "to"))
		return where(q, true);
	if (!strcmp(w, "in"))
		return side(q, F_IN, next_word(q));
	if (!strcmp(w, "out"))
		return side(q, F_OUT, next_word(q));
	if (!strcmp(w, "port"))
		return numbers(q, q->to ? F_DPORT : F_SPORT, 65535);
	if (!strcmp(w, "type"))
		return numbers(q, F_ITYPE, 255);
	if (!strcmp(w, "spi"))
		return numbers(q, F_SPI, UINT32_MAX);
	if (!strcmp(w, "ipv6") || !strcmp(w, "ipv4"))
		return one(q, F_FAMILY, w[3] == '6' ? FAM_6 : FAM_4), true;
	return state(q, w);
}

int match_parse(const char *s, struct match *ret, char **why)
{
	struct question q = {.m = ret, .buf = xstrdup(s), .to = true};
	char *save = NULL;
	const char *w;

	for (char *p = strtok_r(q.buf, " \t", &save); p && q.n < WORDS_MAX;
		p = strtok_r(NULL, " \t", &save))
		q.w[q.n++] = p;
	w = next_word(&q);
	if (!w || !protocol(&q, w)) {
		*why = xasprintf(
			_("a question starts with a protocol or \"any\". Example: udp from any to lan port 3389"));
	} else {
		while (!*why && (w = next_word(&q)))
			if (!word(&q, w))
				*why = xasprintf(
					_("\"%s\" is not understood here. Possible: from, to ADDRESS[/LEN]|any|wan|lan|self, port N[-M][,...], type N, spi N, ipv4, ipv6, new, established"),
					w);
	}
	if (!*why && !q.ct)
		one(&q, F_CT, CT_NEW);
	free(q.buf);
	return *why ? -EINVAL : 0;
}
