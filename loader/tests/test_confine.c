/* What a run gives up once everything is attached: by what its script and its options take later.
 * The kernel's part is stood in for: it says what it was asked to take away. */
#include "run/confine.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "captured.h"
#include "check.h"
#include "host/syscall_filter.h"
#include "says.h"
#include "session/policy.h"
#include "session/session.h"

#define BIT(capability) (UINT64_C(1) << (capability))
#define OF_NAMES (BIT(CAP_SYS_PTRACE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_CHECKPOINT_RESTORE))
#define OF_CAT (BIT(CAP_SYS_PTRACE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_SYSLOG))
#define ALL ((BIT(CAP_CHECKPOINT_RESTORE) << 1) - 1)

struct bpf_program {
	int fd;
};

#define PROBES 6

static struct {
	struct session session;
	struct options options;
	struct manifest manifest;
	struct policy policy;
	struct mf_map map;
	struct mf_event event;
	struct mf_probe probes[PROBES];
	struct bpf_program programs[PROBES];
	struct bpf_program *program_of[PROBES];
	struct user_account account;
	/* What the loader has. */
	uint64_t permitted, effective;
	/* Commands of bpf(2) that take a capability, as bits, and which. */
	uint64_t kept_from;
	uint64_t takes;
	/* What was asked of the kernel, in the end. */
	uint64_t held, needs;
	uint32_t filters, drops, uses, becomes;
	const struct user_account *became;
	int no_filter, no_drop, no_use, no_become;
	struct failure failure;
} scene;

/* In place of the kernel. */

uint64_t privileges_effective(void)
{
	return scene.effective;
}

uint64_t privileges_permitted(void)
{
	return scene.permitted;
}

void privileges_put(struct strbuf *to, uint64_t capabilities)
{
	char text[32];

	snprintf(text, sizeof(text), "<%llx>", (unsigned long long)capabilities);
	strbuf_text(to, text);
}

bool user_account_find(struct user_account *account, const char *name)
{
	account->user = 77;
	return strcmp(name, "tracer") == 0;
}

static int answer(int error)
{
	errno = error;
	return error ? -1 : 0;
}

int privileges_become(const struct user_account *account)
{
	scene.becomes++;
	scene.became = account;
	return answer(scene.no_become);
}

int privileges_use(uint64_t capabilities)
{
	scene.uses++;
	scene.effective = scene.permitted & capabilities;
	return answer(scene.no_use);
}

int privileges_drop(uint64_t capabilities, const struct user_account *account)
{
	/* Before that, all of them are back. */
	CHECK(scene.effective == scene.permitted);
	scene.drops++;
	scene.held = capabilities;
	scene.became = account;
	return answer(scene.no_drop);
}

int syscall_filter_install(uint32_t needs)
{
	/* It needs no_new_privs, which comes with what is given up. */
	CHECK(scene.drops == 1);
	scene.filters++;
	scene.needs = needs;
	return answer(scene.no_filter);
}

uint32_t syscall_filter_count(uint32_t needs)
{
	return 30 + needs;
}

bool syscall_filter_is_there(void)
{
	return true;
}

int bpf_program__fd(const struct bpf_program *program)
{
	return program->fd;
}

/* bpf(2) with a descriptor that is none. */
long syscall(long number, ...)
{
	const union bpf_attr *attributes;
	long command, size;
	va_list arguments;

	va_start(arguments, number);
	command = va_arg(arguments, long);
	attributes = va_arg(arguments, const union bpf_attr *);
	size = va_arg(arguments, long);
	va_end(arguments);
	/* Nothing else is asked so, least of all of a descriptor that is one. */
	if (!CHECK(number == SYS_bpf && attributes->map_fd == UINT32_MAX &&
		   size == sizeof(*attributes)))
		exit(1);
	if (!(scene.kept_from >> command & 1))
		errno = EBADF;
	else
		errno = scene.effective & scene.takes ? EBADF : EPERM;
	return -1;
}

static void begin(void)
{
	free(scene.account.groups);
	failure_clear(&scene.failure);
	memset(&scene, 0, sizeof(scene));
	scene.session.options = &scene.options;
	scene.session.manifest = &scene.manifest;
	scene.session.programs = scene.program_of;
	scene.manifest.probes = scene.probes;
	scene.manifest.events = &scene.event;
	scene.manifest.maps = &scene.map;
	scene.permitted = scene.effective = ALL;
	scene.takes = BIT(CAP_BPF) | BIT(CAP_SYS_ADMIN);
}

/* What is held, and which needs the filter knows, with the scene as it stands. */
static void expect(uint64_t held, uint32_t needs, const char *where, int line)
{
	int status = confine(&scene.session, &scene.account, &scene.failure);

	if (!check_that(status == STATUS_OK && scene.held == held && scene.needs == needs &&
				scene.drops == 1 && scene.filters == 1,
			where, __FILE__, line))
		fprintf(stderr, "  held %llx, needs %llx\n", (unsigned long long)scene.held,
			(unsigned long long)scene.needs);
	begin();
}

#define EXPECT(held, needs) expect((held), (needs), #held ", " #needs, __LINE__)

static void add_probe(enum mf_provider provider)
{
	uint32_t index = scene.manifest.probe_count++;

	scene.probes[index].provider = provider;
	scene.programs[index].fd = -1;
	scene.program_of[index] = &scene.programs[index];
}

static void has_event(enum mf_event_kind kind)
{
	scene.event.kind = kind;
	scene.manifest.event_count = 1;
}

static void has_value(const struct mf_type *type)
{
	scene.map.value = type;
	scene.manifest.map_count = 1;
}

static void test_nothing(void)
{
	begin();
	add_probe(MF_BEGIN);
	add_probe(MF_KPROBE);
	has_event(MF_EVENT_PRINTF);
	has_value(&(struct mf_type){.kind = MF_INT, .size = 8});
	EXPECT(0, 0);
}

static void test_files(void)
{
	scene.options.max_memory = 1;
	EXPECT(0, NEED_FILES);
	has_event(MF_EVENT_TIME);
	EXPECT(0, NEED_FILES);
	has_value(&(struct mf_type){.kind = MF_TIMESTAMP});
	EXPECT(0, NEED_FILES);
	has_value(&(struct mf_type){.kind = MF_NAME, .name_space = MF_NAME_USER});
	EXPECT(0, NEED_FILES);
	has_value(&(struct mf_type){.kind = MF_NAME, .name_space = MF_NAME_SIGNAL});
	EXPECT(0, 0);
	has_value(&(struct mf_type){.kind = MF_CGROUP_PATH});
	EXPECT(0, NEED_FOLDERS);
	/* Files of any process and of the kernel. */
	has_event(MF_EVENT_CAT);
	EXPECT(OF_CAT, NEED_FILES);
	has_event(MF_EVENT_CAT);
	scene.options.user = "tracer";
	EXPECT(0, NEED_FILES);
}

static void test_names(void)
{
	static const struct mf_metric of_containers = {.cgroup = 0}, of_none = {.cgroup = MF_NONE};
	static const struct mf_type symbol = {.kind = MF_USYM}, kernels = {.kind = MF_KSYM},
				    number = {.kind = MF_INT, .size = 8};
	static const struct mf_type raw = {
		.kind = MF_STACK, .user_stack = true, .stack_mode = MF_STACK_RAW};
	static const struct mf_type raw_kernel = {.kind = MF_STACK, .stack_mode = MF_STACK_RAW};
	static const struct mf_type named = {
		.kind = MF_STACK, .user_stack = true, .stack_mode = MF_STACK_PERF};

	has_value(&symbol);
	EXPECT(OF_NAMES, NEED_FOLDERS);
	has_value(&kernels);
	EXPECT(0, 0);
	has_value(&named);
	EXPECT(OF_NAMES, NEED_FOLDERS);
	has_event(MF_EVENT_PROCESS);
	EXPECT(OF_NAMES, NEED_FOLDERS);
	/* Of others nobody is named where the policy says so. */
	has_value(&symbol);
	scene.session.policy = &scene.policy;
	EXPECT(OF_NAMES, NEED_FOLDERS);
	has_value(&symbol);
	scene.session.policy = &scene.policy;
	scene.policy.no_names = true;
	EXPECT(0, NEED_FOLDERS);
	/* Raw stacks are told with their files where they are named elsewhere. */
	has_value(&raw);
	EXPECT(0, 0);
	has_value(&raw);
	scene.options.recording = "file";
	EXPECT(OF_NAMES, NEED_FOLDERS);
	has_value(&raw);
	scene.options.form = FORM_TYPED_JSON;
	EXPECT(OF_NAMES, NEED_FOLDERS);
	has_value(&raw);
	scene.options.form = FORM_JSON;
	EXPECT(0, 0);
	has_value(&raw_kernel);
	scene.options.recording = "file";
	EXPECT(0, 0);
	has_value(&named);
	scene.options.recording = "file";
	EXPECT(OF_NAMES, NEED_FOLDERS);
	/* Containers are folders that everybody may see. */
	has_value(&number);
	scene.map.metric = &of_containers;
	EXPECT(0, NEED_FOLDERS);
	has_value(&number);
	scene.map.metric = &of_none;
	EXPECT(0, 0);
}

static void test_ways(void)
{
	add_probe(MF_KPROBE);
	add_probe(MF_END);
	EXPECT(0, NEED_PROGRAMS);
	add_probe(MF_SELF);
	EXPECT(0, NEED_PROGRAMS);
	add_probe(MF_ITER);
	EXPECT(0, NEED_ITERATOR);
	scene.options.child = "true";
	EXPECT(BIT(CAP_KILL), NEED_KILL);
	scene.options.reopen = true;
	EXPECT(0, NEED_OUTPUT);
	scene.options.metrics = "localhost:0";
	EXPECT(0, NEED_CLIENTS);
	scene.options.top = true;
	EXPECT(0, NEED_SCREEN);
	scene.options.form = FORM_OPENMETRICS;
	scene.options.output = "file";
	EXPECT(0, NEED_REPLACE);
	/* All at once. */
	add_probe(MF_END);
	add_probe(MF_ITER);
	has_event(MF_EVENT_CAT);
	has_value(&(struct mf_type){.kind = MF_USYM});
	scene.options.child = "true";
	EXPECT(OF_CAT | OF_NAMES | BIT(CAP_KILL),
	       NEED_FILES | NEED_FOLDERS | NEED_PROGRAMS | NEED_ITERATOR | NEED_KILL);
	/* What is not permitted cannot be kept. */
	has_event(MF_EVENT_CAT);
	scene.permitted = scene.effective = BIT(CAP_SYSLOG) | BIT(CAP_NET_RAW);
	EXPECT(BIT(CAP_SYSLOG), NEED_FILES);
}

/* What the kernel does not let do with descriptors, by command, without a capability of bpf(2). */
static void test_bpf(void)
{
	scene.kept_from = BIT(BPF_MAP_LOOKUP_ELEM);
	EXPECT(BIT(CAP_BPF), 0);
	/* A kernel that has no CAP_BPF. */
	scene.kept_from = BIT(BPF_MAP_LOOKUP_ELEM);
	scene.permitted = scene.effective = BIT(CAP_SYS_ADMIN) | BIT(CAP_KILL);
	EXPECT(BIT(CAP_SYS_ADMIN), 0);
	scene.kept_from = BIT(BPF_MAP_LOOKUP_ELEM);
	scene.permitted = scene.effective = BIT(CAP_KILL);
	EXPECT(0, 0);
	/* It is asked with nothing but what is kept in any case. */
	scene.kept_from = BIT(BPF_MAP_LOOKUP_ELEM);
	scene.takes = BIT(CAP_KILL);
	scene.options.child = "true";
	EXPECT(BIT(CAP_KILL), NEED_KILL);
	/* Programs and iterators count where there are some. */
	scene.kept_from = BIT(BPF_PROG_TEST_RUN) | BIT(BPF_ITER_CREATE);
	EXPECT(0, 0);
	scene.kept_from = BIT(BPF_PROG_TEST_RUN);
	add_probe(MF_END);
	EXPECT(BIT(CAP_BPF), NEED_PROGRAMS);
	scene.kept_from = BIT(BPF_ITER_CREATE);
	add_probe(MF_END);
	EXPECT(0, NEED_PROGRAMS);
	scene.kept_from = BIT(BPF_ITER_CREATE);
	add_probe(MF_ITER);
	EXPECT(BIT(CAP_BPF), NEED_ITERATOR);
	/* Where it cannot be tried, nothing is kept for it. */
	scene.no_use = EPERM;
	scene.kept_from = BIT(BPF_MAP_LOOKUP_ELEM);
	scene.permitted = 0;
	scene.effective = 0;
	EXPECT(0, 0);
}

static bool leads_nowhere(int fd)
{
	char link[32], path[32] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return readlink(link, path, sizeof(path) - 1) > 0 && strcmp(path, "/dev/null") == 0;
}

/* Programs that ran already are not ours any more; those to come and what is counted later are. */
static void test_programs(void)
{
	static const enum mf_provider providers[] = {MF_BEGIN, MF_TEST, MF_BENCH,
						     MF_END,   MF_SELF, MF_KPROBE};

	for (int keeps = 0; keeps < 3; keeps++) {
		begin();
		for (uint32_t i = 0; i < PROBES; i++) {
			add_probe(providers[i]);
			scene.programs[i].fd = open("/", O_RDONLY | O_CLOEXEC);
		}
		scene.options.max_memory = keeps == 1;
		scene.options.keep_privileges = keeps == 2;
		CHECK(confine(&scene.session, &scene.account, &scene.failure) == STATUS_OK);
		for (uint32_t i = 0; i < PROBES; i++) {
			CHECK(leads_nowhere(scene.programs[i].fd) == (!keeps && i < 3));
			CHECK(fcntl(scene.programs[i].fd, F_GETFD) == FD_CLOEXEC);
			close(scene.programs[i].fd);
		}
		CHECK(scene.drops == (keeps != 2) && scene.filters == (keeps != 2) &&
		      scene.uses == (keeps == 2 ? 0 : 2));
	}
	/* One that is not loaded has none, and one of the end will not run. */
	begin();
	add_probe(MF_BEGIN);
	add_probe(MF_END);
	scene.program_of[0] = scene.program_of[1] = NULL;
	EXPECT(0, 0);
}

/* What is said on the way. */
static void expect_said(const char *expected)
{
	struct strbuf text = {0};
	struct captured captured;

	capture_begin(&captured, STDERR_FILENO);
	CHECK(confine(&scene.session, &scene.account, &scene.failure) == STATUS_OK);
	capture_end(&captured, &text);
	CHECK_TEXT(&text, expected);
	strbuf_free(&text);
	begin();
}

static void test_told(void)
{
	begin();
	expect_said("");
	scene.options.verbose = true;
	scene.options.child = "true";
	expect_said("Holds <20>, no_new_privs, a filter of 46 system calls\n");
	scene.options.verbose = true;
	scene.no_filter = EINVAL;
	expect_said(
		"WARNING: this kernel filters no system calls (Invalid argument): bpfload goes on "
		"with all.\nHolds <0>, no_new_privs\n");
	scene.options.no_warnings = true;
	scene.no_filter = EINVAL;
	expect_said("");
	scene.options.verbose = true;
	scene.options.allow_run = true;
	has_event(MF_EVENT_SYSTEM);
	expect_said("Holds <20>; commands have what bpfload was given\n");
}

/* A command has what the loader was given: nothing is taken away for good. */
static void test_commands(void)
{
	has_event(MF_EVENT_SYSTEM);
	EXPECT(0, 0);
	for (int i = 0; i < 2; i++) {
		has_event(MF_EVENT_SYSTEM);
		scene.options.allow_run = i == 0;
		scene.options.unsafe = i == 1;
		has_value(&(struct mf_type){.kind = MF_USYM});
		CHECK(confine(&scene.session, &scene.account, &scene.failure) == STATUS_OK);
		CHECK(!scene.drops && !scene.filters && !scene.becomes);
		CHECK(scene.effective == (OF_NAMES | BIT(CAP_KILL)));
		begin();
	}
	has_event(MF_EVENT_SYSTEM);
	scene.options.allow_run = true;
	scene.options.user = "tracer";
	CHECK(confine(&scene.session, &scene.account, &scene.failure) == STATUS_OK);
	CHECK(scene.becomes == 1 && scene.became == &scene.account);
	CHECK(scene.effective == BIT(CAP_KILL));
	scene.no_become = EAGAIN;
	CHECK(confine(&scene.session, &scene.account, &scene.failure) == STATUS_FAILED);
	CHECK(says(&scene.failure, STATUS_FAILED, "Cannot become user tracer: Resource"));
	failure_clear(&scene.failure);
	scene.no_become = 0;
	scene.no_use = EPERM;
	CHECK(confine(&scene.session, &scene.account, &scene.failure) == STATUS_FAILED);
	CHECK(says(&scene.failure, STATUS_FAILED,
		   "Cannot give up capabilities: Operation not permitted."));
	begin();
}

static void test_user(void)
{
	const struct user_account *became;

	scene.options.user = "tracer";
	CHECK(confine(&scene.session, &scene.account, &scene.failure) == STATUS_OK);
	became = scene.became;
	CHECK(became == &scene.account && !scene.becomes);
	begin();
	CHECK(confine(&scene.session, &scene.account, &scene.failure) == STATUS_OK);
	CHECK(!scene.became);
	begin();
	scene.no_drop = EPERM;
	CHECK(confine(&scene.session, &scene.account, &scene.failure) == STATUS_FAILED);
	CHECK(!scene.filters && says(&scene.failure, STATUS_FAILED,
				     "Cannot give up capabilities: Operation not permitted."));
	begin();
}

static void test_find_user(void)
{
	const uint64_t wanted = BIT(CAP_SETUID) | BIT(CAP_SETGID);

	scene.effective = 0;
	CHECK(confine_find_user(&scene.account, &scene.options, &scene.failure) == STATUS_OK);
	CHECK(scene.account.user == 0);
	scene.options.user = "nobody-of-that-name";
	CHECK(confine_find_user(&scene.account, &scene.options, &scene.failure) == STATUS_USAGE);
	CHECK(says(&scene.failure, STATUS_USAGE, "--user: there is no user nobody-of-that-name."));
	failure_clear(&scene.failure);
	scene.options.user = "tracer";
	for (int i = 0; i < 3; i++) {
		scene.effective = i == 0 ? ALL & ~BIT(CAP_SETUID) : i == 1 ? BIT(CAP_SETUID) : 0;
		CHECK(confine_find_user(&scene.account, &scene.options, &scene.failure) ==
		      STATUS_PERMISSION);
		CHECK(says(&scene.failure, STATUS_PERMISSION,
			   "--user takes CAP_SETUID and CAP_SETGID, which are missing."));
		failure_clear(&scene.failure);
	}
	scene.effective = wanted;
	CHECK(confine_find_user(&scene.account, &scene.options, &scene.failure) == STATUS_OK);
	CHECK(scene.account.user == 77);
	begin();
}

int main(void)
{
	test_nothing();
	test_files();
	test_names();
	test_ways();
	test_bpf();
	test_programs();
	test_told();
	test_commands();
	test_user();
	test_find_user();
	return check_result("confine");
}
