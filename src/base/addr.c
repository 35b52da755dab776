// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

int addr_cmp(const struct addr *a, const struct addr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

bool addr_is_zero(const struct addr *a)
{
	static const struct addr zero;

	return !addr_cmp(a, &zero);
}

struct addr addr_and(const struct addr *a, const struct addr *b)
{
	struct addr r;

	for (int i = 0; i < 16; i++)
		r.b[i] = a->b[i] & b->b[i];
	return r;
}

struct addr addr_or(const struct addr *a, const struct addr *b)
{
	struct addr r;

	for (int i = 0; i < 16; i++)
		r.b[i] = a->b[i] | b->b[i];
	return r;
}

struct addr addr_not(const struct addr *a)
{
	struct addr r;

	for (int i = 0; i < 16; i++)
		r.b[i] = (uint8_t)~a->b[i];
	return r;
}

struct addr addr_from4(uint32_t v)
{
	struct addr a = {0};

	a.b[12] = (uint8_t)(v >> 24);
	a.b[13] = (uint8_t)(v >> 16);
	a.b[14] = (uint8_t)(v >> 8);
	a.b[15] = (uint8_t)v;
	return a;
}

uint32_t addr_to4(const struct addr *a)
{
	return (uint32_t)a->b[12] << 24 | (uint32_t)a->b[13] << 16 |
	       (uint32_t)a->b[14] << 8 | a->b[15];
}

int addr_parse(const char *s, enum family *fam, struct addr *ret)
{
	struct addr a = {0};

	if (inet_pton(AF_INET, s, a.b + 12) == 1)
		*fam = FAM_4;
	else if (inet_pton(AF_INET6, s, a.b) == 1)
		*fam = FAM_6;
	else
		return -EINVAL;
	*ret = a;
	return 0;
}

char *addr_format(enum family fam, const struct addr *a, char *buf)
{
	if (fam == FAM_4)
		inet_ntop(AF_INET, a->b + 12, buf, ADDR_STR);
	else
		inet_ntop(AF_INET6, a->b, buf, ADDR_STR);
	return buf;
}

static unsigned first_bit(enum family fam)
{
	return fam == FAM_4 ? 96 : 0;
}

static bool bit(const struct addr *a, unsigned i)
{
	return a->b[i / 8] >> (7 - i % 8) & 1;
}

struct addr mask_of_len(enum family fam, unsigned len)
{
	struct addr m = {0};
	unsigned from = first_bit(fam);

	for (unsigned i = from; i < from + len && i < 128; i++)
		m.b[i / 8] |= (uint8_t)(0x80 >> (i % 8));
	return m;
}

struct addr mask_suffix(enum family fam, unsigned n)
{
	unsigned width = fam == FAM_4 ? 32 : 128;
	struct addr all = mask_of_len(fam, width);
	struct addr head = mask_of_len(fam, n > width ? 0 : width - n);
	struct addr not_head = addr_not(&head);

	return addr_and(&all, &not_head);
}

int mask_to_len(enum family fam, const struct addr *mask)
{
	unsigned i = first_bit(fam), len;

	while (i < 128 && bit(mask, i))
		i++;
	len = i - first_bit(fam);
	for (; i < 128; i++)
		if (bit(mask, i))
			return -1;
	return (int)len;
}

static int parse_mask(const char *s, enum family fam, struct addr *mask)
{
	enum family mfam;
	char *end;
	bool suffix = *s == '-';
	unsigned long n;

	if (strpbrk(s, ":.")) {
		if (addr_parse(s, &mfam, mask) || mfam != fam)
			return -EINVAL;
		return 0;
	}
	if (s[suffix] < '0' || s[suffix] > '9')
		return -EINVAL;
	n = strtoul(s + suffix, &end, 10);
	if (*end || n > (fam == FAM_4 ? 32 : 128))
		return -EINVAL;
	*mask = suffix ? mask_suffix(fam, (unsigned)n)
		       : mask_of_len(fam, (unsigned)n);
	return 0;
}

int addrmask_parse(const char *s, struct addrmask *ret)
{
	struct addrmask m;
	char buf[ADDRMASK_STR];
	char *slash;

	if (strlen(s) >= sizeof(buf))
		return -EINVAL;
	strcpy(buf, s);
	slash = strchr(buf, '/');
	if (slash)
		*slash++ = '\0';
	if (addr_parse(buf, &m.fam, &m.value))
		return -EINVAL;
	m.mask = mask_of_len(m.fam, 128);
	if (slash && parse_mask(slash, m.fam, &m.mask))
		return -EINVAL;
	m.value = addr_and(&m.value, &m.mask);
	*ret = m;
	return 0;
}

char *addrmask_format(const struct addrmask *m, char *buf)
{
	char tail[ADDR_STR];
	int len = mask_to_len(m->fam, &m->mask);

	addr_format(m->fam, &m->value, buf);
	if (len == (m->fam == FAM_4 ? 32 : 128))
		return buf;
	if (len >= 0)
		snprintf(tail, sizeof(tail), "%d", len);
	else
		addr_format(m->fam, &m->mask, tail);
	strcat(buf, "/");
	return strcat(buf, tail);
}

bool addrmask_has(const struct addrmask *m, enum family fam,
	const struct addr *a)
{
	struct addr v = addr_and(a, &m->mask);

	return fam == m->fam && !addr_cmp(&v, &m->value);
}

bool addrmask_covers(const struct addrmask *a, const struct addrmask *b)
{
	struct addr common = addr_and(&a->mask, &b->mask);
	struct addr v = addr_and(&b->value, &a->mask);

	return a->fam == b->fam && !addr_cmp(&common, &a->mask) &&
	       !addr_cmp(&v, &a->value);
}

bool addrmask_overlaps(const struct addrmask *a, const struct addrmask *b)
{
	struct addr common = addr_and(&a->mask, &b->mask);
	struct addr va = addr_and(&a->value, &common);
	struct addr vb = addr_and(&b->value, &common);

	return a->fam == b->fam && !addr_cmp(&va, &vb);
}

int mac_parse(const char *s, struct mac *ret)
{
	struct mac m;

	if (strlen(s) != 17)
		return -EINVAL;
	for (int i = 0; i < 6; i++) {
		const char *p = s + 3 * i;
		char two[3] = {p[0], p[1], 0}, *end;

		if (i < 5 && p[2] != ':' && p[2] != '-')
			return -EINVAL;
		m.b[i] = (uint8_t)strtoul(two, &end, 16);
		if (end != two + 2 || two[0] == '+' || two[0] == '-')
			return -EINVAL;
	}
	*ret = m;
	return 0;
}

char *mac_format(const struct mac *m, char *buf)
{
	snprintf(buf, MAC_STR, "%02x:%02x:%02x:%02x:%02x:%02x", m->b[0],
		m->b[1], m->b[2], m->b[3], m->b[4], m->b[5]);
	return buf;
}

struct addr mac_to_iid(const struct mac *m)
{
	struct addr a = {0};

	a.b[8] = m->b[0] ^ 2;
	a.b[9] = m->b[1];
	a.b[10] = m->b[2];
	a.b[11] = 0xff;
	a.b[12] = 0xfe;
	memcpy(a.b + 13, m->b + 3, 3);
	return a;
}
