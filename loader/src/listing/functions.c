/* kprobe, kretprobe, fentry and fexit: functions of the kernel. */
#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

#include "host/traceable.h"
#include "host/tracefs.h"
#include "host/typed_functions.h"
#include "listing/lister.h"
#include "listing/kernel.h"

static int64_t match_typed(struct arena *arena, const struct btf *btf, const char *module,
			   const char *pattern, struct kernel_function **functions)
{
	return typed_functions_match(arena, btf, module, pattern, NULL, functions);
}

/* Where the kernel does not tell what it traces, functions that have a type are the nearest that is
 * known. */
static int64_t match_hidden(struct arena *arena, const struct btf *btf, const char *module,
			    const char *pattern, struct kernel_function **functions)
{
	return module ? match_typed(arena, btf, module, pattern, functions)
		      : kernel_btf_match_types(arena, btf, BTF_KIND_FUNC, "", pattern, functions);
}

static int list_traceable(struct listing *listing, const struct lister *lister,
			  const struct list_fields *fields, struct failure *failure)
{
	const char *pattern = list_last_field(fields);
	const char *module = fields->count > 1 ? fields->texts[0] : NULL;
	const char *root = tracefs_root(), *last = NULL, *prefix = NULL;
	struct traceable *functions;
	int64_t count =
		root ? traceable_match(&listing->arena, root, module, pattern, &functions) : -1;

	if (count < 0) {
		list_note(listing,
			  "which functions the kernel can trace is not known: cannot read "
			  "%s/available_filter_functions: %s; those of its BTF are listed",
			  root ? root : "/sys/kernel/tracing", strerror(root ? errno : ENOENT));
		return list_of_btf(listing, lister, fields, match_hidden, failure);
	}
	for (int64_t i = 0; i < count; i++) {
		const char *in = !module	       ? ""
				 : functions[i].module ? functions[i].module
						       : LIST_KERNEL;

		if (!last || strcmp(in, last) != 0)
			prefix = list_prefix(listing, lister, *in ? in : NULL);
		last = in;
		list_add(listing, &(struct listed){.prefix = prefix, .name = functions[i].name});
	}
	return STATUS_OK;
}

static int list_typed(struct listing *listing, const struct lister *lister,
		      const struct list_fields *fields, struct failure *failure)
{
	return list_of_btf(listing, lister, fields, match_typed, failure);
}

static int put_exit(struct listing *listing, const struct lister *lister,
		    const struct listed *probe, struct failure *failure)
{
	int status = list_put_function(listing, lister, probe, failure);
	uint32_t result = list_prototype(listing, probe).types->type;

	return status == STATUS_OK && result
		       ? list_put_parameter(listing, list_btf_of(listing, probe), result, "retval",
					    failure)
		       : status;
}

const struct lister list_kprobe = {MF_KPROBE, GROUP_KERNEL, false, list_traceable, NULL};
/* When functions return, their arguments are gone, and the functions are the same. */
const struct lister list_kretprobe = {MF_KRETPROBE, GROUP_NAMED, false, list_traceable, NULL};
const struct lister list_fentry = {MF_FENTRY, GROUP_KERNEL, true, list_typed, list_put_function};
const struct lister list_fexit = {MF_FEXIT, GROUP_NAMED, true, list_typed, put_exit};
