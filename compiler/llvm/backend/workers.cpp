// Threads beside the one that asks: one less than there are processors, since that one works too
// while it waits. They sleep when there is nothing to do, and the process does not end before they
// have: what ends with it (variables of LLVM) is theirs, too.

#include "workers.h"
#include "memory.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <utility>
#include <vector>

#include <pthread.h>
#include <sched.h>
#include <signal.h>

struct Work {
	std::function<std::string()> make;
	std::string made;
	std::exception_ptr failure;
	bool isDone = false;
};

namespace
{

// Each holds one module in memory.
constexpr size_t mostThreads = 7;
// As of the thread that Node runs in: LLVM goes as deep in either.
constexpr size_t stackSize = 8 << 20;

size_t wantedThreads()
{
	cpu_set_t usable;
	if (sched_getaffinity(0, sizeof(usable), &usable) != 0)
		return 0;
	return std::min(static_cast<size_t>(CPU_COUNT(&usable)) - 1, mostThreads);
}

class Workers
{
	std::mutex guard;
	std::condition_variable changed;
	std::deque<std::shared_ptr<Work>> waiting;
	std::vector<pthread_t> threads;
	size_t idle = 0;
	bool ends = false;

	// The first that waits; without the guard meanwhile.
	void doOne(std::unique_lock<std::mutex> &lock)
	{
		std::shared_ptr<Work> work = std::move(waiting.front());
		waiting.pop_front();
		lock.unlock();
		try {
			work->made = work->make();
		} catch (...) {
			work->failure = std::current_exception();
		}
		// Here, where what it holds was used last.
		work->make = nullptr;
		lock.lock();
		work->isDone = true;
		changed.notify_all();
	}

	void serve()
	{
		ownMemory();
		std::unique_lock lock(guard);
		while (!ends) {
			if (!waiting.empty()) {
				doOne(lock);
				continue;
			}
			idle++;
			changed.wait(lock);
			idle--;
		}
		lock.unlock();
		leaveMemory();
	}

	static void *run(void *workers)
	{
		static_cast<Workers *>(workers)->serve();
		return nullptr;
	}

	// Without one, whoever wants the work does it.
	void startThread()
	{
		pthread_attr_t attributes;
		if (pthread_attr_init(&attributes) != 0)
			return;
		pthread_attr_setstacksize(&attributes, stackSize);
		// Signals are Node's.
		sigset_t all, before;
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		pthread_t thread;
		if (pthread_create(&thread, &attributes, run, this) == 0)
			threads.push_back(thread);
		pthread_sigmask(SIG_SETMASK, &before, nullptr);
		pthread_attr_destroy(&attributes);
	}

      public:
	~Workers()
	{
		{
			std::lock_guard lock(guard);
			ends = true;
			waiting.clear();
			changed.notify_all();
		}
		for (pthread_t thread : threads)
			pthread_join(thread, nullptr);
	}

	void add(std::shared_ptr<Work> work)
	{
		static const size_t most = wantedThreads();
		std::lock_guard lock(guard);
		waiting.push_back(std::move(work));
		if (idle < waiting.size() && threads.size() < most)
			startThread();
		changed.notify_all();
	}

	void finish(const Work &work)
	{
		std::unique_lock lock(guard);
		while (!work.isDone) {
			if (waiting.empty())
				changed.wait(lock);
			else
				doOne(lock);
		}
	}

	void drop(const std::shared_ptr<Work> &work)
	{
		std::lock_guard lock(guard);
		waiting.erase(std::remove(waiting.begin(), waiting.end(), work), waiting.end());
	}
};

// Made when it is first asked for, so behind LLVM's own variables: it ends before them.
Workers &workers()
{
	static Workers made;
	return made;
}

} // namespace

std::shared_ptr<Work> begin(std::function<std::string()> make)
{
	auto work = std::make_shared<Work>();
	work->make = std::move(make);
	workers().add(work);
	return work;
}

std::string finish(const std::shared_ptr<Work> &work)
{
	workers().finish(*work);
	if (work->failure)
		std::rethrow_exception(std::exchange(work->failure, nullptr));
	return std::move(work->made);
}

void drop(const std::shared_ptr<Work> &work)
{
	workers().drop(work);
}
