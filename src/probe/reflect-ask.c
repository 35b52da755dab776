// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reflector's client: one conversation in three parts. First what comes in
 * though nobody asked (before anything was sent to ports 500, 4500 or by ESP),
 * then out and back, then back after silence.
 */
#include "probe/probe.h"
#include "probe/sock.h"
#include "wire/ikev2.h"
#include "wire/ip4.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

enum { C_CTL, C_IKE, C_NATT, C_UDP, C_ESP, C_MAX };
enum { ANSWER_MS = 700, TRIES = 3, UNASKED_MS = 1200, BACK_MS = 1500,
	LATE_MS = 1500, COPIES = 2, BIG = 3000, SMALL = 120, MTU_TRIES = 4,
	MTU_WAIT_MS = 150 };
/* Tags; ports come behind. */
enum { T_ESP_UNASKED = 1, T_IKE_UNASKED, T_UDP_UNASKED,
	T_IKE_OUT, T_FULL_OUT, T_BIG_OUT, T_ESP_OUT, T_ESP_FULL_OUT,
	T_ESP_BIG_OUT, T_NATT_OUT,
	T_IKE_BACK, T_FULL_BACK, T_BIG_BACK, T_ESP_BACK, T_ESP_FULL_BACK,
	T_ESP_BIG_BACK, T_ESP_NEW_SPI, T_NATT_BACK,
	T_IKE_IDLE, T_ESP_IDLE, T_NATT_IDLE,
	T_TCP = 64, T_UDP = T_TCP + REFLECT_PORTS_MAX,
	T_MAX = T_UDP + REFLECT_PORTS_MAX };

struct ask {
	const struct reflect_ask_want *w;
	struct reflect_result *r;
	int fd[C_MAX];
	uint8_t nonce[REFLECT_NONCE], cookie[REFLECT_COOKIE];
	uint32_t number;
	uint32_t spi, spi_new;
	uint16_t udp_port;
	bool has_alt;
	bool came[T_MAX];
	struct reflect_msg last; /* the last REPORT */
	bool answer; /* a control answer came, in last_answer */
	struct reflect_msg last_answer;
};

static const uint8_t kind_of[C_MAX] = {[C_IKE] = REFLECT_IKE,
	[C_NATT] = REFLECT_NATT, [C_UDP] = REFLECT_UDP, [C_ESP] = REFLECT_ESP};

/* --- sockets ------------------------------------------------------------------- */

static int open_udp(const struct ask *a, uint16_t port)
{
	struct endpoint e = a->w->self;
	int fd = sock_udp(a->w->server.fam), r;

	if (fd < 0)
		return fd;
	e.fam = a->w->server.fam;
	e.port = port;
	r = sock_bind(fd, &e) ?: sock_fragment(fd, e.fam, 0);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

static int open_raw(const struct ask *a)
{
	struct endpoint e = a->w->self;
	enum family fam = a->w->server.fam;
	int fd = socket(fam == FAM_6 ? AF_INET6 : AF_INET,
		SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ESP);

	if (fd < 0)
		return -errno;
	e.fam = fam;
	e.port = 0;
	if (sock_bind(fd, &e) < 0 || sock_fragment(fd, fam, 0) < 0) {
		close(fd);
		return -EADDRNOTAVAIL;
	}
	return fd;
}

static size_t mtu_now(const struct ask *a)
{
	int v = 0;
	socklen_t n = sizeof(v);

	if (a->w->server.fam == FAM_6)
		getsockopt(a->fd[C_CTL], IPPROTO_IPV6, IPV6_MTU, &v, &n);
	else
		getsockopt(a->fd[C_CTL], IPPROTO_IP, IP_MTU, &v, &n);
	return v > 0 ? (size_t)v : 1280;
}

static int open_all(struct ask *a)
{
	struct endpoint e;
	int r;

	a->fd[C_CTL] = open_udp(a, 0);
	if (a->fd[C_CTL] < 0)
		return a->fd[C_CTL];
	r = sock_connect(a->fd[C_CTL], &a->w->server);
	r = r ?: sock_self(a->fd[C_CTL], &a->r->self);
	if (r < 0)
		return r;
	a->r->mtu = mtu_now(a);
	a->fd[C_UDP] = open_udp(a, 0);
	if (a->fd[C_UDP] >= 0 && sock_self(a->fd[C_UDP], &e) == 0)
		a->udp_port = e.port;
	a->fd[C_IKE] = open_udp(a, IKE_PORT);
	a->fd[C_NATT] = open_udp(a, IKE_NATT_PORT);
	a->fd[C_ESP] = open_raw(a);
	a->r->port500_taken = a->fd[C_IKE] < 0;
	a->r->port4500_taken = a->fd[C_NATT] < 0;
	a->r->no_raw = a->fd[C_ESP] < 0;
	return 0;
}

static void close_all(struct ask *a)
{
	for (int i = 0; i < C_MAX; i++)
		if (a->fd[i] >= 0)
			close(a->fd[i]);
}

/* --- receiving -------------------------------------------------------------------- */

static void token_came(struct ask *a, int which, const uint8_t *b, size_t n)
{
	struct reflect_token t;
	struct rd c = rd_of(b, n);
	struct ip4_head h;

	if (which == C_ESP && a->w->server.fam == FAM_4) {
		if (ip4_parse(&c, &h) < 0)
			return;
		b = c.p;
		n = rd_left(&c);
	}
	if (reflect_token_of(kind_of[which], b, n, &t) < 0 ||
		memcmp(t.nonce, a->nonce, sizeof(t.nonce)) || t.tag >= T_MAX)
		return;
	a->came[t.tag] = true;
}

static void receive(struct ask *a, int which)
{
	static uint8_t buf[65536];
	static struct reflect_msg m;
	ssize_t n = recv(a->fd[which], buf, sizeof(buf), MSG_DONTWAIT);

	if (n < 0)
		return;
	if (which != C_CTL) {
		token_came(a, which, buf, (size_t)n);
		return;
	}
	if (reflect_parse(buf, (size_t)n, &a->w->key, &m) < 0 ||
		memcmp(m.nonce, a->nonce, REFLECT_NONCE))
		return;
	a->last_answer = m;
	a->answer = true;
}

/* Take what comes for ms, or until a control answer of that type came. */
static bool listen_for(struct ask *a, int ms, uint8_t type)
{
	msec_t end = clock_ms() + ms, now;
	struct pollfd pf[C_MAX];

	a->answer = false;
	while ((now = clock_ms()) < end) {
		for (int i = 0; i < C_MAX; i++)
			pf[i] = (struct pollfd){a->fd[i], POLLIN, 0};
		if (poll(pf, C_MAX, (int)(end - now)) <= 0)
			continue;
		for (int i = 0; i < C_MAX; i++)
			if (pf[i].revents)
				receive(a, i);
		if (type && a->answer && a->last_answer.type == type)
			return true;
	}
	return false;
}

/* --- control ---------------------------------------------------------------------- */

static bool request(struct ask *a, struct reflect_msg *m, uint8_t want)
{
	uint8_t buf[REFLECT_MSG_MAX];
	int n;

	for (int i = 0; i < TRIES; i++) {
		m->number = ++a->number;
		memcpy(m->nonce, a->nonce, REFLECT_NONCE);
		memcpy(m->cookie, a->cookie, REFLECT_COOKIE);
		n = reflect_build(m, &a->w->key, buf, sizeof(buf));
		if (n < 0)
			return false;
		(void)!send(a->fd[C_CTL], buf, (size_t)n, 0);
		if (listen_for(a, ANSWER_MS, want))
			return true;
	}
	return false;
}

/*
 * Before every request: a NAT may have given the control port another number
 * since, and cookies grow old.
 */
static bool hello(struct ask *a)
{
	static struct reflect_msg m;

	memset(&m, 0, sizeof(m));
	m.type = REFLECT_HELLO;
	if (!request(a, &m, REFLECT_CHALLENGE))
		return false;
	memcpy(a->cookie, a->last_answer.cookie, REFLECT_COOKIE);
	a->r->you = a->last_answer.you;
	a->has_alt = a->last_answer.has_alt;
	return true;
}

static bool order(struct ask *a, const struct reflect_item *t, size_t n)
{
	static struct reflect_msg m;

	memset(&m, 0, sizeof(m));
	m.type = REFLECT_ORDER;
	m.item_n = n;
	memcpy(m.item, t, n * sizeof(*t));
	if (!hello(a) || !request(a, &m, REFLECT_ACCEPT))
		return false;
	if (a->last_answer.verdict[0] == REFLECT_FULL)
		a->r->busy = true;
	return !a->r->busy;
}

static bool report(struct ask *a)
{
	static struct reflect_msg m;

	memset(&m, 0, sizeof(m));
	m.type = REFLECT_ASK;
	if (!hello(a) || !request(a, &m, REFLECT_REPORT))
		return false;
	a->last = a->last_answer;
	return true;
}

/* --- sending ------------------------------------------------------------------------ */

static void set_df(const struct ask *a, int fd, bool df)
{
	int v6 = df ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_WANT;
	int v4 = df ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT;

	if (a->w->server.fam == FAM_6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof(v6));
	else
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof(v4));
}

static void send_out(struct ask *a, int which, uint16_t tag, size_t size)
{
	static uint8_t buf[REFLECT_SIZE_MAX + 64];
	struct reflect_token t = {.kind = kind_of[which], .tag = tag};
	struct endpoint to = a->w->server;
	struct sockaddr_storage s;
	socklen_t sn;
	int n;

	if (a->fd[which] < 0)
		return;
	memcpy(t.nonce, a->nonce, sizeof(t.nonce));
	to.port = which == C_IKE ? IKE_PORT : which == C_NATT ? IKE_NATT_PORT : 0;
	sn = sock_addr(&to, &s);
	n = reflect_payload(&t, a->spi, size, buf, sizeof(buf));
	if (n > 0)
		(void)!sendto(a->fd[which], buf, (size_t)n, 0,
			(struct sockaddr *)&s, sn);
}

static size_t ip_head(const struct ask *a)
{
	return a->w->server.fam == FAM_6 ? 40 : 20;
}

/*
 * As large as goes unfragmented. The first may come back as Packet Too Big;
 * then the kernel knows better and the next is smaller.
 */
static void send_full(struct ask *a)
{
	if (a->fd[C_IKE] < 0)
		return;
	set_df(a, a->fd[C_IKE], true);
	for (int i = 0; i < MTU_TRIES; i++) {
		send_out(a, C_IKE, T_FULL_OUT, mtu_now(a) - ip_head(a) - 8);
		listen_for(a, MTU_WAIT_MS, 0);
	}
	set_df(a, a->fd[C_IKE], false);
}

static void add(struct reflect_item *t, size_t *n, struct reflect_item i)
{
	if (*n < REFLECT_ITEMS_MAX)
		t[(*n)++] = i;
}

/* --- part one: nobody asked --------------------------------------------------------- */

static void order_ports(struct ask *a)
{
	struct reflect_item t[REFLECT_ITEMS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < a->r->tcp_n; i++)
		add(t, &n, (struct reflect_item){.kind = REFLECT_TCP,
			.port = a->r->tcp[i].port, .tag = (uint16_t)(T_TCP + i)});
	if (n)
		order(a, t, n);
	n = 0;
	for (size_t i = 0; i < a->r->udp_n; i++)
		add(t, &n, (struct reflect_item){.kind = REFLECT_UDP, .size = 40,
			.port = a->r->udp[i].port, .tag = (uint16_t)(T_UDP + i)});
	if (n)
		order(a, t, n);
}

static bool part_unasked(struct ask *a)
{
	struct reflect_item t[REFLECT_ITEMS_MAX];
	bool alt = a->has_alt;
	size_t n = 0;

	for (int c = 0; c < COPIES; c++) {
		add(t, &n, (struct reflect_item){.kind = REFLECT_ESP, .alt = alt,
			.size = SMALL, .tag = T_ESP_UNASKED, .spi = a->spi});
		add(t, &n, (struct reflect_item){.kind = REFLECT_IKE, .alt = alt,
			.size = SMALL, .tag = T_IKE_UNASKED, .port = IKE_PORT});
		add(t, &n, (struct reflect_item){.kind = REFLECT_UDP, .alt = alt,
			.size = SMALL, .tag = T_UDP_UNASKED,
			.port = a->udp_port});
	}
	if (!order(a, t, n))
		return false;
	a->r->unasked_alt = alt;
	order_ports(a);
	listen_for(a, UNASKED_MS, 0);
	return true;
}

/* --- part two: out and back ------------------------------------------------------------ */

static void part_out(struct ask *a)
{
	size_t full = mtu_now(a) - ip_head(a);

	for (int c = 0; c < COPIES; c++) {
		send_out(a, C_IKE, T_IKE_OUT, SMALL);
		send_out(a, C_IKE, T_BIG_OUT, BIG);
		send_out(a, C_ESP, T_ESP_OUT, SMALL);
		send_out(a, C_ESP, T_ESP_FULL_OUT, full);
		send_out(a, C_ESP, T_ESP_BIG_OUT, BIG);
		listen_for(a, 100, 0);
	}
	send_full(a);
}

static void part_back(struct ask *a)
{
	struct reflect_item t[REFLECT_ITEMS_MAX];
	uint16_t full = (uint16_t)(a->r->mtu - ip_head(a));
	size_t n = 0;

	for (int c = 0; c < COPIES; c++) {
		static const uint16_t size[] = {SMALL, 0, BIG};

		for (size_t i = 0; i < ARRAY_LEN(size); i++) {
			add(t, &n, (struct reflect_item){.kind = REFLECT_IKE,
				.size = size[i] ? size[i] : (uint16_t)(full - 8),
				.tag = (uint16_t)(T_IKE_BACK + i),
				.delay_ms = (uint32_t)(c * 100)});
			add(t, &n, (struct reflect_item){.kind = REFLECT_ESP,
				.size = size[i] ? size[i] : full, .spi = a->spi,
				.tag = (uint16_t)(T_ESP_BACK + i),
				.delay_ms = (uint32_t)(c * 100)});
		}
		add(t, &n, (struct reflect_item){.kind = REFLECT_ESP,
			.size = SMALL, .spi = a->spi_new, .tag = T_ESP_NEW_SPI,
			.delay_ms = (uint32_t)(300 + c * 100)});
	}
	if (order(a, t, n))
		listen_for(a, BACK_MS, 0);
}

/* --- part three: after silence ------------------------------------------------------------ */

static void part_idle(struct ask *a)
{
	struct reflect_item t[REFLECT_ITEMS_MAX];
	uint32_t idle = a->w->idle_ms;
	size_t n = 0;

	send_out(a, C_IKE, T_IKE_OUT, SMALL);
	send_out(a, C_ESP, T_ESP_OUT, SMALL);
	for (int c = 0; c < COPIES; c++)
		send_out(a, C_NATT, T_NATT_OUT, SMALL);
	listen_for(a, 200, 0);
	add(t, &n, (struct reflect_item){.kind = REFLECT_NATT, .size = SMALL,
		.spi = a->spi, .tag = T_NATT_BACK});
	/* One each: a second would find the door that the first reopened. */
	if (!a->w->quick) {
		add(t, &n, (struct reflect_item){.kind = REFLECT_NATT,
			.size = SMALL, .spi = a->spi, .tag = T_NATT_IDLE,
			.delay_ms = idle});
		add(t, &n, (struct reflect_item){.kind = REFLECT_IKE,
			.size = SMALL, .tag = T_IKE_IDLE, .delay_ms = idle});
		add(t, &n, (struct reflect_item){.kind = REFLECT_ESP,
			.size = SMALL, .spi = a->spi, .tag = T_ESP_IDLE,
			.delay_ms = idle});
	}
	if (!order(a, t, n))
		return;
	listen_for(a, (int)(a->w->quick ? LATE_MS : idle + LATE_MS), 0);
}

/* --- what it means ---------------------------------------------------------------------- */

static enum came got(const struct ask *a, bool tried, unsigned tag)
{
	return !tried ? CAME_UNTRIED : a->came[tag] ? CAME : CAME_NOT;
}

static const struct reflect_seen *there(const struct ask *a, unsigned tag)
{
	for (size_t i = 0; i < a->last.seen_n; i++)
		if (a->last.seen[i].tag == tag)
			return &a->last.seen[i];
	return NULL;
}

static enum came arrived(const struct ask *a, bool tried, unsigned tag)
{
	return !tried ? CAME_UNTRIED : there(a, tag) ? CAME : CAME_NOT;
}

static void fill_out(const struct ask *a, struct reflect_result *r)
{
	bool ike = a->fd[C_IKE] >= 0, esp = a->fd[C_ESP] >= 0;
	const struct reflect_seen *s;

	r->ike_out = arrived(a, ike, T_IKE_OUT);
	r->full_out = arrived(a, ike, T_FULL_OUT);
	r->big_out = arrived(a, ike, T_BIG_OUT);
	r->esp_out = arrived(a, esp, T_ESP_OUT);
	r->esp_full_out = arrived(a, esp, T_ESP_FULL_OUT);
	r->esp_big_out = arrived(a, esp, T_ESP_BIG_OUT);
	r->natt_out = arrived(a, a->fd[C_NATT] >= 0, T_NATT_OUT);
	if ((s = there(a, T_IKE_OUT)))
		r->ike_sport = s->sport;
	if ((s = there(a, T_FULL_OUT)))
		r->mtu_found = s->size + ip_head(a) + 8;
}

static void fill_in(const struct ask *a, struct reflect_result *r)
{
	bool ike = a->fd[C_IKE] >= 0, esp = a->fd[C_ESP] >= 0;
	bool natt = a->fd[C_NATT] >= 0, idle = !a->w->quick;

	r->esp_unasked = got(a, esp, T_ESP_UNASKED);
	r->ike_unasked = got(a, ike, T_IKE_UNASKED);
	r->udp_unasked = got(a, a->fd[C_UDP] >= 0, T_UDP_UNASKED);
	r->ike_back = got(a, ike, T_IKE_BACK);
	r->full_back = got(a, ike, T_FULL_BACK);
	r->big_back = got(a, ike, T_BIG_BACK);
	r->esp_back = got(a, esp, T_ESP_BACK);
	r->esp_full_back = got(a, esp, T_ESP_FULL_BACK);
	r->esp_big_back = got(a, esp, T_ESP_BIG_BACK);
	r->esp_new_spi = got(a, esp, T_ESP_NEW_SPI);
	r->natt_back = got(a, natt, T_NATT_BACK);
	r->natt_idle = got(a, natt && idle, T_NATT_IDLE);
	r->ike_idle = got(a, ike && idle, T_IKE_IDLE);
	r->esp_idle = got(a, esp && idle, T_ESP_IDLE);
}

static void fill_ports(const struct ask *a, struct reflect_result *r)
{
	for (size_t i = 0; i < a->last.done_n; i++) {
		unsigned tag = a->last.done[i].tag;

		if (tag >= T_TCP && tag < T_TCP + r->tcp_n)
			r->tcp[tag - T_TCP].state = a->last.done[i].state;
		else if (tag >= T_UDP && tag < T_UDP + r->udp_n)
			r->udp[tag - T_UDP].state = a->last.done[i].state;
	}
}

static void take_ports(struct ask *a)
{
	a->r->tcp_n = MIN2(a->w->tcp_n, (size_t)REFLECT_PORTS_MAX);
	a->r->udp_n = MIN2(a->w->udp_n, (size_t)REFLECT_PORTS_MAX);
	for (size_t i = 0; i < a->r->tcp_n; i++)
		a->r->tcp[i].port = a->w->tcp[i];
	for (size_t i = 0; i < a->r->udp_n; i++)
		a->r->udp[i].port = a->w->udp[i];
}

static void conversation(struct ask *a)
{
	if (!hello(a))
		return;
	a->r->answered = true;
	if (!part_unasked(a))
		return;
	part_out(a);
	part_back(a);
	part_idle(a);
	if (!report(a)) {
		a->r->answered = false;
		return;
	}
	fill_out(a, a->r);
	fill_in(a, a->r);
	fill_ports(a, a->r);
}

int reflect_ask(const struct reflect_ask_want *w, struct reflect_result *ret)
{
	static struct ask a;
	int e;

	memset(ret, 0, sizeof(*ret));
	memset(&a, 0, sizeof(a));
	a.w = w;
	a.r = ret;
	for (int i = 0; i < C_MAX; i++)
		a.fd[i] = -1;
	if (getrandom(a.nonce, sizeof(a.nonce), 0) != sizeof(a.nonce) ||
		getrandom(&a.spi, sizeof(a.spi), 0) != sizeof(a.spi))
		return -EIO;
	a.spi |= 0x10000; /* never a reserved one (RFC 4303 2.1) */
	a.spi_new = a.spi + 1;
	ret->idle_ms = w->quick ? 0 : w->idle_ms;
	take_ports(&a);
	e = open_all(&a);
	if (e == 0)
		conversation(&a);
	close_all(&a);
	return e;
}
