/* The program of docs/tour/timeline.md: two threads that use a library of forty functions, each on
 * a stream of its own. At its end it says how many calls it made. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static atomic_int calls;

static void work(void)
{
	usleep(150);
}

#define KEEP __attribute__((noinline, noclone, used))
/* Streams' own functions have the stream first, all others an object of theirs before it. */
#define FUNCTION(name, ...)                     \
	KEEP long name(long first, long second) \
	{                                       \
		calls++;                        \
		work();                         \
		__VA_ARGS__;                    \
		return first + second;          \
	}

FUNCTION(buffer_create)
FUNCTION(buffer_destroy)
FUNCTION(buffer_map)
FUNCTION(buffer_unmap)
FUNCTION(buffer_pin)
FUNCTION(buffer_fill, buffer_map(first, second), buffer_unmap(first, second))
FUNCTION(buffer_copy, buffer_pin(first, second), work())
FUNCTION(buffer_send, buffer_copy(first, second))
FUNCTION(buffer_receive, buffer_copy(first, second), work())
FUNCTION(buffer_release, buffer_destroy(first, second))

FUNCTION(event_create)
FUNCTION(event_destroy)
FUNCTION(event_record)
FUNCTION(event_query)
FUNCTION(event_reset)
FUNCTION(event_signal, event_record(first, second))
FUNCTION(event_wait, event_query(first, second), work(), work())
FUNCTION(event_elapsed, event_query(first, second))
FUNCTION(event_share, event_record(first, second))
FUNCTION(event_release, event_reset(first, second), event_destroy(first, second))

FUNCTION(comm_create)
FUNCTION(comm_destroy)
FUNCTION(comm_split)
FUNCTION(comm_rank)
FUNCTION(comm_put, buffer_send(first, second))
FUNCTION(comm_get, buffer_receive(first, second))
FUNCTION(comm_reduce, comm_get(first, second), comm_put(first, second))
FUNCTION(comm_gather, comm_get(first, second), comm_get(first, second))
FUNCTION(comm_barrier, event_signal(first, second), event_wait(first, second))
FUNCTION(comm_abort)

FUNCTION(stream_create)
FUNCTION(stream_destroy)
FUNCTION(stream_flags)
FUNCTION(stream_query)
FUNCTION(stream_launch, buffer_fill(second, first), work(), work())
FUNCTION(stream_copy, buffer_copy(second, first))
FUNCTION(stream_wait, event_wait(second, first))
FUNCTION(stream_sync, stream_query(first, second), stream_wait(first, second))
FUNCTION(stream_begin, stream_flags(first, second))
FUNCTION(stream_end, stream_sync(first, second))

static void *use(void *argument)
{
	long stream = (long)argument, own = stream + 100;

	stream_create(stream, 0);
	buffer_create(own, stream);
	event_create(own, stream);
	comm_create(own, stream);
	comm_split(own, stream);
	comm_rank(own, stream);
	stream_begin(stream, own);
	stream_launch(stream, own);
	stream_copy(stream, own);
	comm_reduce(own, stream);
	event_share(own, stream);
	comm_gather(own, stream);
	comm_barrier(own, stream);
	event_elapsed(own, stream);
	stream_end(stream, own);
	event_release(own, stream);
	buffer_release(own, stream);
	comm_abort(own, stream);
	comm_destroy(own, stream);
	stream_destroy(stream, 0);
	return NULL;
}

int main(void)
{
	pthread_t threads[2];

	for (long i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, use, (void *)(i + 1));
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	printf("%d calls\n", calls);
	return 0;
}
