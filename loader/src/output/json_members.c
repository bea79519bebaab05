#include "output/json_members.h"

#include "output/value_json.h"

void json_member_begin(struct strbuf *to, const char *name)
{
	strbuf_text(to, to->data[to->length - 1] == '{' ? "\"" : ", \"");
	strbuf_text(to, name);
	strbuf_text(to, "\": ");
}

void json_member_text(struct strbuf *to, const char *name, const char *text)
{
	json_member_begin(to, name);
	json_string(to, text);
}

void json_member_i64(struct strbuf *to, const char *name, int64_t number)
{
	json_member_begin(to, name);
	json_i64(to, number);
}

void json_member_object(struct strbuf *to, const char *name)
{
	json_member_begin(to, name);
	strbuf_char(to, '{');
}

void json_element_object(struct strbuf *to)
{
	strbuf_text(to, to->data[to->length - 1] == '[' ? "{" : ", {");
}
