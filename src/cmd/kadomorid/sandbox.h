/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process gives up that looks at strangers' bytes. All: 0 or -errno. */
#ifndef KADOMORID_SANDBOX_H
#define KADOMORID_SANDBOX_H

/* For decide: no capability, no file, no network. Needs root. */
int sandbox_decide(void);
/* For who keeps its sockets and gets no others: no file, no right. Needs root. */
int sandbox_listen(void);
/* Without being root: no new privilege, no new socket, no new program. */
int sandbox_user(void);

#endif
