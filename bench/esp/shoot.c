// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shoot NAMESPACE ADDRESS PACKETS SPIS SIZE: ESP to ADDRESS, sequence 1000 and
 * on, SPI 100000 and on in turn. Prints CPU nanoseconds per packet of this
 * process: over veth a packet runs through gateway and sink within the sender's
 * system call, so that this is the whole way.
 */
#include "wire/esp.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>

static double cpu_ns(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e9 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e3;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	static uint8_t p[2048];
	unsigned n, spis, size, sent = 0;
	char path[128];
	double start;
	int fd;

	if (argc != 6)
		return 1;
	n = (unsigned)atoi(argv[3]);
	spis = (unsigned)atoi(argv[4]);
	size = MIN2((unsigned)atoi(argv[5]), (unsigned)sizeof(p));
	snprintf(path, sizeof(path), "/run/netns/%s", argv[1]);
	fd = open(path, O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		return 1;
	fd = socket(AF_INET, SOCK_RAW, 50);
	inet_pton(AF_INET, argv[2], &to.sin_addr);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return 1;
	start = cpu_ns();
	for (unsigned i = 0; i < n; i++) {
		put_be32(p, 100000 + i * 7 % spis);
		put_be32(p + 4, 1000 + i);
		sent += send(fd, p, size, 0) > 0;
	}
	printf("%.0f %u\n", (cpu_ns() - start) / n, sent);
	return 0;
}
