// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames in, facts out: built here byte by byte, the clock in hand. */
#include <stdlib.h>
#include "test.h"
#include "observe/observe.h"
#include "probe/probe.h"
#include "wire/esp.h"
#include "wire/eth.h"
#include "wire/ikev2.h"
#include "wire/ip6.h"
#include "wire/udp.h"

static const struct mac device_mac = {{0, 0x1b, 0x8b, 0x10, 0x20, 1}};
static const struct mac router_mac = {{0x90, 0x96, 0xf3, 0x2a, 0x40, 1}};

struct wire {
	struct observe *o;
	struct addr device, peer;
	int64_t ms;
};

static struct wire wire_up(const struct observe_want *w)
{
	struct wire x = {.o = observe_new(w), .ms = 1700000000000};
	enum family f;

	addr_parse("2409:11:4a0:2300:21b:8bff:fe10:2001", &f, &x.device);
	addr_parse("2001:f60:5e::10", &f, &x.peer);
	return x;
}

/* One packet of a protocol, out of the device or in to it. */
static void send(struct wire *x, enum obs_dir dir, uint8_t proto,
	const void *p, size_t n)
{
	static uint8_t buf[65536];
	struct wr w = wr_of(buf, sizeof(buf));
	struct eth_head e = {.type = ETHTYPE_IP6,
		.src = dir == OBS_OUT ? device_mac : router_mac,
		.dst = dir == OBS_OUT ? router_mac : device_mac};
	struct ip6_head h = {.next = proto, .hop_limit = 64, .len = (uint16_t)n,
		.src = dir == OBS_OUT ? x->device : x->peer,
		.dst = dir == OBS_OUT ? x->peer : x->device};

	eth_build(&w, &e);
	ip6_build(&w, &h);
	wr_copy(&w, p, n);
	assert_true(wr_ok(&w));
	observe_frame(x->o, LINKTYPE_ETHERNET, x->ms, buf, wr_len(&w), wr_len(&w));
	x->ms += 10;
}

static void udp(struct wire *x, enum obs_dir dir, uint16_t port_device,
	uint16_t port_other, const void *p, size_t n)
{
	static uint8_t buf[65536];
	struct wr w = wr_of(buf, sizeof(buf));
	bool out = dir == OBS_OUT;

	udp_build(&w, FAM_6, out ? &x->device : &x->peer,
		out ? &x->peer : &x->device, out ? port_device : port_other,
		out ? port_other : port_device, p, n);
	send(x, dir, 17, buf, wr_len(&w));
}

struct ike_want_test {
	uint64_t spi_i, spi_r;
	uint8_t exchange;
	uint32_t id;
	bool response, by_device; /* by_device: of the SA, RFC 7296 3.1 */
	size_t pad;
	bool nat;	/* carries hashes of another address */
};

static void ike(struct wire *x, enum obs_dir dir, const struct ike_want_test *t)
{
	static uint8_t buf[9000], pad[9000];
	struct wr w = wr_of(buf, sizeof(buf));
	bool initiator = (dir == OBS_OUT) == t->by_device;
	struct ike_head h = {.spi_i = t->spi_i, .spi_r = t->spi_r,
		.version = 0x20, .exchange = t->exchange, .msgid = t->id,
		.flags = (uint8_t)((initiator ? IKE_FLAG_INITIATOR : 0) |
				   (t->response ? IKE_FLAG_RESPONSE : 0))};
	struct ike_build b;

	ike_build_head(&b, &w, &h);
	if (t->exchange == IKE_SA_INIT) {
		struct endpoint self = {FAM_6, x->device, 500};
		struct endpoint peer = {FAM_6, x->peer, 500};
		uint8_t hash[NATD_HASH_LEN];

		if (t->nat)
			self.addr.b[15] ^= 1;
		natd_hash(t->spi_i, t->spi_r, dir == OBS_IN ? &peer : &self, hash);
		ike_build_notify(&b, IKE_N_NAT_DETECTION_SOURCE_IP, hash, sizeof(hash));
		natd_hash(t->spi_i, t->spi_r, dir == OBS_IN ? &self : &peer, hash);
		ike_build_notify(&b, IKE_N_NAT_DETECTION_DESTINATION_IP, hash, sizeof(hash));
	}
	ike_build_raw(&b, t->exchange == IKE_SA_INIT ? IKE_PL_NONCE : IKE_PL_SK,
		pad, t->pad);
	assert_int_equal(ike_build_finish(&b), 0);
	udp(x, dir, 500, 500, buf, wr_len(&w));
}

static void pair(struct wire *x, struct ike_want_test t, enum obs_dir asks)
{
	ike(x, asks, &t);
	t.response = true;
	ike(x, asks == OBS_OUT ? OBS_IN : OBS_OUT, &t);
}

static void init(struct wire *x, bool nat)
{
	struct ike_want_test t = {.spi_i = 0x11, .exchange = IKE_SA_INIT,
		.by_device = true, .pad = 200, .nat = nat};

	ike(x, OBS_OUT, &t);
	t.spi_r = 0x22;
	t.response = true;
	ike(x, OBS_IN, &t);
	pair(x, (struct ike_want_test){0x11, 0x22, IKE_AUTH, 1, .by_device = true,
		.pad = 1500}, OBS_OUT);
}

static void esp(struct wire *x, enum obs_dir dir, uint32_t spi)
{
	uint8_t b[64] = {0};

	put_be32(b, spi);
	send(x, dir, 50, b, sizeof(b));
}

static const struct obs_device *the_device(const struct wire *x)
{
	const struct obs_device *d, *ret = NULL;
	size_t n = 0;

	for (size_t i = 0; (d = observe_device(x->o, i)); i++)
		if (observe_is_device(x->o, d)) {
			ret = d;
			n++;
		}
	assert_int_equal(n, 1);
	return ret;
}

static void who_begins_is_the_device(void **s)
{
	struct wire x = wire_up(&(struct observe_want){0});
	const struct obs_device *d;

	(void)s;
	init(&x, false);
	d = the_device(&x);
	assert_memory_equal(&d->mac, &device_mac, 6);
	assert_int_equal(d->peer_n, 1);
	assert_int_equal(addr_cmp(&d->peer[0].addr, &x.peer), 0);
	assert_true(d->peer[0].device_starts && d->peer[0].answered &&
		!d->peer[0].peer_starts);
	assert_true(d->addr[0].eui64);
	assert_int_equal(d->peer[0].nat_device, OBS_NAT_NONE);
	assert_int_equal(d->peer[0].nat_peer, OBS_NAT_NONE);
	observe_free(x.o);
}

static void capture_from_the_middle(void **s)
{
	struct wire x = wire_up(&(struct observe_want){0});
	const struct obs_device *d;

	(void)s;
	pair(&x, (struct ike_want_test){0x11, 0x22, IKE_INFORMATIONAL, 7,
		.by_device = true, .pad = 40}, OBS_IN);
	d = the_device(&x);
	assert_memory_equal(&d->mac, &device_mac, 6);
	assert_false(d->peer[0].device_starts);
	observe_free(x.o);
}

static void own_machine_is_no_device(void **s)
{
	struct observe_want w = {.own = {router_mac}, .own_n = 1};
	struct wire x = wire_up(&w);

	(void)s;
	esp(&x, OBS_OUT, 0x1000);
	esp(&x, OBS_IN, 0x2000);
	assert_memory_equal(&the_device(&x)->mac, &device_mac, 6);
	observe_free(x.o);
}

static void nat_is_seen_by_the_hashes(void **s)
{
	struct wire x = wire_up(&(struct observe_want){0});

	(void)s;
	init(&x, true);
	assert_int_equal(the_device(&x)->peer[0].nat_device, OBS_NAT_REWRITTEN);
	assert_int_equal(the_device(&x)->peer[0].nat_peer, OBS_NAT_NONE);
	observe_free(x.o);
}

static void sizes_and_repeats(void **s)
{
	struct wire x = wire_up(&(struct observe_want){0});
	const struct obs_peer *p;
	bool seen = false;

	(void)s;
	init(&x, false);
	for (int i = 0; i < 3; i++) /* never answered: sent again */
		ike(&x, OBS_OUT, &(struct ike_want_test){0x11, 0x22,
			IKE_INFORMATIONAL, 2, .by_device = true, .pad = 52});
	p = &the_device(&x)->peer[0];
	for (size_t i = 0; i < p->kind_n; i++) {
		const struct obs_kind *k = &p->kind[i];

		if (k->exchange == IKE_AUTH)
			assert_int_equal(k->max, IKE_HEAD_LEN + 4 + 1500);
		if (k->exchange != IKE_INFORMATIONAL)
			continue;
		seen = true;
		assert_int_equal(k->n, 1);
		assert_int_equal(k->again, 2);
		assert_int_equal(k->min, 28 + 4 + 52);
		assert_int_equal(k->largest, 40 + 8 + 28 + 4 + 52);
	}
	assert_true(seen);
	observe_free(x.o);
}

/* ESP renewed by the peer, then IKE by the device, then ESP under the new one. */
static void renewals_are_told_apart(void **s)
{
	struct wire x = wire_up(&(struct observe_want){0});
	const struct obs_peer *p;
	int64_t at[3];

	(void)s;
	init(&x, false);
	esp(&x, OBS_OUT, 0x1001);
	esp(&x, OBS_IN, 0x2001);
	at[0] = x.ms += 60000;
	pair(&x, (struct ike_want_test){0x11, 0x22, IKE_CREATE_CHILD_SA, 0,
		.by_device = true, .pad = 300}, OBS_IN);
	esp(&x, OBS_IN, 0x2002);
	esp(&x, OBS_OUT, 0x1002);
	at[1] = x.ms += 60000;
	pair(&x, (struct ike_want_test){0x11, 0x22, IKE_CREATE_CHILD_SA, 2,
		.by_device = true, .pad = 400}, OBS_OUT);
	at[2] = x.ms += 1000;
	pair(&x, (struct ike_want_test){0x33, 0x44, IKE_CREATE_CHILD_SA, 0,
		.by_device = true, .pad = 300}, OBS_OUT);
	esp(&x, OBS_OUT, 0x1003);
	esp(&x, OBS_IN, 0x2003);
	p = &the_device(&x)->peer[0];
	assert_int_equal(p->renewal_n, 3);
	assert_int_equal(p->renewal[0].what, OBS_RENEW_CHILD);
	assert_int_equal(p->renewal[0].by, OBS_IN);
	assert_int_equal(p->renewal[1].what, OBS_RENEW_IKE);
	assert_int_equal(p->renewal[1].by, OBS_OUT);
	assert_int_equal(p->renewal[2].what, OBS_RENEW_CHILD);
	for (int i = 0; i < 3; i++)
		assert_int_equal(p->renewal[i].at, at[i]);
	observe_free(x.o);
}

static void ike1(struct wire *x, enum obs_dir dir, uint64_t spi_r,
	uint8_t exchange, uint32_t id)
{
	uint8_t buf[200], pad[100] = {0};
	struct wr w = wr_of(buf, sizeof(buf));
	struct ike_head h = {.spi_i = 0x11, .spi_r = spi_r, .version = 0x10,
		.exchange = exchange, .msgid = id};
	struct ike_build b;

	ike_build_head(&b, &w, &h);
	ike_build_raw(&b, 1, pad, sizeof(pad));
	assert_int_equal(ike_build_finish(&b), 0);
	udp(x, dir, 500, 500, buf, wr_len(&w));
}

/* RFC 2409: main mode, quick mode, and a quick mode of the peer when ESP runs. */
static void the_old_ike(void **s)
{
	struct wire x = wire_up(&(struct observe_want){0});
	const struct obs_peer *p;

	(void)s;
	for (int i = 0; i < 3; i++) {
		ike1(&x, OBS_OUT, i ? 0x22 : 0, IKE1_MAIN, 0);
		ike1(&x, OBS_IN, 0x22, IKE1_MAIN, 0);
	}
	for (int i = 0; i < 3; i++)
		ike1(&x, i == 1 ? OBS_IN : OBS_OUT, 0x22, IKE1_QUICK, 5);
	esp(&x, OBS_OUT, 0x1001);
	esp(&x, OBS_IN, 0x2001);
	for (int i = 0; i < 3; i++)
		ike1(&x, i == 1 ? OBS_OUT : OBS_IN, 0x22, IKE1_QUICK, 9);
	esp(&x, OBS_OUT, 0x1002);
	esp(&x, OBS_IN, 0x2002);
	p = &the_device(&x)->peer[0];
	assert_true(p->ikev1 && !p->ikev2 && p->device_starts && p->answered &&
		!p->peer_starts);
	assert_int_equal(p->renewal_n, 1);
	assert_int_equal(p->renewal[0].what, OBS_RENEW_CHILD);
	assert_int_equal(p->renewal[0].by, OBS_IN);
	for (size_t i = 0; i < p->kind_n; i++)
		assert_int_equal(p->kind[i].again, 0);
	observe_free(x.o);
}

static void silence_that_the_peer_ends(void **s)
{
	struct wire x = wire_up(&(struct observe_want){0});

	(void)s;
	init(&x, false);
	esp(&x, OBS_OUT, 0x1001);
	x.ms += 45000;
	esp(&x, OBS_IN, 0x2001);
	assert_in_range(the_device(&x)->peer[0].woken_ms, 45000, 45100);
	observe_free(x.o);
}

static size_t dns_head(uint8_t *b, uint8_t flags, uint8_t code, uint16_t answers)
{
	struct wr w = wr_of(b, 512);

	wr_be16(&w, 7);
	wr_u8(&w, flags);
	wr_u8(&w, code);
	wr_be16(&w, 1);
	wr_be16(&w, answers);
	wr_be32(&w, 0);
	wr_copy(&w, "\4Segw\7example\0\0\34\0\1", 18);
	return wr_len(&w);
}

static void names_lead_to_peers(void **s)
{
	struct wire x = wire_up(&(struct observe_want){0});
	const struct obs_device *d;
	const char *name[2];
	uint8_t b[512];
	size_t n;

	(void)s;
	n = dns_head(b, 1, 0, 0);
	udp(&x, OBS_OUT, 4000, 53, b, n);
	n = dns_head(b, 0x81, 0x80, 2);
	/* an alias, then the address of where it leads */
	memcpy(b + n, "\xc0\x0c\0\5\0\1\0\0\0\1\0\2\xc0\x11", 14);
	n += 14;
	memcpy(b + n, "\xc0\x11\0\34\0\1\0\0\0\1\0\20", 12);
	memcpy(b + n + 12, x.peer.b, 16);
	udp(&x, OBS_IN, 4000, 53, b, n + 28);
	init(&x, false);
	d = the_device(&x);
	assert_int_equal(obs_names_of(d, FAM_6, &x.peer, name, 2), 1);
	assert_string_equal(name[0], "segw.example");
	assert_int_equal(d->name[0].asked, 1);
	observe_free(x.o);
}

/* Or a neighbour could name itself a peer. */
static void answers_nobody_asked_for(void **s)
{
	struct wire x = wire_up(&(struct observe_want){0});
	uint8_t b[512];
	size_t n;

	(void)s;
	n = dns_head(b, 0x81, 0x80, 1);
	memcpy(b + n, "\xc0\x0c\0\34\0\1\0\0\0\1\0\20", 12);
	memcpy(b + n + 12, x.peer.b, 16);
	udp(&x, OBS_IN, 4000, 53, b, n + 28);
	init(&x, false);
	assert_int_equal(the_device(&x)->name_n, 0);
	udp(&x, OBS_OUT, 4000, 53, b, dns_head(b, 1, 0, 0));
	n = dns_head(b, 0x81, 0x80, 1);
	memcpy(b + n, "\xc0\x0c\0\34\0\1\0\0\0\1\0\20", 12);
	udp(&x, OBS_IN, 4001, 53, b, n + 28); /* another port */
	assert_int_equal(the_device(&x)->name[0].answer_n, 0);
	udp(&x, OBS_IN, 4000, 53, b, n + 28);
	udp(&x, OBS_IN, 4000, 53, b, n + 28); /* and a second one for it */
	assert_int_equal(the_device(&x)->name[0].answer_n, 1);
	observe_free(x.o);
}

static void names_that_point_at_themselves(void **s)
{
	struct wire x = wire_up(&(struct observe_want){0});
	uint8_t b[64] = {0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1};

	(void)s;
	udp(&x, OBS_OUT, 4000, 53, b, sizeof(b));
	b[13] = 0xff; /* behind the end */
	udp(&x, OBS_OUT, 4000, 53, b, sizeof(b));
	memcpy(b + 12, "\3\33[2\0\0\1\0\1", 9); /* an escape as a name */
	udp(&x, OBS_OUT, 4000, 53, b, sizeof(b));
	init(&x, false);
	assert_int_equal(the_device(&x)->name_n, 1);
	assert_string_equal(the_device(&x)->name[0].name, "??2");
	observe_free(x.o);
}

static void limits_hold(void **s)
{
	struct wire x = wire_up(&(struct observe_want){0});
	const struct obs_device *d;

	(void)s;
	init(&x, false);
	for (unsigned i = 0; i < 1000; i++) { /* a thousand false peers */
		x.peer.b[14] = (uint8_t)(i >> 8);
		x.peer.b[13] = (uint8_t)i;
		esp(&x, OBS_IN, 0x5000 + i);
		udp(&x, OBS_OUT, 1000, 9, "x", 1);
	}
	for (unsigned i = 0; i < 500; i++)
		ike(&x, OBS_OUT, &(struct ike_want_test){0x99, 0x98,
			IKE_CREATE_CHILD_SA, i, .by_device = true});
	d = the_device(&x);
	assert_int_equal(d->peer_n, OBS_PEERS_MAX);
	assert_int_equal(d->other_n, OBS_OTHERS_MAX);
	assert_true(d->lost > 1000);
	observe_free(x.o);
}

/* The real peer comes after forged ones, on a link full of other machines. */
static void forged_senders_hide_nobody(void **s)
{
	struct wire x = wire_up(&(struct observe_want){.mac = {device_mac}, .mac_n = 1});
	struct addr real = x.peer;
	const struct obs_device *d;
	uint8_t f[64] = {0, 0x1b, 0x8b, 0x10, 0x20, 1};
	struct wr w;

	(void)s;
	for (uint8_t i = 1; i < 200; i++) { /* frames of 200 machines */
		w = wr_of(f, sizeof(f));
		eth_build(&w, &(struct eth_head){.type = ETHTYPE_ARP,
			.src = {{2, 0, 0, 0, 0, i}}, .dst = device_mac});
		wr_copy(&w, "\0\1\10\0\6\4\0\1\2\0\0\0\0\0\300\250\1\1\0\0\0\0\0\0\300\250\1\2", 28);
		observe_frame(x.o, LINKTYPE_ETHERNET, x.ms, f, wr_len(&w), wr_len(&w));
	}
	for (unsigned i = 0; i < 100; i++) {
		x.peer.b[14] = (uint8_t)(i + 1);
		esp(&x, OBS_IN, 0x5000 + i);
		udp(&x, OBS_IN, (uint16_t)(1000 + i), 9, "x", 1);
	}
	x.peer = real;
	init(&x, false);
	esp(&x, OBS_OUT, 0x1001);
	esp(&x, OBS_IN, 0x2001);
	udp(&x, OBS_OUT, 123, 123, "x", 1);
	for (unsigned i = 0; i < 100; i++) {
		x.peer.b[14] = (uint8_t)(i + 1);
		esp(&x, OBS_IN, 0x6000 + i);
	}
	d = the_device(&x);
	for (size_t i = 0; i < d->peer_n; i++)
		if (!addr_cmp(&d->peer[i].addr, &real) && d->peer[i].esp[OBS_OUT] == 1)
			real.b[0] = 0;
	assert_int_equal(real.b[0], 0);
	for (size_t i = 0; i < d->other_n; i++)
		if (d->other[i].by == OBS_OUT && d->other[i].port == 123)
			real.b[1] = 0;
	assert_int_equal(real.b[1], 0);
	observe_free(x.o);
}

static void stand_ins_are_the_same_for_the_same(void **s)
{
	static struct obs_device d[2];
	enum family f;

	(void)s;
	memset(d, 0, sizeof(d));
	d[0].has_mac = d[1].has_mac = true;
	d[0].mac = device_mac;
	for (int i = 0; i < 2; i++) {
		d[i].peer_n = d[i].name_n = d[i].name[0].answer_n = 1;
		d[i].peer[0].fam = d[i].name[0].answer[0].fam = FAM_6;
		addr_parse("2001:f60:5e::10", &f, &d[i].peer[0].addr);
		addr_parse("2001:f60:5e::11", &f, &d[i].peer[0].self);
		d[i].name[0].answer[0].addr = d[i].peer[0].addr;
		strcpy(d[i].name[0].name, i ? "other.example.jp" : "segw.example.jp");
	}
	assert_true(obs_redact(d, 2));
	assert_int_equal(addr_cmp(&d[0].peer[0].addr, &d[1].peer[0].addr), 0);
	assert_int_equal(addr_cmp(&d[0].peer[0].addr, &d[0].name[0].answer[0].addr), 0);
	assert_true(addr_cmp(&d[0].peer[0].addr, &d[0].peer[0].self));
	assert_memory_equal(&d[0].peer[0].addr, &d[0].peer[0].self, 8);
	assert_int_equal(d[0].peer[0].addr.b[3], 0xb8);
	assert_true(d[0].mac.b[5] != d[1].mac.b[5] && d[0].mac.b[2] == 0x5e);
	assert_string_equal(d[0].name[0].name, "name1.example");
	assert_string_equal(d[1].name[0].name, "name2.example");
}

/* --- capture files --------------------------------------------------------------- */

static unsigned frames;
static int64_t last_ms;
static size_t last_n, last_wire;

static void count(void *arg, uint32_t link, int64_t ms, const uint8_t *p,
	size_t n, size_t wire_n)
{
	(void)arg;
	(void)p;
	assert_int_equal(link, LINKTYPE_ETHERNET);
	frames++;
	last_ms = ms;
	last_n = n;
	last_wire = wire_n;
}

/* Whole, and again byte by byte. */
static int read_all(const void *p, size_t n, size_t piece)
{
	struct capture *c = capture_new(count, NULL);
	int e = 0;

	frames = 0;
	for (size_t i = 0; e == 0 && i < n; i += piece)
		e = capture_feed(c, (const uint8_t *)p + i, MIN2(piece, n - i));
	e = e ? e : capture_end(c);
	capture_free(c);
	return e;
}

static void classic_files(void **s)
{
	static const uint8_t little_ns[] = "\x4d\x3c\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0\0"
		"\1\0\0\0\0\312\232\73\3\0\0\0\100\0\0\0abc";
	static const uint8_t big_us[] = "\xa1\xb2\xc3\xd4\0\2\0\4\0\0\0\0\0\0\0\0\0\4\0\0\0\0\0\1"
		"\0\0\0\1\0\7\241\40\0\0\0\3\0\0\0\3abc";

	(void)s;
	for (size_t piece = 1; piece < 60; piece += 58) {
		assert_int_equal(read_all(little_ns, sizeof(little_ns) - 1, piece), 0);
		assert_int_equal(frames, 1);
		assert_int_equal(last_ms, 2000);
		assert_int_equal(last_wire, 64);
		assert_int_equal(read_all(big_us, sizeof(big_us) - 1, piece), 0);
		assert_int_equal(last_ms, 1500);
		assert_int_equal(last_n, 3);
	}
	assert_true(read_all(big_us, sizeof(big_us) - 2, 64) < 0);
	assert_int_equal(frames, 0);
	assert_true(read_all("hello, I am no capture", 22, 22) < 0);
	assert_true(read_all("", 0, 1) < 0);
}

static void new_files(void **s)
{
	static const uint8_t ng[] =
		"\x0a\x0d\x0d\x0a\34\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\34\0\0\0"
		/* interface, resolution 10^-3 */
		"\1\0\0\0\40\0\0\0\1\0\0\0\0\0\0\0\11\0\1\0\3\0\0\0\0\0\0\0\40\0\0\0"
		/* an unknown block */
		"\x99\0\0\0\14\0\0\0\14\0\0\0"
		/* a packet at 5000 ms */
		"\6\0\0\0\44\0\0\0\0\0\0\0\0\0\0\0\210\23\0\0\3\0\0\0\3\0\0\0abc\0\44\0\0\0";
	uint8_t bad[sizeof(ng)];

	(void)s;
	for (size_t piece = 1; piece < 200; piece += 198) {
		assert_int_equal(read_all(ng, sizeof(ng) - 1, piece), 0);
		assert_int_equal(frames, 1);
		assert_int_equal(last_ms, 5000);
	}
	memcpy(bad, ng, sizeof(ng));
	bad[sizeof(ng) - 5] = 40; /* the second length disagrees */
	assert_true(read_all(bad, sizeof(ng) - 1, 200) < 0);
	memcpy(bad, ng, sizeof(ng));
	bad[28 + 32 + 12 + 20] = 99; /* more bytes than the block has */
	assert_true(read_all(bad, sizeof(ng) - 1, 200) < 0);
}

static const struct test_case cases[] = {
	{"who begins IKE is the device", who_begins_is_the_device},
	{"a capture from the middle finds it by IKE's flag", capture_from_the_middle},
	{"the machine that listens is no device", own_machine_is_no_device},
	{"NAT is seen by the hashes", nat_is_seen_by_the_hashes},
	{"sizes are those of the wire, repeats are no new messages", sizes_and_repeats},
	{"renewals of ESP and of IKE are told apart", renewals_are_told_apart},
	{"IKEv1: main mode, quick mode, a renewal by the peer", the_old_ike},
	{"a silence that the peer ends is measured", silence_that_the_peer_ends},
	{"names lead to peers, through aliases", names_lead_to_peers},
	{"answers that nobody asked for are no facts", answers_nobody_asked_for},
	{"names that point at themselves, or steer a terminal", names_that_point_at_themselves},
	{"a thousand false peers grow nothing", limits_hold},
	{"forged senders hide nobody", forged_senders_hide_nobody},
	{"stand-ins are the same for the same", stand_ins_are_the_same_for_the_same},
	{"pcap, both byte orders and clocks, in pieces", classic_files},
	{"pcapng, in pieces; its lengths must agree", new_files},
};
RUN(cases)
