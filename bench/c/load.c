// Loads and attaches a hand-written object: what a tool of its own would do. Prints "attached",
// reads the ring `events` where there is one (to /dev/null, formatted), and ends with SIGTERM.
#include <bpf/libbpf.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile sig_atomic_t ended;

static void end(int signal)
{
	ended = signal;
}

struct event {
	unsigned long long id, fd, count;
};

static int print_event(void *out, void *data, size_t size)
{
	const struct event *event = data;

	(void)size;
	fprintf(out, "%d %d\n", (int)event->fd, (int)event->count);
	return 0;
}

int main(int argc, char **argv)
{
	struct ring_buffer *ring = NULL;
	struct bpf_program *program;
	struct bpf_object *object;
	struct bpf_map *events;
	FILE *out = fopen("/dev/null", "w");

	if (argc != 2 || !out)
		return 2;
	signal(SIGTERM, end);
	object = bpf_object__open_file(argv[1], NULL);
	if (!object || bpf_object__load(object))
		return 1;
	bpf_object__for_each_program(program, object) if (!bpf_program__attach(program)) return 1;
	events = bpf_object__find_map_by_name(object, "events");
	if (events)
		ring = ring_buffer__new(bpf_map__fd(events), print_event, out, NULL);
	puts("attached");
	fflush(stdout);
	while (!ended) {
		if (ring) {
			ring_buffer__poll(ring, 5);
			ring_buffer__consume(ring);
		} else {
			pause();
		}
	}
	return 0;
}
