/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the loaders of this room. */
#ifndef KADOMORI_DATAPLANE_OWN_H
#define KADOMORI_DATAPLANE_OWN_H

#include "base/base.h"

/* nd-load.c: no tc filter is left at that device's clsact. */
bool dataplane_tc_empty(int ifindex);

#endif
