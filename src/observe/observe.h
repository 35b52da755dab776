/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * observe: what a device's own packets tell, without sending one. Frames and
 * the time go in, facts come out: its addresses, the names it asks for, its
 * peers, IKE sizes, NAT, how ESP travels, when keys are renewed, what else it
 * talks to. Pure; the reader of capture files (capture.c) included.
 *
 *	struct observe *o = observe_new(&(struct observe_want){0});
 *	observe_frame(o, LINKTYPE_ETHERNET, when_ms, bytes, n, wire_n);
 *	...
 *	for (i = 0; (d = observe_device(o, i)); i++)
 *		if (observe_is_device(o, d)) ...
 *	observe_free(o);
 *
 * Everything that a stranger can grow has a limit; what no longer fits is
 * counted in lost. Names are kept printable: letters, digits, "-_." and "?".
 */
#ifndef KADOMORI_OBSERVE_H
#define KADOMORI_OBSERVE_H

#include "base/addr.h"
#include "base/clock.h"

enum {
	OBS_HOSTS_MAX = 32,	/* MAC addresses on the link */
	OBS_ADDRS_MAX = 16,	/* addresses of one host */
	OBS_NAMES_MAX = 48,	/* names one host asked for */
	OBS_ANSWERS_MAX = 16,	/* addresses one name had */
	OBS_PEERS_MAX = 16,	/* IPsec peers of one host */
	OBS_KINDS_MAX = 24,	/* kinds of IKE messages with one peer */
	OBS_RENEWALS_MAX = 64,	/* key renewals with one peer */
	OBS_OTHERS_MAX = 64,	/* what else one host talks to */
	OBS_NAME_LEN = 256,
	OBS_OWN_MAX = 8,
	OBS_WANT_MAX = 16,
};

enum obs_dir { OBS_OUT, OBS_IN }; /* from the device; to it */

/* One kind of IKE message: exchange, direction, request or response. */
struct obs_kind {
	uint8_t exchange, version;
	enum obs_dir dir;
	bool response;
	uint32_t n, again;	/* different messages; sent once more */
	uint32_t min, max;	/* bytes of UDP data */
	uint32_t packets;	/* IP packets of the one in most fragments */
	uint32_t largest;	/* bytes of the largest IP packet */
};

/* What was renewed is told by what follows: new ESP SPIs, or new IKE SPIs. */
enum obs_renewed { OBS_RENEW_UNKNOWN, OBS_RENEW_CHILD, OBS_RENEW_IKE };
const char *obs_renewed_name(enum obs_renewed r); /* "unknown" "esp" "ike" */
struct obs_renewal {
	int64_t at;	/* ms since 1970: when it was asked for */
	enum obs_renewed what;
	enum obs_dir by;
	uint64_t spi_i;	/* of the IKE SA it was asked under; 0: forgotten */
};

/* By the hashes of RFC 7296 2.23. */
enum obs_nat { OBS_NAT_UNKNOWN, OBS_NAT_NONE, OBS_NAT_REWRITTEN };
const char *obs_nat_name(enum obs_nat n); /* "unknown" "none" "rewritten" */

struct obs_peer {
	enum family fam;
	struct addr addr, self;	/* the peer; the device's own address last */
	bool ikev1, ikev2, port500, port4500;
	bool device_starts, peer_starts; /* who sent a first IKE message */
	bool answered;		/* IKE messages both ways */
	enum obs_nat nat_device, nat_peer; /* before the device; the peer */
	struct obs_kind kind[OBS_KINDS_MAX];
	size_t kind_n;
	uint64_t esp[2], esp_udp[2]; /* packets by direction */
	uint64_t fragments[2];	/* IP fragments, of IKE and ESP */
	uint64_t keepalives;	/* RFC 3948 2.3, of the device */
	int64_t keepalive_ms;	/* shortest time between two; 0: unknown */
	/* the longest silence of the device that a packet of the peer ended */
	int64_t woken_ms;
	struct obs_renewal renewal[OBS_RENEWALS_MAX];
	size_t renewal_n;
	int64_t first, last;	/* ms since 1970 */
	uint64_t lost;
};

struct obs_name {
	char name[OBS_NAME_LEN];
	uint32_t asked;
	bool tcp;		/* also over TCP */
	int rcode;		/* of the last answer, -1: none */
	struct {
		enum family fam;
		struct addr addr;
	} answer[OBS_ANSWERS_MAX];
	size_t answer_n;
};

/* A conversation that is no IPsec, by the side that offers the service. */
struct obs_other {
	enum family fam;
	struct addr addr;	/* the other one */
	uint8_t proto;
	uint16_t port;		/* of the service; ICMP: type */
	enum obs_dir by;	/* who began: OBS_IN: somebody towards it */
	bool answered;
	uint64_t n[2];
	int64_t first, last;
};

/* How sure it is that a host began IKE: by its flag, or its first message. */
enum { OBS_SPEAKS = 1, OBS_STARTS = 2 };

struct obs_device {
	bool has_mac;		/* false: the link has none, the address names it */
	struct mac mac;
	struct {
		enum family fam;
		struct addr addr;
		bool eui64;	/* made from the MAC: keeps its last half */
	} addr[OBS_ADDRS_MAX];
	size_t addr_n;
	bool dhcp4, dhcp6, slaac; /* how it takes addresses: asked by these */
	bool router;		/* sent router advertisements: no device */
	uint8_t initiator;	/* 0, OBS_SPEAKS or OBS_STARTS */
	struct obs_name name[OBS_NAMES_MAX];
	size_t name_n;
	struct obs_peer peer[OBS_PEERS_MAX];
	size_t peer_n;
	struct obs_other other[OBS_OTHERS_MAX];
	size_t other_n;
	uint64_t packets[2], lost;
	int64_t first, last;
};

struct observe_want {
	/* MACs of the machine that listens: never a device */
	struct mac own[OBS_OWN_MAX];
	size_t own_n;
	/* only these are devices; none: whoever speaks IPsec */
	struct mac mac[OBS_WANT_MAX];
	size_t mac_n;
	/* where there is no MAC: the device's address */
	enum family fam;
	struct addr addr;
};

struct observe_counts {
	uint64_t frames, damaged, cut; /* cut: the capture has not all bytes */
	uint64_t lost;		/* hosts that did not fit */
	int64_t first, last;
};

struct observe;
struct observe *observe_new(const struct observe_want *w);
void observe_free(struct observe *o);
void observe_freep(struct observe **o);

/* What capture files call links (www.tcpdump.org/linktypes.html). */
enum { LINKTYPE_ETHERNET = 1, LINKTYPE_RAW = 101, LINKTYPE_SLL = 113,
	LINKTYPE_IPV4 = 228, LINKTYPE_IPV6 = 229, LINKTYPE_SLL2 = 276 };
bool observe_link_known(uint32_t linktype);

/*
 * One frame, n bytes of the wire_n that it had, at ms since 1970. Damaged ones
 * are counted and left.
 */
void observe_frame(struct observe *o, uint32_t linktype, int64_t ms,
	const uint8_t *p, size_t n, size_t wire_n);
void observe_counts(const struct observe *o, struct observe_counts *ret);

/* The i-th host; NULL behind the last. */
const struct obs_device *observe_device(const struct observe *o, size_t i);
/* Is it the one, or one of those, that are asked about? */
bool observe_is_device(const struct observe *o, const struct obs_device *d);
/* Begin with what is known from before; copied. -ENOSPC when full. */
int observe_seed(struct observe *o, const struct obs_device *d);

/* The names by which the device knows an address: up to max; their number. */
size_t obs_names_of(const struct obs_device *d, enum family fam,
	const struct addr *a, const char **ret, size_t max);
/* "IKE_SA_INIT" ...; "?" for others. */
const char *obs_exchange_name(uint8_t version, uint8_t exchange);
/* "NTP", "HTTPS", ... by protocol and port of the service; NULL: none known. */
const char *obs_service_name(uint8_t proto, uint16_t port);

/* --- export (redact.c) ------------------------------------------------------ */

/*
 * Replace addresses, MACs and names in n devices by stand-ins out of the
 * documentation ranges, the same for the same everywhere; whether an address
 * is private, and which IPv6 addresses share a /64, stays visible. False: more
 * than the ranges hold (the devices are then not to be shown).
 */
bool obs_redact(struct obs_device *d, size_t n);

/* --- capture files (capture.c) ----------------------------------------------- */

/*
 * pcap and pcapng, either byte order, fed piece by piece as it comes out of a
 * file or a pipe. fn gets each frame.
 */
enum { CAPTURE_BLOCK_MAX = 1 << 20, CAPTURE_LINKS_MAX = 64 };
typedef void (*capture_fn)(void *arg, uint32_t linktype, int64_t ms,
	const uint8_t *p, size_t n, size_t wire_n);
struct capture;
struct capture *capture_new(capture_fn fn, void *arg);
void capture_free(struct capture *c);
void capture_freep(struct capture **c);
/*
 * 0; -EBADMSG: no capture file, or damaged from here on; -EFBIG: a block over
 * CAPTURE_BLOCK_MAX. Nothing more is taken after an error.
 */
int capture_feed(struct capture *c, const uint8_t *p, size_t n);
/* At the end: 0, or -EBADMSG when the file breaks off. */
int capture_end(const struct capture *c);

#endif
