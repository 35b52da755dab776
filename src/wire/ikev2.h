/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IKE (RFC 7296; the header is also IKEv1's, RFC 2408 3.1): header, the chain
 * of payloads, and the messages that a test peer sends in the clear. On port
 * 4500 a message follows four zero bytes (RFC 3948 2.2); the caller skips them.
 */
#ifndef KADOMORI_WIRE_IKEV2_H
#define KADOMORI_WIRE_IKEV2_H

#include "base/rd.h"

enum { IKE_PORT = 500, IKE_NATT_PORT = 4500, IKE_HEAD_LEN = 28,
	IKE_PAYLOAD_HEAD_LEN = 4 };

enum ike_exchange {
	IKE1_MAIN = 2, IKE1_AGGRESSIVE = 4, IKE1_INFO = 5, IKE1_QUICK = 32,
	IKE_SA_INIT = 34, IKE_AUTH = 35, IKE_CREATE_CHILD_SA = 36,
	IKE_INFORMATIONAL = 37,
};
/* IKEv2's flags: sent by the original initiator; a response. */
enum { IKE_FLAG_INITIATOR = 0x08, IKE_FLAG_RESPONSE = 0x20 };

enum ike_payload_type {
	IKE_PL_NONE = 0, IKE_PL_SA = 33, IKE_PL_KE = 34, IKE_PL_IDI = 35,
	IKE_PL_CERTREQ = 38, IKE_PL_AUTH = 39, IKE_PL_NONCE = 40,
	IKE_PL_NOTIFY = 41, IKE_PL_DELETE = 42, IKE_PL_VENDOR = 43,
	IKE_PL_SK = 46, IKE_PL_SKF = 53,
};

enum ike_notify_type {
	IKE_N_INVALID_SYNTAX = 7, IKE_N_INVALID_SPI = 11,
	IKE_N_NO_PROPOSAL_CHOSEN = 14, IKE_N_INVALID_KE_PAYLOAD = 17,
	IKE_N_NAT_DETECTION_SOURCE_IP = 16388,
	IKE_N_NAT_DETECTION_DESTINATION_IP = 16389, IKE_N_COOKIE = 16390,
};

struct ike_head {
	uint64_t spi_i, spi_r; /* as numbers of the big-endian bytes */
	uint8_t next;	       /* first payload's type */
	uint8_t version;       /* 0x20: IKEv2, 0x10: IKEv1 */
	uint8_t exchange;      /* enum ike_exchange */
	uint8_t flags;
	uint32_t msgid;
	uint32_t len;	       /* header and payloads */
};

static inline unsigned ike_major(const struct ike_head *h)
{
	return h->version >> 4;
}

/*
 * Read the header and narrow r to the payloads. Refused (-EBADMSG): short, a
 * length that the datagram does not hold, major version not 1 or 2, initiator
 * SPI zero. r must be the whole datagram: trailing bytes are ignored.
 */
int ike_parse(struct rd *r, struct ike_head *ret);

struct ike_payload {
	uint8_t type;
	bool critical;
	struct rd body;
};
/* The chain behind a head: next is the type of what comes next. */
struct ike_chain {
	struct rd r;
	uint8_t next;
};
static inline struct ike_chain ike_chain_of(const struct ike_head *h, struct rd r)
{
	return (struct ike_chain){.r = r, .next = h->next};
}
/*
 * The next payload: 1 and *ret, 0 at the end, -EBADMSG when it is damaged. An
 * encrypted payload (SK, SKF; IKEv1's encryption flag is the caller's to see)
 * is the last one.
 */
int ike_payload_next(struct ike_chain *c, struct ike_payload *ret);

struct ike_notify {
	uint8_t proto;
	uint16_t type;
	struct rd spi, data;
};
/* 0 or -EBADMSG. */
int ike_notify_parse(struct rd body, struct ike_notify *ret);

/*
 * Building: head first, payloads with begin/end, then finish, which fills in
 * the length. next of each payload is given at its start, as on the wire.
 */
struct ike_build {
	struct wr *w;
	uint8_t *start, *payload, *next;
};
void ike_build_head(struct ike_build *b, struct wr *w, const struct ike_head *h);
void ike_build_begin(struct ike_build *b, uint8_t type);
void ike_build_end(struct ike_build *b);
/* 0 or -EMSGSIZE. */
int ike_build_finish(struct ike_build *b);
/* A whole notify payload without SPI. */
void ike_build_notify(struct ike_build *b, uint16_t type, const void *data,
	size_t n);
/*
 * The SA payload of an ordinary first message: one IKE proposal with AES-CBC
 * 256 and 128, HMAC-SHA2-256, HMAC-SHA1, PRFs likewise, and the given groups
 * (14: MODP 2048, 19: P-256, 31: Curve25519).
 */
void ike_build_sa(struct ike_build *b, const uint16_t *groups, size_t n);
/* KE payload: n bytes of public value of a group. */
void ike_build_ke(struct ike_build *b, uint16_t group, const void *p, size_t n);
/* Nonce, vendor id and the like: the body as it is. */
void ike_build_raw(struct ike_build *b, uint8_t type, const void *p, size_t n);

#endif
