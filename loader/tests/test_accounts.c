/* Who --user makes of us: by name or number, with all groups that name the user. The files are the
 * test's. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "folder.h"
#include "host/privileges.h"

static bool has_users, has_groups;

FILE *fopen(const char *path, const char *mode)
{
	static FILE *(*real)(const char *, const char *);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "fopen");
	if (strcmp(path, "/etc/passwd") == 0)
		return has_users ? real(at("passwd"), mode) : NULL;
	if (strcmp(path, "/etc/group") == 0)
		return has_groups ? real(at("group"), mode) : NULL;
	return real(path, mode);
}

static void expect(const char *name, uid_t user, gid_t group, const char *groups)
{
	struct user_account account;
	struct strbuf text = {0};
	char number[32];

	memset(&account, 0x55, sizeof(account));
	if (!CHECK(user_account_find(&account, name)))
		return;
	for (size_t i = 0; i < account.group_count; i++) {
		snprintf(number, sizeof(number), "%u ", account.groups[i]);
		strbuf_text(&text, number);
	}
	if (!CHECK(account.user == user && account.group == group))
		fprintf(stderr, "  %s: %u %u\n", name, account.user, account.group);
	CHECK_TEXT(&text, groups);
	strbuf_free(&text);
	free(account.groups);
}

static void expect_none(const char *name)
{
	struct user_account account;

	memset(&account, 0x55, sizeof(account));
	CHECK(!user_account_find(&account, name) && !account.groups && account.group_count == 0);
}

int main(void)
{
	int before = dup(0), after;

	close(before);
	CHECK(mkdtemp(folder));
	put_file("passwd", "root:x:0:0:root:/root:/bin/sh\n"
			   "tracer:x:70:71:,:/home/tracer:/bin/sh\n"
			   "trace:x:72:71:,:/:/bin/sh\n"
			   "72:x:99:98:a number as a name:/:/bin/sh\n"
			   "last:x:4294967294:5:,:/:/bin/sh\n");
	put_file("group", "root:x:0:\n"
			  "one:x:101:tracer,other\n"
			  "two:x:102:other\n"
			  "three:x:103:other,tracer\n"
			  "prefix:x:104:trace\n"
			  "four:x:105:tracer\n");
	has_users = has_groups = true;
	expect("root", 0, 0, "");
	expect("0", 0, 0, "");
	expect("tracer", 70, 71, "101 103 105 ");
	/* By the number they are the same. */
	expect("70", 70, 71, "101 103 105 ");
	expect("trace", 72, 71, "104 ");
	/* The first of the file counts. */
	expect("72", 72, 71, "104 ");
	expect("4294967294", 4294967294u, 5, "");
	expect_none("4294967295");
	expect_none("18446744073709551616");
	expect_none("tracers");
	expect_none("-1");
	expect_none("+70");
	expect_none(" 70");
	expect_none("70 ");
	expect_none("0x46");
	expect_none("");
	has_groups = false;
	expect("tracer", 70, 71, "");
	has_users = false;
	expect_none("tracer");
	/* Nothing stays open. */
	after = dup(0);
	CHECK(after == before);
	unlink(at("passwd"));
	unlink(at("group"));
	CHECK(rmdir(folder) == 0);
	return check_result("accounts");
}
