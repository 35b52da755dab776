// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines of a Yamaha configuration. A filter alone does nothing: its number must
 * stand in the list, before the number that refuses.
 */
#include "routers/yamaha/read-own.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_FREE = 200100, FREE_MAX = 2000 };

/* "ipv6 filter 101001 ..." -> 101001; 0: another line */
static unsigned filter_number(const char *line, enum family *fam)
{
	unsigned n;

	if (sscanf(line, "ipv6 filter %u ", &n) == 1)
		*fam = FAM_6;
	else if (sscanf(line, "ip filter %u ", &n) == 1)
		*fam = FAM_4;
	else
		return 0;
	return n;
}

static bool is_list(const char *line, enum family fam)
{
	return !strncmp(line, fam == FAM_6 ? "ipv6 " : "ip ",
		fam == FAM_6 ? 5 : 3) && strstr(line, " secure filter in ");
}

/* ---- a list that the console wrapped ---- */

/* No statement begins with a number: line i (from 0) belongs to the one above. */
static bool goes_on(const struct mender *m, size_t i)
{
	return i < m->n && (isdigit((unsigned char)*m->line[i]) ||
				   !strncmp(m->line[i], "dynamic ", 8));
}

/* Did a blank stand at the edge in front of line i (from 0)? */
static bool gap(const struct mender *m, size_t i)
{
	const char *s = m->a->text;

	while (i-- && (s = strchr(s, '\n')))
		s++;
	if (!s || s - m->a->text < 2)
		return true;
	return *s == ' ' || s[-2] == ' ' || (s[-2] == '\r' && s[-3] == ' ');
}

/* Line number `list` with what belongs to it. Caller frees. */
static char *whole(const struct mender *m, unsigned list)
{
	char *s = xstrdup(m->line[list - 1]);

	for (size_t i = list; goes_on(m, i); i++) {
		char *was = s;

		s = xasprintf("%s%s%s", was, gap(m, i) ? " " : "", m->line[i]);
		free(was);
	}
	return s;
}

static void put(const struct mender *m, struct mend *k, unsigned list,
	const char *now)
{
	mend_replace(k, list, now);
	for (size_t i = list; goes_on(m, i); i++)
		mend_replace(k, (unsigned)i + 1, NULL);
}

/* The list that has the number (0: the first list). 0: none. */
static unsigned list_with(const struct mender *m, enum family fam,
	unsigned number)
{
	cleanup(freep) char *word = xasprintf(" %u ", number);

	for (size_t i = 0; i < m->n; i++) {
		cleanup(freep) char *all = whole(m, (unsigned)i + 1);
		cleanup(freep) char *line = xasprintf("%s ", all);

		if (is_list(line, fam) && (!number || strstr(line, word)))
			return (unsigned)i + 1;
	}
	return 0;
}

/* The list's line with number put before `before` (0: at the end) or taken out. */
static char *list_of(const char *line, unsigned number, unsigned before,
	bool out)
{
	struct text t = TEXT_INIT;
	bool done = out;
	struct words w;

	words_split(line, &w);
	for (size_t i = 0; i < w.n; i++) {
		unsigned n = (unsigned)strtoul(words_at(&w, i), NULL, 10);

		if (out && i > 4 && n == number)
			continue;
		if (!done && i > 4 && (n == before ||
				!strcmp(words_at(&w, i), "dynamic"))) {
			text_addf(&t, " %u", number);
			done = true;
		}
		text_addf(&t, "%s%s", i ? " " : "", words_at(&w, i));
	}
	if (!done)
		text_addf(&t, " %u", number);
	words_done(&w);
	return text_take(&t);
}

static unsigned free_number(const struct mender *m, enum family fam)
{
	for (unsigned n = FIRST_FREE; n < FIRST_FREE + FREE_MAX; n++) {
		cleanup(freep) char *used = xasprintf("%s filter %u ",
			fam == FAM_6 ? "ipv6" : "ip", n);

		if (!mender_find(m, 1, used))
			return n;
	}
	return 0;
}

/* "ra-prefix@lan2::iid" when the configuration speaks so. */
static bool device6(const struct mender *m, char buf[ADDRMASK_STR])
{
	static const char *const words[] = {"ra-prefix@", "dhcp-prefix@"};
	char iid[ADDR_STR];
	struct addr a;

	if (!mender_iid(m, &a))
		return false;
	addr_format(FAM_6, &a, iid);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		const char *at = strstr(m->a->text, words[i]);

		if (!at)
			continue;
		snprintf(buf, ADDRMASK_STR, "%.*s%s",
			(int)strcspn(at, ": \r\n"), at, iid);
		return true;
	}
	if (!m->a->rq || !m->a->rq->has_prefix)
		return false;
	a = addr_or(&a, &m->a->rq->prefix.value);
	addr_format(FAM_6, &a, buf);
	return true;
}

static bool destination(const struct mender *m, enum family fam,
	char buf[ADDRMASK_STR])
{
	return fam == FAM_6 ? device6(m, buf) : mender_addr4(m, buf);
}

/* ---- let it in ---- */

static char *filter_line(const struct mender *m, enum family fam,
	unsigned number, const char *dst)
{
	const struct packet *p = m->a->packet;
	const char *ip = fam == FAM_6 ? "ipv6" : "ip";

	if (p->proto == PROTO_UDP)
		return xasprintf("%s filter %u pass * %s udp * %u", ip, number,
			dst, p->dport);
	if (p->proto == PROTO_ICMPV6)
		return xasprintf("%s filter %u pass * * icmp6 1,2,3,4 *", ip,
			number);
	return xasprintf("%s filter %u pass * %s esp", ip, number, dst);
}

/* The descriptor in use, and an entry number that is free. */
static char *mapping(const struct mender *m, const char *dst)
{
	const struct packet *p = m->a->packet;
	unsigned d = 0, used[256] = {0}, e, x;
	char port[16] = "";

	for (size_t i = 0; i < m->n; i++) {
		const char *at = strstr(m->line[i], " nat descriptor ");

		if (at && !strncmp(m->line[i], "ip ", 3))
			d = (unsigned)strtoul(at + 16, NULL, 10);
		if (sscanf(m->line[i], "nat descriptor masquerade static %u %u",
			&x, &e) == 2 && e < ARRAY_LEN(used))
			used[e] = 1;
	}
	for (e = 1; e < ARRAY_LEN(used) - 1 && used[e];)
		e++;
	if (!d)
		return NULL;
	if (p->dport)
		snprintf(port, sizeof(port), " %u", p->dport);
	return xasprintf("nat descriptor masquerade static %u %u %s %s%s", d, e,
		dst, p->proto == PROTO_ESP ? "esp" : "udp", port);
}

static void let(const struct mender *m, struct mends *ret)
{
	enum family fam = m->a->packet->fam, f = FAM_NONE;
	const char *by = m->a->line ? m->line[m->a->line - 1] : "";
	unsigned before = filter_number(by, &f), number = free_number(m, fam);
	unsigned list = list_with(m, fam, f == fam ? before : 0);
	cleanup(freep) char *filter = NULL;
	cleanup(freep) char *now = NULL;
	cleanup(freep) char *map = NULL;
	cleanup(freep) char *was = NULL;
	char dst[ADDRMASK_STR];
	struct mend *k;

	if (!number || !destination(m, fam, dst))
		return;
	k = mend_new(ret);
	if (fam == FAM_4 && (map = mapping(m, dst)))
		mend_insert(k, (unsigned)m->n + 1, map);
	if (!list)
		return;
	was = whole(m, list);
	if (!before || f != fam) { /* the list's last number refuses */
		const char *last = strrchr(was, ' ');

		before = last ? (unsigned)strtoul(last, NULL, 10) : 0;
	}
	filter = filter_line(m, fam, number, dst);
	now = list_of(was, number, before, false);
	mend_insert(k, list, filter);
	put(m, k, list, now);
}

/* ---- close or narrow it ---- */

/* The filter's line with word i (from 0) changed; NULL: it has no such word. */
static char *with_word(const char *line, size_t at, const char *by)
{
	struct text t = TEXT_INIT;
	struct words w;
	bool there;

	words_split(line, &w);
	there = at < w.n;
	for (size_t i = 0; i < w.n; i++)
		text_addf(&t, "%s%s", i ? " " : "", i == at ? by : words_at(&w, i));
	words_done(&w);
	if (there)
		return text_take(&t);
	text_done(&t);
	return NULL;
}

/* ip filter NUMBER pass SRC DST PROTO SPORT DPORT */
static char *narrowed(const struct mender *m, enum family fam)
{
	const char *s = m->line[m->a->line - 1], *id = m->a->id;
	char dst[ADDRMASK_STR];
	char *by = NULL;

	if (!strncmp(id, "dhcp-", 5))
		return with_word(s, 4, fam == FAM_6 ? "fe80::/10" : "*");
	if (!strcmp(id, "icmp-wide"))
		return mend_swap(s, "icmp6 * *", "icmp6 1,2,3,4,128,133,134,135,136 *");
	if (!strcmp(id, "ipsec-any") && destination(m, fam, dst))
		return with_word(s, 5, dst);
	if (!strcmp(id, "port-50")) {
		by = mend_swap(s, " tcp * 50", " esp");
		by = by ? by : mend_swap(s, " udp * 50", " esp");
		by = by ? by : mend_swap(s, " tcp 50", " esp");
		by = by ? by : mend_swap(s, " udp 50", " esp");
	}
	return by;
}

static void close_filter(const struct mender *m, struct mends *ret)
{
	enum family fam = FAM_NONE;
	unsigned number = filter_number(m->line[m->a->line - 1], &fam);
	cleanup(freep) char *by = narrowed(m, fam);
	unsigned list = number ? list_with(m, fam, number) : 0;
	cleanup(freep) char *now = NULL;
	cleanup(freep) char *was = NULL;
	struct mend *k;

	if (by)
		mend_replace(mend_new(ret), m->a->line, by);
	if (!list)
		return;
	k = mend_new(ret);
	was = whole(m, list);
	now = list_of(was, number, 0, true);
	mend_replace(k, m->a->line, NULL);
	put(m, k, list, now);
}

/* The number stands behind the one that refuses: in the list it goes before. */
static void earlier(const struct mender *m, struct mends *ret)
{
	enum family fam = FAM_NONE, by = FAM_NONE;
	unsigned late = filter_number(m->line[m->a->line - 1], &fam);
	unsigned first = m->a->before && m->a->before <= m->n
		? filter_number(m->line[m->a->before - 1], &by) : 0;
	unsigned list = late && first ? list_with(m, fam, late) : 0;
	cleanup(freep) char *without = NULL;
	cleanup(freep) char *now = NULL;
	cleanup(freep) char *was = NULL;

	if (!list)
		return;
	was = whole(m, list);
	without = list_of(was, late, 0, true);
	now = list_of(without, late, first, false);
	put(m, mend_new(ret), list, now);
}

void yamaha_mend(const struct mender *m, struct mends *ret)
{
	if (!strcmp(m->a->id, "rule-order")) {
		if (m->a->line)
			earlier(m, ret);
		return;
	}
	if (mender_lets(m) && m->a->packet)
		let(m, ret);
	else if (m->a->line)
		close_filter(m, ret);
}
