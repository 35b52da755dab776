// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What decide keeps: its two descriptors and memory. No capability, no new
 * privilege, no file (an empty root), no network (a namespace of its own, with
 * nothing in it), no new process.
 */
#include "cmd/kadomorid/sandbox.h"
#include "base/base.h"

#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534 };

static int empty_root(int more)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWIPC | more))
		return -errno;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount("none", "/mnt", "tmpfs",
			MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k,mode=555") ||
		chdir("/mnt") || chroot("."))
		return -errno;
	return 0;
}

static int become_nobody(void)
{
	struct rlimit none = {0, 0};

	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
		setresuid(NOBODY, NOBODY, NOBODY))
		return -errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		setrlimit(RLIMIT_NPROC, &none) || setrlimit(RLIMIT_FSIZE, &none))
		return -errno;
	/* root would have been able to come back; nobody is not */
	return setresuid(0, 0, 0) == 0 ? -EPERM : 0;
}

int sandbox_decide(void)
{
	int rc = empty_root(CLONE_NEWNET);

	return rc ? rc : become_nobody();
}

/*
 * What no listener ever calls. An allow-list would break with each libc; these
 * are the doors: new sockets, new programs, other processes, namespaces.
 */
static const int refused[] = {__NR_socket, __NR_connect, __NR_execve,
	__NR_execveat, __NR_ptrace, __NR_unshare, __NR_setns, __NR_mount,
	__NR_bpf, __NR_perf_event_open, __NR_io_uring_setup, __NR_keyctl,
	__NR_process_vm_writev, __NR_userfaultfd};

#if defined(__x86_64__)
#define ARCH_HERE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH_HERE AUDIT_ARCH_AARCH64
#else
#error "name this machine's AUDIT_ARCH"
#endif

static int refuse_calls(void)
{
	enum { N = ARRAY_LEN(refused) };
	struct sock_filter f[N + 5];
	struct sock_fprog prog = {.len = ARRAY_LEN(f), .filter = f};
	unsigned k = 0;

	/* the same numbers mean other calls in another calling convention */
	f[k++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		offsetof(struct seccomp_data, arch));
	f[k++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
		ARCH_HERE, 0, N + 2);
	f[k++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		offsetof(struct seccomp_data, nr));
	for (unsigned i = 0; i < N; i++)
		f[k++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
			(unsigned)refused[i], (uint8_t)(N - i), 0);
	f[k++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
		SECCOMP_RET_ALLOW);
	f[k++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
		SECCOMP_RET_ERRNO | EPERM);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0)
		       ? -errno : 0;
}

/*
 * listen keeps the gateway's network: a namespace of its own took up to
 * seconds to make on a busy machine, and the line's router waits meanwhile. It
 * can open no socket beside those it was given.
 */
int sandbox_listen(void)
{
	int rc = empty_root(0);

	if (!rc)
		rc = become_nobody();
	return rc ? rc : refuse_calls();
}

int sandbox_user(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return refuse_calls();
}
