/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include "net.h"

/* With those of the other rows still below 64 addresses of one MAC. */
enum { CELL = 48, HOSTS = 40 };

struct row {
	int bar;
	const char *name;
	/* Measures the running subject; writes at most CELL bytes. */
	void (*run)(struct net *n, char *cell);
	bool slow;		/* left out with --quick */
};
extern const struct row rows[];
extern const unsigned row_n;
/* Addresses on the LAN host, and one answer for each. */
void warm_up(struct net *n);

#endif
