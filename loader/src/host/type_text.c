#include "host/type_text.h"

#include <bpf/btf.h>

#include "host/kernel_enums.h"

/* Deeper than C code nests: a damaged description may hold a circle. */
#define DEEPEST 64

struct place {
	const struct btf *btf;
	/* Types on the way here, and definitions that stand around it. */
	uint32_t depth, indent;
};

static bool put_body(struct place place, uint32_t id, struct strbuf *text);

static const char *name_of(const struct btf *btf, uint32_t offset)
{
	const char *name = btf__name_by_offset(btf, offset);

	return name ? name : "";
}

/* What a pointer or a qualifier is of, without type tags. */
static uint32_t kind_behind(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	for (uint32_t depth = 0; type && btf_kind(type) == BTF_KIND_TYPE_TAG && depth < DEEPEST;
	     depth++)
		type = btf__type_by_id(btf, type->type);
	return type ? btf_kind(type) : BTF_KIND_UNKN;
}

static void put_before(struct strbuf *text, const char *word)
{
	size_t length = strlen(word);

	strbuf_put(text, word, length);
	memmove(text->data + length, text->data, text->length - length);
	memcpy(text->data, word, length);
}

static void put_spaced(struct strbuf *text, const struct strbuf *inner)
{
	if (inner->length)
		strbuf_char(text, ' ');
	strbuf_put(text, inner->data, inner->length);
}

static const char *keyword_of(const struct btf_type *type)
{
	return btf_is_any_enum(type) ? "enum" : btf_is_union(type) ? "union" : "struct";
}

static const char *qualifier_of(const struct btf_type *type)
{
	return btf_is_const(type) ? "const" : btf_is_volatile(type) ? "volatile" : "restrict";
}

static bool put_declared(struct place place, uint32_t id, struct strbuf *inner,
			 struct strbuf *text);

static bool put_named(struct place place, uint32_t id, const char *name, struct strbuf *text)
{
	struct strbuf inner = {0};
	bool is_whole;

	strbuf_text(&inner, name);
	is_whole = put_declared(place, id, &inner, text);
	strbuf_free(&inner);
	return is_whole;
}

static bool put_parameters(struct place place, const struct btf_type *prototype,
			   struct strbuf *text)
{
	const struct btf_param *parameters = btf_params(prototype);
	bool is_whole = true;

	place.depth++;
	if (!btf_vlen(prototype))
		strbuf_text(text, "void");
	for (uint32_t i = 0; i < btf_vlen(prototype) && is_whole; i++) {
		if (i)
			strbuf_text(text, ", ");
		if (parameters[i].type)
			is_whole = put_named(place, parameters[i].type,
					     name_of(place.btf, parameters[i].name_off), text);
		else
			strbuf_text(text, "...");
	}
	return is_whole;
}

/* C declarators are read from the inside out: `inner` is what stands around the name so far. */
static bool put_declared(struct place place, uint32_t id, struct strbuf *inner, struct strbuf *text)
{
	for (; place.depth <= DEEPEST; place.depth++) {
		const struct btf_type *type = btf__type_by_id(place.btf, id);
		uint32_t behind;

		if (!type)
			return false;
		switch (id ? btf_kind(type) : BTF_KIND_UNKN) {
		case BTF_KIND_PTR:
			behind = kind_behind(place.btf, type->type);
			if (behind == BTF_KIND_ARRAY || behind == BTF_KIND_FUNC_PROTO) {
				put_before(inner, "(*");
				strbuf_char(inner, ')');
			} else {
				put_before(inner, "*");
			}
			id = type->type;
			break;
		case BTF_KIND_ARRAY:
			strbuf_char(inner, '[');
			strbuf_u64(inner, btf_array(type)->nelems);
			strbuf_char(inner, ']');
			id = btf_array(type)->type;
			break;
		case BTF_KIND_FUNC_PROTO:
			strbuf_char(inner, '(');
			if (!put_parameters(place, type, inner))
				return false;
			strbuf_char(inner, ')');
			id = type->type;
			break;
		case BTF_KIND_CONST:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_RESTRICT:
			/* They belong to a pointer behind its star, and before everything else. */
			if (kind_behind(place.btf, type->type) == BTF_KIND_PTR) {
				if (inner->length)
					put_before(inner, " ");
				put_before(inner, qualifier_of(type));
			} else {
				strbuf_text(text, qualifier_of(type));
				strbuf_char(text, ' ');
			}
			id = type->type;
			break;
		case BTF_KIND_TYPE_TAG:
			id = type->type;
			break;
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION:
		case BTF_KIND_ENUM:
		case BTF_KIND_ENUM64:
			place.depth++;
			if (!*name_of(place.btf, type->name_off)) {
				if (!put_body(place, id, text))
					return false;
			} else {
				strbuf_text(text, keyword_of(type));
				strbuf_char(text, ' ');
				strbuf_text(text, name_of(place.btf, type->name_off));
			}
			put_spaced(text, inner);
			return true;
		case BTF_KIND_FWD:
			strbuf_text(text, btf_kflag(type) ? "union " : "struct ");
			strbuf_text(text, name_of(place.btf, type->name_off));
			put_spaced(text, inner);
			return true;
		default:
			strbuf_text(text, id ? name_of(place.btf, type->name_off) : "void");
			put_spaced(text, inner);
			return true;
		}
	}
	return false;
}

static void put_enumerators(struct place place, uint32_t id, struct strbuf *text)
{
	const struct btf_type *type = btf__type_by_id(place.btf, id);
	bool is_wide = btf_is_enum64(type), is_signed = kernel_enum_is_signed(place.btf, id);

	for (uint32_t i = 0; i < btf_vlen(type); i++) {
		uint32_t name = is_wide ? btf_enum64(type)[i].name_off : btf_enum(type)[i].name_off;
		uint64_t value = is_wide     ? btf_enum64_value(&btf_enum64(type)[i])
				 : is_signed ? (uint64_t)(int64_t)btf_enum(type)[i].val
					     : (uint32_t)btf_enum(type)[i].val;

		strbuf_fill(text, '\t', place.indent);
		strbuf_text(text, name_of(place.btf, name));
		strbuf_text(text, " = ");
		if (is_signed)
			strbuf_i64(text, (int64_t)value);
		else
			strbuf_u64(text, value);
		strbuf_text(text, ",\n");
	}
}

/* Bits of a bitfield, in either notation; 0: it is none. */
static uint32_t bits_of(const struct btf *btf, const struct btf_type *aggregate, uint32_t index)
{
	uint32_t bits = btf_member_bitfield_size(aggregate, index);
	int id = btf__resolve_type(btf, btf_members(aggregate)[index].type);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;

	if (bits || !type || !btf_is_int(type) || btf_int_bits(type) == type->size * 8)
		return bits;
	return btf_int_bits(type);
}

static bool put_members(struct place place, const struct btf_type *type, struct strbuf *text)
{
	const struct btf_member *members = btf_members(type);

	for (uint32_t i = 0; i < btf_vlen(type); i++) {
		uint32_t bits = bits_of(place.btf, type, i);

		strbuf_fill(text, '\t', place.indent);
		if (!put_named(place, members[i].type, name_of(place.btf, members[i].name_off),
			       text))
			return false;
		if (bits) {
			strbuf_text(text, " : ");
			strbuf_u64(text, bits);
		}
		strbuf_text(text, ";\n");
	}
	return true;
}

/* Inner types without a name stand where they are used. */
static bool put_body(struct place place, uint32_t id, struct strbuf *text)
{
	const struct btf_type *type = btf__type_by_id(place.btf, id);
	const char *name = name_of(place.btf, type->name_off);

	strbuf_text(text, keyword_of(type));
	if (*name)
		strbuf_char(text, ' ');
	strbuf_text(text, name);
	strbuf_text(text, " {\n");
	place.indent++;
	if (btf_is_any_enum(type))
		put_enumerators(place, id, text);
	else if (!put_members(place, type, text))
		return false;
	strbuf_fill(text, '\t', place.indent - 1);
	strbuf_char(text, '}');
	return true;
}

bool type_text_parameter(const struct btf *btf, uint32_t type, const char *name,
			 struct strbuf *text)
{
	struct place place = {.btf = btf};
	size_t start = text->length;
	char last;

	if (!put_named(place, type, "", text))
		return false;
	last = text->length > start ? text->data[text->length - 1] : ' ';
	if (last != ']' && last != ')') {
		strbuf_char(text, ' ');
		strbuf_text(text, name);
		return true;
	}
	text->length = start;
	return put_named(place, type, name, text);
}

bool type_text_definition(const struct btf *btf, uint32_t type, struct strbuf *text)
{
	struct place place = {.btf = btf};
	bool is_whole = put_body(place, type, text);

	strbuf_text(text, ";\n");
	return is_whole;
}
