/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE /* close_range */
#include "sys/dhcpcd_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	PATIENCE = 5,          /* seconds for dhcpcd to end, */
	HELPERS_PATIENCE = 50, /* and then, in 10 ms, for its helpers */
	CANNOT_RUN = 127,
};

/* Sends the guard what it must know when its parent is gone; never sent by anyone else. */
enum { ORPHANED = SIGHUP };

static void default_signals(void)
{
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL); /* fails for SIGKILL and SIGSTOP */
}

_Noreturn static void run_client(const char *const argv[])
{
	sigset_t none;

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(CANNOT_RUN);
}

/* Takes the helpers of a client that has ended, and the client itself if it has not. */
static void sweep(pid_t client)
{
	kill(-client, SIGKILL);
}

/* The helpers of a client that was asked to end still take its addresses, routes and files away after it. */
static void wait_for_helpers(pid_t client)
{
	const struct timespec pause = { 0, 10 * 1000000 };

	for (int i = 0; i < HELPERS_PATIENCE && kill(-client, 0) == 0; i++)
		nanosleep(&pause, NULL);
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

_Noreturn static void watch(pid_t client)
{
	struct timespec patience = { PATIENCE, 0 };
	bool ending = false;
	sigset_t set;
	int status;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, ORPHANED);
	sigaddset(&set, SIGCHLD);
	for (;;) {
		int got = ending ? sigtimedwait(&set, NULL, &patience) : sigwaitinfo(&set, NULL);
		if (got == SIGTERM && !ending) {
			ending = true;
			kill(client, SIGTERM);
		} else if ((got == ORPHANED && !ending) || (got < 0 && errno == EAGAIN)) {
			sweep(client);
		}
		if (waitpid(client, &status, WNOHANG) == client)
			break;
	}
	if (ending)
		wait_for_helpers(client);
	sweep(client);
	_exit(exit_status(status));
}

_Noreturn static void guard(const char *const argv[], int output, pid_t parent)
{
	int null = open("/dev/null", O_RDWR);

	setsid(); /* the terminal's Ctrl-C is for hearthd, which then ends us in good order */
	default_signals();
	prctl(PR_SET_PDEATHSIG, ORPHANED);
	if (getppid() != parent)
		_exit(0);
	dup2(null, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	/* Not least the lock of the control socket, which must not outlive hearthd. */
	close_range(STDERR_FILENO + 1, ~0U, 0);
	pid_t client = fork();
	if (client == 0)
		run_client(argv);
	if (client < 0)
		_exit(CANNOT_RUN);
	setpgid(client, client); /* here and there: whoever is first */
	watch(client);
}

pid_t dhcpcd_guard(const char *const argv[], int output)
{
	sigset_t all, before;
	pid_t parent = getpid();

	/* Until the child has forgotten our handlers no signal may run one: libevent's would write to our own pipe. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid_t pid = fork();
	if (pid == 0)
		guard(argv, output, parent);
	int error = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return pid;
}
