/*
 * The first and only program of a guest that `bpfscript check --boot` starts: loads each object of
 * /objects with /bpfload, and writes what came of it to a serial port.
 *
 * The port gets `kernel RELEASE`, then for each object `object NUMBER STATUS LENGTH` and that many
 * bytes of what the loader said, then `end`; lines end with a line feed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* What an object takes is a second, without the hardware's help ten. */
#define MOST_SECONDS 120
#define SAID "/tmp/said"
/* Status of an object that took longer; the loader has none above 128 by itself. */
#define OUT_OF_TIME 124

struct file_system {
	const char *type, *where;
};

/* A kernel without one of them goes on: the loader says what it wants. */
static void mount_all(void)
{
	static const struct file_system all[] = {
		{"proc", "/proc"},
		{"sysfs", "/sys"},
		{"devtmpfs", "/dev"},
		{"tracefs", "/sys/kernel/tracing"},
		{"debugfs", "/sys/kernel/debug"},
		{"bpf", "/sys/fs/bpf"},
		{"cgroup2", "/sys/fs/cgroup"},
	};

	/* What starts it is in memory already, with the files of traced programs, of which some may
	 * be in here. */
	mkdir("/tmp", 0755);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		mkdir(all[i].where, 0755);
		mount(all[i].type, all[i].where, all[i].type, 0, NULL);
	}
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

static FILE *open_port(void)
{
	const char *path = getenv("RESULTS");
	struct termios mode;
	int fd = path ? open(path, O_RDWR | O_NOCTTY) : -1;

	if (fd < 0)
		return NULL;
	/* Else line feeds become two bytes. */
	if (tcgetattr(fd, &mode) == 0) {
		cfmakeraw(&mode);
		tcsetattr(fd, TCSANOW, &mode);
	}
	return fdopen(fd, "w");
}

static void become_loader(const char *object)
{
	int null = open("/dev/null", O_RDONLY);
	int said = open(SAID, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	setsid();
	dup2(null, STDIN_FILENO);
	dup2(said, STDOUT_FILENO);
	dup2(said, STDERR_FILENO);
	execl("/bpfload", "bpfload", "--dry-run", object, (char *)NULL);
	perror("/bpfload");
	_exit(127);
}

static void ignore(int signal)
{
	(void)signal;
}

static int load(const char *object)
{
	const struct sigaction action = {.sa_handler = ignore};
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		become_loader(object);
	if (child < 0)
		return 127;
	sigaction(SIGALRM, &action, NULL);
	alarm(MOST_SECONDS);
	while (waitpid(child, &status, 0) < 0)
		if (errno == EINTR) {
			kill(-child, SIGKILL);
			waitpid(child, &status, 0);
			return OUT_OF_TIME;
		}
	alarm(0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void copy_said(FILE *port, unsigned number, int result)
{
	struct stat info = {0};
	FILE *said = fopen(SAID, "r");
	off_t left;

	if (said && fstat(fileno(said), &info) != 0)
		info.st_size = 0;
	fprintf(port, "object %u %d %lld\n", number, result, (long long)info.st_size);
	for (left = info.st_size; left > 0; left--) {
		int byte = getc(said);

		putc(byte == EOF ? '\n' : byte, port);
	}
	if (said)
		fclose(said);
	fflush(port);
}

static void load_all(FILE *port)
{
	for (unsigned number = 0;; number++) {
		char object[64];

		snprintf(object, sizeof(object), "/objects/%u.o", number);
		if (access(object, R_OK) != 0)
			return;
		copy_said(port, number, load(object));
	}
}

int main(void)
{
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct utsname kernel;
	FILE *port;

	mount_all();
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	write_file("/proc/sys/kernel/kptr_restrict", "0");
	write_file("/proc/sys/kernel/perf_event_paranoid", "-1");
	port = open_port();
	if (port && uname(&kernel) == 0) {
		fprintf(port, "kernel %s\n", kernel.release);
		fflush(port);
		load_all(port);
		fprintf(port, "end\n");
		fflush(port);
		tcdrain(fileno(port));
	}
	sync();
	reboot(RB_POWER_OFF);
	return 1;
}
