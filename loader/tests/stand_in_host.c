/* Files of the kernel in place of the host's: those of a folder that a test fills. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "stand_in.h"

/* Where a path leads. */
static const char *place_of(const char *path, char room[512])
{
	if (stand_in.sys && strncmp(path, "/sys/", 5) == 0)
		snprintf(room, 512, "%s/%s", stand_in.sys, path + 5);
	else if (stand_in.proc && strncmp(path, "/proc/", 6) == 0)
		snprintf(room, 512, "%s/%s", stand_in.proc, path + 6);
	else
		return path;
	return room;
}

/* The function of that name that comes behind the one here. */
static void *behind(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

int faccessat(int folder, const char *path, int mode, int flags)
{
	int (*real)(int, const char *, int, int);
	char room[512];

	if (!stand_in.sys && strcmp(path, "/sys/kernel/btf/vmlinux") == 0)
		return 0;
	if (strstr(path, "/kprobe/type") || strstr(path, "/kprobe_events"))
		return stand_in.has_kprobes ? 0 : -1;
	*(void **)&real = behind("faccessat");
	return real(folder, place_of(path, room), mode, flags);
}

int open(const char *path, int flags, ...)
{
	int (*real)(const char *, int, ...);
	char room[512];
	va_list arguments;
	int mode;

	if (strncmp(path, "/refused/", 9) == 0) {
		errno = stand_in.refused_files;
		return -1;
	}
	va_start(arguments, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, int) : 0;
	va_end(arguments);
	*(void **)&real = behind("open");
	return real(place_of(path, room), flags, mode);
}

DIR *opendir(const char *path)
{
	DIR *(*real)(const char *);
	char room[512];

	*(void **)&real = behind("opendir");
	return real(place_of(path, room));
}

FILE *fopen(const char *path, const char *mode)
{
	FILE *(*real)(const char *, const char *);
	char room[512];

	*(void **)&real = behind("fopen");
	return real(place_of(path, room), mode);
}

/* What libbpf calls. */
FILE *fopen64(const char *path, const char *mode)
{
	return fopen(path, mode);
}

int stat(const char *path, struct stat *info)
{
	int (*real)(const char *, struct stat *);
	char room[512];

	*(void **)&real = behind("stat");
	return real(place_of(path, room), info);
}
