// SPDX-License-Identifier: GPL-2.0-or-later
/* IKE headers and payload chains, ESP. First byte: which. */
#include "wire/esp.h"
#include "wire/ikev2.h"

#define MUST(x) do { if (!(x)) abort(); } while (0)

static void ike(const uint8_t *p, size_t n)
{
	struct rd r = rd_of(p, n);
	struct ike_payload pl;
	struct ike_notify no;
	struct ike_chain c;
	struct ike_head h;

	if (ike_parse(&r, &h))
		return;
	MUST(h.len <= n && rd_left(&r) == h.len - IKE_HEAD_LEN);
	c = ike_chain_of(&h, r);
	for (size_t i = 0; ike_payload_next(&c, &pl) == 1; i++) {
		MUST(i <= n / IKE_PAYLOAD_HEAD_LEN);
		(void)ike_notify_parse(pl.body, &no);
	}
}

static void esp(const uint8_t *p, size_t n)
{
	static const struct esp_key k = {{1}, {2}};
	uint8_t out[4096], again[4096 + ESP_ROOM], next;
	struct esp_head h, g;
	struct wr w = wr_of(again, sizeof(again));

	if (n > sizeof(out))
		return;
	MUST(esp_open(p, n, &k, &h, &next, out) < 0);
	h = (struct esp_head){(uint32_t)n, 1};
	MUST(!esp_seal(&w, &k, &h, 4, p, n));
	n = wr_len(&w);
	if (n <= sizeof(out))
		MUST(esp_open(again, n, &k, &g, &next, out) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (!n)
		return 0;
	if (data[0] & 1)
		ike(data + 1, n - 1);
	else
		esp(data + 1, n - 1);
	return 0;
}
