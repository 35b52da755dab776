// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ubiquiti EdgeOS, and VyOS up to 1.3 from which it once parted: lists with
 * names, hung on interfaces; no host apart from its prefix, no ND proxy. What
 * is written and read is in the folder vyos.
 */
#include "routers/vyos/read-own.h"
#include "base/tr.h"

static const struct model models[] = {
	{"edgerouter", "Ubiquiti EdgeRouter (EdgeOS)", "eth0", "eth1", 2000, 0,
		VYOS_OLD | VYOS_EDGE, NULL, 0},
	{"vyos-1.3", "VyOS 1.2, 1.3", "eth0", "eth1", 2000, 0, VYOS_OLD, NULL, 0},
};

const struct brand brand_edgeos = {
	.id = "edgeos",
	.name = "Ubiquiti EdgeOS, VyOS 1.3",
	.caps = {
		[CAP_FILTER6] = {ANS_YES, SRC_EDGE_V6},
		[CAP_ESP6] = {ANS_YES, SRC_EDGE_ESP},
		[CAP_SUFFIX] = {ANS_NO, SRC_REASONED},
		[CAP_NDPROXY] = {ANS_NO, SRC_EDGE_NOND},
		[CAP_ESP_STATE] = {ANS_YES, SRC_REASONED},
		[CAP_ESP_MAP] = {ANS_YES, SRC_EDGE_ESP},
		[CAP_SOURCE] = {ANS_YES, SRC_EDGE_V6},
		[CAP_TEXT] = {ANS_YES, SRC_EDGE_V6},
	},
	.models = models,
	.model_n = ARRAY_LEN(models),
	.fit = vyos_fit,
	.emit = vyos_emit,
	.undo = vyos_undo,
	.looks = edgeos_looks,
	.read = vyos_read,
	.mend = tree_mend,
	.raw_dhcp = true,
};
