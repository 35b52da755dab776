// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * flood GATEWAY PEERNS/ADDRESS DEVICENS/ADDRESS... -- WORD...: ESP at a rate, with a
 * clock, beside a forger who sends from the peer's address what nobody made.
 *
 *	seconds=N
 *	sa=DEVICE,START_MS,IN_RATE,OUT_RATE[,together]   a device logs in at that
 *		time and has one SA; packets a second each way
 *	forge=RATE,START_MS,END_MS,KIND	KIND: once (each SPI once), thrice (each
 *		three times, numbers rising), few (eight SPIs for ever), high
 *
 * One line for each SA: sent, got by its device, got by others, lost, and how
 * many of the lost before its tenth packet arrived. One line for the forger:
 * sent, got by whom.
 */
#include "base/addr.h"
#include "wire/esp.h"
#include "wire/ikev2.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DEVICES = 8, SAS = 64, SIZE = 200, BUFFER = 16 << 20 };

struct end {
	uint32_t addr;
	int ike, esp;
};

struct sa {
	unsigned device;
	long start;
	double in_rate, out_rate, in_due, out_due;
	uint32_t spi_in, spi_out, seq_in, seq_out;
	unsigned long got, alien, early, out_got;
	bool up;
};

static struct end dev[DEVICES], peer;
static struct sa sas[SAS];
static unsigned dev_n, sa_n;
static uint32_t gateway, x = 2463534242u;
static struct {
	double rate, due;
	long start, end;
	int kind;
	unsigned long sent, got[DEVICES];
} forge;

static uint32_t rnd(void)
{
	x ^= x << 13;
	x ^= x >> 17;
	return x ^= x << 5;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int bound(int type, int proto, uint32_t addr, uint16_t port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(addr), .sin_port = htons(port)};
	int size = BUFFER, fd = socket(AF_INET, type | SOCK_NONBLOCK, proto);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)))
		die("socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	return fd;
}

static struct end end_of(char *word)
{
	char *slash = strrchr(word, '/');
	struct in_addr a;
	struct end e;
	char path[128];
	int ns;

	if (!slash)
		exit(1);
	*slash = '\0';
	snprintf(path, sizeof(path), "/run/netns/%s", word);
	ns = open(path, O_RDONLY);
	if (ns < 0 || setns(ns, CLONE_NEWNET))
		die(path);
	inet_pton(AF_INET, slash + 1, &a);
	e.addr = ntohl(a.s_addr);
	e.ike = bound(SOCK_DGRAM, 0, e.addr, 500);
	e.esp = bound(SOCK_RAW, 50, e.addr, 0);
	close(ns);
	return e;
}

static void send_to(int fd, uint32_t addr, uint16_t port, const void *p, size_t n)
{
	struct sockaddr_in sa = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(addr), .sin_port = htons(port)};

	(void)sendto(fd, p, n, 0, (struct sockaddr *)&sa, sizeof(sa));
}

static void send_esp(const struct end *from, uint32_t to, uint32_t spi,
	uint32_t seq)
{
	uint8_t p[SIZE] = {0};

	put_be32(p, spi);
	put_be32(p + 4, seq);
	send_to(from->esp, to, 0, p, sizeof(p));
}

static void send_ike(const struct sa *s, uint8_t exchange, uint32_t msgid)
{
	struct ike_head h = {.spi_i = (uint64_t)s->spi_in << 32 | 1,
		.spi_r = exchange == IKE_SA_INIT ? 0 : s->spi_out,
		.version = 0x20, .exchange = exchange, .msgid = msgid,
		.flags = IKE_FLAG_INITIATOR};
	static const uint8_t body[100];
	uint8_t p[300];
	struct wr w = wr_of(p, sizeof(p));
	struct ike_build b;

	ike_build_head(&b, &w, &h);
	ike_build_raw(&b, IKE_PL_SK, body, sizeof(body));
	if (!ike_build_finish(&b))
		send_to(dev[s->device].ike, peer.addr, 500, p, wr_len(&w));
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* How many are due by now. */
static unsigned due(double *last, double now, double rate)
{
	unsigned n;

	if (*last == 0)
		*last = now;
	n = (unsigned)((now - *last) * rate / 1e3);
	if (rate > 0)
		*last += n * 1e3 / rate;
	return n;
}

static void forged(uint32_t to)
{
	static uint32_t spi, k;

	forge.sent++;
	switch (forge.kind) {
	case 'o': send_esp(&peer, to, rnd() | 1u << 31, 1); return;
	case 'h': send_esp(&peer, to, rnd() | 1u << 31, 5000 + rnd() % 9); return;
	case 't':
		if (k++ % 3 == 0)
			spi = rnd() | 1u << 31;
		send_esp(&peer, to, spi, k % 3 + 1);
		return;
	default:
		k++;
		send_esp(&peer, to, 0xf0000000 + k % 8, k / 8 + 1);
	}
}

/* What a stall of this machine owes is not sent at once. */
static unsigned due_calmly(double *last, double now, double rate)
{
	unsigned n = due(last, now, rate);

	return MIN2(n, (unsigned)rate / 50 + 1);
}

static void forge_due(double now)
{
	for (unsigned n = due_calmly(&forge.due, now, forge.rate); n; n--)
		forged(gateway);
}

static void play(struct sa *s, double t, double now)
{
	if (t < s->start)
		return;
	if (!s->up) {
		s->up = true;
		send_ike(s, IKE_SA_INIT, 0);
		send_ike(s, IKE_AUTH, 1);
		return;
	}
	for (unsigned n = due_calmly(&s->in_due, now, s->in_rate); n; n--)
		send_esp(&peer, gateway, s->spi_in, ++s->seq_in);
	for (unsigned n = due_calmly(&s->out_due, now, s->out_rate); n; n--)
		send_esp(&dev[s->device], peer.addr, s->spi_out, ++s->seq_out);
}

static void took(unsigned i, uint32_t spi)
{
	for (unsigned k = 0; k < sa_n; k++) {
		struct sa *s = &sas[k];

		if (spi != s->spi_in)
			continue;
		if (s->device != i) {
			s->alien++;
			return;
		}
		if (++s->got == 10)
			s->early = s->seq_in - 10;
		return;
	}
	if (spi >> 31)
		forge.got[i]++;
}

static void drain(void)
{
	uint8_t p[2048];
	ssize_t n;

	for (unsigned i = 0; i < dev_n; i++)
		while ((n = recv(dev[i].esp, p, sizeof(p), 0)) > 0)
			if (n >= 28)
				took(i, be32(p + 20));
	while ((n = recv(peer.esp, p, sizeof(p), 0)) > 0)
		for (unsigned k = 0; n >= 28 && k < sa_n; k++)
			sas[k].out_got += be32(p + 20) == sas[k].spi_out;
	while (recv(peer.ike, p, sizeof(p), 0) > 0)
		;
}

static void add_sa(const char *s)
{
	struct sa *v = &sas[sa_n];

	if (sa_n == SAS || sscanf(s, "%u,%ld,%lf,%lf", &v->device, &v->start,
			&v->in_rate, &v->out_rate) != 4)
		exit(1);
	v->spi_in = 0x10000 + sa_n * 977 + (uint32_t)getpid() * 4096 % 0x4000000;
	v->spi_out = v->spi_in ^ 0x5550000;
	sa_n++;
}

int main(int argc, char **argv)
{
	struct in_addr a;
	double start, t = 0;
	long seconds = 5;
	char kind[16];
	int i;

	if (argc < 5 || !inet_pton(AF_INET, argv[1], &a))
		return 1;
	gateway = ntohl(a.s_addr);
	peer = end_of(argv[2]);
	for (i = 3; i < argc && strcmp(argv[i], "--"); i++)
		if (dev_n < DEVICES)
			dev[dev_n++] = end_of(argv[i]);
	for (i++; i < argc; i++) {
		if (sscanf(argv[i], "seconds=%ld", &seconds) == 1)
			continue;
		if (!strncmp(argv[i], "sa=", 3))
			add_sa(argv[i] + 3);
		else if (sscanf(argv[i], "forge=%lf,%ld,%ld,%15s", &forge.rate,
				&forge.start, &forge.end, kind) == 4)
			forge.kind = kind[0];
		else
			return 1;
	}
	start = now_ms();
	while (t < (double)seconds * 1e3 + 300) {
		double now = now_ms();

		t = now - start;
		for (unsigned k = 0; t < (double)seconds * 1e3 && k < sa_n; k++)
			play(&sas[k], t, now);
		if (t >= (double)forge.start && t < (double)forge.end)
			forge_due(now);
		drain();
		usleep(500);
	}
	for (unsigned k = 0; k < sa_n; k++) {
		const struct sa *s = &sas[k];

		printf("sa %u device %u sent %u got %lu others %lu lost %ld early %lu out %u of %lu\n",
			k, s->device, s->seq_in, s->got, s->alien,
			(long)s->seq_in - (long)s->got, s->early, s->seq_out,
			s->out_got);
	}
	printf("forged %lu got", forge.sent);
	for (unsigned k = 0; k < dev_n; k++)
		printf(" %lu", forge.got[k]);
	putchar('\n');
	return 0;
}
