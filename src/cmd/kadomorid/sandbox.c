// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What decide keeps: its two descriptors and memory. No capability, no new
 * privilege, no file (an empty root), no network (a namespace of its own, with
 * nothing in it), no new process.
 */
#include "daemon.h"

#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { NOBODY = 65534 };

static int empty_root(void)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC))
		return -errno;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount("none", "/mnt", "tmpfs",
			MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k,mode=555") ||
		chdir("/mnt") || chroot("."))
		return -errno;
	return 0;
}

int sandbox_decide(void)
{
	struct rlimit none = {0, 0};
	int rc = empty_root();

	if (rc)
		return rc;
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
		setresuid(NOBODY, NOBODY, NOBODY))
		return -errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		setrlimit(RLIMIT_NPROC, &none) || setrlimit(RLIMIT_FSIZE, &none))
		return -errno;
	/* root would have been able to come back; nobody is not */
	return setresuid(0, 0, 0) == 0 ? -EPERM : 0;
}
