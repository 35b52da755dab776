/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KADOMORI_BENCH_SYNTH_H
#define KADOMORI_BENCH_SYNTH_H

#include "policy/policy.h"

/* Caller: pipeline_free(). The same seed gives the same rules. */
struct pipeline *synth_overlapping(size_t rules, uint64_t seed);

#endif
