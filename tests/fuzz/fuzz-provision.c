// SPDX-License-Identifier: GPL-2.0-or-later
/* What strangers outside may answer: DNS (TXT, A, AAAA), HB46PP's TXT and JSON,
 * STUN. Whatever is kept must be ended and printable. */
#include "line/outside.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void printable(const char *s, size_t cap)
{
	size_t i;

	for (i = 0; i < cap && s[i]; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f ||
			((unsigned char)s[i] == 0xc2 &&
				(unsigned char)s[i + 1] < 0xa0))
			abort();
	if (i == cap)
		abort();
}

static void one_txt(const uint8_t *p, size_t n)
{
	struct hb46pp_txt t;

	if (hb46pp_txt_parse((const char *)p, n, &t))
		return;
	printable(t.url, sizeof(t.url));
	printable(t.host, sizeof(t.host));
	if (!*t.host || !t.port || strchr(t.url, '@') || (!t.https && t.check))
		abort();
}

static void one_json(const uint8_t *p, size_t n)
{
	static const struct addr ce = {{0x20, 1, 0xd, 0xb8, 0, 1, 0x2a, 0xb0}};
	struct hb46pp h = {0};
	struct mape m;

	if (hb46pp_json_parse((const char *)p, n, &ce, &h))
		return;
	printable(h.enabler, sizeof(h.enabler));
	printable(h.service, sizeof(h.service));
	printable(h.isp, sizeof(h.isp));
	printable(h.aftr, sizeof(h.aftr));
	if (h.order_n > HB_METHODS_MAX || h.ttl_s > 604800 ||
		(h.has_rule && mape_of_rule(&h.rule, &ce, &m)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct stun_answer s;
	struct addr a;
	char buf[256];
	int k;

	if (n < 1)
		return 0;
	switch (data[0] % 6) {
	case 0:
		one_txt(data + 1, n - 1);
		break;
	case 1:
		one_json(data + 1, n - 1);
		break;
	case 2:
		k = dns_txt(data + 1, n - 1, buf, sizeof(buf));
		if (k >= (int)sizeof(buf) || (k >= 0 && buf[k]))
			abort();
		if (k > 0)
			one_txt((const uint8_t *)buf, (size_t)k);
		break;
	case 3:
		(void)dns_addr(data + 1, n - 1, FAM_6, &a);
		break;
	case 4:
		(void)dns_addr(data + 1, n - 1, FAM_4, &a);
		break;
	default:
		if (n > STUN_ID_LEN)
			(void)stun_parse(data + 1 + STUN_ID_LEN,
				n - 1 - STUN_ID_LEN, data + 1, &s);
		break;
	}
	return 0;
}
