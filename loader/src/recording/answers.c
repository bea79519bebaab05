#include "recording/answers.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"

struct entry {
	/* With the same hash. */
	struct entry *next;
	size_t question_size, answer_size;
	/* The question, from a multiple of 8 on the answer. */
	uint8_t bytes[];
};

static size_t answer_place(size_t question_size)
{
	return (question_size + 7) & ~(size_t)7;
}

void answers_init(struct answers *answers)
{
	*answers = (struct answers){.seed = clock_ns(CLOCK_REALTIME) ^ (uintptr_t)answers << 20};
}

static void free_entries(void *item)
{
	struct entry *entry = item, *next;

	for (; entry; entry = next) {
		next = entry->next;
		free(entry);
	}
}

void answers_forget(struct answers *answers)
{
	id_table_free(&answers->by_hash, free_entries);
	answers->size = 0;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

static uint64_t hash_of(const struct answers *answers, const uint8_t *bytes, size_t size)
{
	uint64_t hash = answers->seed ^ size, word;

	for (size_t i = 0; i < size; i += sizeof(word)) {
		word = 0;
		memcpy(&word, bytes + i, size - i < sizeof(word) ? size - i : sizeof(word));
		hash = mix(hash, word);
	}
	return hash;
}

static struct entry *find(const struct answers *answers, uint64_t hash, const uint8_t *question,
			  size_t size)
{
	struct entry *entry = id_table_find(&answers->by_hash, hash);

	while (entry && (entry->question_size != size || memcmp(entry->bytes, question, size) != 0))
		entry = entry->next;
	return entry;
}

bool answers_find(const struct answers *answers, const uint8_t *question, size_t question_size,
		  const uint8_t **answer, size_t *answer_size)
{
	const struct entry *entry =
		find(answers, hash_of(answers, question, question_size), question, question_size);

	if (!entry)
		return false;
	*answer = entry->bytes + answer_place(question_size);
	*answer_size = entry->answer_size;
	return true;
}

static bool is_answer(const struct entry *entry, const uint8_t *answer, size_t size)
{
	return entry->answer_size == size &&
	       memcmp(entry->bytes + answer_place(entry->question_size), answer, size) == 0;
}

/* With its part of the table. */
static size_t size_of(const struct entry *entry)
{
	return sizeof(*entry) + sizeof(struct id_slot) + answer_place(entry->question_size) +
	       entry->answer_size;
}

/* The entries that begin with `first` but for one, which is freed. */
static struct entry *without(struct answers *answers, struct entry *first, struct entry *gone)
{
	struct entry **link = &first;

	while (*link != gone)
		link = &(*link)->next;
	*link = gone->next;
	answers->size -= size_of(gone);
	free(gone);
	return first;
}

bool answers_put(struct answers *answers, const uint8_t *question, size_t question_size,
		 const uint8_t *answer, size_t answer_size)
{
	uint64_t hash = hash_of(answers, question, question_size);
	struct entry *entry = find(answers, hash, question, question_size), *first;
	size_t place = answer_place(question_size);
	bool is_there;

	if (entry && is_answer(entry, answer, answer_size))
		return false;
	first = id_table_find(&answers->by_hash, hash);
	is_there = first != NULL;
	if (entry)
		first = without(answers, first, entry);
	entry = memory_bytes(sizeof(*entry) + place + answer_size);
	entry->next = first;
	entry->question_size = question_size;
	entry->answer_size = answer_size;
	memset(entry->bytes, 0, place);
	memcpy(entry->bytes, question, question_size);
	memcpy(entry->bytes + place, answer, answer_size);
	answers->size += size_of(entry);
	if (is_there)
		id_table_replace(&answers->by_hash, hash, entry);
	else
		id_table_add(&answers->by_hash, hash, entry);
	return true;
}
