// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/esp.h"

#include <errno.h>
#include <nettle/gcm.h>

int esp_parse(struct rd *r, struct esp_head *ret)
{
	struct esp_head h;

	h.spi = rd_be32(r);
	h.seq = rd_be32(r);
	if (!rd_ok(r))
		return -EBADMSG;
	*ret = h;
	return 0;
}

void esp_build(struct wr *w, const struct esp_head *h)
{
	wr_be32(w, h->spi);
	wr_be32(w, h->seq);
}

/* RFC 4106: nonce = salt, IV; additional data = SPI, sequence. */
static void start(struct gcm_aes128_ctx *c, const struct esp_key *k,
	const uint8_t *head, const uint8_t *iv)
{
	uint8_t nonce[sizeof(k->salt) + ESP_IV_LEN];

	memcpy(nonce, k->salt, sizeof(k->salt));
	memcpy(nonce + sizeof(k->salt), iv, ESP_IV_LEN);
	gcm_aes128_set_key(c, k->key);
	gcm_aes128_set_iv(c, sizeof(nonce), nonce);
	gcm_aes128_update(c, ESP_HEAD_LEN, head);
}

int esp_seal(struct wr *w, const struct esp_key *k, const struct esp_head *h,
	uint8_t next, const void *p, size_t n)
{
	uint8_t *head = w->p, *text;
	size_t pad = (4 - (n + 2) % 4) % 4;
	struct gcm_aes128_ctx c;

	esp_build(w, h);
	wr_be64(w, h->seq);
	text = w->p;
	wr_copy(w, p, n);
	for (size_t i = 0; i < pad; i++)
		wr_u8(w, (uint8_t)(i + 1));
	wr_u8(w, (uint8_t)pad);
	wr_u8(w, next);
	wr_room(w, ESP_ICV_LEN);
	if (!wr_ok(w))
		return -EMSGSIZE;
	n += pad + 2;
	start(&c, k, head, head + ESP_HEAD_LEN);
	gcm_aes128_encrypt(&c, n, text, text);
	gcm_aes128_digest(&c, ESP_ICV_LEN, text + n);
	return 0;
}

static bool same(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint8_t diff = 0;

	for (size_t i = 0; i < n; i++)
		diff = (uint8_t)(diff | (a[i] ^ b[i]));
	return !diff;
}

int esp_open(const void *p, size_t n, const struct esp_key *k,
	struct esp_head *head, uint8_t *next, uint8_t *out)
{
	struct rd r = rd_of(p, n);
	uint8_t icv[ESP_ICV_LEN];
	struct gcm_aes128_ctx c;
	const uint8_t *iv, *text;
	struct esp_head h;
	size_t len, pad;

	if (esp_parse(&r, &h) || !(iv = rd_bytes(&r, ESP_IV_LEN)) ||
		rd_left(&r) < ESP_ICV_LEN + 4 ||
		(rd_left(&r) - ESP_ICV_LEN) % 4)
		return -EBADMSG;
	len = rd_left(&r) - ESP_ICV_LEN;
	text = rd_bytes(&r, len);
	start(&c, k, p, iv);
	gcm_aes128_decrypt(&c, len, out, text);
	gcm_aes128_digest(&c, ESP_ICV_LEN, icv);
	if (!same(icv, text + len, ESP_ICV_LEN))
		return -EKEYREJECTED;
	pad = out[len - 2];
	if (pad + 2 > len)
		return -EBADMSG;
	*head = h;
	*next = out[len - 1];
	return (int)(len - 2 - pad);
}
