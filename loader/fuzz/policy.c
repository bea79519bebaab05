/* Texts of /etc/bpfload/policy. */
#include <stdlib.h>

#include "fuzz.h"
#include "session/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct failure failure = {0};
	struct options options = {0};
	struct policy policy;

	if (policy_of_text(&policy, text, "policy", &failure) == STATUS_OK)
		policy_limit(&policy, &options);
	policy_free(&policy);
	failure_clear(&failure);
	free(text);
	return 0;
}
