/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of both families in one 128-bit type. An IPv4 address lies in the
 * low 32 bits, the rest zero, so that masks, ranges and comparisons are written
 * once; the family travels beside it.
 */
#ifndef KADOMORI_BASE_ADDR_H
#define KADOMORI_BASE_ADDR_H

#include "base/base.h"

enum family { FAM_NONE = 0, FAM_4 = 4, FAM_6 = 6 };

struct addr {
	uint8_t b[16]; /* network order */
};

/*
 * value under mask. The mask may be a prefix (::/64), a suffix
 * (::ffff:ffff:ffff:ffff, "this host whatever the prefix"), or anything else.
 * value has no bit outside mask.
 */
struct addrmask {
	enum family fam;
	struct addr value, mask;
};

struct mac {
	uint8_t b[6];
};

enum { ADDR_STR = 64, ADDRMASK_STR = 128, MAC_STR = 18 };

int addr_cmp(const struct addr *a, const struct addr *b);
bool addr_is_zero(const struct addr *a);
struct addr addr_and(const struct addr *a, const struct addr *b);
struct addr addr_or(const struct addr *a, const struct addr *b);
struct addr addr_not(const struct addr *a);
struct addr addr_from4(uint32_t host_order);
uint32_t addr_to4(const struct addr *a);

/*
 * "192.0.2.1" or "2001:db8::1" -> family and address.
 * Returns 0, or -EINVAL (outputs untouched).
 */
int addr_parse(const char *s, enum family *fam, struct addr *ret);
/* RFC 5952 text into buf (at least ADDR_STR); returns buf. */
char *addr_format(enum family fam, const struct addr *a, char *buf);

/* The mask of a prefix length; for FAM_4 within the low 32 bits. */
struct addr mask_of_len(enum family fam, unsigned len);
/* Prefix length of a contiguous mask, or -1 when it is not one. */
int mask_to_len(enum family fam, const struct addr *mask);
/* The mask that keeps the last n bits (suffix), within the family's width. */
struct addr mask_suffix(enum family fam, unsigned n);

/*
 * "A", "A/64", "A/-64" (last 64 bits), "A/::ffff:ffff:ffff:ffff" ->
 * value under mask, host bits cleared. Returns 0 or -EINVAL.
 */
int addrmask_parse(const char *s, struct addrmask *ret);
/* "A", "A/len" or "A/mask" into buf (at least ADDRMASK_STR); returns buf. */
char *addrmask_format(const struct addrmask *m, char *buf);
bool addrmask_has(const struct addrmask *m, enum family fam,
	const struct addr *a);
/* Every address of b lies in a. */
bool addrmask_covers(const struct addrmask *a, const struct addrmask *b);
/* Some address lies in both. */
bool addrmask_overlaps(const struct addrmask *a, const struct addrmask *b);

/* "00:11:22:33:44:55" (also with '-'). Returns 0 or -EINVAL. */
int mac_parse(const char *s, struct mac *ret);
char *mac_format(const struct mac *m, char *buf);
/* Modified EUI-64 interface identifier in the low 64 bits (RFC 4291 app. A). */
struct addr mac_to_iid(const struct mac *m);

#endif
