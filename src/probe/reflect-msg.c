// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages of the reflector and the payloads it sends.
 *
 *	"KRF1" | type | 0 | length (2) | nonce (16) | body | zeros | HMAC (32)
 */
#include "probe/probe.h"
#include "wire/esp.h"
#include "wire/ikev2.h"

#include <errno.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>

enum { HEAD = 24, AT_LEN = 6, ITEM = 18, IKE_TOKEN_AT = IKE_HEAD_LEN + 4 };
static const uint8_t magic[4] = {'K', 'R', 'F', '1'};
static const uint8_t token_magic[4] = {'K', 'R', 'T', '1'};

static void mac(const struct reflect_key *k, const uint8_t *b, size_t n,
	uint8_t ret[REFLECT_MAC])
{
	struct hmac_sha256_ctx c;

	hmac_sha256_set_key(&c, k->n, k->b);
	hmac_sha256_update(&c, n, b);
	hmac_sha256_digest(&c, REFLECT_MAC, ret);
}

static void put_items(struct wr *w, const struct reflect_msg *m)
{
	wr_be16(w, (uint16_t)m->item_n);
	for (size_t i = 0; i < m->item_n; i++) {
		const struct reflect_item *t = &m->item[i];

		wr_u8(w, t->kind);
		wr_u8(w, t->alt);
		wr_be16(w, t->port);
		wr_be16(w, t->size);
		wr_be16(w, t->tag);
		wr_be32(w, t->spi);
		wr_be32(w, t->delay_ms);
		wr_be16(w, 0);
	}
}

static void put_report(struct wr *w, const struct reflect_msg *m)
{
	wr_be16(w, (uint16_t)m->seen_n);
	wr_be16(w, (uint16_t)m->done_n);
	for (size_t i = 0; i < m->seen_n; i++) {
		wr_u8(w, m->seen[i].kind);
		wr_be16(w, m->seen[i].tag);
		wr_be16(w, m->seen[i].size);
		wr_be16(w, m->seen[i].sport);
	}
	for (size_t i = 0; i < m->done_n; i++) {
		wr_be16(w, m->done[i].tag);
		wr_u8(w, m->done[i].state);
	}
}

static void put_body(struct wr *w, const struct reflect_msg *m)
{
	switch (m->type) {
	case REFLECT_CHALLENGE:
		wr_copy(w, m->cookie, REFLECT_COOKIE);
		wr_u8(w, (uint8_t)m->you.fam);
		wr_u8(w, (uint8_t)(m->has_alt | m->has_esp << 1));
		wr_be16(w, m->you.port);
		wr_copy(w, m->you.addr.b, 16);
		break;
	case REFLECT_ORDER:
		wr_copy(w, m->cookie, REFLECT_COOKIE);
		wr_be32(w, m->number);
		put_items(w, m);
		break;
	case REFLECT_ACCEPT:
		wr_be32(w, m->number);
		wr_be16(w, (uint16_t)m->item_n);
		wr_copy(w, m->verdict, m->item_n);
		break;
	case REFLECT_ASK:
		wr_copy(w, m->cookie, REFLECT_COOKIE);
		wr_be32(w, m->number);
		break;
	case REFLECT_REPORT:
		put_report(w, m);
		break;
	}
}

static size_t least(uint8_t type)
{
	return type == REFLECT_HELLO || type == REFLECT_ORDER ? REFLECT_HELLO_LEN
		: type == REFLECT_ASK ? REFLECT_ASK_LEN : 0;
}

int reflect_build(const struct reflect_msg *m, const struct reflect_key *k,
	uint8_t *buf, size_t cap)
{
	struct wr w = wr_of(buf, cap);

	wr_copy(&w, magic, sizeof(magic));
	wr_u8(&w, m->type);
	wr_u8(&w, 0);
	wr_be16(&w, 0);
	wr_copy(&w, m->nonce, REFLECT_NONCE);
	put_body(&w, m);
	if (wr_len(&w) + REFLECT_MAC < least(m->type))
		wr_room(&w, least(m->type) - wr_len(&w) - REFLECT_MAC);
	wr_room(&w, REFLECT_MAC);
	if (!wr_ok(&w) || wr_len(&w) > REFLECT_MSG_MAX)
		return -EMSGSIZE;
	put_be16(buf + AT_LEN, (uint16_t)wr_len(&w));
	mac(k, buf, wr_len(&w) - REFLECT_MAC, w.p - REFLECT_MAC);
	return (int)wr_len(&w);
}

static bool read_items(struct rd *r, struct reflect_msg *m)
{
	size_t n = rd_be16(r);

	if (n > REFLECT_ITEMS_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct reflect_item *t = &m->item[i];

		t->kind = rd_u8(r);
		t->alt = rd_u8(r);
		t->port = rd_be16(r);
		t->size = rd_be16(r);
		t->tag = rd_be16(r);
		t->spi = rd_be32(r);
		t->delay_ms = rd_be32(r);
		rd_skip(r, 2);
	}
	m->item_n = n;
	return true;
}

static bool read_report(struct rd *r, struct reflect_msg *m)
{
	size_t seen = rd_be16(r), done = rd_be16(r);

	if (seen > REFLECT_SEEN_MAX || done > ARRAY_LEN(m->done))
		return false;
	for (size_t i = 0; i < seen; i++) {
		m->seen[i].kind = rd_u8(r);
		m->seen[i].tag = rd_be16(r);
		m->seen[i].size = rd_be16(r);
		m->seen[i].sport = rd_be16(r);
	}
	for (size_t i = 0; i < done; i++) {
		m->done[i].tag = rd_be16(r);
		m->done[i].state = rd_u8(r);
		if (m->done[i].state >= REFLECT_STATE_MAX)
			return false;
	}
	m->seen_n = seen;
	m->done_n = done;
	return true;
}

static bool read_challenge(struct rd *r, struct reflect_msg *m)
{
	uint8_t fam, can;

	rd_copy(r, m->cookie, REFLECT_COOKIE);
	fam = rd_u8(r);
	can = rd_u8(r);
	m->you.port = rd_be16(r);
	rd_copy(r, m->you.addr.b, 16);
	m->you.fam = fam == FAM_4 ? FAM_4 : FAM_6;
	m->has_alt = can & 1;
	m->has_esp = can & 2;
	return fam == FAM_4 || fam == FAM_6;
}

static bool read_accept(struct rd *r, struct reflect_msg *m)
{
	m->number = rd_be32(r);
	m->item_n = rd_be16(r);
	if (m->item_n > REFLECT_ITEMS_MAX) {
		m->item_n = 0;
		return false;
	}
	rd_copy(r, m->verdict, m->item_n);
	return true;
}

static bool read_body(struct rd *r, struct reflect_msg *m)
{
	switch (m->type) {
	case REFLECT_HELLO:
		return true;
	case REFLECT_CHALLENGE:
		return read_challenge(r, m);
	case REFLECT_ORDER:
		rd_copy(r, m->cookie, REFLECT_COOKIE);
		m->number = rd_be32(r);
		return read_items(r, m);
	case REFLECT_ACCEPT:
		return read_accept(r, m);
	case REFLECT_ASK:
		rd_copy(r, m->cookie, REFLECT_COOKIE);
		m->number = rd_be32(r);
		return true;
	case REFLECT_REPORT:
		return read_report(r, m);
	}
	return false;
}

int reflect_parse(const uint8_t *b, size_t n, const struct reflect_key *k,
	struct reflect_msg *ret)
{
	uint8_t want[REFLECT_MAC], head[4];
	struct reflect_msg *m = ret;
	struct rd r = rd_of(b, n);
	uint16_t len;

	memset(m, 0, sizeof(*m));
	rd_copy(&r, head, sizeof(head));
	m->type = rd_u8(&r);
	rd_skip(&r, 1);
	len = rd_be16(&r);
	rd_copy(&r, m->nonce, REFLECT_NONCE);
	if (!rd_ok(&r) || memcmp(head, magic, sizeof(magic)) || len != n ||
		n < HEAD + REFLECT_MAC || n > REFLECT_MSG_MAX)
		return -EBADMSG;
	mac(k, b, n - REFLECT_MAC, want);
	if (!memeql_sec(want, b + n - REFLECT_MAC, REFLECT_MAC))
		return -EKEYREJECTED;
	r = rd_of(b + HEAD, n - HEAD - REFLECT_MAC);
	/* short requests would make the answer the longer one */
	if (n < least(m->type) || !read_body(&r, m) || !rd_ok(&r))
		return -EBADMSG;
	return 0;
}

/* --- what is sent ------------------------------------------------------------ */

static void put_token(struct wr *w, const struct reflect_token *t)
{
	wr_copy(w, token_magic, sizeof(token_magic));
	wr_u8(w, t->kind);
	wr_u8(w, 0);
	wr_be16(w, t->tag);
	wr_copy(w, t->nonce, sizeof(t->nonce));
}

/* An IKE message a filter may look into: head and one vendor id. */
static int put_ike(struct wr *w, const struct reflect_token *t, size_t size)
{
	struct ike_head h = {.version = 0x20, .exchange = IKE_SA_INIT,
		.flags = IKE_FLAG_INITIATOR};
	struct rd r = rd_of(t->nonce, sizeof(t->nonce));
	size_t fill = IKE_TOKEN_AT + REFLECT_TOKEN;
	struct ike_build b;

	h.spi_i = rd_be64(&r) | 1;
	ike_build_head(&b, w, &h);
	ike_build_begin(&b, IKE_PL_VENDOR);
	put_token(w, t);
	if (size > fill)
		wr_room(w, size - fill);
	ike_build_end(&b);
	return ike_build_finish(&b);
}

int reflect_payload(const struct reflect_token *t, uint32_t spi, size_t size,
	uint8_t *buf, size_t cap)
{
	struct wr w = wr_of(buf, cap);
	struct esp_head h = {spi, (uint32_t)t->tag + 1};

	if (t->kind == REFLECT_IKE)
		return put_ike(&w, t, size) < 0 ? -EMSGSIZE : (int)wr_len(&w);
	if (t->kind == REFLECT_ESP || t->kind == REFLECT_NATT)
		esp_build(&w, &h);
	put_token(&w, t);
	if (size > wr_len(&w))
		wr_room(&w, size - wr_len(&w));
	return wr_ok(&w) ? (int)wr_len(&w) : -EMSGSIZE;
}

int reflect_token_of(uint8_t kind, const uint8_t *b, size_t n,
	struct reflect_token *ret)
{
	struct rd r = rd_of(b, n);
	struct reflect_token t;
	uint8_t m[4];

	rd_skip(&r, kind == REFLECT_IKE ? IKE_TOKEN_AT
		: kind == REFLECT_ESP || kind == REFLECT_NATT ? ESP_HEAD_LEN : 0);
	rd_copy(&r, m, sizeof(m));
	t.kind = rd_u8(&r);
	rd_skip(&r, 1);
	t.tag = rd_be16(&r);
	rd_copy(&r, t.nonce, sizeof(t.nonce));
	if (!rd_ok(&r) || memcmp(m, token_magic, sizeof(m)) || t.kind != kind)
		return -EBADMSG;
	*ret = t;
	return 0;
}
