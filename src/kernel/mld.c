// SPDX-License-Identifier: GPL-2.0-or-later
/* Memberships are held by plain sockets: no right is needed. */
#include "kernel/kernel.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

int kernel_mld_open(void)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

int kernel_mld(int fd, int ifindex, const struct addr *group, bool join)
{
	struct ipv6_mreq m = {.ipv6mr_interface = (unsigned)ifindex};

	memcpy(&m.ipv6mr_multiaddr, group->b, 16);
	if (setsockopt(fd, IPPROTO_IPV6,
		    join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &m, sizeof(m)))
		return -errno;
	return 0;
}
