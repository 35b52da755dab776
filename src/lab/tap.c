/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What IKE and ESP went over a wire, told from the frames alone. A message in
 * fragments is followed by the fragments' identification (RFC 791, RFC 8200
 * 4.5), which one sender does not use twice within a try.
 *
 * Frames are taken through a ring, which copies them as they arrive. An
 * ordinary packet socket shares the bytes with the stack until they are read,
 * and IPv6 defragmentation for conntrack strips the fragment header in place:
 * the first fragment then reads as a whole packet (seen on Linux 6.18).
 */
#include <errno.h>
#include <unistd.h>
#include <linux/if_packet.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include "base/rd.h"
#include "lab/lab-own.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

enum { ESP = 50, UDP = 17, PORT_IKE = 500, PORT_NATT = 4500, FLAG_R = 0x20 };
enum { RING_FRAME = 2048, RING_N = 4096, RING_BLOCK = 1 << 16 };

struct seen {
	enum lab_dir dir;
	uint8_t proto;
	uint16_t frag_off;
	uint32_t frag_id;
	unsigned ip_len;
};

static int ring_make(struct lab_tap *t)
{
	struct tpacket_req req = {.tp_frame_size = RING_FRAME,
		.tp_frame_nr = RING_N, .tp_block_size = RING_BLOCK,
		.tp_block_nr = RING_N * RING_FRAME / RING_BLOCK};
	int v2 = TPACKET_V2;

	if (setsockopt(t->fd, SOL_PACKET, PACKET_VERSION, &v2, sizeof(v2)) ||
		setsockopt(t->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		return -errno;
	t->ring = mmap(NULL, RING_N * RING_FRAME, PROT_READ | PROT_WRITE,
		MAP_SHARED, t->fd, 0);
	return t->ring == MAP_FAILED ? -errno : 0;
}

int lab_tap_open(const struct lab *lab, enum lab_node n, const char *ifname,
	struct lab_tap *ret)
{
	int fd = lab_packet_socket(lab, n, ifname, false), e;

	if (fd < 0)
		return fd;
	memset(ret, 0, sizeof(*ret));
	ret->fd = fd;
	e = ring_make(ret);
	if (e < 0)
		close(fd);
	return e;
}

void lab_tap_close(struct lab_tap *t)
{
	if (t->fd < 0)
		return;
	munmap(t->ring, RING_N * RING_FRAME);
	close(t->fd);
	t->fd = -1;
}

static void esp_note(struct lab_tap *t, enum lab_dir dir, uint32_t spi)
{
	for (size_t i = 0; i < t->spi_n[dir]; i++)
		if (t->spi[dir][i] == spi)
			return;
	if (t->spi_n[dir] < LAB_SPI_MAX)
		t->spi[dir][t->spi_n[dir]++] = spi;
}

/* IKE header, RFC 7296 3.1. r stands at the initiator's SPI. */
static void ike_note(struct lab_tap *t, const struct seen *s, struct rd *r,
	uint16_t port, unsigned size)
{
	struct lab_ike m = {.dir = s->dir, .port = port, .packets = 1,
		.size = size, .largest = s->ip_len, .frag_id = s->frag_id};

	for (size_t i = 0; s->frag_id && i < t->early_n; i++)
		if (t->early[i].frag_id == s->frag_id && t->early[i].dir == s->dir) {
			m.packets++;
			m.size += t->early[i].size;
			m.largest = MAX2(m.largest, t->early[i].largest);
		}
	m.spi_i = rd_be64(r);
	rd_skip(r, 8 + 2);
	m.exchange = rd_u8(r);
	m.response = rd_u8(r) & FLAG_R;
	m.msg_id = rd_be32(r);
	if (rd_ok(r) && t->ike_n < LAB_IKE_MAX)
		t->ike[t->ike_n++] = m;
}

static void later_fragment(struct lab_tap *t, const struct seen *s, size_t n)
{
	for (size_t i = t->ike_n; i-- > 0;) {
		struct lab_ike *m = &t->ike[i];

		if (m->frag_id != s->frag_id || m->dir != s->dir)
			continue;
		m->packets++;
		m->size += (unsigned)n;
		m->largest = MAX2(m->largest, s->ip_len);
		return;
	}
	/* it overtook the first: two cores may work on one wire */
	if (t->early_n < LAB_EARLY_MAX)
		t->early[t->early_n++] = (struct lab_ike){.dir = s->dir,
			.frag_id = s->frag_id, .size = (unsigned)n,
			.largest = s->ip_len};
}

static void udp_note(struct lab_tap *t, const struct seen *s, struct rd *r)
{
	uint16_t sport = rd_be16(r), dport = rd_be16(r);
	uint16_t port = s->dir == LAB_OUT ? dport : sport;
	unsigned size;

	rd_skip(r, 4);
	size = (unsigned)rd_left(r);
	if (port == PORT_NATT) {
		uint32_t spi = rd_be32(r);

		if (rd_ok(r) && spi) {
			t->esp_udp[s->dir]++;
			esp_note(t, s->dir, spi);
		}
		if (!rd_ok(r) || spi)
			return; /* ESP, or a keepalive of one byte */
	}
	if (rd_ok(r) && (port == PORT_NATT || port == PORT_IKE))
		ike_note(t, s, r, port, size);
}

static void upper_note(struct lab_tap *t, const struct seen *s, struct rd *r)
{
	if (s->frag_off) {
		later_fragment(t, s, rd_left(r));
	} else if (s->proto == UDP) {
		udp_note(t, s, r);
	} else if (s->proto == ESP) {
		uint32_t spi = rd_be32(r);

		t->esp[s->dir]++;
		esp_note(t, s->dir, spi);
	} else {
		t->other++;
	}
}

void lab_tap_frame(struct lab_tap *t, enum lab_dir dir, struct rd *r)
{
	struct seen s = {.dir = dir};
	struct ip6_upper up;
	struct eth_head eth;
	struct ip4_head h4;
	struct ip6_head h6;

	if (eth_parse(r, &eth) < 0)
		return;
	s.ip_len = (unsigned)rd_left(r);
	if (eth.type == ETHTYPE_IP4 && ip4_parse(r, &h4) == 0) {
		s.proto = h4.proto;
		s.frag_off = h4.frag_off;
		s.frag_id = ip4_is_fragment(&h4) ? h4.id : 0;
		upper_note(t, &s, r);
	} else if (eth.type == ETHTYPE_IP6 && ip6_parse(r, &h6) == 0 &&
		ip6_walk(r, h6.next, &up) == 0) {
		s.proto = up.proto;
		s.frag_off = up.frag_off;
		s.frag_id = up.frag_id;
		upper_note(t, &s, r);
	}
}

void lab_tap_read(struct lab_tap *t)
{
	for (;;) {
		uint8_t *slot = (uint8_t *)t->ring + t->ring_at * RING_FRAME;
		struct tpacket2_hdr *h = (struct tpacket2_hdr *)(void *)slot;
		const struct sockaddr_ll *from = (const void *)(slot +
			TPACKET_ALIGN(sizeof(*h)));
		struct rd r;

		if (!(__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) &
			    TP_STATUS_USER))
			return;
		r = rd_of(slot + h->tp_mac, h->tp_snaplen);
		lab_tap_frame(t, from->sll_pkttype == PACKET_OUTGOING ? LAB_OUT :
			LAB_IN, &r);
		__atomic_store_n(&h->tp_status, TP_STATUS_KERNEL,
			__ATOMIC_RELEASE);
		t->ring_at = (t->ring_at + 1) % RING_N;
	}
}

const struct lab_ike *lab_tap_ike(const struct lab_tap *t, enum lab_dir dir,
	uint8_t exchange, bool response)
{
	for (size_t i = t->ike_n; i-- > 0;)
		if (t->ike[i].dir == dir && t->ike[i].exchange == exchange &&
			t->ike[i].response == response)
			return &t->ike[i];
	return NULL;
}
