#include "output/json_fields.h"

#include "output/value_json.h"

void json_field(struct strbuf *to, const char *name)
{
	strbuf_text(to, to->data[to->length - 1] == '{' ? "" : ", ");
	json_string(to, name);
	strbuf_text(to, ": ");
}

void json_field_text(struct strbuf *to, const char *name, const char *text)
{
	json_field(to, name);
	json_string(to, text);
}

void json_field_number(struct strbuf *to, const char *name, uint64_t value)
{
	json_field(to, name);
	strbuf_u64(to, value);
}

void json_field_object(struct strbuf *to, const char *name)
{
	json_field(to, name);
	strbuf_char(to, '{');
}

void json_next_object(struct strbuf *to)
{
	strbuf_text(to, to->data[to->length - 1] == '[' ? "{" : ", {");
}
