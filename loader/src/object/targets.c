#include "object/targets.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))
#define STRUCT(target) struct mf_##target##_target

/* clang-format off */
static const struct mf_member members[] = {
#define FIELD(provider, form, name, target, member, kind, most, word, needed, match, expand) \
	{provider, form, name, sizeof(STRUCT(target)), offsetof(STRUCT(target), member), \
	 MF_MEMBER_##kind, most, word, needed, match, expand, false},
	MF_TARGET_FIELDS(FIELD)
/* What the compiler adds to a target. */
#define BESIDE(provider, name, target, member, kind, most, what) \
	{provider, 0, name, sizeof(STRUCT(target)), offsetof(STRUCT(target), member), \
	 MF_MEMBER_##kind, most, what, false, false, false, true},
	BESIDE(MF_TRACEPOINT, "syscalls", tracepoint, syscalls, PLACE, MF_SYSCALLS * sizeof(uint16_t), "its system calls")
	BESIDE(MF_TRACEPOINT, "contextFree", tracepoint, context_free, FLAG, 0, NULL)
	BESIDE(MF_UPROBE, "addresses", uprobe, addresses, ADDRESSES, 0, NULL)
	BESIDE(MF_URETPROBE, "addresses", uprobe, addresses, ADDRESSES, 0, NULL)
	BESIDE(MF_USDT, "addresses", usdt, addresses, ADDRESSES, 0, NULL)
	BESIDE(MF_USDT, "arguments", usdt, arguments, COUNT, MF_USDT_ARGUMENTS, NULL)
	BESIDE(MF_USDT, "unread", usdt, unread, COUNT, (1u << MF_USDT_ARGUMENTS) - 1, NULL)
};
/* clang-format on */

static const struct mf_member *member_from(size_t first, enum mf_provider provider)
{
	for (size_t i = first; i < COUNT_OF(members); i++)
		if (members[i].provider == provider)
			return &members[i];
	return NULL;
}

const struct mf_member *mf_first_member(enum mf_provider provider)
{
	return member_from(0, provider);
}

const struct mf_member *mf_next_member(const struct mf_member *member)
{
	return member_from((size_t)(member - members) + 1, member->provider);
}
