/*
 * Loads an object by libbpf alone, attaches all its programs, makes some system calls and runs a
 * command if there is one, and prints the bytes of every map whose name ends in the given suffix
 * (for per-CPU maps those of all CPUs) as hex, one map a line.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int print_map(struct bpf_map *map)
{
	int cpus = libbpf_num_possible_cpus();
	size_t size = (bpf_map__value_size(map) + 7) / 8 * 8;
	unsigned char *value;
	unsigned int key = 0;

	if (cpus < 1)
		return -1;
	value = calloc(cpus, size);
	if (!value)
		return -1;
	if (bpf_map_lookup_elem(bpf_map__fd(map), &key, value)) {
		free(value);
		return -1;
	}
	size = bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_ARRAY ? size * cpus
							       : bpf_map__value_size(map);
	for (size_t i = 0; i < size; i++)
		printf("%02x", value[i]);
	printf("\n");
	free(value);
	return 0;
}

int main(int argc, char **argv)
{
	struct bpf_link *links[16] = {};
	struct bpf_object *object = NULL;
	struct bpf_program *program;
	struct bpf_map *map;
	size_t attached = 0;
	int result = 1;

	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: attach SUFFIX OBJECT [COMMAND]\n");
		return 2;
	}
	object = bpf_object__open(argv[2]);
	if (!object || bpf_object__load(object))
		goto out;
	bpf_object__for_each_program(program, object)
	{
		if (attached == sizeof(links) / sizeof(links[0]))
			goto out;
		links[attached] = bpf_program__attach(program);
		if (!links[attached]) {
			fprintf(stderr, "cannot attach section %s\n",
				bpf_program__section_name(program));
			goto out;
		}
		attached++;
	}
	for (int i = 0; i < 10; i++)
		(void)getppid();
	if (argc == 4 && system(argv[3]))
		goto out;
	usleep(20000);
	bpf_object__for_each_map(map, object)
	{
		const char *name = bpf_map__name(map);
		size_t length = strlen(name), suffix = strlen(argv[1]);

		if (length >= suffix && strcmp(name + length - suffix, argv[1]) == 0 &&
		    print_map(map))
			goto out;
	}
	result = 0;
out:
	while (attached > 0)
		bpf_link__destroy(links[--attached]);
	bpf_object__close(object);
	return result;
}
