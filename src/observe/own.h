/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside observe only: a frame on its way through the room. */
#ifndef KADOMORI_OBSERVE_OWN_H
#define KADOMORI_OBSERVE_OWN_H

#include "base/rd.h"
#include "observe/observe.h"

enum { FRAG_MAX = 256, SA_MAX = 64, SPI_MAX = 128, STREAM_MAX = 16, QUESTION_MAX = 64,
	STREAM_BYTES = 4096 };

/* One packet as one of its two hosts sees it. */
struct look {
	enum obs_dir dir;
	enum family fam;
	struct addr self, other;
	uint8_t proto;
	uint16_t self_port, other_port;
	uint32_t ip_len;	/* bytes of the IP packet */
	bool fragment;		/* one of several */
	uint32_t frag_id;
	int64_t ms;
};

/* A message in fragments, as one host counts it. */
struct frag {
	enum family fam;
	enum obs_dir dir;
	struct addr self, other;
	uint32_t id, packets, largest;
	uint8_t host, peer;	/* indexes */
	bool told;		/* the first one came: peer and kind are known */
	uint8_t kind;		/* NO_KIND: ESP */
};
enum { NO_KIND = 0xff };

/* An IKE SA, so that a new one is known as such. */
struct sa {
	uint64_t spi_i, spi_r;
	uint8_t host, peer;
	bool used;
	uint32_t last_id[2][2];	/* message id by direction, request/response */
	bool has_id[2][2];
	uint8_t last_exchange[2][2];
	bool was_init;		/* began with IKE_SA_INIT */
};

/* ESP SPIs seen. */
struct spi {
	uint32_t spi;
	uint8_t host, peer;
	enum obs_dir dir;
	bool used;
};

/* DNS over TCP: the bytes so far, in order. */
struct stream {
	bool used;
	uint8_t host;
	enum family fam;
	struct addr other;
	uint16_t self_port;
	enum obs_dir dir;
	uint32_t next;		/* sequence number that is wanted */
	size_t n;
	uint8_t b[STREAM_BYTES];
};

/* A DNS query over UDP that waits: answers nobody asked for are no facts. */
struct question {
	bool waits;
	uint8_t host;
	enum family fam;
	struct addr other;
	uint16_t self_port, id;
};

struct host {
	struct obs_device d;
	/* when it last sent IKE or ESP to each peer; last keep-alive */
	int64_t sent[OBS_PEERS_MAX], kept[OBS_PEERS_MAX];
	/* new ESP SPIs by direction; renewals told from them */
	uint32_t changed[OBS_PEERS_MAX][2], renewed[OBS_PEERS_MAX];
};

struct observe {
	struct observe_want want;
	struct observe_counts c;
	struct host *host[OBS_HOSTS_MAX];
	size_t host_n;
	struct frag frag[FRAG_MAX];
	size_t frag_at;
	struct sa sa[SA_MAX];
	size_t sa_at;
	struct spi spi[SPI_MAX];
	size_t spi_at;
	struct question question[QUESTION_MAX];
	size_t question_at;
	struct stream stream[STREAM_MAX];
	size_t stream_at;
	uint8_t whole[65536 + 64]; /* a cut frame, filled up with zeros */
};

/* observe.c: the peer at an address, made if need be; NULL: no room. */
struct obs_peer *look_peer(struct observe *o, size_t h, const struct look *l,
	bool make);

/*
 * forget.c: a full table's place for something new, its old traces gone; NULL
 * or -1 when all that is there is worth more.
 */
struct obs_peer *forget_peer(struct observe *o, size_t h);
struct obs_other *forget_other(struct obs_device *d, enum obs_dir by);
int forget_host(struct observe *o);

/* observe.c: is it one that was asked for by MAC or address? */
bool host_wanted(const struct observe *o, const struct obs_device *d);

/* ipsec.c */
void look_ike(struct observe *o, size_t h, const struct look *l, struct rd r,
	uint32_t udp_len);
void look_4500(struct observe *o, size_t h, const struct look *l, struct rd r,
	uint32_t udp_len);
void look_esp(struct observe *o, size_t h, const struct look *l, struct rd r);
/* A fragment that is not the first. */
void look_later(struct observe *o, size_t h, const struct look *l);

/* names.c */
void look_dns(struct observe *o, size_t h, const struct look *l, struct rd r,
	bool tcp);
void look_dns_tcp(struct observe *o, size_t h, const struct look *l,
	uint32_t seq, bool syn, struct rd r);

#endif
