/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KADOMORI_CMD_HOSTS_H
#define KADOMORI_CMD_HOSTS_H

/* "kadomori explain host ADDRESS"; argv[0] is "host". Exit code: good when the
 * host is reachable. */
int explain_host(int argc, char **argv);

#endif
