/* Functions for scripts: with variables of all sections, a map, constants, and a field of a kernel
 * type. */
#define __uint(name, value) int(*name)[value]
#define __type(name, value) typeof(value) *name
#define SEC(name) __attribute__((section(name), used))

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value,
				   unsigned long long flags) = (void *)2;
static long (*bpf_probe_read_kernel)(void *to, unsigned int size, const void *from) = (void *)113;
static long (*bpf_loop)(unsigned int count, void *callback, void *data,
			unsigned long long flags) = (void *)181;

struct {
	__uint(type, 1);
	__uint(max_entries, 16);
	__type(key, int);
	__type(value, long long);
} weights SEC(".maps");

const volatile int scale = 3;
int counter = 7;
long long total;
static const int primes[8] = {2, 3, 5, 7, 11, 13, 17, 19};

struct task_struct {
	int pid;
} __attribute__((preserve_access_index));

static __attribute__((noinline)) int scaled(int x)
{
	return x * scale;
}

int weigh(int x, unsigned char y)
{
	counter += x;
	total += y;
	return scaled(x) + y + counter + (int)total;
}

unsigned short prime(unsigned int index)
{
	return primes[index & 7];
}

long long visits(int key)
{
	long long one = 1, *seen = bpf_map_lookup_elem(&weights, &key);

	if (seen)
		return ++*seen;
	bpf_map_update_elem(&weights, &key, &one, 0);
	return one;
}

int pid_of(struct task_struct *task)
{
	int pid = 0;

	bpf_probe_read_kernel(&pid, sizeof(pid), &task->pid);
	return pid;
}

_Bool starts_with(const char *text, char first)
{
	return text[0] == first;
}

static long add(unsigned int index, long long *sum)
{
	*sum += index;
	return 0;
}

long long sum_to(unsigned int count)
{
	long long sum = 0;

	bpf_loop(count, add, &sum, 0);
	return sum;
}

void reset(void)
{
	counter = 0;
	total = 0;
}

char LICENSE[] SEC("license") = "GPL";
