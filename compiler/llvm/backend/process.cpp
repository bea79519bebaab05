// What Node cannot do with its own process: an addon of its own, which opens sooner than LLVM.

#include <node_api.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

// Headers of glibc 2.36 do not have it yet (include/uapi/linux/memfd.h, Linux 6.3).
constexpr unsigned noExecution = 8;

napi_value fail(napi_env env, const char *what, int error)
{
	napi_throw_error(env, nullptr, (std::string(what) + ": " + strerror(error)).c_str());
	return nullptr;
}

bool textOf(napi_env env, napi_value value, std::string &text)
{
	size_t length;
	if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok)
		return false;
	text.resize(length);
	return napi_get_value_string_utf8(env, value, text.data(), length + 1, &length) == napi_ok;
}

// `take` gets each element of an array; false when it refuses one.
template <typename Take> bool each(napi_env env, napi_value array, Take take)
{
	uint32_t count;
	if (napi_get_array_length(env, array, &count) != napi_ok)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		napi_value element;
		if (napi_get_element(env, array, i, &element) != napi_ok || !take(element))
			return false;
	}
	return true;
}

bool writeAll(int file, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(file, bytes, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		bytes += written;
		size -= static_cast<size_t>(written);
	}
	return true;
}

// As a program finds them that a shell starts: Node ignores SIGPIPE and SIGXFSZ, and what is ignored stays so
// (execve(2)). SIGUSR1 waits for the program to be ready for it instead of ending it.
void resetSignals(struct sigaction before[NSIG])
{
	struct sigaction initial = {};
	initial.sa_handler = SIG_DFL;
	for (int number = 1; number < NSIG; number++)
		if (sigaction(number, nullptr, &before[number]) == 0 && before[number].sa_handler != SIG_DFL)
			sigaction(number, &initial, nullptr);
	sigset_t blocked;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_SETMASK, &blocked, nullptr);
}

// holdFile(bytes: Buffer, name: string): number: the descriptor of a file without a name that holds
// the bytes, and that the program which takes this one's place inherits.
napi_value holdFile(napi_env env, napi_callback_info info)
{
	size_t count = 2, size;
	napi_value arguments[2], result;
	std::string name;
	void *bytes;
	if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok || count != 2 ||
	    napi_get_buffer_info(env, arguments[0], &bytes, &size) != napi_ok || !textOf(env, arguments[1], name)) {
		napi_throw_type_error(env, nullptr, "holdFile takes bytes and a name");
		return nullptr;
	}
	int file = memfd_create(name.c_str(), noExecution);
	// Kernels that do not know the flag.
	if (file < 0 && errno == EINVAL)
		file = memfd_create(name.c_str(), 0);
	if (file < 0)
		return fail(env, "memfd_create", errno);
	if (!writeAll(file, static_cast<const char *>(bytes), size)) {
		int error = errno;
		close(file);
		return fail(env, "write", error);
	}
	return napi_create_int32(env, file, &result) == napi_ok ? result : nullptr;
}

// become(file: string, words: string[], modes: number[]): never. Replaces this program by another
// (execve). `words` are all of its arguments, its name first; `modes` the status flags of the
// descriptors 0, 1, ... that it gets. Throws where that fails.
napi_value become(napi_env env, napi_callback_info info)
{
	size_t count = 3;
	napi_value arguments[3];
	std::string file;
	std::vector<std::string> words;
	std::vector<int> modes;
	if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok || count != 3 ||
	    !textOf(env, arguments[0], file) ||
	    !each(env, arguments[1],
		  [&](napi_value word) { return textOf(env, word, words.emplace_back()); }) ||
	    !each(env, arguments[2], [&](napi_value mode) {
		    return napi_get_value_int32(env, mode, &modes.emplace_back()) == napi_ok;
	    })) {
		napi_throw_type_error(env, nullptr, "become takes a file, words and modes");
		return nullptr;
	}
	std::vector<char *> texts;
	for (auto &word : words)
		texts.push_back(word.data());
	texts.push_back(nullptr);
	// Node has pipes return when they are full, also for others that share them, and closes what it uses on exec.
	for (size_t i = 0; i < modes.size(); i++) {
		int fd = static_cast<int>(i);
		if (modes[i] < 0)
			continue;
		fcntl(fd, F_SETFL, modes[i]);
		fcntl(fd, F_SETFD, 0);
	}

	static struct sigaction before[NSIG];
	sigset_t mask;
	sigprocmask(SIG_SETMASK, nullptr, &mask);
	resetSignals(before);
	execve(file.c_str(), texts.data(), environ);
	int error = errno;
	for (int number = 1; number < NSIG; number++)
		if (before[number].sa_handler != SIG_DFL)
			sigaction(number, &before[number], nullptr);
	sigprocmask(SIG_SETMASK, &mask, nullptr);
	return fail(env, "execve", error);
}

} // namespace

NAPI_MODULE_INIT()
{
	const napi_property_descriptor functions[] = {
		{"holdFile", nullptr, holdFile, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
		{"become", nullptr, become, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
	};
	if (napi_define_properties(env, exports, sizeof(functions) / sizeof(*functions), functions) != napi_ok)
		return nullptr;
	return exports;
}
