// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stand-ins, numbered as they come: 2001:db8:N::M with N per /64 and M per
 * address, 192.0.2.M for private IPv4, 198.51.100.M and 203.0.113.M for the
 * rest (RFC 3849, RFC 5737), 00:00:5e:00:53:NN for MACs (RFC 7042 2.1.2),
 * nameN.example for names (RFC 2606).
 */
#include "observe/observe.h"

#include <stdio.h>

enum { V6_MAX = 4096, V4_MAX = 254, V4_PUBLIC_MAX = 508, MACS_MAX = 255,
	TABLE_MAX = 8192 };

struct seen {
	enum family fam;
	struct addr from, to;
};

struct redact {
	struct seen *seen;
	size_t n;
	struct addr *net;	/* IPv6: /64s in order */
	size_t net_n, v4_private, v4_public, macs, names;
	bool full;
};

static bool is_private4(const struct addr *a)
{
	uint32_t v = addr_to4(a);

	return v >> 24 == 10 || v >> 20 == 0xac1 || v >> 16 == 0xc0a8 ||
		v >> 22 == 0x6440 >> 6 || v >> 16 == 0xa9fe;
}

static struct addr stand_in4(struct redact *r, const struct addr *a)
{
	size_t n;

	if (is_private4(a)) {
		n = ++r->v4_private;
		r->full |= n > V4_MAX;
		return addr_from4(0xc0000200 | (uint32_t)(n & 0xff));
	}
	n = ++r->v4_public;
	r->full |= n > V4_PUBLIC_MAX;
	return addr_from4(n <= V4_MAX ? 0xc6336400 | (uint32_t)n
				      : 0xcb007100 | (uint32_t)((n - V4_MAX) & 0xff));
}

static struct addr stand_in6(struct redact *r, const struct addr *a)
{
	struct addr high = mask_of_len(FAM_6, 64), net = addr_and(a, &high);
	struct addr ret = {{0x20, 0x01, 0x0d, 0xb8}};
	size_t i;

	for (i = 0; i < r->net_n && addr_cmp(&r->net[i], &net); i++)
		;
	if (i == r->net_n && r->net_n < V6_MAX)
		r->net[r->net_n++] = net;
	r->full |= i >= V6_MAX || r->n >= 0xffff;
	if (a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80) {
		ret = (struct addr){{0xfe, 0x80}};
	} else {
		ret.b[4] = (uint8_t)((i + 1) >> 8);
		ret.b[5] = (uint8_t)(i + 1);
	}
	ret.b[14] = (uint8_t)((r->n + 1) >> 8);
	ret.b[15] = (uint8_t)(r->n + 1);
	return ret;
}

static void address(struct redact *r, enum family fam, struct addr *a)
{
	struct seen *s;

	if (!fam || addr_is_zero(a))
		return;
	for (size_t i = 0; i < r->n; i++)
		if (r->seen[i].fam == fam && !addr_cmp(&r->seen[i].from, a)) {
			*a = r->seen[i].to;
			return;
		}
	if (r->n >= TABLE_MAX) {
		r->full = true;
		return;
	}
	s = &r->seen[r->n];
	s->fam = fam;
	s->from = *a;
	s->to = fam == FAM_6 ? stand_in6(r, a) : stand_in4(r, a);
	r->n++;
	*a = s->to;
}

static void device(struct redact *r, struct obs_device *d)
{
	if (d->has_mac) {
		r->macs++;
		r->full |= r->macs > MACS_MAX;
		d->mac = (struct mac){{0, 0, 0x5e, 0, 0x53, (uint8_t)r->macs}};
	}
	for (size_t i = 0; i < d->addr_n; i++)
		address(r, d->addr[i].fam, &d->addr[i].addr);
	for (size_t i = 0; i < d->peer_n; i++) {
		address(r, d->peer[i].fam, &d->peer[i].addr);
		address(r, d->peer[i].fam, &d->peer[i].self);
		for (size_t k = 0; k < d->peer[i].renewal_n; k++)
			d->peer[i].renewal[k].spi_i = 0;
	}
	for (size_t i = 0; i < d->other_n; i++)
		address(r, d->other[i].fam, &d->other[i].addr);
}

/* The same name at two devices is the same stand-in. */
static void names(struct redact *r, struct obs_device *d, size_t n)
{
	static const char form[] = "name%zu.example";

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < d[i].name_n; k++) {
			char old[OBS_NAME_LEN];

			memcpy(old, d[i].name[k].name, sizeof(old));
			if (old[0] == '\0' || old[0] == '\1')
				continue;
			r->names++;
			for (size_t j = i; j < n; j++)
				for (size_t m = 0; m < d[j].name_n; m++)
					if (!strcmp(d[j].name[m].name, old))
						snprintf(d[j].name[m].name,
							OBS_NAME_LEN, "\1%zu",
							r->names);
		}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < d[i].name_n; k++)
			if (d[i].name[k].name[0] == '\1')
				snprintf(d[i].name[k].name, OBS_NAME_LEN, form,
					(size_t)strtoul(d[i].name[k].name + 1,
						NULL, 10));
}

bool obs_redact(struct obs_device *d, size_t n)
{
	struct redact r = {.seen = xcalloc(TABLE_MAX, sizeof(*r.seen)),
		.net = xcalloc(V6_MAX, sizeof(*r.net))};

	for (size_t i = 0; i < n; i++)
		device(&r, &d[i]);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < d[i].name_n; k++)
			for (size_t a = 0; a < d[i].name[k].answer_n; a++)
				address(&r, d[i].name[k].answer[a].fam,
					&d[i].name[k].answer[a].addr);
	names(&r, d, n);
	free(r.seen);
	free(r.net);
	return !r.full;
}
