#include "session/tracepoint_fixup.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "base/failure.h"
#include "host/tracefs.h"
#include "session/patch.h"

static const char *read_format(struct tracepoint_formats *formats, const struct mf_fixup *fixup,
			       struct failure *failure)
{
	const char *root;

	if (formats->text && strcmp(formats->category, fixup->category) == 0 &&
	    strcmp(formats->event, fixup->event) == 0)
		return formats->text;
	root = tracefs_root();
	if (!root) {
		fail(failure, errno == EACCES || errno == EPERM ? STATUS_PERMISSION : STATUS_FAILED,
		     TRACEFS_HINT ".");
		return NULL;
	}
	formats->text = tracefs_format(&formats->arena, root, fixup->category, fixup->event);
	formats->category = fixup->category;
	formats->event = fixup->event;
	if (!formats->text)
		fail(failure, errno == EACCES || errno == EPERM ? STATUS_PERMISSION : STATUS_FAILED,
		     "Cannot read the format of tracepoint %s:%s: %s.", fixup->category,
		     fixup->event, strerror(errno));
	return formats->text;
}

static void refuse(const struct mf_fixup *fixup, const char *why, struct failure *failure)
{
	fail(failure, STATUS_KERNEL, "Field '%s' of tracepoint %s:%s %s.", fixup->field,
	     fixup->category, fixup->event, why);
}

static const char *form_name(enum mf_form form)
{
	switch (form) {
	case MF_FORM_ARRAY:
		return "an array";
	case MF_FORM_DYNAMIC:
		return "an array of any length";
	case MF_FORM_SIGNED:
	case MF_FORM_UNSIGNED:
		break;
	}
	return "one value";
}

static enum mf_form form_of(const struct tracefs_field *field)
{
	if (field->is_dynamic)
		return MF_FORM_DYNAMIC;
	if (field->is_array)
		return MF_FORM_ARRAY;
	return field->is_signed ? MF_FORM_SIGNED : MF_FORM_UNSIGNED;
}

static bool is_array(enum mf_form form)
{
	return form == MF_FORM_ARRAY || form == MF_FORM_DYNAMIC;
}

/* Arrays and what is asked the address of: the bytes have to be there, and may be followed by more
 * (rwbs of block events has grown in 6.17). */
static void check_bytes(const struct mf_fixup *fixup, const struct tracefs_field *field,
			struct failure *failure)
{
	enum mf_form form = form_of(field);

	if (form != fixup->form && (is_array(form) || is_array(fixup->form)) &&
	    !(fixup->is_text && is_array(form)))
		fail(failure, STATUS_KERNEL,
		     "Field '%s' of tracepoint %s:%s is %s on this kernel, and the script was "
		     "built for %s.",
		     fixup->field, fixup->category, fixup->event, form_name(form),
		     form_name(fixup->form));
	else if (form == fixup->form && field->size < fixup->field_size)
		fail(failure, STATUS_KERNEL,
		     "Field '%s' of tracepoint %s:%s has %u bytes on this kernel, and the script "
		     "was built for %u.",
		     fixup->field, fixup->category, fixup->event, field->size, fixup->field_size);
}

/* Elements of another width or kind, and members of another struct, are no values of the script's.
 */
static void check_elements(const struct mf_fixup *fixup, const struct tracefs_field *field,
			   struct failure *failure)
{
	bool held = is_array(fixup->form);
	const char *verb = held ? "holds" : "leads to";

	if (!fixup->of || failure->status || (!held && !*field->of) ||
	    tracefs_same_elements(fixup->of, field->of))
		return;
	fail(failure, STATUS_KERNEL,
	     "Field '%s' of tracepoint %s:%s %s %s on this kernel, and the script was built for %s.",
	     fixup->field, fixup->category, fixup->event, verb,
	     *field->of ? field->of : "another type", fixup->of);
}

/* The number that the kernel has for an immediate. */
static int32_t immediate_of(const struct mf_fixup *fixup, const struct tracefs_field *field)
{
	if (fixup->asks_form)
		return field->is_dynamic;
	if (fixup->asks_base)
		return field->is_relative ? (int32_t)(field->offset + field->size) : 0;
	return (int32_t)field->offset;
}

static void patch_number(const struct mf_fixup *fixup, const struct tracefs_field *field,
			 struct bpf_insn *insn, struct failure *failure)
{
	const struct type_number host = {field->size, field->is_signed, false};
	const struct type_number local = {fixup->field_size, fixup->form == MF_FORM_SIGNED, false};
	char why[160];

	if (is_array(form_of(field)))
		check_bytes(fixup, field, failure);
	else if (!patch_suits(&local, &host, why, sizeof(why)))
		refuse(fixup, why, failure);
	else if (fixup->site == MF_SITE_SHIFT)
		patch_shift(insn, &local, &host);
	else
		patch_width(insn, &host);
}

void tracepoint_fixup(struct tracepoint_formats *formats, const struct mf_fixup *fixup,
		      struct bpf_insn *insn, struct failure *failure)
{
	const char *format = read_format(formats, fixup, failure);
	struct tracefs_field field;

	if (!format)
		return;
	if (!tracefs_field(format, fixup->field, &field)) {
		fail(failure, STATUS_KERNEL, "Tracepoint %s:%s has no field '%s' on this kernel.",
		     fixup->category, fixup->event, fixup->field);
		return;
	}
	if (fixup->site == MF_SITE_IMMEDIATE || is_array(fixup->form))
		check_bytes(fixup, &field, failure);
	else
		patch_number(fixup, &field, insn, failure);
	check_elements(fixup, &field, failure);
	if (field.offset > INT16_MAX)
		refuse(fixup, "is out of reach", failure);
	if (failure->status || fixup->site == MF_SITE_SHIFT)
		return;
	if (fixup->site == MF_SITE_OFFSET)
		insn->off = (int16_t)field.offset;
	else
		insn->imm = immediate_of(fixup, &field);
}
