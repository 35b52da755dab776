// SPDX-License-Identifier: GPL-2.0-or-later
/* Does this kernel take the fast path? Prints "loads", or "refused" and why. */
#include "dataplane/dataplane.h"

#include <net/if.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct dataplane_device d[2] = {0};
	struct text why = TEXT_INIT;
	struct dataplane *dp;
	int rc = dataplane_open(8192, &dp, &why);
	size_t n;

	if (rc) {
		printf("refused: %s\n%s", strerror(-rc), text_str(&why));
		return 2;
	}
	puts("loads");
	for (int i = 1; i < argc && i < 3; i++) {
		snprintf(d[i - 1].name, sizeof(d->name), "%s", argv[i]);
		d[i - 1].ifindex = (int)if_nametoindex(argv[i]);
		d[i - 1].mtu = 1500;
		d[i - 1].ethernet = true;
		d[i - 1].wan = i == 1;
		d[i - 1].xmit = 1;
	}
	if (argc == 3) {
		rc = dataplane_attach(dp, d, 2, DP_NATIVE, true, NULL);
		const struct dataplane_port *p = dataplane_ports(dp, &n);

		for (size_t i = 0; i < n; i++)
			printf("%s %s %s\n", p[i].name,
				dataplane_mode_name(p[i].mode),
				dataplane_why_name(p[i].why));
	}
	dataplane_free(dp);
	text_done(&why);
	return rc ? 2 : 0;
}
