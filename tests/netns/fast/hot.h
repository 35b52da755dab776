/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fast path in front of the judge's kernel. Every row that passes is sent,
 * both ways, until its lease is hot; then every row of the table is sent with
 * the leases hot, and once more by the kernel alone in the same state: same
 * verdict, and byte for byte the same frame. Natively also by BPF_PROG_RUN.
 */
#ifndef KADOMORI_TESTS_HOT_H
#define KADOMORI_TESTS_HOT_H

#include "../../lib/stage.h"
#include "../../lib/table.h"
#include "dataplane/dataplane.h"

struct hot {
	struct stage *st;
	struct dataplane *dp;
	bool native, crowd;
	size_t hot, runs; /* rows that went fast, live and by PROG_RUN */
};

/* way: native or tc; sets: of the table. A kernel that cannot: exit 77. */
void hot_up(struct hot *h, struct stage *st, const char *way, unsigned sets);
/* The number of rows that differ; the table's rules are loaded. */
size_t hot_table(struct hot *h, const struct table *t, const char *path);
/* crowd.c: many more flows than slots; the number of complaints. */
size_t hot_crowd(struct hot *h, const struct table *t, const char *path);

#endif
