// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * learn: hears what the kernel shows it (nflog), asks espnat, tells apply what
 * to put into the maps, and passes on the packets that came before that. It
 * holds two sockets and memory, no rights, no files.
 */
#include "daemon.h"
#include "esp.h"
#include "ipc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "espnat/espnat.h"
#include "kernel/kernel.h"
#include "nft/nft.h"
#include "wire/esp.h"
#include "wire/ip4.h"
#include "wire/sum.h"
#include "wire/udp.h"

#include <errno.h>
#include <event2/event.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

enum { PACKET_MAX = 65535, LAN_MTU = 1500, TICK_MS = 1000, STATUS_MS = 1000 };

struct learn {
	struct event_base *base;
	struct ipc *ipc;
	struct espnat *e;
	int nflog, raw;
	struct text changes;
	bool dirty;
	uint64_t passed, pass_errors, lost;
	msec_t now;
};

static void on_change(void *arg, const struct espnat_change *c)
{
	struct learn *l = arg;

	text_addn(&l->changes, (const char *)c, sizeof(*c));
	l->dirty = true;
}

static void flush_changes(struct learn *l)
{
	if (l->changes.len)
		ipc_send(l->ipc, IPC_ESP_CHANGE, text_str(&l->changes),
			l->changes.len);
	text_clear(&l->changes);
}

/* ---- passing on ---- */

static void send_one(struct learn *l, const struct ip4_head *h,
	const uint8_t *data, size_t n)
{
	uint8_t buf[PACKET_MAX];
	struct wr w = wr_of(buf, sizeof(buf));
	struct ip4_head out = *h;

	out.len = (uint16_t)(IP4_HEAD_LEN + n);
	ip4_build(&w, &out);
	wr_copy(&w, data, n);
	if (!wr_ok(&w) || kernel_raw4_send(l->raw, addr_to4(&h->dst), buf,
				  wr_len(&w)))
		l->pass_errors++;
	else
		l->passed++;
}

/* The kernel does not cut what comes with its header (raw(7)). */
static void send_cut(struct learn *l, struct ip4_head *h, const uint8_t *data,
	size_t n)
{
	size_t step = (LAN_MTU - IP4_HEAD_LEN) & ~7u;

	if (n + IP4_HEAD_LEN <= LAN_MTU) {
		send_one(l, h, data, n);
		return;
	}
	h->df = false;
	for (size_t at = 0; at < n; at += step) {
		h->frag_off = (uint16_t)at;
		h->mf = at + step < n;
		send_one(l, h, data + at, MIN2(step, n - at));
	}
}

static void pass_on(struct learn *l, struct ip4_head h, const uint8_t *data,
	size_t n, uint32_t host)
{
	enum { UDP = 17, AT_SUM = 6 };
	uint8_t copy[PACKET_MAX];

	if (h.ttl <= 1 || n > sizeof(copy))
		return;
	h.ttl--;
	h.dst = addr_from4(host);
	memcpy(copy, data, n);
	if (h.proto == UDP && n >= 4) /* it may have been translated */
		put_be16(copy + 2, IKE_PORT);
	if (h.proto == UDP && (copy[AT_SUM] || copy[AT_SUM + 1])) {
		copy[AT_SUM] = copy[AT_SUM + 1] = 0;
		sum_put(copy, n, AT_SUM, FAM_4, &h.src, &h.dst, UDP);
	}
	send_cut(l, &h, copy, n);
}

/* ---- hearing ---- */

static bool is_ike(struct rd r, struct udp_head *u, struct ike_head *k)
{
	return !udp_parse(&r, u) &&
	       (u->dport == IKE_PORT || u->sport == IKE_PORT) && !ike_parse(&r, k);
}

static void heard_out(struct learn *l, const struct ip4_head *h, struct rd r)
{
	uint32_t host = addr_to4(&h->src), peer = addr_to4(&h->dst);
	struct esp_head esp;
	struct udp_head u;
	struct ike_head k;

	if (h->proto == 50 && !esp_parse(&r, &esp))
		espnat_esp_out(l->e, l->now, host, peer, esp.spi, esp.seq);
	else if (h->proto == 17 && is_ike(r, &u, &k) && u.dport == IKE_PORT)
		espnat_ike_out(l->e, l->now, host, peer, &k);
}

static void heard_in(struct learn *l, const struct ip4_head *h, struct rd r)
{
	uint32_t peer = addr_to4(&h->src);
	struct espnat_verdict v = {0};
	const uint8_t *data = r.p;
	size_t n = rd_left(&r);
	struct esp_head esp;
	struct udp_head u;
	struct ike_head k;

	if (h->proto == 50 && !esp_parse(&r, &esp))
		espnat_esp_in(l->e, l->now, peer, esp.spi, esp.seq, &v);
	else if (h->proto == 17 && is_ike(r, &u, &k) && u.sport == IKE_PORT)
		espnat_ike_in(l->e, l->now, peer, &k, &v);
	for (unsigned i = 0; i < v.n; i++)
		pass_on(l, *h, data, n, v.to[i]);
}

/* The kernel gave the copies out; this is to learn from. */
static void copied(struct learn *l, const struct ip4_head *h, struct rd r)
{
	struct esp_head esp;

	if (h->proto == 50 && !esp_parse(&r, &esp))
		espnat_esp_copied(l->e, l->now, addr_to4(&h->src), esp.spi,
			esp.seq);
}

static void heard(void *arg, bool out, const char *prefix, const uint8_t *p,
	size_t n)
{
	struct rd r = rd_of(p, n), whole = r;
	struct learn *l = arg;
	struct ip4_head h;

	/* of what leaves and of copies only the headers come (nft/emit-esp) */
	if (ip4_parse_cut(&r, &h) || ip4_is_fragment(&h))
		return;
	if (out)
		heard_out(l, &h, r);
	else if (!strcmp(prefix, NFT_ESP_COPIED))
		copied(l, &h, r);
	else if (!ip4_parse(&whole, &h))
		heard_in(l, &h, r);
}

static void on_nflog(int fd, short what, void *arg)
{
	struct learn *l = arg;

	(void)what;
	l->now = clock_ms();
	if (kernel_nflog_read(fd, heard, l) == -ENOBUFS) {
		l->lost++;
		espnat_lost(l->e, l->now);
	}
	flush_changes(l);
}

/* ---- counters: "A . SPI counter packets N bytes N : Z" ---- */

static bool dotted(const char *s, uint32_t *ret)
{
	enum family fam;
	struct addr a;

	if (addr_parse(s, &fam, &a) || fam != FAM_4)
		return false;
	*ret = addr_to4(&a);
	return true;
}

static void count_one(struct learn *l, const char *s)
{
	char a[20], b[20];
	uint32_t x, y, spi;
	unsigned long long n, ike;

	if (sscanf(s, " fast %19[0-9.] . %19[0-9.] . %u packets %llu", a, b,
		    &spi, &n) == 4 && dotted(a, &x) && dotted(b, &y))
		espnat_fast_out(l->e, l->now, x, y, spi, n);
	else if (sscanf(s, " fast %19[0-9.] . %u packets %llu", a, &spi, &n) ==
			 3 && dotted(a, &x))
		espnat_fast_in(l->e, l->now, x, spi, n);
	else if (sscanf(s, " 0x%llx counter packets %llu", &ike, &n) == 2)
		espnat_seen_ike(l->e, l->now, ike, n);
	else if (sscanf(s, " %19[0-9.] . %19[0-9.] . %u counter packets %llu", a, b,
			&spi, &n) == 4 && dotted(a, &x) && dotted(b, &y))
		espnat_seen_out(l->e, l->now, x, y, spi, n);
	else if (sscanf(s, " %19[0-9.] . %u counter packets %llu", a, &spi,
			 &n) == 3 && dotted(a, &x))
		espnat_seen_in(l->e, l->now, x, spi, n);
}

static void on_count(struct learn *l, const char *list)
{
	l->now = clock_ms();
	for (const char *p = list; p && *p;) {
		const char *e = strstr(p, "elements = {");

		if (!e)
			break;
		p = e + strlen("elements = {");
		for (;;) {
			size_t len = strcspn(p, ",}");

			count_one(l, p);
			p += len;
			if (*p != ',')
				break;
			p++;
		}
	}
	flush_changes(l);
}

/* ---- status ---- */

struct report {
	json_t *in, *out, *ike;
	msec_t now;
};

static const char *ip(uint32_t a, char buf[ADDR_STR])
{
	struct addr x = addr_from4(a);

	return addr_format(FAM_4, &x, buf);
}

static void report_in(void *arg, const struct espnat_sa *s)
{
	struct report *r = arg;
	char peer[ADDR_STR], host[ADDR_STR], spi[16];
	json_t *hosts = json_array();

	snprintf(spi, sizeof(spi), "%08x", s->spi);
	for (unsigned i = 0; i < s->host_n; i++)
		json_array_append_new(hosts, json_string(ip(s->hosts[i], host)));
	json_array_append_new(r->in, json_pack("{s:s, s:s, s:o, s:s, s:b, s:I, s:I, s:I}",
		"peer", ip(s->peer, peer), "spi", spi, "hosts", hosts, "how",
		espnat_how_name(s->how), "firm", s->firm, "packets",
		(json_int_t)s->packets, "age_s",
		(json_int_t)((r->now - s->first) / 1000), "idle_s",
		(json_int_t)((r->now - s->last) / 1000)));
}

static void report_out(void *arg, const struct espnat_out *o)
{
	struct report *r = arg;
	char peer[ADDR_STR], host[ADDR_STR], spi[16];

	snprintf(spi, sizeof(spi), "%08x", o->spi);
	json_array_append_new(r->out, json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}",
		"peer", ip(o->peer, peer), "host", ip(o->host, host), "spi",
		spi, "packets", (json_int_t)o->packets, "age_s",
		(json_int_t)((r->now - o->first) / 1000), "idle_s",
		(json_int_t)((r->now - o->last) / 1000)));
}

static void report_ike(void *arg, const struct espnat_ike *k)
{
	struct report *r = arg;
	char peer[ADDR_STR], host[ADDR_STR], i[24], re[24];

	snprintf(i, sizeof(i), "%016llx", (unsigned long long)k->spi_i);
	snprintf(re, sizeof(re), "%016llx", (unsigned long long)k->spi_r);
	json_array_append_new(r->ike, json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:I, s:I}",
		"peer", ip(k->peer, peer), "host", ip(k->host, host), "spi_i",
		i, "spi_r", re, "out", (int)k->out, "in", (int)k->in, "age_s",
		(json_int_t)((r->now - k->first) / 1000), "idle_s",
		(json_int_t)((r->now - k->last) / 1000)));
}

static json_t *stats_json(const struct learn *l)
{
	struct espnat_stats st;
	json_t *o = json_object();

	espnat_stats_get(l->e, &st);
	for (int w = 0; w < ESPNAT_WHY_MAX; w++)
		json_object_set_new(o, espnat_why_name((enum espnat_why)w),
			json_integer((json_int_t)st.why[w]));
	json_object_set_new(o, "copies", json_integer((json_int_t)st.copies));
	json_object_set_new(o, "refused", json_integer((json_int_t)st.refused));
	json_object_set_new(o, "collisions", json_integer((json_int_t)st.shared));
	json_object_set_new(o, "passed_on", json_integer((json_int_t)l->passed));
	json_object_set_new(o, "pass_errors",
		json_integer((json_int_t)l->pass_errors));
	json_object_set_new(o, "events_lost", json_integer((json_int_t)l->lost));
	return o;
}

static void report(struct learn *l)
{
	struct report r = {json_array(), json_array(), json_array(), l->now};
	json_t *o;
	char *s;

	espnat_each_in(l->e, report_in, &r);
	espnat_each_out(l->e, report_out, &r);
	espnat_each_ike(l->e, report_ike, &r);
	o = json_pack("{s:o, s:o, s:o, s:o}", "in", r.in, "out", r.out, "ike",
		r.ike, "counters", stats_json(l));
	s = json_dumps(o, JSON_SORT_KEYS | JSON_COMPACT);
	json_decref(o);
	if (s)
		ipc_send(l->ipc, IPC_ESP_STATUS, s, strlen(s));
	free(s);
}

static void save(struct learn *l)
{
	struct text t = TEXT_INIT;

	if (!l->dirty)
		return;
	l->dirty = false;
	espnat_save(l->e, l->now, &t);
	ipc_send(l->ipc, IPC_ESP_SAVE, text_str(&t), t.len);
	text_done(&t);
}

static void on_tick(int fd, short what, void *arg)
{
	struct learn *l = arg;

	(void)fd;
	(void)what;
	l->now = clock_ms();
	espnat_tick(l->e, l->now);
	flush_changes(l);
	save(l);
	report(l);
}

static void on_hello(struct learn *l, const char *body, size_t len)
{
	struct esp_hello h;

	if (len < sizeof(h))
		return;
	memcpy(&h, body, sizeof(h));
	l->now = clock_ms();
	if (h.flush)
		espnat_flush(l->e);
	else
		espnat_restore(l->e, l->now, body + sizeof(h), len - sizeof(h));
	flush_changes(l);
}

static void on_message(void *arg, enum ipc_type t, const char *body, size_t len)
{
	if (t == IPC_ESP_HELLO)
		on_hello(arg, body, len);
	else if (t == IPC_ESP_COUNT)
		on_count(arg, body);
}

static void on_gone(void *arg)
{
	struct learn *l = arg;

	event_base_loopbreak(l->base);
}

void learn_run(int ipc_fd, int nflog_fd, int raw_fd)
{
	struct timeval tv = {TICK_MS / 1000, 0};
	struct learn l = {.nflog = nflog_fd, .raw = raw_fd,
		.base = event_base_new()};
	struct hash_key key = hash_key_random();
	int rc;

	log_open("kadomorid[learn]", LOG_INFO);
	rc = sandbox_decide();
	if (rc)
		log_warn(_("cannot lock itself up (%s): going on with fewer walls"),
			strerror(-rc));
	l.e = espnat_new(&espnat_limits_home, &key, on_change, &l);
	l.ipc = ipc_new(l.base, ipc_fd, on_message, on_gone, &l);
	event_add(event_new(l.base, nflog_fd, EV_READ | EV_PERSIST, on_nflog, &l),
		NULL);
	event_add(event_new(l.base, -1, EV_PERSIST, on_tick, &l), &tv);
	event_base_dispatch(l.base);
	_exit(0);
}
