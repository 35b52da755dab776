/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host's name or address -> endpoint, by the system's resolver. */
#ifndef KADOMORI_CMD_RESOLVE_H
#define KADOMORI_CMD_RESOLVE_H

#include "probe/probe.h"

/* fam FAM_NONE: what the system prefers. 0, or an EAI_ code. */
int resolve(const char *host, enum family fam, uint16_t port,
	struct endpoint *ret);
const char *resolve_error(int e);

#endif
