/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gathering what the doctor judges. */
#ifndef KADOMORI_CMD_DOCTOR_LOOK_H
#define KADOMORI_CMD_DOCTOR_LOOK_H

#include "doctor/doctor.h"
#include "reflect-run.h"

struct doctor_args {
	struct reflect_args r;	/* r.host: the reflector, NULL: none */
	const char *peer;	/* the real peer, NULL: none */
	const char *dns, *name;	/* name server (NULL: the system's), name */
	enum doctor_line line;
	bool line_given;	/* else it is looked for, which needs root */
	bool gateway;
};

/*
 * The gateway's loaded rules against its configuration, proven over all packets,
 * without a word (cmd-verify.c). RULES_UNTRIED: no daemon runs, or not root.
 */
enum doctor_rules verify_quietly(void);

/* Never fails: what could not be looked at stays untried. */
void doctor_look(const struct doctor_args *a, struct doctor_obs *ret);

#endif
