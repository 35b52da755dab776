/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Talking to a running kadomorid over its socket. */
#ifndef KADOMORI_CMD_DAEMON_H
#define KADOMORI_CMD_DAEMON_H

#include "base/base.h"

/* Folder of the daemon's socket: --run, else KADOMORI_RUN, else /run/kadomori. */
const char *daemon_folder(void);

/*
 * Ask one question ("status", "rules", "reload", "stop"). *ret is the answer,
 * caller frees. -ENOENT or -ECONNREFUSED: no daemon runs; -EACCES: not root.
 */
int daemon_ask(const char *question, char **ret);
/* A sentence on stderr for what daemon_ask returned, and the exit code. */
int daemon_complain(int rc);

/*
 * Have the daemon read its configuration anew and wait until it did. 0;
 * -ETIMEDOUT: it did not take it (the old one goes on); else as daemon_ask.
 * (cmd-gate.c)
 */
int gate_apply(void);

/*
 * Where kadomorid is: beside this program in the build folder or installed,
 * else its name alone, for PATH.
 */
void daemon_path(char *buf, size_t n);

#endif
