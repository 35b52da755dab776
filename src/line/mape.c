// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MAP-E: an IPv4 address shared by port sets (RFC 7597 5.1).
 *
 *	port = A (offset bits) | PSID (psid_len bits) | the rest
 *
 * A = 0 belongs to nobody, so that the well-known ports stay out of all sets.
 */
#include "line/line.h"

#include <errno.h>

static bool fits(unsigned offset, unsigned psid_len)
{
	return offset + psid_len <= 16 && offset <= 15;
}

bool mape_has_port(unsigned offset, unsigned psid_len, unsigned psid,
	uint16_t port)
{
	return mape_possible(offset, psid_len, port) &&
	       mape_owner(offset, psid_len, port) == psid;
}

bool mape_possible(unsigned offset, unsigned psid_len, uint16_t port)
{
	if (!fits(offset, psid_len))
		return false;
	return !offset || port >> (16 - offset);
}

unsigned mape_owner(unsigned offset, unsigned psid_len, uint16_t port)
{
	unsigned rest = 16 - offset - psid_len;

	return (unsigned)(port >> rest & ((1u << psid_len) - 1));
}

unsigned mape_count(unsigned offset, unsigned psid_len)
{
	if (!fits(offset, psid_len))
		return 0;
	return ((1u << offset) - (offset ? 1 : 0)) *
	       (1u << (16 - offset - psid_len));
}

bool mape_block(unsigned offset, unsigned psid_len, unsigned psid, unsigned a,
	uint16_t *lo, uint16_t *hi)
{
	unsigned rest = 16 - offset - psid_len, first;

	if (!fits(offset, psid_len) || a >= 1u << offset || (offset && !a) ||
		psid >= 1u << psid_len)
		return false;
	first = a << (16 - offset) | psid << rest;
	*lo = (uint16_t)first;
	*hi = (uint16_t)(first + (1u << rest) - 1);
	return true;
}

/* n (at most 32) bits of an address, from bit `at`. */
static uint32_t bits(const struct addr *a, unsigned at, unsigned n)
{
	uint32_t v = 0;

	for (unsigned i = at; i < at + n && i < 128; i++)
		v = v << 1 | (a->b[i / 8] >> (7 - i % 8) & 1u);
	return v;
}

static bool under(const struct mape_rule *r, const struct addr *a)
{
	struct addr mask = mask_of_len(FAM_6, r->prefix6_len);
	struct addr x = addr_and(a, &mask), y = addr_and(&r->prefix6, &mask);

	return !addr_cmp(&x, &y);
}

int mape_of_rule(const struct mape_rule *r, const struct addr *a,
	struct mape *ret)
{
	bool has4 = r->prefix4_len <= 32;
	unsigned suffix = has4 ? 32u - r->prefix4_len : 0;
	struct mape m = {.known = true, .offset = r->offset};
	uint32_t ea;

	if (r->prefix6_len > 64 || r->ea_len > 32 ||
		r->prefix6_len + r->ea_len > 64 || !under(r, a))
		return -EINVAL;
	if (has4 && suffix > r->ea_len)
		return -EINVAL; /* a whole prefix for one home: nothing shared */
	m.psid_len = has4 ? (uint8_t)(r->ea_len - suffix) : r->psid_len;
	if (!fits(m.offset, m.psid_len) || m.psid_len > r->ea_len)
		return -EINVAL;
	ea = bits(a, r->prefix6_len, r->ea_len);
	m.has_psid = true;
	m.psid = (uint16_t)(ea & ((1u << m.psid_len) - 1));
	if (has4) {
		m.has_ipv4 = true;
		m.ipv4 = addr_from4(addr_to4(&r->prefix4) |
				    (uint32_t)((uint64_t)ea >> m.psid_len));
	}
	*ret = m;
	return 0;
}

static const struct {
	const char *block;
	uint8_t len6, ea, psid, offset;
	const char *prefix4, *br, *source, *date;
} rules[] = {
#define RULES(block, len6, ea, psid, offset, p4, br, source, date)             \
	{block, len6, ea, psid, offset, p4, br, source, date},
#include "mape.def"
#undef RULES
};

int mape_of_table(const struct addr *a, struct mape *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		struct mape_rule r = {.prefix6 = *a, .prefix4_len = 33,
			.prefix6_len = rules[i].len6, .ea_len = rules[i].ea,
			.psid_len = rules[i].psid, .offset = rules[i].offset};
		struct addrmask block, p4;
		enum family fam;

		if (addrmask_parse(rules[i].block, &block) ||
			!addrmask_has(&block, FAM_6, a))
			continue;
		if (*rules[i].prefix4 && !addrmask_parse(rules[i].prefix4, &p4)) {
			r.prefix4 = p4.value;
			r.prefix4_len = (uint8_t)mask_to_len(FAM_4, &p4.mask);
		}
		if (mape_of_rule(&r, a, ret))
			return -ENOENT;
		ret->has_br = *rules[i].br &&
			      !addr_parse(rules[i].br, &fam, &ret->br);
		ret->sure = SURE_LIKELY;
		ret->source = rules[i].source;
		return 0;
	}
	return -ENOENT;
}
