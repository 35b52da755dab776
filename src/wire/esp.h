/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ESP (RFC 4303) with AES-GCM and a 16 byte ICV (RFC 4106), in tunnel and
 * transport mode alike: what is inside is the caller's. Enough to be a real
 * peer: a packet for another SA fails its integrity check and is seen to.
 *
 *	| SPI | sequence | IV (8) | sealed: payload, padding, pad length,
 *	next header | ICV (16) |
 */
#ifndef KADOMORI_WIRE_ESP_H
#define KADOMORI_WIRE_ESP_H

#include "base/rd.h"

enum { ESP_HEAD_LEN = 8, ESP_IV_LEN = 8, ESP_ICV_LEN = 16,
	/* around a payload: head, IV, at most 3 + 2 of padding, ICV */
	ESP_ROOM = ESP_HEAD_LEN + ESP_IV_LEN + 5 + ESP_ICV_LEN };
/* RFC 4303 2.1: 0 is for local use and never on the wire. */
enum { ESP_SPI_FIRST = 256 };

struct esp_head {
	uint32_t spi, seq;
};

/* r stands behind the head afterwards. 0 or -EBADMSG. */
int esp_parse(struct rd *r, struct esp_head *ret);
void esp_build(struct wr *w, const struct esp_head *h);

/* One direction of a security association: AES-128-GCM key and salt. */
struct esp_key {
	uint8_t key[16], salt[4];
};

/*
 * A whole ESP packet around n bytes; the IV is the sequence number (unique per
 * key, RFC 4106 3.1). 0 or -EMSGSIZE.
 */
int esp_seal(struct wr *w, const struct esp_key *k, const struct esp_head *h,
	uint8_t next, const void *p, size_t n);
/*
 * Check and open a packet of n bytes. out has room for n bytes. Returns the
 * payload's length, *head and *next filled; -EBADMSG when it is no ESP packet,
 * -EKEYREJECTED when the integrity check fails (it belongs to another SA).
 */
int esp_open(const void *p, size_t n, const struct esp_key *k,
	struct esp_head *head, uint8_t *next, uint8_t *out);

#endif
