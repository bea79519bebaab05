#include "attach/release.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/membarrier.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* More would wait for the same grace periods. */
#define MOST_THREADS 128
#define STACK_SIZE 65536

/* What threads take from. */
struct work {
	struct attached *links;
	uint32_t count;
	atomic_uint next;
	/* Whether events may stay. */
	bool may_leave;
	/* Links whose events stay. */
	atomic_uint left;
};

void release_one(struct attached *attached)
{
	if (attached->link)
		bpf_link__destroy(attached->link);
	else if (attached->descriptor >= 0)
		close(attached->descriptor);
}

/* Whether the kernel has a link that holds the program beside the event (since Linux 5.15): else
 * libbpf has the event alone. */
static bool is_link_of_event(const struct bpf_link *link)
{
	struct bpf_link_info info = {0};
	uint32_t size = sizeof(info);

	return bpf_obj_get_info_by_fd(bpf_link__fd(link), &info, &size) == 0 &&
	       info.type == BPF_LINK_TYPE_PERF_EVENT;
}

static bool has_slow_event(const struct attached *attached)
{
	return attached->link && attach_provider_of(attached->probe)->has_slow_events &&
	       is_link_of_event(attached->link);
}

/* Takes the program away and leaves the event, of which only libbpf knows the descriptor. */
static void release_program(struct bpf_link *link)
{
	close(bpf_link__fd(link));
	bpf_link__disconnect(link);
	bpf_link__destroy(link);
}

static void *release_some(void *context)
{
	struct work *work = context;
	uint32_t next;

	while ((next = atomic_fetch_add(&work->next, 1)) < work->count) {
		struct attached *attached = &work->links[next];

		if (work->may_leave && has_slow_event(attached)) {
			release_program(attached->link);
			atomic_fetch_add(&work->left, 1);
		} else {
			release_one(attached);
		}
	}
	return NULL;
}

/*
 * Waits until no program runs that ran before. Since Linux 6.13 a link that goes does that itself
 * ("bpf: Fix theoretical prog_array UAF in __uprobe_perf_func()").
 */
static void wait_for_programs(void)
{
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

/* Not where there are CPUs without ticks (kernel/sched/membarrier.c). */
static bool can_wait_for_programs(void)
{
	long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);

	return commands > 0 && (commands & MEMBARRIER_CMD_GLOBAL);
}

bool release_all(struct attached *links, uint32_t count)
{
	struct work work = {.links = links, .count = count};
	pthread_t threads[MOST_THREADS];
	pthread_attr_t attributes;
	uint32_t started = 0;

	if (!count)
		return false;
	work.may_leave = can_wait_for_programs();
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	/* One is this thread. What cannot be started is done by the others. */
	while (started < MOST_THREADS && started + 1 < count &&
	       pthread_create(&threads[started], &attributes, release_some, &work) == 0)
		started++;
	pthread_attr_destroy(&attributes);
	release_some(&work);
	for (uint32_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	if (work.left)
		wait_for_programs();
	return work.left > 0;
}

void release_leave(void)
{
	pid_t parent = getpid();

	if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) != 0)
		return;
	/* Who reads what was written waits for the end of all who could write. */
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	/* The last who holds the events waits for them: it must not be the parent. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent)
		poll(NULL, 0, -1);
	_exit(0);
}
