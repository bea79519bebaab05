/* A static function whose name another file has, too, as static ones of real programs do. */
#ifndef BPFLOAD_TESTS_TWIN_H
#define BPFLOAD_TESTS_TWIN_H

/* Where that of the other file is in memory. */
const void *other_twin(void);

#endif
