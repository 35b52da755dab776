// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

socklen_t sock_addr(const struct endpoint *e, struct sockaddr_storage *ret)
{
	struct sockaddr_in6 *s6 = (struct sockaddr_in6 *)ret;
	struct sockaddr_in *s4 = (struct sockaddr_in *)ret;

	memset(ret, 0, sizeof(*ret));
	if (e->fam == FAM_6) {
		s6->sin6_family = AF_INET6;
		memcpy(&s6->sin6_addr, e->addr.b, 16);
		s6->sin6_port = htons(e->port);
		return sizeof(*s6);
	}
	s4->sin_family = AF_INET;
	memcpy(&s4->sin_addr, e->addr.b + 12, 4);
	s4->sin_port = htons(e->port);
	return sizeof(*s4);
}

void sock_endpoint(const struct sockaddr_storage *s, struct endpoint *ret)
{
	const struct sockaddr_in6 *s6 = (const struct sockaddr_in6 *)s;
	const struct sockaddr_in *s4 = (const struct sockaddr_in *)s;

	*ret = (struct endpoint){.fam = FAM_NONE};
	if (s->ss_family == AF_INET6) {
		ret->fam = FAM_6;
		memcpy(ret->addr.b, &s6->sin6_addr, 16);
		ret->port = ntohs(s6->sin6_port);
	} else if (s->ss_family == AF_INET) {
		ret->fam = FAM_4;
		memcpy(ret->addr.b + 12, &s4->sin_addr, 4);
		ret->port = ntohs(s4->sin_port);
	}
}

int sock_udp(enum family fam)
{
	int fd = socket(fam == FAM_6 ? AF_INET6 : AF_INET,
		SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

int sock_bind(int fd, const struct endpoint *e)
{
	struct sockaddr_storage s;
	socklen_t n = sock_addr(e, &s);
	int one = 1;

	if (e->fam == FAM_6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	return bind(fd, (struct sockaddr *)&s, n) < 0 ? -errno : 0;
}

int sock_connect(int fd, const struct endpoint *e)
{
	struct sockaddr_storage s;
	socklen_t n = sock_addr(e, &s);

	return connect(fd, (struct sockaddr *)&s, n) < 0 ? -errno : 0;
}

int sock_self(int fd, struct endpoint *ret)
{
	struct sockaddr_storage s;
	socklen_t n = sizeof(s);

	if (getsockname(fd, (struct sockaddr *)&s, &n) < 0)
		return -errno;
	sock_endpoint(&s, ret);
	return 0;
}

int sock_fragment(int fd, enum family fam, size_t mtu)
{
	int v = fam == FAM_6 ? IPV6_PMTUDISC_WANT : IP_PMTUDISC_DONT;
	int m = (int)mtu, r;

	if (fam == FAM_6)
		r = setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v, sizeof(v));
	else
		r = setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &v, sizeof(v));
	if (r == 0 && fam == FAM_6 && mtu)
		r = setsockopt(fd, IPPROTO_IPV6, IPV6_MTU, &m, sizeof(m));
	return r < 0 ? -errno : 0;
}
