/* What listers of the kernel have in common that look into BTF: probes are types of it. */
#ifndef BPFLOAD_LISTING_KERNEL_H
#define BPFLOAD_LISTING_KERNEL_H

#include "host/prototypes.h"
#include "listing/lister.h"

/* What stands for a module in the names of what the kernel itself has. */
#define LIST_KERNEL "vmlinux"

/*
 * Adds what `match` finds in the BTF of the kernel (module NULL), or, where the fields name a
 * module, in those of all modules that the name matches. The result is an exit status.
 */
int list_of_btf(struct listing *listing, const struct lister *lister,
		const struct list_fields *fields,
		int64_t (*match)(struct arena *arena, const struct btf *btf, const char *module,
				 const char *pattern, struct kernel_function **found),
		struct failure *failure);

/* Of a probe that was added so: its BTF. */
const struct btf *list_btf_of(const struct listing *listing, const struct listed *probe);

/* The prototype of a probe that is a function. */
struct prototype list_prototype(const struct listing *listing, const struct listed *probe);

/* Puts values that functions of the kernel are called with. The results are exit statuses. */
int list_put_parameters(struct listing *listing, const struct prototype *prototype,
			struct failure *failure);
int list_put_parameter(struct listing *listing, const struct btf *btf, uint32_t type,
		       const char *name, struct failure *failure);
/* Of a probe that is a function. */
int list_put_function(struct listing *listing, const struct lister *lister,
		      const struct listed *probe, struct failure *failure);

#endif
