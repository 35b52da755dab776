/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KADOMORID_DAEMON_H
#define KADOMORID_DAEMON_H

#include "base/base.h"
#include "base/tr.h"
#include "intent/intent.h"
#include "policy/policy.h"
#include "cmd/kadomorid/sandbox.h"

struct settings {
	const char *conf;
	const char *run;	/* folder of socket and lock */
	int fast;		/* enum fast_wish */
	bool once;		/* --check: compile, say, end */
};

/* facts.c: what the kernel's addresses say about the two sides. */
void facts_gather(const struct intent *in, struct facts *ret);

/*
 * auto.c: where the configuration says "line auto", find the line's kind and
 * put it into in. auto_line() asks on the wire (at most 6 s, once, before the
 * gate stands); auto_line_later() looks at what the kernel has learnt, and says
 * whether the kind is known now.
 */
void auto_line(struct intent *in);
bool auto_line_later(struct intent *in);

/* decide.c: the process without rights. Never returns. A successor (reload)
 * answers the command only after its rules are in. */
_Noreturn void decide_run(const struct settings *s, int ipc_fd, int control_fd,
	bool successor);

/* apply.c: the process that may change the system. Returns an exit code. */
int apply_run(const struct settings *s, const struct intent *in, int control_fd);

/* main.c: false with KADOMORI_NDP_FILTER=off in the environment: the proxy does
 * without the filter in the kernel. */
bool ndp_filter_wanted(void);

/* notify.c: sd_notify(3) without libsystemd; nothing where systemd is not. */
void notify_systemd(const char *state);

#endif
