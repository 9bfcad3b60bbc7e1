import Glibc
internal import SystemShim

/// A few threads of our own for C calls that block.
///
/// Neither the cooperative pool nor libdispatch is a refuge for those on Linux: a handful of them stops everything.
///
/// A task may be at home here, by `Task(executorPreference:)`: what it runs by `run` then goes on where it is, for to go to
/// another thread and back costs more than most of what is asked of a store.
public final class ThreadPool: TaskExecutor {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var head = 0
        var stopped = false
    }

    private final class Shared: @unchecked Sendable {  // State is only touched between lock and unlock.
        var state = State()
        let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

        init() {
            mutex.initialize(to: pthread_mutex_t())
            condition.initialize(to: pthread_cond_t())
            pthread_mutex_init(mutex, nil)
            pthread_cond_init(condition, nil)
        }

        deinit {
            pthread_cond_destroy(condition)
            pthread_mutex_destroy(mutex)
            condition.deallocate()
            mutex.deallocate()
        }

        func work() {
            while true {
                pthread_mutex_lock(mutex)
                while state.head == state.jobs.count, !state.stopped { pthread_cond_wait(condition, mutex) }
                guard state.head < state.jobs.count else {
                    pthread_mutex_unlock(mutex)
                    return
                }
                let job = state.jobs[state.head]
                state.head += 1
                if state.head == state.jobs.count {
                    state.jobs.removeAll(keepingCapacity: true)
                    state.head = 0
                }
                pthread_mutex_unlock(mutex)
                job()
            }
        }
    }

    private let shared = Shared()

    public init(threads: Int) {
        for _ in 0..<max(1, threads) { startThread { [shared] in shared.work() } }
    }

    deinit {
        pthread_mutex_lock(shared.mutex)
        shared.state.stopped = true
        pthread_cond_broadcast(shared.condition)
        pthread_mutex_unlock(shared.mutex)
    }

    /// Whether the present task is at home here, and so on one of the threads.
    private var isHome: Bool { withUnsafeCurrentTask { $0?.unownedTaskExecutor == asUnownedTaskExecutor() } }

    /// Takes a piece of a task that is at home here.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        submit { job.runSynchronously(on: executor) }
    }

    /// Runs `body` on one of the threads.
    ///
    /// The call can't be cancelled: what blocks in C needs a time-out of its own.
    public func run<Value: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        if isHome { return try body() }
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            submit {
                do throws(Failure) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    private func submit(_ job: @escaping @Sendable () -> Void) {
        pthread_mutex_lock(shared.mutex)
        shared.state.jobs.append(job)
        pthread_mutex_unlock(shared.mutex)
        // Not before: who is woken would have to wait for the lock at once.
        pthread_cond_signal(shared.condition)
    }
}

/// Starts a detached thread that runs `body` once.
public func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    let status = system_start_thread(
        { argument in
            if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
            return nil
        }, Unmanaged.passRetained(Box(body)).toOpaque())
    precondition(status == 0, "the system gives no more threads")
}
