// SPDX-License-Identifier: GPL-2.0-or-later
/* The lease cache. So far its shape only: everything goes up to the kernel. */
#include "dataplane/kern.h"

SEC("xdp.frags")
int lease_xdp(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
