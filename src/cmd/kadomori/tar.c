// SPDX-License-Identifier: GPL-2.0-or-later
#include "tar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512, NAME_MAX_ = 4096 };
/* Where the fields of a header stand (POSIX.1-1988 ustar). */
enum { AT_NAME = 0, NAME_LEN = 100, AT_SIZE = 124, SIZE_LEN = 12, AT_SUM = 148,
	AT_TYPE = 156, AT_PREFIX = 345, PREFIX_LEN = 155 };

static bool get(FILE *f, char *to, size_t n)
{
	return fread(to, 1, n, f) == n;
}

static bool sum_fits(const char *h)
{
	unsigned long want = strtoul(h + AT_SUM, NULL, 8), is = 0;

	for (int i = 0; i < BLOCK; i++)
		is += i >= AT_SUM && i < AT_SUM + 8 ? ' ' : (unsigned char)h[i];
	return want == is;
}

/* n bytes and what fills the last block, into t or (NULL) away. */
static bool data(FILE *f, size_t n, struct text *t)
{
	char buf[BLOCK];

	for (size_t left = n; left > 0;) {
		size_t k = left < BLOCK ? left : BLOCK;

		if (!get(f, buf, BLOCK))
			return false;
		if (t)
			text_addn(t, buf, k);
		left -= k;
	}
	return true;
}

/* "27 path=site/router.conf\n" */
static void pax_path(const struct text *pax, struct text *name)
{
	for (const char *p = text_str(pax); *p;) {
		char *end;
		unsigned long n = strtoul(p, &end, 10);

		if (*end != ' ' || n < (size_t)(end - p) + 2 || n > strlen(p))
			return;
		if (!strncmp(end + 1, "path=", 5)) {
			text_clear(name);
			text_addn(name, end + 6, n - (size_t)(end + 6 - p) - 1);
		}
		p += n;
	}
}

static void plain_name(const char *h, struct text *name)
{
	size_t n = strnlen(h + AT_PREFIX, PREFIX_LEN);

	text_clear(name);
	text_addn(name, h + AT_PREFIX, n);
	if (n)
		text_addc(name, '/');
	text_addn(name, h + AT_NAME, strnlen(h + AT_NAME, NAME_LEN));
}

/* A header that names the file behind it. False: not such a one. */
static bool names_next(FILE *f, char type, size_t size, struct text *name,
	int *rc)
{
	struct text t = TEXT_INIT;

	if (type != 'L' && type != 'x' && type != 'g')
		return false;
	if (size > NAME_MAX_ * 4 || !data(f, size, &t)) {
		*rc = -EBADMSG;
	} else if (type == 'L') {
		text_clear(name);
		text_add(name, text_str(&t));
	} else if (type == 'x') {
		pax_path(&t, name);
	}
	text_done(&t);
	return true;
}

int tar_next(FILE *f, size_t most, struct tar_file *ret)
{
	char h[BLOCK], size_field[SIZE_LEN + 1] = {0};
	bool named = false;
	size_t size;
	int rc = 0;

	for (;;) {
		if (!get(f, h, 1) || (!get(f, h + 1, BLOCK - 1)))
			return feof(f) && !named ? 0 : -EBADMSG;
		if (!*h) /* zeros end it */
			return 0;
		if (!sum_fits(h))
			return -EBADMSG;
		memcpy(size_field, h + AT_SIZE, SIZE_LEN);
		size = strtoul(size_field, NULL, 8);
		if (names_next(f, h[AT_TYPE], size, &ret->name, &rc)) {
			if (rc)
				return rc;
			named = h[AT_TYPE] != 'g' && *text_str(&ret->name);
			continue;
		}
		if (!named)
			plain_name(h, &ret->name);
		named = false;
		text_clear(&ret->body);
		ret->too_large = size > most;
		if (h[AT_TYPE] == '0' || !h[AT_TYPE]) {
			rc = data(f, size, ret->too_large ? NULL : &ret->body);
			return rc ? 1 : -EBADMSG;
		}
		if (!data(f, size, NULL))
			return -EBADMSG;
	}
}

void tar_done(struct tar_file *t)
{
	text_done(&t->name);
	text_done(&t->body);
}
