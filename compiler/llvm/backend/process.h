// What Node cannot do with its own process.
#pragma once

#include <node_api.h>

// holdFile(bytes: Buffer, name: string): number: the descriptor of a file without a name that holds
// the bytes, and that the program which takes this one's place inherits.
napi_value holdFile(napi_env env, napi_callback_info info);

// become(file: string, words: string[], modes: number[]): never. Replaces this program by another
// (execve). `words` are all of its arguments, its name first; `modes` the status flags of the
// descriptors 0, 1, ... that it gets. Throws where that fails.
napi_value become(napi_env env, napi_callback_info info);
