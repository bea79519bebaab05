#include "output/elements.h"

#include "output/value.h"

void elements_put(struct strbuf *to, const struct value_context *context,
		  const struct mf_type *type, const uint8_t *data, const struct elements_form *form,
		  value_writer write)
{
	uint32_t count = type->kind == MF_ARRAY ? type->count : type->field_count;
	uint8_t room[8];

	strbuf_text(to, form->open);
	for (uint32_t i = 0; i < count; i++) {
		const struct mf_field *field;

		if (i)
			strbuf_text(to, form->between);
		if (type->kind == MF_ARRAY) {
			write(to, context, type->element, data + (size_t)i * type->element->size);
			continue;
		}
		field = &type->fields[i];
		if (form->name)
			form->name(to, field->name);
		write(to, context, field->type, value_of_field(field, data, room));
	}
	strbuf_text(to, form->close);
}

static void put_member_name(struct strbuf *to, const char *name)
{
	strbuf_char(to, '.');
	strbuf_text(to, name);
	strbuf_text(to, " = ");
}

const struct elements_form *elements_text_form(const struct mf_type *type)
{
	static const struct elements_form array = {"[", ",", "]", NULL};
	static const struct elements_form tuple = {"(", ", ", ")", NULL};
	static const struct elements_form record = {"{ ", ", ", " }", put_member_name};
	static const struct elements_form empty = {"{", "", "}", NULL};

	if (type->kind == MF_ARRAY)
		return &array;
	if (type->kind == MF_TUPLE)
		return &tuple;
	return type->field_count ? &record : &empty;
}
