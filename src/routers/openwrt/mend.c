// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of UCI files. */
#include "routers/openwrt/read-own.h"

#include <string.h>

/* DHCPv6 servers are on the line itself: as OpenWrt's own rule has it. */
void openwrt_mend(const struct mender *m, struct mends *ret)
{
	unsigned line = m->a->line;

	if (strncmp(m->a->id, "dhcp-", 5) || !line || !m->a->packet ||
		m->a->packet->fam != FAM_6 ||
		strncmp(m->line[line - 1], "config rule", 11))
		return;
	mend_insert(mend_new(ret), line + 1, "\toption src_ip 'fe80::/10'");
}
