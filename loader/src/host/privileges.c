#include "host/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/strbuf.h"

/* By number (include/uapi/linux/capability.h). */
static const char *const names[] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
};

#define NAME_COUNT (sizeof(names) / sizeof(*names))
#define ALL ((UINT64_C(1) << NAME_COUNT) - 1)

struct sets {
	uint64_t effective, permitted, inheritable;
};

static bool get(struct sets *sets)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	*sets = (struct sets){0};
	if (syscall(SYS_capget, &header, data) != 0)
		return false;
	sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	sets->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return true;
}

static int set(const struct sets *sets)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct data[2] = {
		{(uint32_t)sets->effective, (uint32_t)sets->permitted, (uint32_t)sets->inheritable},
		{(uint32_t)(sets->effective >> 32), (uint32_t)(sets->permitted >> 32),
		 (uint32_t)(sets->inheritable >> 32)},
	};

	return (int)syscall(SYS_capset, &header, data);
}

uint64_t privileges_effective(void)
{
	struct sets sets;

	get(&sets);
	return sets.effective;
}

uint64_t privileges_permitted(void)
{
	struct sets sets;

	get(&sets);
	return sets.permitted;
}

void privileges_put(struct strbuf *to, uint64_t capabilities)
{
	const char *between = "";

	if ((capabilities & ALL) == ALL) {
		strbuf_text(to, "all capabilities");
		return;
	}
	if (!(capabilities & ALL))
		strbuf_text(to, "no capabilities");
	for (size_t i = 0; i < NAME_COUNT; i++) {
		if (!(capabilities >> i & 1))
			continue;
		strbuf_text(to, between);
		strbuf_text(to, "CAP_");
		strbuf_text(to, names[i]);
		between = ", ";
	}
}

static bool is_member(const struct group *group, const char *user)
{
	for (char *const *member = group->gr_mem; *member; member++)
		if (strcmp(*member, user) == 0)
			return true;
	return false;
}

/* getpwnam(3) and initgroups(3) would look for the shared libraries of name services, which a
 * static program can not rely on. */
static void find_groups(struct user_account *account, const char *user)
{
	FILE *file = fopen("/etc/group", "re");
	size_t room = 0;
	struct group *group;

	while (file && (group = fgetgrent(file))) {
		if (!is_member(group, user))
			continue;
		memory_grow(account->groups, account->group_count, room);
		account->groups[account->group_count++] = group->gr_gid;
	}
	if (file)
		fclose(file);
}

bool user_account_find(struct user_account *account, const char *name)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd *entry;
	char *end;
	unsigned long number;
	bool found = false;

	*account = (struct user_account){0};
	errno = 0;
	number = strtoul(name, &end, 10);
	if (*end || errno || *name < '0' || *name > '9' || number >= UINT32_MAX)
		number = UINT32_MAX;
	while (file && !found && (entry = fgetpwent(file))) {
		if (strcmp(entry->pw_name, name) != 0 && entry->pw_uid != number)
			continue;
		found = true;
		account->user = entry->pw_uid;
		account->group = entry->pw_gid;
		name = memory_text(entry->pw_name);
	}
	if (file)
		fclose(file);
	if (found) {
		find_groups(account, name);
		free((char *)name);
	}
	return found;
}

int privileges_use(uint64_t capabilities)
{
	struct sets sets;

	if (!get(&sets))
		return -1;
	sets.effective = sets.permitted & capabilities;
	return set(&sets);
}

/* The kernel may know more of them than we do: it refuses the number behind its last one. */
static void empty_bounding_set(void)
{
	unsigned long number = 0;

	while (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0)
		number++;
}

int privileges_become(const struct user_account *account)
{
	/* Else the last of these empties the sets. */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 ||
	    setgroups(account->group_count, account->groups) != 0 ||
	    setresgid(account->group, account->group, account->group) != 0)
		return -1;
	return setresuid(account->user, account->user, account->user);
}

int privileges_drop(uint64_t capabilities, const struct user_account *account)
{
	struct sets sets;

	if (privileges_use(UINT64_MAX) != 0)
		return -1;
	empty_bounding_set();
	if (account && privileges_become(account) != 0)
		return -1;
	if (!get(&sets))
		return -1;
	sets.effective = sets.permitted = sets.permitted & capabilities;
	sets.inheritable = 0;
	/* What is not permitted and inheritable is not ambient either (kernel/capability.c). */
	if (set(&sets) != 0)
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
