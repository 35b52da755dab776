// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * still FILE: for how long did this machine stand still? A thread on each CPU
 * wakes every few milliseconds and notes how much later than that it was: time
 * that a hypervisor or a real-time program took. Ends with its parent.
 * still FILE ms: the sum over all CPUs until now, of which a stall that is
 * going on is a part. A chain of processes may have waited for all of it.
 *
 * A test whose limit is a time adds to it what was lost meanwhile; so it never
 * fails of a slow machine, and on one that runs its limit is what it says.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/* who waits for a CPU that other programs use waits a few milliseconds */
enum { CPUS = 64, TURN_US = 4000, STALL_US = 16000 };

struct clock {
	_Atomic int64_t turned, lost;
};
static struct clock *clocks;

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t overdue(const struct clock *c, int64_t now)
{
	int64_t d = now - c->turned - TURN_US;

	return c->turned && d > STALL_US ? d : 0;
}

static void *watch(void *arg)
{
	struct clock *c = arg;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)(c - clocks), &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return NULL; /* there is no such CPU, or it is not for us */
	for (c->turned = now_us();;) {
		int64_t now;

		usleep(TURN_US);
		now = now_us();
		c->lost += overdue(c, now);
		c->turned = now;
	}
}

int main(int argc, char **argv)
{
	int fd = argc > 1 ? open(argv[1], O_RDWR | O_CREAT, 0644) : -1;
	int64_t sum = 0, now = now_us();
	pthread_t t;

	if (fd < 0 || ftruncate(fd, CPUS * sizeof(*clocks)))
		return 1;
	clocks = mmap(NULL, CPUS * sizeof(*clocks), PROT_READ | PROT_WRITE,
		MAP_SHARED, fd, 0);
	if (clocks == MAP_FAILED)
		return 1;
	if (argc > 2) {
		for (int i = 0; i < CPUS; i++)
			sum += clocks[i].lost + overdue(&clocks[i], now);
		printf("%lld\n", (long long)sum / 1000);
		return 0;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memset(clocks, 0, CPUS * sizeof(*clocks));
	for (int i = 0; i < CPUS && i < sysconf(_SC_NPROCESSORS_CONF); i++)
		if (pthread_create(&t, NULL, watch, &clocks[i]))
			return 1;
	pause();
	return 0;
}
