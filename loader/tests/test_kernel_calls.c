/* Functions of the kernel whose types are others than an object was built for. */
#include "session/kernel_calls.h"

#include <bpf/btf.h>
#include <string.h>

#include "base/failure.h"
#include "check.h"

/* BTF with one function `long call(A, struct task *)`, or without its second parameter. */
static struct btf *with_function(const char *name, int size, int encoding, const char *pointee,
				 bool second)
{
	struct btf *btf = btf__new_empty();
	int first = btf__add_int(btf, "first", (size_t)size, encoding);
	int result = btf__add_int(btf, "long", 8, BTF_INT_SIGNED);
	int pointer = btf__add_ptr(btf, btf__add_struct(btf, pointee, 0));
	int prototype = btf__add_func_proto(btf, result), function;

	btf__add_func_param(btf, "first", first);
	if (second)
		btf__add_func_param(btf, "task", pointer);
	function = btf__add_func(btf, name, BTF_FUNC_EXTERN, prototype);
	btf__add_datasec(btf, ".ksyms", 0);
	btf__add_datasec_var_info(btf, function, 0, 0);
	return btf;
}

static void expect(struct btf *host, const char *words)
{
	struct btf *local = with_function("call", 4, BTF_INT_SIGNED, "task", true);
	struct failure failure = {0};

	kernel_calls_check(local, host, &failure);
	if (words)
		CHECK(failure.status == STATUS_KERNEL && strstr(failure.text, words));
	else
		CHECK(failure.status == STATUS_OK);
	btf__free(local);
	btf__free(host);
}

int main(void)
{
	expect(with_function("call", 4, BTF_INT_SIGNED, "task", true), NULL);
	/* What is not there is not called. */
	expect(with_function("other", 8, 0, "task", true), NULL);
	expect(with_function("call", 8, BTF_INT_SIGNED, "task", true),
	       "Argument 1 of the kernel's function call, which the script calls, has 64 bits");
	expect(with_function("call", 4, 0, "task", true), "has no sign on this kernel");
	expect(with_function("call", 4, BTF_INT_SIGNED, "process", true),
	       "is a pointer to struct process on this kernel");
	expect(with_function("call", 4, BTF_INT_SIGNED, "task", false),
	       "takes 1 arguments on this kernel, and the script was built for 2");
	return check_result("kernel_calls");
}
