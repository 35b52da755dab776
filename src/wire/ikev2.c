// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/ikev2.h"

#include <errno.h>

enum { CRITICAL = 0x80, AT_NEXT = 16, AT_LEN = 24 };

int ike_parse(struct rd *r, struct ike_head *ret)
{
	struct ike_head h;

	h.spi_i = rd_be64(r);
	h.spi_r = rd_be64(r);
	h.next = rd_u8(r);
	h.version = rd_u8(r);
	h.exchange = rd_u8(r);
	h.flags = rd_u8(r);
	h.msgid = rd_be32(r);
	h.len = rd_be32(r);
	if (!rd_ok(r) || !h.spi_i || ike_major(&h) < 1 || ike_major(&h) > 2 ||
		h.len < IKE_HEAD_LEN || h.len - IKE_HEAD_LEN > rd_left(r))
		return -EBADMSG;
	*r = rd_sub(r, h.len - IKE_HEAD_LEN);
	*ret = h;
	return 0;
}

int ike_payload_next(struct ike_chain *c, struct ike_payload *ret)
{
	struct ike_payload p = {.type = c->next};
	uint8_t next, flags;
	uint16_t len;

	if (c->next == IKE_PL_NONE)
		return 0;
	next = rd_u8(&c->r);
	flags = rd_u8(&c->r);
	len = rd_be16(&c->r);
	if (!rd_ok(&c->r) || len < IKE_PAYLOAD_HEAD_LEN)
		return -EBADMSG;
	p.critical = flags & CRITICAL;
	p.body = rd_sub(&c->r, (size_t)len - IKE_PAYLOAD_HEAD_LEN);
	if (!rd_ok(&p.body))
		return -EBADMSG;
	/* RFC 7296 3.14: next of SK is the first one inside */
	c->next = p.type == IKE_PL_SK || p.type == IKE_PL_SKF ? IKE_PL_NONE
							       : next;
	*ret = p;
	return 1;
}

int ike_notify_parse(struct rd body, struct ike_notify *ret)
{
	struct ike_notify n;
	uint8_t spi_len;

	n.proto = rd_u8(&body);
	spi_len = rd_u8(&body);
	n.type = rd_be16(&body);
	n.spi = rd_sub(&body, spi_len);
	if (!rd_ok(&body))
		return -EBADMSG;
	n.data = body;
	*ret = n;
	return 0;
}

void ike_build_head(struct ike_build *b, struct wr *w, const struct ike_head *h)
{
	*b = (struct ike_build){.w = w, .start = w->p};
	wr_be64(w, h->spi_i);
	wr_be64(w, h->spi_r);
	b->next = w->p;
	wr_u8(w, h->next);
	wr_u8(w, h->version);
	wr_u8(w, h->exchange);
	wr_u8(w, h->flags);
	wr_be32(w, h->msgid);
	wr_be32(w, 0);
}

void ike_build_begin(struct ike_build *b, uint8_t type)
{
	b->payload = b->w->p;
	wr_be32(b->w, 0);
	if (!wr_ok(b->w))
		return;
	*b->next = type;
	b->next = b->payload;
}

void ike_build_end(struct ike_build *b)
{
	size_t n = (size_t)(b->w->p - b->payload);

	if (!wr_ok(b->w))
		return;
	if (n > 0xffff)
		b->w->bad = true;
	else
		put_be16(b->payload + 2, (uint16_t)n);
}

int ike_build_finish(struct ike_build *b)
{
	if (!wr_ok(b->w))
		return -EMSGSIZE;
	put_be32(b->start + AT_LEN, (uint32_t)(b->w->p - b->start));
	return 0;
}

void ike_build_raw(struct ike_build *b, uint8_t type, const void *p, size_t n)
{
	ike_build_begin(b, type);
	wr_copy(b->w, p, n);
	ike_build_end(b);
}

void ike_build_notify(struct ike_build *b, uint16_t type, const void *data,
	size_t n)
{
	ike_build_begin(b, IKE_PL_NOTIFY);
	wr_be16(b->w, 0); /* no protocol, no SPI */
	wr_be16(b->w, type);
	wr_copy(b->w, data, n);
	ike_build_end(b);
}

void ike_build_ke(struct ike_build *b, uint16_t group, const void *p, size_t n)
{
	ike_build_begin(b, IKE_PL_KE);
	wr_be16(b->w, group);
	wr_be16(b->w, 0);
	wr_copy(b->w, p, n);
	ike_build_end(b);
}

/* RFC 7296 3.3.2; key_bits 0: without the attribute. */
static void transform(struct wr *w, bool last, uint8_t type, uint16_t id,
	uint16_t key_bits)
{
	wr_u8(w, last ? 0 : 3);
	wr_u8(w, 0);
	wr_be16(w, key_bits ? 12 : 8);
	wr_u8(w, type);
	wr_u8(w, 0);
	wr_be16(w, id);
	if (!key_bits)
		return;
	wr_be16(w, 0x800e);
	wr_be16(w, key_bits);
}

void ike_build_sa(struct ike_build *b, const uint16_t *groups, size_t n)
{
	enum { ENCR = 1, PRF, INTEG, DH };
	struct wr *w = b->w;
	uint8_t *proposal;

	ike_build_begin(b, IKE_PL_SA);
	proposal = w->p;
	wr_be32(w, 0);
	wr_u8(w, 1); /* proposal number, protocol IKE, no SPI */
	wr_u8(w, 1);
	wr_u8(w, 0);
	wr_u8(w, (uint8_t)(6 + n));
	transform(w, false, ENCR, 12, 256);
	transform(w, false, ENCR, 12, 128);
	transform(w, false, PRF, 5, 0);
	transform(w, false, PRF, 2, 0);
	transform(w, false, INTEG, 12, 0);
	transform(w, !n, INTEG, 2, 0);
	for (size_t i = 0; i < n; i++)
		transform(w, i + 1 == n, DH, groups[i], 0);
	if (wr_ok(w))
		put_be16(proposal + 2, (uint16_t)(w->p - proposal));
	ike_build_end(b);
}
