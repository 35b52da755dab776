// SPDX-License-Identifier: GPL-2.0-or-later
#include "line/line.h"

static const struct line_prefix rows[] = {
#define ROW(p, s, v4, area, closed, source, date)                              \
	{p, s, v4, area, closed, source, date},
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

/* port = A << (16 - offset) | PSID << (16 - offset - psid_len) | rest */
bool mape_has_port(unsigned offset, unsigned psid_len, unsigned psid,
	uint16_t port)
{
	unsigned rest = 16 - offset - psid_len;

	if (offset + psid_len > 16)
		return false;
	if (offset && !(port >> (16 - offset)))
		return false;
	return (unsigned)(port >> rest & ((1u << psid_len) - 1)) == psid;
}

bool mape_possible(unsigned offset, unsigned psid_len, uint16_t port)
{
	if (offset + psid_len > 16)
		return false;
	return !offset || port >> (16 - offset);
}

unsigned mape_count(unsigned offset, unsigned psid_len)
{
	if (offset + psid_len > 16)
		return 0;
	return ((1u << offset) - (offset ? 1 : 0)) *
	       (1u << (16 - offset - psid_len));
}
