#include "host/name_text.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "host/syscalls.h"

struct user {
	uint32_t id;
	char *name;
};

struct names {
	bool users_read;
	struct user *users;
	size_t user_count, user_room;
};

struct names *names_new(void)
{
	return memory_zeroed(sizeof(struct names));
}

void names_free(struct names *names)
{
	if (!names)
		return;
	for (size_t i = 0; i < names->user_count; i++)
		free(names->users[i].name);
	free(names->users);
	free(names);
}

static void add_user(struct names *names, const struct passwd *entry)
{
	struct user *user;

	memory_grow(names->users, names->user_count, names->user_room);
	user = &names->users[names->user_count++];
	user->id = entry->pw_uid;
	user->name = memory_text(entry->pw_name);
}

/*
 * getpwuid(3) would look for the name services' shared libraries, which a static program can not
 * rely on; fgetpwent(3) only reads the file.
 */
static void read_users(struct names *names)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd *entry;

	names->users_read = true;
	if (!file)
		return;
	while ((entry = fgetpwent(file)))
		add_user(names, entry);
	fclose(file);
}

static const char *user_name(struct names *names, uint64_t number)
{
	if (!names->users_read)
		read_users(names);
	/* The first line with an id is the one that counts, as for getpwuid(3). */
	for (size_t i = 0; i < names->user_count; i++)
		if (names->users[i].id == number)
			return names->users[i].name;
	return "";
}

static const char *error_text(uint64_t number)
{
	int64_t code = (int64_t)number < 0 ? (int64_t)(0 - number) : (int64_t)number;
	const char *text = code >= 0 && code <= 4095 ? strerrordesc_np((int)code) : NULL;

	return text ? text : "Unknown error";
}

static const char *signal_text(uint64_t number)
{
	const char *text = number <= 64 ? sigdescr_np((int)number) : NULL;

	return text ? text : "N/A";
}

/* Where the kernel's function and its event are called otherwise than the system call. */
static const struct {
	const char *event, *name;
} renamed[] = {
	{"newfstat", "fstat"}, {"newlstat", "lstat"},	   {"newstat", "stat"},
	{"newuname", "uname"}, {"sendfile64", "sendfile"}, {"umount", "umount2"},
};

static const char *syscall_text(uint64_t number)
{
	for (uint32_t i = 0; i < syscall_name_count; i++) {
		const char *name = syscall_names[i].name;

		if (syscall_names[i].number != number)
			continue;
		for (size_t j = 0; j < sizeof(renamed) / sizeof(*renamed); j++)
			if (!strcmp(name, renamed[j].event))
				return renamed[j].name;
		return name;
	}
	return "unknown system call";
}

void name_text(struct strbuf *to, struct names *names, enum mf_name_space space, uint64_t number)
{
	switch (space) {
	case MF_NAME_USER:
		strbuf_text(to, user_name(names, number));
		break;
	case MF_NAME_ERRNO:
		strbuf_text(to, error_text(number));
		break;
	case MF_NAME_SIGNAL:
		strbuf_text(to, signal_text(number));
		break;
	case MF_NAME_SYSCALL:
		strbuf_text(to, syscall_text(number));
		break;
	}
}
