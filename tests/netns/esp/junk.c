// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * junk NAMESPACE ADDRESS COUNT: IKE messages with bytes flipped, cut and
 * lengthened, and ESP from nothing to 40 bytes, as fast as they go.
 */
#include "base/addr.h"
#include "wire/esp.h"
#include "wire/ikev2.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static uint32_t x = 88172645;

static uint32_t rnd(void)
{
	x ^= x << 13;
	x ^= x >> 17;
	return x ^= x << 5;
}

static size_t ike(uint8_t *p, size_t room)
{
	static const uint8_t kinds[] = {34, 35, 36, 37, 32, 2, 4, 5, 0, 255};
	struct ike_head h = {.spi_i = rnd(), .spi_r = rnd() % 2 ? rnd() : 0,
		.version = rnd() % 8 ? 0x20 : (uint8_t)rnd(),
		.exchange = kinds[rnd() % sizeof(kinds)],
		.flags = (uint8_t)rnd(), .msgid = rnd() % 4};
	struct wr w = wr_of(p, room);
	struct ike_build b;

	ike_build_head(&b, &w, &h);
	ike_build_raw(&b, IKE_PL_SK, p, rnd() % 60);
	(void)ike_build_finish(&b);
	for (unsigned i = rnd() % 4; i; i--)
		p[rnd() % wr_len(&w)] ^= (uint8_t)rnd();
	return rnd() % 3 ? wr_len(&w) : rnd() % (wr_len(&w) + 1);
}

static int open_in(const char *ns, int type, int proto, uint16_t port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port)};
	int one = 1, fd = socket(AF_INET, type, proto);

	(void)ns;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || (port && bind(fd, (struct sockaddr *)&sa, sizeof(sa)))) {
		perror("socket");
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	char path[128];
	struct sockaddr_in to = {.sin_family = AF_INET};
	unsigned long n = argc == 4 ? strtoul(argv[3], NULL, 10) : 0, sent = 0;
	int ns, udp, raw;
	uint8_t p[512];

	if (!n)
		return 1;
	snprintf(path, sizeof(path), "/run/netns/%s", argv[1]);
	ns = open(path, O_RDONLY);
	if (ns < 0 || setns(ns, CLONE_NEWNET)) {
		perror(path);
		return 1;
	}
	udp = open_in(argv[1], SOCK_DGRAM, 0, 500);
	raw = open_in(argv[1], SOCK_RAW, 50, 0);
	inet_pton(AF_INET, argv[2], &to.sin_addr);
	for (unsigned long i = 0; i < n; i++) {
		bool esp = rnd() % 2;
		size_t len;

		if (esp) {
			len = rnd() % 40;
			for (size_t k = 0; k < len; k++)
				p[k] = (uint8_t)rnd();
		} else {
			len = ike(p, sizeof(p));
		}
		to.sin_port = esp ? 0 : htons(500);
		sent += sendto(esp ? raw : udp, p, len, 0,
				(struct sockaddr *)&to, sizeof(to)) >= 0;
	}
	printf("  %lu packets of junk\n", sent);
	return 0;
}
