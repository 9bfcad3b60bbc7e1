import Glibc
internal import SystemShim

/// What became of a child process.
public struct ChildOutcome: Sendable, Hashable {
    /// The exit status; nil when a signal ended it or it never started.
    public let status: Int32?
    /// The signal that ended it.
    public let signal: Int32?
    public let output: [UInt8]
    public let errorOutput: [UInt8]
    /// It was killed because its time was up.
    public let timedOut: Bool
    /// It was killed because the task was cancelled.
    public let cancelled: Bool
    /// The system's error number when it couldn't be started.
    public let spawnError: Int32?
    /// It wrote more than was wanted; the rest was read and dropped.
    public let isTruncated: Bool

    /// It ran to its end and said that all is well.
    public var isSuccess: Bool { status == 0 }
}

/// Runs a program to its end, in a process group of its own that ends with it.
///
/// A thread waits on the pipes and a pidfd at once, so an end is noticed when it happens and not at the next poll.
public struct ChildProcess {
    /// Runs `path` with `arguments`, which don't repeat the program's name, and only the given environment.
    ///
    /// When the program ends, whatever it left running in its group is killed. A cancelled task kills the group.
    ///
    /// - Parameters:
    ///   - path: the program; no search path is used.
    ///   - arguments: what follows the program's name.
    ///   - environment: all variables that it gets.
    ///   - input: what it reads from standard input before the end of file.
    ///   - outputLimit: bytes kept of each of its two outputs.
    ///   - deadline: after which the group is killed.
    /// - Returns: how it ended and what it wrote.
    public static func run(
        _ path: String, _ arguments: [String] = [], environment: [String: String] = [:], input: [UInt8] = [],
        outputLimit: Int = 1 << 20, deadline: Duration
    ) async -> ChildOutcome {
        let child = Child(path, arguments, environment, input, max(0, outputLimit), deadline)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                startThread { continuation.resume(returning: child.run()) }
            }
        } onCancel: {
            child.cancel()
        }
    }
}

/// One child from its start to its end, on a thread of its own.
private final class Child: Sendable {
    private let path: String
    private let arguments: [String]
    private let environment: [String: String]
    private let input: [UInt8]
    private let outputLimit: Int
    private let deadline: Duration
    /// Written to by `cancel`, which may come before, during or after the run.
    private let wake = Pipe()

    init(
        _ path: String, _ arguments: [String], _ environment: [String: String], _ input: [UInt8], _ outputLimit: Int,
        _ deadline: Duration
    ) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.input = input
        self.outputLimit = outputLimit
        self.deadline = deadline
    }

    func cancel() {
        var byte: UInt8 = 0
        _ = write(wake.writing, &byte, 1)
    }

    func run() -> ChildOutcome {
        // A child that doesn't read its input must not end us; the mask is this thread's, which ends after this.
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &mask, nil)

        let start = SystemTime().uptime
        let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
        guard wake.isOpen, stdin.isOpen, stdout.isOpen, stderr.isOpen else { return failed(EMFILE) }
        var pid: pid_t = 0
        let status = spawn(stdin.reading, stdout.writing, stderr.writing, &pid)
        stdin.closeReading()
        stdout.closeWriting()
        stderr.closeWriting()
        guard status == 0 else { return failed(status) }
        return Watch(
            pid: pid, input: input, stdin: stdin, stdout: stdout, stderr: stderr, wake: wake.reading,
            limit: outputLimit, end: start + deadline
        ).wait()
    }

    private func spawn(_ stdin: CInt, _ stdout: CInt, _ stderr: CInt, _ pid: inout pid_t) -> CInt {
        let variables = environment.map { "\($0.key)=\($0.value)" }.sorted()
        let argv = ([path] + arguments).map { strdup($0) }
        let envp = variables.map { strdup($0) }
        defer { for text in argv + envp { free(text) } }
        return system_spawn_with_input(path, argv + [nil], envp + [nil], stdin, stdout, stderr, &pid)
    }

    private func failed(_ status: CInt) -> ChildOutcome {
        ChildOutcome(
            status: nil, signal: nil, output: [], errorOutput: [], timedOut: false, cancelled: false,
            spawnError: status, isTruncated: false)
    }
}

/// A pipe whose ends don't survive an exec and never are one of the standard streams.
private final class Pipe: @unchecked Sendable {  // The ends are closed by the one thread that runs the child.
    private(set) var reading: CInt = -1
    private(set) var writing: CInt = -1

    init() {
        var ends: [CInt] = [-1, -1]
        guard system_pipe(&ends) == 0 else { return }
        for index in 0..<2 where ends[index] < 3 {
            let moved = fcntl(ends[index], F_DUPFD_CLOEXEC, 3)
            close(ends[index])
            ends[index] = moved
        }
        reading = ends[0]
        writing = ends[1]
    }

    deinit {
        closeReading()
        closeWriting()
    }

    var isOpen: Bool { reading >= 0 && writing >= 0 }

    func closeReading() {
        if reading >= 0 { close(reading) }
        reading = -1
    }

    func closeWriting() {
        if writing >= 0 { close(writing) }
        writing = -1
    }
}

/// Feeds a running child, gathers what it writes, and waits for its end.
private struct Watch {
    let pid: pid_t
    let input: [UInt8]
    let stdin: Pipe
    let stdout: Pipe
    let stderr: Pipe
    let wake: CInt
    let limit: Int
    let end: Duration

    private var fed = 0
    private struct Sink {
        var bytes: [UInt8] = []
        var isTruncated = false
    }

    init(
        pid: pid_t, input: [UInt8], stdin: Pipe, stdout: Pipe, stderr: Pipe, wake: CInt, limit: Int, end: Duration
    ) {
        self.pid = pid
        self.input = input
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.wake = wake
        self.limit = limit
        self.end = end
    }

    consuming func wait() -> ChildOutcome {
        for descriptor in [stdin.writing, stdout.reading, stderr.reading] {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
        let handle = system_pidfd_open(pid)
        defer { if handle >= 0 { close(handle) } }
        var output = Sink()
        var errorOutput = Sink()
        var timedOut = false
        var cancelled = false
        feed()
        while true {
            let left = end - SystemTime().uptime
            if left <= .zero {
                timedOut = true
                break
            }
            // A negative descriptor is left out. Without a pidfd (an old kernel) the child is looked at now and then.
            var polled = [
                pollfd(fd: handle, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stdout.reading, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stderr.reading, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stdin.writing, events: Int16(POLLOUT), revents: 0),
            ]
            let milliseconds = min(left.microseconds / 1_000 + 1, handle < 0 ? 10 : 3_600_000)
            let count = poll(&polled, 5, CInt(milliseconds))
            if count < 0, errno != EINTR { break }
            if polled[2].revents != 0 { drain(stdout, into: &output) }
            if polled[3].revents != 0 { drain(stderr, into: &errorOutput) }
            if polled[4].revents != 0 { feed() }
            if polled[1].revents != 0 {
                cancelled = true
                break
            }
            if handle < 0 ? hasEnded : polled[0].revents != 0 { break }
        }
        // Before it is reaped: until then the group's number can't be another's.
        kill(-pid, SIGKILL)
        kill(pid, SIGKILL)
        var status: CInt = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        drain(stdout, into: &output)
        drain(stderr, into: &errorOutput)
        let signal = status & 0x7f
        return ChildOutcome(
            status: signal == 0 ? (status >> 8) & 0xff : nil, signal: signal == 0 ? nil : signal, output: output.bytes,
            errorOutput: errorOutput.bytes, timedOut: timedOut, cancelled: cancelled, spawnError: nil,
            isTruncated: output.isTruncated || errorOutput.isTruncated)
    }

    private var hasEnded: Bool {
        var information = siginfo_t()
        return waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT) == 0 && information.si_signo != 0
    }

    private mutating func feed() {
        while stdin.writing >= 0 {
            guard fed < input.count else {
                stdin.closeWriting()
                return
            }
            let count = input.withUnsafeBytes { bytes in
                write(stdin.writing, bytes.baseAddress?.advanced(by: fed), bytes.count - fed)
            }
            if count >= 0 {
                fed += count
            } else if errno == EAGAIN {
                return
            } else if errno != EINTR {
                stdin.closeWriting()
            }
        }
    }

    private func drain(_ pipe: Pipe, into sink: inout Sink) {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        // Bounded, so that one who writes faster than this reads can't outlast the deadline.
        for _ in 0..<64 where pipe.reading >= 0 {
            let count = read(pipe.reading, &chunk, chunk.count)
            if count > 0 {
                let room = limit - sink.bytes.count
                sink.bytes.append(contentsOf: chunk[0..<min(count, room)])
                if count > room { sink.isTruncated = true }
            } else if count == 0 {
                pipe.closeReading()
            } else if errno != EINTR {
                return
            }
        }
    }
}
