#include "session/argument_fixup.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdio.h>

#include "base/failure.h"
#include "host/prototypes.h"
#include "object/targets.h"
#include "session/kernel_signatures.h"
#include "session/kernel_types.h"
#include "session/patch.h"
#include "session/session.h"

/* A place of the context is one u64. */
#define SLOT 8

static bool find_in(const struct btf *btf, const struct mf_probe *probe,
		    struct prototype *prototype)
{
	const struct mf_rawtracepoint_target *event = probe->target;
	const struct mf_fentry_target *function = probe->target;

	return probe->provider == MF_RAWTRACEPOINT
		       ? prototype_of_event(btf, event->event, prototype)
		       : prototype_of_function(btf, function->function, prototype);
}

/* Of the kernel itself; NULL: it has no such thing, or wants another look. */
static const struct btf *kernel_types_for(struct session *session, const struct mf_probe *probe)
{
	const struct mf_rawtracepoint_target *event = probe->target;
	const struct mf_fentry_target *function = probe->target;
	uint32_t id;

	return probe->provider == MF_RAWTRACEPOINT
		       ? kernel_event_types(session, event->event)
		       : kernel_function_types(session, function->function, &id);
}

static const char *module_of(const struct mf_probe *probe)
{
	const struct mf_rawtracepoint_target *event = probe->target;
	const struct mf_fentry_target *function = probe->target;

	return probe->provider == MF_RAWTRACEPOINT ? event->module : function->module;
}

struct prototype_search {
	const struct mf_probe *probe;
	struct prototype *prototype;
};

static bool look_for_prototype(const struct btf *btf, void *context)
{
	const struct prototype_search *search = context;

	return find_in(btf, search->probe, search->prototype);
}

/* As the attach providers look for it: in the named module, or in the kernel and then in any. */
static bool find_prototype(struct session *session, const struct mf_probe *probe,
			   struct prototype *prototype)
{
	struct prototype_search search = {probe, prototype};
	const char *module = module_of(probe);
	const struct btf *btf;

	btf = module ? session_kernel_btf(session, module) : kernel_types_for(session, probe);
	if (!module && !btf)
		return session_look_in_btf(session, look_for_prototype, &search);
	return btf && find_in(btf, probe, prototype);
}

/* How the value is called in the script. */
static void name_value(const struct mf_fixup *fixup, char *text, size_t room)
{
	if (fixup->parameter)
		snprintf(text, room, "args.%s", fixup->parameter);
	else
		snprintf(text, room, "retval");
}

static bool find_value(const struct mf_probe *probe, const struct mf_fixup *fixup,
		       const struct prototype *prototype, struct prototype_value *value,
		       struct failure *failure)
{
	char names[512];

	if (!fixup->parameter) {
		*value = prototype_result(prototype);
		if (value->type)
			return true;
		fail(failure, STATUS_KERNEL, "%s returns nothing on this kernel.", probe->name);
		return false;
	}
	if (prototype_parameter(prototype, fixup->parameter, value))
		return true;
	prototype_list(prototype, names, sizeof(names));
	fail(failure, STATUS_KERNEL, "%s has no argument '%s' on this kernel. It has: %s.",
	     probe->name, fixup->parameter, *names ? names : "none");
	return false;
}

static void patch_number(const struct type_number *local, const struct type_number *host,
			 const struct mf_fixup *fixup, struct bpf_insn *insn)
{
	if (fixup->site == MF_SITE_SHIFT)
		patch_shift(insn, local, host);
	/* Whole registers are loaded for numbers with a sign, which shifts cut. */
	else if (fixup->site == MF_SITE_OFFSET && !local->is_signed)
		patch_width(insn, host);
}

void argument_fixup(struct session *session, const struct mf_probe *probe,
		    const struct mf_fixup *fixup, struct bpf_insn *insn, struct failure *failure)
{
	const struct btf *local_btf = bpf_object__btf(session->object);
	struct type_number local, host;
	struct prototype_value value;
	struct prototype prototype;
	char why[512], name[128];
	bool suits;

	if (probe->provider != MF_RAWTRACEPOINT && probe->provider != MF_FENTRY &&
	    probe->provider != MF_FEXIT) {
		fail(failure, STATUS_OBJECT,
		     "the object is damaged: a fixup is of a program without arguments");
		return;
	}
	if (!find_prototype(session, probe, &prototype)) {
		fail(failure, STATUS_KERNEL,
		     "The kernel's BTF does not say what %s is called with.", probe->name);
		return;
	}
	if (!find_value(probe, fixup, &prototype, &value, failure))
		return;
	if (type_number(local_btf, fixup->type, &local) &&
	    type_number(prototype.btf, value.type, &host)) {
		suits = patch_suits(&local, &host, why, sizeof(why));
		if (suits)
			patch_number(&local, &host, fixup, insn);
	} else {
		suits = type_same_layout(local_btf, fixup->type, prototype.btf, value.type, why,
					 sizeof(why));
	}
	if (!suits) {
		name_value(fixup, name, sizeof(name));
		fail(failure, STATUS_KERNEL, "%s of %s %s.", name, probe->name, why);
		return;
	}
	if (fixup->site == MF_SITE_OFFSET)
		insn->off = (int16_t)(value.slot * SLOT);
	else if (fixup->site == MF_SITE_IMMEDIATE)
		insn->imm = (int32_t)(value.slot * SLOT);
}
