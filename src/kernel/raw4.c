// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/kernel.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

int kernel_raw4_open(uint32_t mark)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		IPPROTO_RAW);
	int size = 1 << 20;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark))) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	return fd;
}

int kernel_raw4_send(int fd, uint32_t to, const void *p, size_t n)
{
	struct sockaddr_in sa = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(to)};

	return sendto(fd, p, n, MSG_DONTWAIT, (struct sockaddr *)&sa,
		       sizeof(sa)) < 0
		       ? -errno
		       : 0;
}
