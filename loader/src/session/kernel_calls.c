#include "session/kernel_calls.h"

#include <bpf/btf.h>
#include <stdio.h>

#include "base/failure.h"
#include "host/prototypes.h"
#include "host/type_match.h"

/* The verifier knows functions of the kernel by their types; registers hold what both sides agree
 * on. */
static bool same_type(const struct btf *local, uint32_t was, const struct btf *host, uint32_t is,
		      char *why, size_t room)
{
	if (was == 0 && is == 0)
		return true;
	return type_same_layout(local, was, host, is, why, room);
}

static void compare(const struct btf *local, const struct btf_type *function,
		    const struct btf *host, struct failure *failure)
{
	const char *name = btf__name_by_offset(local, function->name_off);
	const struct btf_type *was = btf__type_by_id(local, function->type);
	struct prototype is;
	char why[512];

	if (!name || !was || !btf_is_func_proto(was) || !prototype_of_function(host, name, &is))
		return;
	if (btf_vlen(was) != btf_vlen(is.types)) {
		fail(failure, STATUS_KERNEL,
		     "The kernel's function %s, which the script calls, takes %u arguments on this kernel, and the script was built for %u.",
		     name, btf_vlen(is.types), btf_vlen(was));
		return;
	}
	for (uint32_t i = 0; i < btf_vlen(was) && !failure->status; i++)
		if (!same_type(local, btf_params(was)[i].type, host, btf_params(is.types)[i].type,
			       why, sizeof(why)))
			fail(failure, STATUS_KERNEL,
			     "Argument %u of the kernel's function %s, which the script calls, %s.",
			     i + 1, name, why);
	if (!failure->status &&
	    !same_type(local, was->type, host, is.types->type, why, sizeof(why)))
		fail(failure, STATUS_KERNEL,
		     "What the kernel's function %s, which the script calls, returns %s.", name,
		     why);
}

int kernel_calls_check(const struct btf *local, const struct btf *host, struct failure *failure)
{
	int id = btf__find_by_name_kind(local, ".ksyms", BTF_KIND_DATASEC);
	const struct btf_type *section = id < 0 ? NULL : btf__type_by_id(local, (uint32_t)id);

	for (uint32_t i = 0; section && i < btf_vlen(section) && !failure->status; i++) {
		const struct btf_type *type =
			btf__type_by_id(local, btf_var_secinfos(section)[i].type);

		if (type && btf_is_func(type))
			compare(local, type, host, failure);
	}
	return failure->status;
}
