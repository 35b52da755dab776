// SPDX-License-Identifier: GPL-2.0-or-later
#include "resolve.h"

#include <netdb.h>
#include <netinet/in.h>

int resolve(const char *host, enum family fam, uint16_t port,
	struct endpoint *ret)
{
	struct addrinfo want = {.ai_socktype = SOCK_DGRAM,
		.ai_family = fam == FAM_4 ? AF_INET : fam == FAM_6 ? AF_INET6
								   : AF_UNSPEC};
	struct addrinfo *found;
	int e = getaddrinfo(host, NULL, &want, &found);

	if (e)
		return e;
	*ret = (struct endpoint){.port = port};
	if (found->ai_family == AF_INET6) {
		ret->fam = FAM_6;
		memcpy(ret->addr.b, &((struct sockaddr_in6 *)found->ai_addr)->sin6_addr, 16);
	} else {
		ret->fam = FAM_4;
		memcpy(ret->addr.b + 12, &((struct sockaddr_in *)found->ai_addr)->sin_addr, 4);
	}
	freeaddrinfo(found);
	return 0;
}

const char *resolve_error(int e)
{
	return gai_strerror(e);
}
