#include "stand_in.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/membarrier.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

struct stand_in stand_in;

static pthread_mutex_t noting = PTHREAD_MUTEX_INITIALIZER;

struct bpf_link {
	int fd;
};

static struct bpf_link links[64];

void stand_in_reset(void)
{
	strbuf_free(&stand_in.log);
	stand_in = (struct stand_in){0};
}

void stand_in_note(const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	/* Links end in several threads at a time. */
	pthread_mutex_lock(&noting);
	strbuf_text(&stand_in.log, text);
	pthread_mutex_unlock(&noting);
}

/* The descriptor of a new link, or -1 with the errno that is next. */
int stand_in_answer(void)
{
	int error = stand_in.error_count ? stand_in.errors[0] : 0;

	if (stand_in.error_count) {
		stand_in.error_count--;
		memmove(stand_in.errors, stand_in.errors + 1,
			sizeof(stand_in.errors) - sizeof(int));
	}
	if (error) {
		stand_in_note(": %s\n", strerrorname_np(error));
		errno = error;
		return -1;
	}
	stand_in_note("\n");
	return FIRST_LINK + (int)stand_in.links++;
}

static struct bpf_link *new_bpf_link(void)
{
	int fd = stand_in_answer();
	struct bpf_link *link = fd < 0 ? NULL : &links[fd - FIRST_LINK];

	if (link)
		link->fd = fd;
	return link;
}

int bpf_program__fd(const struct bpf_program *program)
{
	return program->fd;
}

enum bpf_prog_type bpf_program__type(const struct bpf_program *program)
{
	return (enum bpf_prog_type)program->type;
}

enum bpf_attach_type bpf_program__expected_attach_type(const struct bpf_program *program)
{
	return (enum bpf_attach_type)program->expected;
}

int bpf_program__set_expected_attach_type(struct bpf_program *program, enum bpf_attach_type type)
{
	program->expected = (int)type;
	return 0;
}

int bpf_program__set_type(struct bpf_program *program, enum bpf_prog_type type)
{
	program->type = (int)type;
	return 0;
}

const char *bpf_program__section_name(const struct bpf_program *program)
{
	return program->section;
}

int bpf_program__set_attach_target(struct bpf_program *program, int fd, const char *name)
{
	stand_in_note("program %d for %d %s", program->fd, fd, name);
	return stand_in_answer() < 0 ? -errno : 0;
}

struct bpf_link *bpf_program__attach_kprobe_opts(const struct bpf_program *program,
						 const char *function,
						 const struct bpf_kprobe_opts *options)
{
	stand_in_note("%s %s+%zu, cookie %llu, program %d",
		      options->retprobe ? "kretprobe" : "kprobe", function ? function : "?",
		      options->offset, (unsigned long long)options->bpf_cookie, program->fd);
	return new_bpf_link();
}

struct bpf_link *bpf_program__attach_kprobe_multi_opts(const struct bpf_program *program,
						       const char *pattern,
						       const struct bpf_kprobe_multi_opts *options)
{
	stand_in_note("%s of %zu", options->retprobe ? "kretprobes" : "kprobes", options->cnt);
	for (size_t i = 0; i < options->cnt; i++)
		stand_in_note(" %s=%llu", options->syms[i],
			      (unsigned long long)options->cookies[i]);
	stand_in_note(", program %d%s", program->fd, pattern ? pattern : "");
	return new_bpf_link();
}

struct bpf_link *bpf_program__attach_uprobe_opts(const struct bpf_program *program, pid_t pid,
						 const char *path, size_t offset,
						 const struct bpf_uprobe_opts *options)
{
	stand_in_note("%s %s+%zx, cookie %llx, counter %zx, process %d, program %d",
		      options->retprobe ? "uretprobe" : "uprobe", path, offset,
		      (unsigned long long)options->bpf_cookie, options->ref_ctr_offset, pid,
		      program->fd);
	return new_bpf_link();
}

struct bpf_link *bpf_program__attach_perf_event_opts(const struct bpf_program *program, int fd,
						     const struct bpf_perf_event_opts *options)
{
	(void)fd;
	stand_in_note("perf event, cookie %llu, program %d",
		      (unsigned long long)options->bpf_cookie, program->fd);
	return new_bpf_link();
}

struct bpf_link *bpf_program__attach_trace_opts(const struct bpf_program *program,
						const struct bpf_trace_opts *options)
{
	stand_in_note("trace, cookie %llu, program %d", (unsigned long long)options->cookie,
		      program->fd);
	return new_bpf_link();
}

struct bpf_link *bpf_program__attach_trace(const struct bpf_program *program)
{
	stand_in_note("trace, program %d", program->fd);
	return new_bpf_link();
}

int bpf_link__fd(const struct bpf_link *link)
{
	return link->fd;
}

int bpf_link__destroy(struct bpf_link *link)
{
	stand_in_note("link %d ends\n", link->fd - FIRST_LINK);
	return 0;
}

void bpf_link__disconnect(struct bpf_link *link)
{
	stand_in_note("link %d leaves\n", link->fd - FIRST_LINK);
}

static const struct stand_in_object *object_of(int fd)
{
	for (uint32_t i = 0; i < stand_in.object_count; i++)
		if (stand_in.objects[i].fd == fd)
			return &stand_in.objects[i];
	return NULL;
}

static void give_program(const struct stand_in_object *object, struct bpf_prog_info *info)
{
	struct bpf_func_info *records = (struct bpf_func_info *)(uintptr_t)info->func_info;
	uint32_t room = info->nr_func_info;

	*info = (struct bpf_prog_info){.id = object->id,
				       .type = object->kind,
				       .btf_id = object->types,
				       .jited_prog_len = object->is_compiled ? 8 : 0,
				       .nr_func_info = object->function_count,
				       .recursion_misses = object->missed};
	for (uint32_t i = 0; records && i < room && i < object->function_count; i++)
		records[i] = object->functions[i];
}

int bpf_obj_get_info_by_fd(int fd, void *info, __u32 *size)
{
	const struct stand_in_object *object = object_of(fd);

	if (!object) {
		errno = EBADF;
		return -1;
	}
	if (object->module) {
		struct bpf_btf_info *types = info;

		types->kernel_btf = object->is_compiled;
		snprintf((char *)(uintptr_t)types->name, types->name_len, "%s", object->module);
		return 0;
	}
	if (*size == sizeof(struct bpf_link_info)) {
		*(struct bpf_link_info *)info = (struct bpf_link_info){
			.type = object->type, .id = object->id, .prog_id = object->program};
		return 0;
	}
	give_program(object, info);
	return 0;
}

int bpf_prog_get_fd_by_id(__u32 id)
{
	for (uint32_t i = 0; i < stand_in.object_count; i++)
		if (!stand_in.objects[i].program && stand_in.objects[i].id == id)
			return stand_in.objects[i].fd;
	errno = EPERM;
	return -1;
}

int bpf_btf_get_fd_by_id(__u32 id)
{
	return bpf_prog_get_fd_by_id(id);
}

/* In the order of the objects; ENOENT behind the last. */
static int next_id(__u32 id, bool of_types, __u32 *next)
{
	bool passed = id == 0;

	for (uint32_t i = 0; i < stand_in.object_count; i++) {
		const struct stand_in_object *object = &stand_in.objects[i];

		if (passed && object->id && !object->module == !of_types) {
			*next = object->id;
			return 0;
		}
		passed |= object->id == id;
	}
	errno = stand_in.no_ids ? stand_in.no_ids : ENOENT;
	return -1;
}

int bpf_prog_get_next_id(__u32 id, __u32 *next)
{
	return next_id(id, false, next);
}

int bpf_btf_get_next_id(__u32 id, __u32 *next)
{
	return next_id(id, true, next);
}

struct btf *btf__load_from_kernel_by_id(__u32 id)
{
	uint32_t size;
	const void *data = btf__raw_data(stand_in.types, &size);

	return id ? btf__new(data, size) : NULL;
}

struct bpf_link *bpf_program__attach_iter(const struct bpf_program *program,
					  const struct bpf_iter_attach_opts *options)
{
	const union bpf_iter_link_info *info = options ? options->link_info : NULL;

	stand_in_note("iterator, program %d", program->fd);
	if (info)
		stand_in_note(", order %d, process %u", (int)info->cgroup.order, info->task.pid);
	return new_bpf_link();
}

int bpf_obj_pin(int fd, const char *path)
{
	stand_in_note("link %d at %s", fd - FIRST_LINK, path);
	return stand_in_answer() < 0 ? -1 : 0;
}

int bpf_raw_tracepoint_open(const char *name, int program)
{
	stand_in_note("raw tracepoint %s, program %d", name ? name : "of the program", program);
	return stand_in_answer();
}

#define PROGRAM_OF_TRIAL (FIRST_LINK - 1)

int bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license,
		  const struct bpf_insn *insns, size_t count,
		  const struct bpf_prog_load_opts *options)
{
	(void)license;
	if (!name && stand_in.no_trial) {
		errno = EPERM;
		return -1;
	}
	if (!name)
		return PROGRAM_OF_TRIAL;
	stand_in_note("program %s of type %d for %d, function %u of %u, %zu instructions", name,
		      (int)type, (int)options->expected_attach_type, options->attach_btf_id,
		      options->attach_btf_obj_fd, count);
	for (uint32_t i = 0; i < options->func_info_cnt; i++) {
		const struct bpf_func_info *records = options->func_info;

		stand_in_note(", %u at %u", records[i].type_id, records[i].insn_off);
	}
	stand_in_note(", flags %u", options->prog_flags);
	memcpy(stand_in.insns, insns, sizeof(stand_in.insns));
	return stand_in_answer();
}

int bpf_link_create(int program, int target, enum bpf_attach_type type,
		    const struct bpf_link_create_opts *options)
{
	(void)program;
	(void)target;
	/* Before it reads a name, the kernel wants to know of some. */
	if (type == BPF_TRACE_KPROBE_MULTI &&
	    (!options->kprobe_multi.syms || !options->kprobe_multi.cnt))
		return -EINVAL;
	return stand_in.unreadable ? -stand_in.unreadable : -EOPNOTSUPP;
}

/* The kernel's number of the type of links for both ends of functions. */
#define SESSION 56

/* What BPF_LINK_CREATE reads of many functions (include/uapi/linux/bpf.h). */
struct many {
	uint32_t program, target, type, flags, many_flags, count;
	uint64_t functions, addresses, cookies;
};

/* What BPF_LINK_CREATE reads of the other types: tracing, and places of a file. */
struct tracing {
	uint32_t program, target, type, flags, id, zero;
	uint64_t cookie;
};

struct places {
	uint32_t program, target, type, flags;
	uint64_t path, offsets, counters, cookies;
	uint32_t count, many_flags, pid, zero;
};

#define PLACES 48

static void note_places(const struct places *places)
{
	const uint64_t *offsets = (const uint64_t *)(uintptr_t)places->offsets;
	const uint64_t *cookies = (const uint64_t *)(uintptr_t)places->cookies;

	stand_in_note("%s of %s", places->many_flags ? "uretprobes" : "uprobes",
		      (const char *)(uintptr_t)places->path);
	for (uint32_t i = 0; i < places->count; i++)
		stand_in_note(" %llx=%llx", (unsigned long long)offsets[i],
			      (unsigned long long)(cookies ? cookies[i] : 0));
	stand_in_note(", process %u, program %u", places->pid, places->program);
	if (places->counters)
		stand_in_note(", counter %llx",
			      (unsigned long long)*(const uint64_t *)(uintptr_t)places->counters);
}

/* What kernels say of places in a folder. */
static long refuse_places(const struct places *places)
{
	bool by_process = places->pid == UINT32_MAX;

	errno = by_process ? stand_in.no_process : stand_in.folder;
	if (!errno)
		errno = EINVAL;
	return -1;
}

static long create_link(const struct many *many)
{
	const char *const *functions = (const char *const *)(uintptr_t)many->functions;
	const uint64_t *cookies = (const uint64_t *)(uintptr_t)many->cookies;

	if (many->program == PROGRAM_OF_TRIAL && many->type == PLACES)
		return refuse_places((const struct places *)many);
	if (many->program == PROGRAM_OF_TRIAL) {
		errno = stand_in.unreadable && functions && many->count ? stand_in.unreadable
									: EINVAL;
		return -1;
	}
	if (many->type == PLACES) {
		note_places((const struct places *)many);
		return stand_in_answer();
	}
	stand_in_note("type %u", many->type);
	if (many->type != SESSION)
		stand_in_note(", cookie %llu",
			      (unsigned long long)((const struct tracing *)many)->cookie);
	for (uint32_t i = 0; many->type == SESSION && i < many->count; i++)
		stand_in_note(" %s=%llx", functions[i], (unsigned long long)cookies[i]);
	stand_in_note(", program %u", many->program);
	return stand_in_answer();
}

static long open_event(const struct perf_event_attr *event, int process, int cpu)
{
	stand_in_note("event %u:%llu, %s %llu, process %d, CPU %d", event->type,
		      (unsigned long long)event->config, event->freq ? "frequency" : "period",
		      (unsigned long long)event->sample_period, process, cpu);
	if (event->type == PERF_TYPE_BREAKPOINT)
		stand_in_note(", address %llx+%llu mode %u", (unsigned long long)event->bp_addr,
			      (unsigned long long)event->bp_len, event->bp_type);
	if (event->inherit)
		stand_in_note(", inherited");
	return stand_in_answer();
}

/* BPF_RAW_TRACEPOINT_OPEN. */
struct raw_tracepoint {
	uint64_t name;
	uint32_t program, zero;
	uint64_t cookie;
};

static long open_raw_tracepoint(const struct raw_tracepoint *attributes, long size)
{
	stand_in_note("raw tracepoint %s, program %u", (const char *)(uintptr_t)attributes->name,
		      attributes->program);
	if (size == sizeof(*attributes))
		stand_in_note(", cookie %llu", (unsigned long long)attributes->cookie);
	return stand_in_answer();
}

static long wait_for_all(long command)
{
	if (command == MEMBARRIER_CMD_QUERY)
		return stand_in.barriers;
	stand_in_note("barrier %ld\n", command);
	return 0;
}

static long give_no_capabilities(struct __user_cap_data_struct *data)
{
	memset(data, 0, _LINUX_CAPABILITY_U32S_3 * sizeof(*data));
	return 0;
}

long syscall(long number, ...)
{
	static long (*real)(long, ...);
	va_list arguments;
	/* As many as are in registers: nobody here has six, and there may be nothing behind them.
	 */
	long words[5];

	va_start(arguments, number);
	for (int i = 0; i < 5; i++)
		words[i] = va_arg(arguments, long);
	va_end(arguments);
	if (number == SYS_bpf && words[0] == BPF_LINK_CREATE)
		return create_link((const struct many *)words[1]);
	if (number == SYS_bpf && words[0] == BPF_RAW_TRACEPOINT_OPEN)
		return open_raw_tracepoint((const struct raw_tracepoint *)words[1], words[2]);
	if (number == SYS_perf_event_open)
		return open_event((const struct perf_event_attr *)words[0], (int)words[1],
				  (int)words[2]);
	if (number == SYS_membarrier)
		return wait_for_all(words[0]);
	if (number == SYS_capget && stand_in.is_nobody)
		return give_no_capabilities((struct __user_cap_data_struct *)words[1]);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	return real(number, words[0], words[1], words[2], words[3], words[4]);
}
