/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe: what passes between here and a host outside, found out by sending.
 *
 * ike: one real IKE_SA_INIT (RFC 7296 1.2) and what came back. The thinking is
 * pure (ike_probe_*: bytes, time and random in, bytes out), ike_probe_run() puts
 * a socket under it.
 */
#ifndef KADOMORI_PROBE_H
#define KADOMORI_PROBE_H

#include "base/addr.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/rd.h"

struct endpoint {
	enum family fam;
	struct addr addr;
	uint16_t port;
};

/* --- Diffie-Hellman (dh.c) ------------------------------------------------ */

enum { DH_MODP2048 = 14, DH_P256 = 19, DH_X25519 = 31 };
enum { DH_PUBLIC_MAX = 256 };
extern const uint16_t dh_groups[3]; /* the best first */

/* "X25519", "P-256", "MODP-2048", or "?" */
const char *dh_name(uint16_t group);
/*
 * A fresh public value (RFC 7748, 5903, 3526); the private half is forgotten:
 * the probe ends before it would be used. Its length, or -EINVAL (no such
 * group).
 */
int dh_public(uint16_t group, uint8_t ret[DH_PUBLIC_MAX]);
/* Is it a public value of that group: length, range, on the curve. */
bool dh_public_good(uint16_t group, const uint8_t *p, size_t n);

/* --- NAT detection (natd.c; RFC 7296 2.23) --------------------------------- */

enum { NATD_HASH_LEN = 20, NATD_TRIES_MAX = 1 << 23 };

enum natd_what {
	NATD_UNKNOWN,	/* the peer sent no hash */
	NATD_SAME,	/* arrived as it was sent */
	NATD_PORT,	/* port rewritten, to the one found */
	NATD_ADDR,	/* address rewritten, port kept */
	NATD_BOTH,	/* both, to the ones found */
	NATD_OTHER,	/* rewritten, to none of the candidates */
};
const char *natd_name(enum natd_what w); /* for JSON */

struct natd {
	enum natd_what what;
	struct addr addr; /* found; for SAME the expected one */
	uint16_t port;
	unsigned tries;	  /* hashes computed */
};

void natd_hash(uint64_t spi_i, uint64_t spi_r, const struct endpoint *e,
	uint8_t ret[NATD_HASH_LEN]);
/*
 * Which address and port lie behind the hashes (n of them: a host with several
 * addresses may send several)? First want itself, then want's address with
 * every port, then the candidates: single addresses with every port, prefixes
 * with want's port, 500 and 4500. At most NATD_TRIES_MAX hashes.
 */
void natd_judge(const uint8_t (*hash)[NATD_HASH_LEN], size_t n, uint64_t spi_i,
	uint64_t spi_r, const struct endpoint *want,
	const struct addrmask *candidates, size_t cn, struct natd *ret);

/* --- IKE_SA_INIT (ike.c) ------------------------------------------------------ */

enum { IKE_COOKIE_MAX = 64, IKE_SEND_MAX = 9000, IKE_RECV_MAX = 65535,
	IKE_NATD_MAX = 8, IKE_VENDOR_MAX = 8, IKE_VENDOR_LEN_MAX = 64,
	/* a peer that answers with ever new cookies or groups is left */
	IKE_ROUNDS_MAX = 6 };

enum ike_end {
	IKE_SILENT,	/* nothing came that belongs to us */
	IKE_ANSWERED,	/* chose a proposal and sent its key */
	IKE_REFUSED,	/* answered with an error, .error says which */
	IKE_OLD,	/* answered in IKEv1 */
	IKE_DAMAGED,	/* answers came, none of them well formed */
	IKE_UNREACHABLE,/* ICMP said so, .error is the errno */
};
const char *ike_end_name(enum ike_end e); /* for JSON */

struct ike_want {
	struct endpoint self;	/* as bound here */
	struct endpoint peer;
	size_t size;		/* pad the request to this; 0: as it comes */
	uint16_t group;		/* first key offered; 0: X25519 */
};

struct ike_vendor {
	size_t n;
	uint8_t b[IKE_VENDOR_LEN_MAX];
};

struct ike_answer {
	enum ike_end end;
	unsigned sent, received, foreign; /* foreign: not for our SPI */
	unsigned damaged;
	unsigned cookies, other_group; /* rounds the peer asked for */
	uint16_t error;		/* notify type, or errno */
	uint16_t group;		/* of the chosen proposal */
	uint16_t encr, bits, prf, integ; /* transform ids, IANA */
	bool key_good;		/* the peer's public value is one */
	uint64_t spi_i, spi_r;
	size_t request_size, size; /* bytes of UDP data */
	int rtt_ms;
	/* hashes as the peer sent them */
	uint8_t natd_self[IKE_NATD_MAX][NATD_HASH_LEN];  /* of us, as it saw us */
	uint8_t natd_peer[IKE_NATD_MAX][NATD_HASH_LEN];  /* of itself */
	size_t natd_self_n, natd_peer_n;
	struct ike_vendor vendor[IKE_VENDOR_MAX];
	size_t vendor_n;
};

struct ike_probe {
	struct ike_want want;
	uint64_t spi_i;
	uint8_t nonce[32];
	uint16_t group;
	uint8_t key[DH_PUBLIC_MAX];
	size_t key_n;
	uint8_t cookie[IKE_COOKIE_MAX];
	size_t cookie_n;
	unsigned rounds;
	bool over;
	struct ike_answer a;
};

/* random: 40 bytes, for SPI and nonce. 0 or -EINVAL (no such group). */
int ike_probe_init(struct ike_probe *p, const struct ike_want *w,
	const uint8_t random[40]);
/*
 * The message to send now, 4500's four zero bytes included. Its length or
 * -EMSGSIZE.
 */
int ike_probe_request(struct ike_probe *p, uint8_t *buf, size_t cap);
/*
 * n bytes came from the peer's address. Returns 1: send again at once (cookie or
 * other group), 0: go on waiting; p->over when there is nothing to wait for.
 */
int ike_probe_answer(struct ike_probe *p, const uint8_t *b, size_t n);

struct ike_run {
	struct ike_want want;	/* self.fam ignored; self.addr zero: any */
	int sport;		/* wanted source port, 0: any, -1: the peer's or any */
	unsigned wait_ms;	/* in all; sent again after 0.5, 1, 2 ... s */
	size_t mtu;		/* v6: fragment to this; 0: the kernel's */
};
/*
 * 0 and *ret with *self as it was bound (its address chosen by the routing
 * table), or -errno of the socket.
 */
int ike_probe_run(const struct ike_run *r, struct ike_answer *ret,
	struct endpoint *self);

/* --- DNS (dns.c) -------------------------------------------------------------- */

/* A question for an A record. Length, -EINVAL (no name) or -EMSGSIZE. */
int dns_query(uint16_t id, const char *name, uint8_t *buf, size_t cap);
/* The answer's code (0: no error), or -EBADMSG: not ours. */
int dns_answer(uint16_t id, const uint8_t *b, size_t n);
/* Ask, again every second. The answer's code, or -errno (-ETIMEDOUT). */
int dns_ask(const struct endpoint *server, const char *name, unsigned wait_ms);

#include "probe/reflect.h"

#endif
