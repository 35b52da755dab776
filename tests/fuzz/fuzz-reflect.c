// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reflector's messages. First byte: 0 as they are (no HMAC will fit), 1 with
 * the HMAC put right, so that the parser behind it is reached; 2 tokens. The
 * mind answers never more than it was asked.
 */
#include "probe/probe.h"

#include <nettle/hmac.h>

#define MUST(x) do { if (!(x)) abort(); } while (0)

static const struct reflect_key key = {.b = "a key of thirty-two bytes length", .n = 32};

static void sign(uint8_t *b, size_t n)
{
	struct hmac_sha256_ctx c;

	if (n < 56)
		return;
	memcpy(b, "KRF1", 4);
	put_be16(b + 6, (uint16_t)n);
	hmac_sha256_set_key(&c, key.n, key.b);
	hmac_sha256_update(&c, n - REFLECT_MAC, b);
	hmac_sha256_digest(&c, REFLECT_MAC, b + n - REFLECT_MAC);
}

static void again(const struct reflect_msg *m)
{
	static struct reflect_msg g;
	uint8_t b[REFLECT_MSG_MAX];
	int n = reflect_build(m, &key, b, sizeof(b));

	MUST(n > 0);
	MUST(reflect_parse(b, (size_t)n, &key, &g) == 0);
	MUST(g.item_n == m->item_n && g.seen_n == m->seen_n && g.done_n == m->done_n);
	MUST(!memcmp(g.item, m->item, sizeof(g.item)));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static uint8_t b[4096], out[REFLECT_MSG_MAX];
	static struct reflect_mind mind;
	static struct reflect_msg m;
	struct endpoint from = {.fam = FAM_4, .addr = addr_from4(0x99f60c6e), .port = 9}, to;
	struct reflect_token t;
	size_t len;

	if (n < 2 || n > sizeof(b))
		return 0;
	memcpy(b, p + 1, n - 1);
	if (*p == 2) {
		(void)reflect_token_of(p[1] % REFLECT_KIND_MAX, b, n - 1, &t);
		return 0;
	}
	if (*p == 1)
		sign(b, n - 1);
	if (reflect_parse(b, n - 1, &key, &m) == 0)
		again(&m);
	memset(&mind, 0, sizeof(mind));
	mind.key = key;
	len = reflect_mind_input(&mind, 1000000, &from, b, n - 1, out, sizeof(out));
	MUST(len <= n - 1);
	/* nobody guesses the cookie: nothing may ever be due */
	MUST(!reflect_mind_due(&mind, 1 << 30, &to, &t));
	return 0;
}
