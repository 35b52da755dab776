/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pipelines and packets from a seed, such that they meet: chains that call each
 * other, pf lists, translations, bypasses; ports and addresses at the edges. */
#ifndef KADOMORI_TESTS_RANDOM_H
#define KADOMORI_TESTS_RANDOM_H

#include "policy/policy.h"

void random_seed(uint64_t seed);
uint32_t random_below(uint32_t n);
/* Caller: pipeline_free(). */
struct pipeline *random_pipeline(void);
struct packet random_packet(void);

#endif
