/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dataplane: what BPF does for the gateway. Each program has its *.bpf.c, the
 * header both halves share and its loader; taking a program away changes only
 * the speed.
 */
#ifndef KADOMORI_DATAPLANE_H
#define KADOMORI_DATAPLANE_H

#include "dataplane/nd.h"

#endif
