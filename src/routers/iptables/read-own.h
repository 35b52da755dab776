/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the iptables folder. */
#ifndef KADOMORI_IPTABLES_READ_OWN_H
#define KADOMORI_IPTABLES_READ_OWN_H

#include "routers/brand.h"
#include "routers/capture.h"

int iptables_looks(const char *text);
int iptables_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why);

/* mend.c */
void iptables_mend(const struct mender *m, struct mends *ret);

#endif
