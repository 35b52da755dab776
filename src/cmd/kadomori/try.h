/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `kadomori lab try`: what one line and one house showed, every number counted
 * from frames. A try runs in a process of its own and hands its result over as
 * JSON, so that two run side by side; the table is drawn from the same JSON.
 */
#ifndef KADOMORI_CMD_TRY_H
#define KADOMORI_CMD_TRY_H

#include <jansson.h>
#include "lab/lab.h"
#include "policy/policy.h"

enum try_house { TRY_STANDARD, TRY_STRICT, TRY_BRIDGE };
enum { TRY_HOUSE_MAX = TRY_BRIDGE + 1 };
const char *try_house_name(enum try_house h); /* "standard", "strict", "bridge" */

struct try {
	enum lab_line line;
	enum try_house house;
	enum family fam;
	const char *daemon;	/* path of kadomorid */
	const char *name;	/* of the lab */
	bool verbose;
	struct lab *lab;
	/* the gate's own words, for asking which rule let a packet in */
	struct intent *in;
	struct facts facts;
	struct policy *pol;
	json_t *out;
	bool bad;
	/* where the gateway learnt the device's inner address from */
	int device_fd, gateway_fd;
};

/* cmd-lab-try.c: all lines, or only that one. Exit code. */
int lab_try(const enum lab_line *only, bool verbose);

/* try-run.c: everything for one line and house; *out gets the result. */
json_t *try_run(struct try *t);
/* Something did not go as it must: the sentence goes into "failed". */
void try_fail(struct try *t, const char *fmt, ...) printf_like(2, 3);

/* try-sweep.c: all ports and protocols from both attackers, "sweeps". */
void try_sweeps(struct try *t);
/* The device's web page from both attackers, "web". */
void try_web(struct try *t);

/* try-show.c: the table. results: array of what try_run gave. */
void try_show(json_t *results, double seconds);

#endif
