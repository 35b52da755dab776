// SPDX-License-Identifier: GPL-2.0-or-later
#include "line/line.h"

#include <strings.h>

static const struct line_prefix rows[] = {
#define ROW(p, s, v4, area, closed, sure, source, date)                        \
	{p, s, v4, area, closed, sure, source, date},
#include "tables.def"
#undef ROW
};

const struct line_prefix *line_prefix_find(const struct addr *a)
{
	const struct line_prefix *best = NULL;
	int best_len = -1;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct addrmask m;
		int len;

		if (addrmask_parse(rows[i].prefix, &m) ||
			!addrmask_has(&m, FAM_6, a))
			continue;
		len = mask_to_len(FAM_6, &m.mask);
		if (len <= best_len)
			continue;
		best = &rows[i];
		best_len = len;
	}
	return best;
}

const struct line_name line_names[LINE_NAMES] = {
#define NAME(n, way, fam, s, v4, area, source, date)                           \
	{n, way, fam, s, v4, area, source, date},
#include "names.def"
#undef NAME
};

static const struct line_reverse reverses[] = {
#define REVERSE(end, s, source, date) {end, s, source, date},
#include "names.def"
#undef REVERSE
};

const struct line_reverse *line_reverse_find(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < ARRAY_LEN(reverses); i++) {
		size_t k = strlen(reverses[i].end);

		if (n > k && name[n - k - 1] == '.' &&
			!strcasecmp(name + n - k, reverses[i].end))
			return &reverses[i];
	}
	return NULL;
}

static bool in(const char *prefix, enum family fam, const struct addr *a)
{
	struct addrmask m;

	return !addrmask_parse(prefix, &m) && addrmask_has(&m, fam, a);
}

bool line_is_global6(const struct addr *a)
{
	return in("2000::/3", FAM_6, a);
}

bool line_is_private4(const struct addr *a)
{
	return in("10.0.0.0/8", FAM_4, a) || in("172.16.0.0/12", FAM_4, a) ||
	       in("192.168.0.0/16", FAM_4, a);
}

bool line_is_cgn4(const struct addr *a)
{
	return in("100.64.0.0/10", FAM_4, a);
}

bool line_is_aftr4(const struct addr *a)
{
	return in("192.0.0.0/29", FAM_4, a);
}

bool line_is_global4(const struct addr *a)
{
	uint32_t top = addr_to4(a) >> 24;

	return top && top != 127 && top < 224 && !line_is_private4(a) &&
	       !line_is_cgn4(a) && !in("192.0.0.0/24", FAM_4, a) &&
	       !in("169.254.0.0/16", FAM_4, a) && !in("198.18.0.0/15", FAM_4, a);
}

bool line_telling_addr(const struct line_evidence *e, struct addr *ret)
{
	const struct ra *ra = &e->ra;

	if (e->has_dhcp6 && e->dhcp6.has_prefix &&
		line_is_global6(&e->dhcp6.prefix)) {
		*ret = e->dhcp6.prefix;
		return true;
	}
	for (size_t i = 0; e->has_ra && i < ra->prefix_n; i++)
		if (line_is_global6(&ra->prefix[i].prefix)) {
			*ret = ra->prefix[i].prefix;
			return true;
		}
	for (size_t i = 0; i < e->own6_n; i++)
		if (line_is_global6(&e->own6[i])) {
			*ret = e->own6[i];
			return true;
		}
	return false;
}
