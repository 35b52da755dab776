/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the configuration and printing what was wrong with it. */
#ifndef KADOMORI_CMD_CONF_H
#define KADOMORI_CMD_CONF_H

#include "intent/intent.h"
#include "policy/policy.h"

/*
 * Load opt.conf (quietly: nothing but complaints are printed, to stderr; with
 * --json nothing). Returns 0 and *ret, or an exit code.
 */
int conf_load(struct intent **ret, struct complaints *c);
/* conf_load and policy_compile with the facts at hand. */
int conf_compile(const struct facts *f, struct intent **in, struct policy **ret,
	struct complaints *c);
/* The main file's statement "language ja|en": "ja", "en", or NULL. */
const char *conf_language(void);
/* Complaints to stderr. */
void conf_print(const struct complaints *c);

/*
 * Warn of interfaces that this machine does not have now, at the user's own
 * word. No error: they may come later, or the text is for another machine.
 */
void conf_interfaces(const struct intent *in, struct complaints *c);

#endif
